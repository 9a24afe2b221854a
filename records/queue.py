"""The work queue: which tasks, in which order, who has them, when they sleep.

Order is R-TSK-02: due date, priority, amount, number. Pages follow that key, never an
offset, so page 900 costs what page 1 costs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    func,
    or_,
    select,
    text,
    update,
)

from claims.task import TASKS
from records import events
from records.db import locks_rows, one_of
from records.events import Because
from records.instants import to_text
from records.tables import TASK_WAITS, claim, task

PAYER_ANSWER = "payer_answer"
"""What a task may wake on: a 277 or an 835 for its claim."""
NOBODY = "nobody"
RAISED_AT = 3
"""The snooze at which a supervisor is told."""
EXPORT_PAGE = 1000
_WAITS: ColumnElement[bool] = text(f"task.{TASK_WAITS}")  # type: ignore[assignment]
_ORDER = (
    task.c.due_on,
    task.c.priority.desc(),
    task.c.amount_cents.desc(),
    task.c.number,
)


@dataclass(frozen=True)
class Filters:
    """Which tasks. ``roles``: whose work, none is everybody's; a prepared task is also
    the work of the role that confirms it. ``assignee`` is a user or ``nobody``.
    ``state``: waiting (not asleep), open, prepared, saved, snoozed or closed.
    """

    roles: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    assignee: str = ""
    state: str = "waiting"
    due_until: date | None = None
    due_after: date | None = None


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


def _asleep(today: date) -> ColumnElement[bool]:
    return func.coalesce(task.c.snoozed_until, today) > today


def _second(roles: Iterable[str]) -> ColumnElement[bool]:
    """Prepared for one of these roles to confirm (R-TSK-05)."""
    pairs = sorted(
        f"{kind.value} {chosen}"
        for kind, spec in TASKS.items()
        for chosen, role in spec.two_person.items()
        if role.value in set(roles)
    )
    named = task.c.type + " " + task.c.decision
    return and_(task.c.status == "prepared", named.in_(pairs))


def _state(name: str, today: date) -> ColumnElement[bool]:
    if name == "closed":
        return task.c.status.in_(["done", "overtaken"])
    if name == "snoozed":
        return and_(_WAITS, _asleep(today))
    awake = and_(_WAITS, ~_asleep(today))
    return awake if name == "waiting" else and_(awake, task.c.status == name)


def _where(wanted: Filters, today: date) -> ColumnElement[bool]:
    parts = [_state(wanted.state, today)]
    if wanted.roles:
        parts.append(or_(task.c.role.in_(wanted.roles), _second(wanted.roles)))
    if wanted.types:
        parts.append(task.c.type.in_(wanted.types))
    if wanted.payers:
        parts.append(task.c.payer_id.in_(wanted.payers))
    if wanted.assignee == NOBODY:
        parts.append(task.c.assignee.is_(None))
    elif wanted.assignee:
        parts.append(task.c.assignee == wanted.assignee)
    if wanted.due_until is not None:
        parts.append(task.c.due_on <= wanted.due_until)
    if wanted.due_after is not None:
        parts.append(task.c.due_on > wanted.due_after)
    return and_(*parts)


_ROWS = select(
    *(c for c in task.c if c.name not in ("key", "form")),
    claim.c.pcn,
    claim.c.practice_number,
    claim.c.service_from,
    claim.c.waiting_for,
    claim.c.content_enc,
).join_from(task, claim, claim.c.id == task.c.claim_id, isouter=True)


def page(
    conn: Connection,
    wanted: Filters,
    today: date,
    *,
    after: Mark | None,
    limit: int,
) -> list[RowMapping]:
    """Tasks with what a list shows of their claims, after ``after``.

    ``content_enc`` is the claim's sealed content: open it only for who sees patients.
    """
    query = _ROWS.where(_where(wanted, today)).order_by(*_ORDER).limit(limit)
    if after is not None:
        query = query.where(_beyond(after))
    return list(conn.execute(query).mappings())


def mark_of(row: RowMapping) -> Mark:
    """The row's place in the order."""
    return Mark(row["due_on"], row["priority"], row["amount_cents"], row["number"])


def _beyond(mark: Mark) -> ColumnElement[bool]:
    t = task.c
    same_amount = and_(t.amount_cents == mark.cents, t.number > mark.number)
    less = or_(t.amount_cents < mark.cents, same_amount)
    same_points = and_(t.priority == mark.priority, less)
    same_day = and_(
        t.due_on == mark.due_on, or_(t.priority < mark.priority, same_points)
    )
    return and_(t.due_on >= mark.due_on, or_(t.due_on > mark.due_on, same_day))


def export_rows(conn: Connection, wanted: Filters, today: date) -> Iterator[RowMapping]:
    """Every match in order, read page by page: for CSV and XLSX."""
    after = None
    while found := page(conn, wanted, today, after=after, limit=EXPORT_PAGE):
        yield from found
        after = mark_of(found[-1])


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1))), 0)


