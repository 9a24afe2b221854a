"""One act on many tasks: a look at it before, its result by reason, and its undo."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from starlette.responses import Response

from desk import bulk_rules
from desk.bulk_run import (
    asked,
    check_may,
    found,
    keep,
    minutes_left,
    take_back,
    work_through,
)
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from policy.people import Door
from records import bulk
from records.db import RowMapping
from records.instants import from_text

NAMED = 10
"""Tasks that are named for each reason."""
NEWEST = 50


class Left(NamedTuple):
    """Tasks that are left out for one reason: how many, and the first of them."""

    why: str
    number: int
    first: list[RowMapping]


def show(visit: Visit) -> Response:
    """What the act will do, or what became of it."""
    with visit.desk.office.reading() as conn:
        row = found(visit, conn, visit.path("bulk"))
        act, rows = asked(visit, conn, row), bulk.tasks_of(conn, row["id"])
    with visit.desk.office.writing() as conn:
        visit.saw(conn, "bulk act", subject="no names")
    begun = row["done_at"] is not None
    ends = [
        (one, one["outcome"] if begun else bulk_rules.why_not(act, one)) for one in rows
    ]
    done = [one for one, why in ends if why == ""]
    left = [(one, why) for one, why in ends if why]
    return visit.page(
        "bulk.html.j2",
        row=row,
        act=act,
        counted=bulk_rules.counted,
        what_next=bulk_rules.what_next,
        chosen=len(rows),
        done=len(done),
        cents=sum(one["amount_cents"] for one in done),
        left=_grouped(left),
        left_out=len(left),
        to_go=sum(why is None for _, why in ends),
        undone=sum(one["undone"] == "" for one in done),
        kept=_grouped((one, one["undone"]) for one in done if one["undone"]),
        to_undo=sum(one["undone"] is None for one in done),
        minutes=minutes_left(visit, row),
        mine=row["actor"] == visit.user.name,
        at=from_text,
    )


def _grouped(left: Iterable[tuple[RowMapping, str]]) -> list[Left]:
    """The reasons, the most frequent first."""
    rows: dict[str, list[RowMapping]] = {}
    for row, why in left:
        rows.setdefault(why, []).append(row)
    counts = Counter({why: len(some) for why, some in rows.items()})
    return [Left(why, n, rows[why][:NAMED]) for why, n in counts.most_common()]


def do(visit: Visit) -> Response:
    """Do what was shown; pressing twice does it once."""
    row = _pressed(visit)
    if row["actor"] != visit.user.name:
        raise ForbiddenError(
            "Somebody else asked for this. Nothing was changed. Leave it to them, or "
            "choose the tasks in the queue yourself."
        )
    _check_time(
        visit,
        row,
        "done_at",
        "This was chosen more than a day ago. Nothing was changed. Choose the "
        "tasks again in the queue.",
    )
    work_through(visit, row["id"])
    return visit.go(f"/bulk/{row['id']}")


def undo(visit: Visit) -> Response:
    """Bring back what was before, where nothing has changed since."""
    row = _pressed(visit)
    if row["done_at"] is None:
        raise DeskError("This was not done yet. Nothing was changed.")
    _check_time(
        visit,
        row,
        "undone_at",
        "The time to undo this is over. Nothing was changed. Choose the tasks in "
        "the queue and change them there.",
    )
    take_back(visit, row["id"])
    return visit.go(f"/bulk/{row['id']}")


def _pressed(visit: Visit) -> RowMapping:
    """The act whose button was pressed, for who may give such an act."""
    with visit.desk.office.reading() as conn:
        row = found(visit, conn, visit.path("bulk"))
    check_may(visit, row["act"])
    return row


def _check_time(visit: Visit, row: RowMapping, begun: str, over: str) -> None:
    """What has begun may always be ended; it begins while there is time."""
    if row[begun] is None and not minutes_left(visit, row):
        raise DeskError(over)


def again(visit: Visit) -> Response:
    """Ask for the same act on the tasks that were left out."""
    with visit.desk.office.writing() as conn:
        row = found(visit, conn, visit.path("bulk"))
        check_may(visit, row["act"])
        left = [one["id"] for one in bulk.tasks_of(conn, row["id"]) if one["outcome"]]
        if not left:
            raise DeskError("No task was left out. Nothing was changed.")
        made = keep(visit, conn, row["act"], row["facts"], row["back"], left)
    return visit.go(f"/bulk/{made}")


def listed(visit: Visit) -> Response:
    """The acts that were done: one's own; supervisors see everybody's."""
    everybody = visit.may(Door.ASSIGN)
    with visit.desk.office.reading() as conn:
        newest = bulk.listing(conn, None if everybody else visit.user.name, NEWEST)
        people = asked(visit, conn, newest[0]).people if newest else {}
    with visit.desk.office.writing() as conn:
        visit.saw(conn, "bulk acts", subject="no names")
    rows = [
        (row, bulk_rules.Asked(visit, row["id"], row["act"], row["facts"], people))
        for row in newest
    ]
    return visit.page(
        "bulk_list.html.j2",
        rows=rows,
        everybody=everybody,
        newest=NEWEST,
        minutes=lambda row: minutes_left(visit, row),
        at=from_text,
    )


BACK = "/bulk/{bulk}"
ROUTES = (
    Page("GET", "/bulk", listed, Door.DECIDE),
    Page("GET", BACK, show, Door.DECIDE),
    Page("POST", f"{BACK}/do", do, Door.DECIDE, BACK),
    Page("POST", f"{BACK}/undo", undo, Door.DECIDE, BACK),
    Page("POST", f"{BACK}/again", again, Door.DECIDE, BACK),
)
