"""The work queue: which tasks, in which order, and how many.

Order is R-TSK-02: due date, priority, amount, number. Pages follow that key, never an
offset, so page 900 costs what page 1 costs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    true,
)

from records.queue_filters import (
    WAITS,
    Filters,
    Work,
    in_state,
    is_work,
    where,
)
from records.tables import claim, draft, task, user

EXPORT_PAGE = 1000
ORDER = (
    task.c.due_on,
    task.c.priority.desc(),
    task.c.amount_cents.desc(),
    task.c.number,
)


@dataclass(frozen=True)
class Mark:
    """A place in the order."""

    due_on: date
    priority: int
    cents: int
    number: int


@dataclass(frozen=True)
class Totals:
    """Of all matches, not of the page; ``cents`` is the open amount."""

    count: int
    cents: int
    late: int


_HOLDER, _PREPARER = user.alias("holder"), user.alias("preparer")
_ROWS = (
    select(
        *(c for c in task.c if c.name not in ("key", "form")),
        claim.c.pcn,
        claim.c.practice_number,
        claim.c.service_from,
        claim.c.waiting_for,
        claim.c.content_enc,
        _HOLDER.c.display_name.label("holder"),
        _PREPARER.c.display_name.label("preparer"),
    )
    .join_from(task, claim, claim.c.id == task.c.claim_id, isouter=True)
    .outerjoin(_HOLDER, _HOLDER.c.name == task.c.assignee)
    .outerjoin(_PREPARER, _PREPARER.c.name == task.c.prepared_by)
)


def page(
    conn: Connection,
    wanted: Filters,
    today: date,
    *,
    after: Mark | None,
    limit: int,
    me: str = "",
) -> list[RowMapping]:
    """Tasks with what a list shows of their claims, after ``after``.

    ``content_enc`` is the claim's sealed content: open it only for who sees patients.
    ``holder`` and ``preparer`` are display names; ``drafted``: ``me`` has a draft.
    """
    return list(conn.execute(_page(wanted, today, after, limit, me)).mappings())


def _page(
    wanted: Filters, today: date, after: Mark | None, limit: int, me: str
) -> Select[Any]:
    """The page's tasks are found first, so that what stands beside each of them is
    read for these alone and not for every task that is sorted."""
    first = select(task.c.id).where(where(wanted, today))
    if after is not None:
        first = first.where(_beyond(after))
    these = first.order_by(*ORDER).limit(limit).subquery("these")
    drafted = exists().where(draft.c.task_id == task.c.id, draft.c.author == me)
    query = _ROWS.add_columns(drafted.label("drafted"))
    return query.join(these, these.c.id == task.c.id).order_by(*ORDER)


def listing(
    conn: Connection,
    wanted: Filters,
    today: date,
    *,
    after: Mark | None,
    limit: int,
    me: str,
    views: Sequence[Filters],
) -> tuple[list[RowMapping], Totals, list[int]]:
    """A page, the totals of all matches, and how many waiting tasks each of ``views``
    has, in one query."""
    rows = _page(wanted, today, after, limit, me).subquery("page")
    sums = _totals(wanted, today).subquery("sums")
    query, r = select(sums, rows).join_from(sums, rows, true(), isouter=True), rows.c
    if views:
        counts = _counts(views, today).subquery("views")
        query = query.add_columns(counts).join(counts, true())
    query = query.order_by(r.due_on, r.priority.desc(), r.amount_cents.desc(), r.number)
    found = list(conn.execute(query).mappings())
    one = found[0]
    total = Totals(int(one["all_count"]), int(one["all_cents"]), int(one["all_late"]))
    badges = [int(one[f"view_{n}"]) for n in range(len(views))]
    return [row for row in found if row["id"] is not None], total, badges


def _counts(views: Sequence[Filters], today: date) -> Select[Any]:
    """How many waiting tasks each of ``views`` has: ``view_0``, ``view_1`` …"""
    sums: list[Any] = [
        _sum(where(one, today)).label(f"view_{n}") for n, one in enumerate(views)
    ]
    return select(*sums).select_from(task).where(WAITS)


def mark_of(row: RowMapping) -> Mark:
    """The row's place in the order."""
    return Mark(row["due_on"], row["priority"], row["amount_cents"], row["number"])