def totals(conn: Connection, wanted: Filters, today: date) -> Totals:
    """Count, open amount and how many are late, of all matches."""
    cents = func.coalesce(func.sum(task.c.amount_cents), 0)
    query = select(func.count(), cents, _sum(task.c.due_on < today))
    found = conn.execute(query.select_from(task).where(_where(wanted, today))).one()
    return Totals(*(int(value) for value in found))


def by_type_and_due(
    conn: Connection, wanted: Filters, today: date, soon: date
) -> list[tuple[str, int, int, int, int]]:
    """For each type: late, due today, until ``soon``, later."""
    due = task.c.due_on
    query = (
        select(
            task.c.type,
            _sum(due < today),
            _sum(due == today),
            _sum(and_(due > today, due <= soon)),
            _sum(due > soon),
        )
        .where(_where(wanted, today))
        .group_by(task.c.type)
        .order_by(task.c.type)
    )
    return [
        (row[0], int(row[1]), int(row[2]), int(row[3]), int(row[4]))
        for row in conn.execute(query)
    ]


def closed_on(conn: Connection, on: date, roles: Iterable[str]) -> int:
    """How many tasks of these roles were decided on a day."""
    query = select(func.count()).where(
        task.c.status == "done", task.c.closed_on == on, task.c.role.in_(sorted(roles))
    )
    return int(conn.execute(query).scalar_one())


# --- who has it ----------------------------------------------------------------------


def take_next(
    conn: Connection, wanted: Filters, name: str, why: Because, at: datetime
) -> RowMapping | None:
    """Give a person the first task they may decide: their own, or nobody's.

    Two people never get the same one. None when there is none.
    """
    alone = and_(task.c.status == "open", task.c.role.in_(wanted.roles))
    confirms = and_(_second(wanted.roles), task.c.prepared_by != name)
    query = (
        select(task)
        .where(
            _state("waiting", why.today),
            or_(task.c.assignee.is_(None), task.c.assignee == name),
            or_(alone, confirms),
        )
        .order_by(*_ORDER)
        .limit(1)
    )
    if locks_rows(conn):
        query = query.with_for_update(skip_locked=True)
    found = conn.execute(query).mappings().first()
    if found is not None and found["assignee"] is None:
        assign(conn, found, name, why, at)
    return found


def assign(
    conn: Connection, row: RowMapping, to: str | None, why: Because, at: datetime
) -> bool:
    """Give a task, as it was read, to somebody, or back to the queue; False when it
    was given to another since, or has ended."""
    held = row["assignee"]
    before = task.c.assignee.is_(None) if held is None else task.c.assignee == held
    done = _change(
        conn, row, before, assignee=to, assigned_at=to_text(at) if to else None
    )
    if done:
        kind, tail = "task assigned", f"assigned to {to}"
        if to is None:
            kind, tail = "task released", "given back to the queue"
        elif to == why.actor:
            kind, tail = "task claimed", "claimed"
        _log(conn, row, why, kind, tail)
    return done


def snooze(
    conn: Connection,
    row: RowMapping,
    until: date,
    reason: str,
    why: Because,
    *,
    wakes_on: str | None = None,
) -> bool:
    """Let a task sleep until a day, or until ``wakes_on`` happens if that is earlier;
    False when it has ended. At the third time a supervisor is told.

    The caller has checked ``until`` against the legal deadline.
    """
    told = row["snoozes"] + 1 >= RAISED_AT and row["raised_on"] is None
    done = _change(
        conn,
        row,
        task.c.snoozes == row["snoozes"],
        snoozed_until=until,
        snooze_reason=reason,
        wakes_on=wakes_on,
        snoozes=row["snoozes"] + 1,
        raised_on=why.today if told else row["raised_on"],
    )
    if done:
        _log(conn, row, why, "task snoozed", f"snoozed until {until}")
    if done and told:
        tail = f"snoozed {RAISED_AT} times and raised to a supervisor"
        _log(conn, row, why, "task raised", tail)
    return done


def wake(conn: Connection, claim_ids: Iterable[str]) -> None:
    """The payer answered about these claims: tasks that waited for it wake."""
    ids = sorted(set(claim_ids))
    if ids:
        waited = task.c.wakes_on == PAYER_ANSWER
        conn.execute(
            update(task)
            .where(waited, one_of(conn, task.c.claim_id, ids))
            .values(snoozed_until=None, wakes_on=None)
        )


def _change(
    conn: Connection, row: RowMapping, still: ColumnElement[bool], **columns: Any
) -> bool:
    query = update(task).where(task.c.id == row["id"], still, _WAITS)
    return bool(conn.execute(query.values(**columns)).rowcount)


def _log(conn: Connection, row: RowMapping, why: Because, kind: str, tail: str) -> None:
    events.add(
        conn,
        why,
        kind,
        f"Task {row['type']} {tail}",
        claim_id=row["claim_id"],
        account_id=row["account_id"],
    )
