"""Saved views of the queue: shipped ones, one's own, and those shared with one's role.

A view is a name for the filters of an address, and for the columns they are seen in.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.datastructures import QueryParams
from starlette.responses import Response

from claims.task import Role
from desk import queue_columns
from desk.queue_filters import bare, list_of, read
from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from policy.tasks import roles_of
from records import views
from records.db import Connection
from records.queue_filters import Filters
from records.views import Around, View

EVERYTHING = "state=waiting"
_FILING = (
    "FILING_DEADLINE SCRUB_FIX CODE_REVIEW DOC_QUERY ELIG_RESOLVE AUTH_OBTAIN "
    "AUTH_FOLLOW_UP REJECT_FIX LOST_CLAIM ACK_MISSING CORRECT_CLAIM"
)
_APPEAL = "DENIAL_REVIEW APPEAL_PREPARE APPEAL_FOLLOW_UP APPEAL_DECISION"


def _of(types: str) -> str:
    return "".join(f"&type={one}" for one in types.split())


SHIPPED = (
    ("All my work", EVERYTHING),
    ("Due today", "due=0&after_due=-1"),
    ("Overdue", "due=-1"),
    ("Filing deadline ≤ 15 days", "legal=15" + _of(_FILING)),
    ("Appeal deadline ≤ 14 days", "legal=14" + _of(_APPEAL)),
    ("Unassigned > 4 h", "free=4"),
    ("Credit balances", "type=CREDIT_REVIEW&type=REFUND_APPROVE"),
    ("Over $1,000 untouched 10 days", "amount=1000&untouched=10"),
    ("Returned to me", "returned=me"),
)

COUNTED_FOR = timedelta(minutes=1)
MOST_COUNTED = 500


@dataclass(frozen=True)
class Tab:
    """One view above the list. ``view`` is None for a shipped one."""

    name: str
    href: str
    filters: Filters
    here: bool
    view: View | None = None


def around(conn: Connection, visit: Visit) -> Around:
    """What stands around the queue for this person."""
    mine = roles_of(visit.user.roles) & {r.value for r in Role}
    wall = visit.desk.wall()
    return views.around(conn, visit.user.name, mine, queue_columns.LIST, wall)


def tabs(visit: Visit, saved: list[View]) -> list[Tab]:
    """Every view as a tab; what this person cannot decide anything of is left out."""
    asked = visit.request.query_params
    now, opened = bare(asked), asked.get("view", "")
    found = []
    for name, query in SHIPPED:
        params = QueryParams(query)
        filters = read(visit, params)
        here = not opened and (now or EVERYTHING) == bare(params)
        if _concerns(filters):
            found.append(Tab(name, f"/tasks?{query}", filters, here))
    for view in saved:
        try:
            filters = read(visit, QueryParams(view.filters))
        except DeskError:  # a task type of its filters has gone since
            continue
        href = f"/tasks?{view.filters}&view={view.id}"
        found.append(Tab(view.name, href, filters, view.id == opened, view))
    return found


def _concerns(filters: Filters) -> bool:
    work, types = filters.work, set(filters.types)
    return work is None or not types or bool(types & set(work.types))


def known_counts(visit: Visit, tabs: list[Tab]) -> list[int] | None:
    """What these views counted within the last minute; None to count anew.

    Counting every view reads every open task: too much for each page of a large queue.
    """
    at, counts = visit.desk.badges.get(_key(tabs), (None, []))
    fresh = at is not None and visit.desk.wall() - at < COUNTED_FOR
    return counts if fresh else None


def keep_counts(visit: Visit, tabs: list[Tab], counts: list[int]) -> None:
    """Remember them for a minute."""
    badges = visit.desk.badges
    if len(badges) >= MOST_COUNTED:
        badges.clear()
    badges[_key(tabs)] = (visit.desk.wall(), counts)


def _key(tabs: list[Tab]) -> tuple[Filters, ...]:
    """An instant in the filters moves with the clock: what it counts stays so long."""
    return tuple(replace(tab.filters, free_since="") for tab in tabs)


def default_of(visit: Visit, saved: list[View]) -> View | None:
    """The view this person wants to begin with."""
    me = visit.user.name
    return next((v for v in saved if v.is_default and v.owner == me), None)


def shareable(visit: Visit) -> list[str]:
    """The roles a view can be shared with: one's own."""
    mine = roles_of(visit.user.roles)
    return [role.value for role in Role if role.value in mine]


# --- acts ----------------------------------------------------------------------------


def save(visit: Visit) -> Response:
    """Save the filters of the list under a name."""
    name, shared = visit.text("name")[:60], visit.text("shared")
    filters = bare(QueryParams(visit.text("filters"))) or EVERYTHING
    read(visit, QueryParams(filters))
    if not name or len(filters) > 500 or (shared and shared not in shareable(visit)):
        raise DeskError(
            "A view needs a name, fewer filters than this list has, and a role of "
            "yours if it is shared. Nothing was saved. Go back and change that."
        )
    with visit.desk.office.writing() as conn:
        view = views.save(
            conn,
            owner=visit.user.name,
            name=name,
            filters=filters,
            columns=queue_columns.written(queue_columns.known(visit.text("columns"))),
            shared_role=shared or None,
            is_default=bool(visit.text("default")),
            at=visit.now,
        )
    return visit.go(f"/tasks?{filters}&view={view}", f"The view {name} is saved.")


def delete(visit: Visit) -> Response:
    """Delete a view of one's own; no task changes."""
    with visit.desk.office.writing() as conn:
        gone = views.forget(conn, visit.user.name, visit.path("view"))
    if not gone:
        raise DeskError("You have no such view. Nothing was deleted.")
    return visit.go(list_of(visit), "The view is deleted. No task was changed.")


ROUTES = (
    Page("POST", "/tasks/views", save, Door.TASKS, "/tasks"),
    Page("POST", "/tasks/views/{view}/delete", delete, Door.TASKS, "/tasks"),
    *queue_columns.ROUTES,
)
"""Listed before ``/tasks/{task}``, which would take the first."""
