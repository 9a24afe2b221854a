"""Today: what to do next, what is late, what was saved and not yet applied."""

from datetime import timedelta

from starlette.responses import Response

from claims.calendar import add_business_days
from desk.queue import row_of
from desk.queue_filters import my_work
from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import queue
from records.queue_filters import Filters, Work

FIRST = 10


def show(visit: Visit) -> Response:
    """The first page after signing in; each role's own."""
    if not visit.may(Door.TASKS):
        return visit.page("today_none.html.j2")
    office, today = visit.desk.office, visit.today
    mine, me = Filters(work=my_work(visit)), visit.user.name
    with office.reading() as conn:
        found = queue.page(conn, mine, today, after=None, limit=FIRST, me=me)
        saved = queue.page(
            conn,
            Filters(work=mine.work, state="saved"),
            today,
            after=None,
            limit=FIRST,
            me=me,
        )
        total = queue.totals(conn, mine, today)
        soon = add_business_days(today, 3)
        matrix = queue.by_type_and_due(conn, mine, today, soon)
        asleep = queue.totals(conn, Filters(mine.work, state="snoozed"), today)
        before = today - timedelta(days=1)
        closed = queue.closed_on(conn, before, mine.work or Work(()))
    rows = [row_of(visit, row) for row in found]
    with office.writing() as conn:
        seen = [r["claim_id"] for r in rows if r["named"]]
        visit.saw(conn, "today", claim_ids=seen, subject="" if seen else "no names")
    return visit.page(
        "today.html.j2",
        rows=rows,
        saved=[row_of(visit, row) for row in saved],
        total=total,
        matrix=matrix,
        soon_days=(soon - today).days,
        asleep=asleep,
        closed=closed,
        before=before,
    )


ROUTES = (Page("GET", "/", show, Door.SIGNED_IN),)