def _beyond(mark: Mark) -> ColumnElement[bool]:
    t = task.c
    # Hidden from the planner inside the OR: it would search an index for each side and
    # sort what it finds, where a walk along ix_task_order ends with the page.
    due = func.coalesce(t.due_on, mark.due_on)
    same_amount = and_(t.amount_cents == mark.cents, t.number > mark.number)
    less = or_(t.amount_cents < mark.cents, same_amount)
    same_points = and_(t.priority == mark.priority, less)
    same_day = and_(due == mark.due_on, or_(t.priority < mark.priority, same_points))
    return and_(t.due_on >= mark.due_on, or_(due > mark.due_on, same_day))


def ids(conn: Connection, wanted: Filters, today: date, limit: int) -> list[str]:
    """The first matches in order, up to ``limit``."""
    query = select(task.c.id).where(where(wanted, today))
    return list(conn.execute(query.order_by(*ORDER).limit(limit)).scalars())


def export_rows(conn: Connection, wanted: Filters, today: date) -> Iterator[RowMapping]:
    """Every match in order, read page by page: for CSV and XLSX."""
    after = None
    while found := page(conn, wanted, today, after=after, limit=EXPORT_PAGE):
        yield from found
        after = mark_of(found[-1])


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1))), 0)


def _totals(wanted: Filters, today: date) -> Select[Any]:
    cents = func.coalesce(func.sum(task.c.amount_cents), 0)
    return (
        select(
            func.count().label("all_count"),
            cents.label("all_cents"),
            _sum(task.c.due_on < today).label("all_late"),
        )
        .select_from(task)
        .where(where(wanted, today))
    )


def totals(conn: Connection, wanted: Filters, today: date) -> Totals:
    """Count, open amount and how many are late, of all matches."""
    found = conn.execute(_totals(wanted, today)).one()
    return Totals(*(int(value) for value in found))


class Counted(NamedTuple):
    """How many tasks of one type are due on one day, and their open cents."""

    type: str
    due_on: date
    tasks: int
    cents: int


@dataclass(frozen=True)
class Beside:
    """How many tasks sleep, wait for an answer, and were decided on a day; the day on
    which the next one wakes."""

    asleep: int
    saved: int
    closed: int
    wakes: date | None


def by_type_and_day(conn: Connection, wanted: Filters, today: date) -> list[Counted]:
    """How many tasks of each type are due on each day, in this order."""
    what = (task.c.type, task.c.due_on)
    cents = func.sum(task.c.amount_cents)
    query = select(*what, func.count(), cents).where(where(wanted, today))
    found = conn.execute(query.group_by(*what).order_by(*what))
    return [Counted(row[0], row[1], int(row[2]), int(row[3])) for row in found]


def beside(conn: Connection, work: Work | None, today: date, before: date) -> Beside:
    """Tasks of this work that sleep, that wait for an answer, and that were decided
    on the day ``before``."""
    whose = () if work is None else (is_work(work),)
    wakes = select(func.min(task.c.snoozed_until)).where(
        *whose, in_state("snoozed", today)
    )
    decided = (task.c.status == "done", task.c.closed_on == before)
    query = select(
        _count(*whose, in_state("snoozed", today)),
        _count(*whose, in_state("saved", today)),
        _count(*whose, *decided),
        wakes.scalar_subquery(),
    )
    asleep, saved, closed, day = conn.execute(query).one()
    return Beside(int(asleep), int(saved), int(closed), day)


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(task).where(*conditions).scalar_subquery()
