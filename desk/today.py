"""Today: what to do next, what is late, what was saved and not yet applied."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from starlette.responses import Response

from claims.calendar import add_business_days
from desk.queue import row_of
from desk.queue_filters import my_work
from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import queue
from records.db import Connection
from records.queue import Totals
from records.queue_filters import Filters

FIRST = 10


class Line(NamedTuple):
    """How many tasks of a type are late, due today, due soon, and due later."""

    kind: str
    late: int = 0
    today: int = 0
    soon: int = 0
    later: int = 0


def show(visit: Visit) -> Response:
    """The first page after signing in; each role's own."""
    if not visit.may(Door.TASKS):
        return visit.page("today_none.html.j2")
    mine, today = Filters(work=my_work(visit)), visit.today
    soon, before = add_business_days(today, 3), today - timedelta(days=1)
    with visit.desk.office.reading() as conn:
        rows = _first(visit, conn, mine)
        counted = queue.by_type_and_day(conn, mine, today)
        beside = queue.beside(conn, mine.work, today, before)
        saved = Filters(work=mine.work, state="saved")
        unapplied = _first(visit, conn, saved) if beside.saved else []
    with visit.desk.office.writing() as conn:
        seen = [r["claim_id"] for r in rows if r["named"]]
        visit.saw(conn, "today", claim_ids=seen, subject="" if seen else "no names")
    return visit.page(
        "today.html.j2",
        rows=rows,
        saved=unapplied,
        total=_total(counted, today),
        matrix=_lines(counted, today, soon),
        soon_days=(soon - today).days,
        beside=beside,
        before=before,
    )


def _first(visit: Visit, conn: Connection, wanted: Filters) -> list[dict[str, Any]]:
    """The first rows of a list."""
    me, today = visit.user.name, visit.today
    found = queue.page(conn, wanted, today, after=None, limit=FIRST, me=me)
    return [row_of(visit, row) for row in found]


def _total(counted: Iterable[queue.Counted], today: date) -> Totals:
    """All of them together: the same rows that the queue lists."""
    count = cents = late = 0
    for one in counted:
        count, cents = count + one.tasks, cents + one.cents
        late += one.tasks if one.due_on < today else 0
    return Totals(count, cents, late)


def _lines(counted: Iterable[queue.Counted], today: date, soon: date) -> list[Line]:
    """A line for each type, by due date."""
    found: dict[str, Line] = {}
    for one in counted:
        line = found.setdefault(one.type, Line(one.type))
        column = "late" if one.due_on < today else "today"
        if one.due_on > today:
            column = "soon" if one.due_on <= soon else "later"
        more = {column: getattr(line, column) + one.tasks}
        found[one.type] = line._replace(**more)
    return list(found.values())


ROUTES = (Page("GET", "/", show, Door.SIGNED_IN),)
