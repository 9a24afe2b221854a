"""The work queue: which tasks, in which order, who has them, when they sleep.

Order is R-TSK-02: due date, priority, amount, number. Pages follow that key, never an
offset, so page 900 costs what page 1 costs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    false,
    func,
    or_,
    select,
    text,
    true,
    update,
)

from records import events
from records.db import locks_rows, one_of
from records.events import Because
from records.instants import to_text
from records.tables import TASK_WAITS, claim, decision, draft, task

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
class Person:
    """Whose queue it is: what they decide alone, and what they confirm.

    ``seconds`` are pairs of task type and decision. Nobody's roles (an auditor, ops)
    see every task and can take none.
    """

    name: str
    roles: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    seconds: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Filters:
    """Which tasks: values of one filter are joined by or, filters by and.

    ``due``: late, today, soon (three days), later. ``filing`` and ``appeal``: the legal
    limit is at most so many days away. ``untouched``: nobody opened or took it for so
    many days.
    """

    type: tuple[str, ...] = ()
    payer: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    within: int | None = None
    amount: int | None = None
    filing: int | None = None
    appeal: int | None = None
    age: int | None = None
    untouched: int | None = None
    returned: int | None = None
    claim: str = ""


@dataclass(frozen=True)
class Asked:
    """A question to the queue: who asks, which tasks, on which day."""

    person: Person
    filters: Filters
    today: date


@dataclass(frozen=True)
class Totals:
    """Of all matches, not of the page; ``cents`` is the open amount."""

    count: int
    cents: int


APPEAL_TYPES = (
    "APPEAL_PREPARE",
    "APPEAL_FOLLOW_UP",
    "APPEAL_DECISION",
    "DENIAL_REVIEW",
)
"""Types whose legal deadline is the appeal's; that of the others is for filing."""


def _asleep(today: date) -> ColumnElement[bool]:
    return and_(task.c.snoozed_until.is_not(None), task.c.snoozed_until > today)


def _awake(today: date) -> ColumnElement[bool]:
    return or_(task.c.snoozed_until.is_(None), task.c.snoozed_until <= today)


def _mine(person: Person) -> ColumnElement[bool]:
    if not person.roles:
        return true()
    return or_(
        task.c.role.in_(sorted(person.roles)),
        task.c.type.in_(sorted(person.types)),
        and_(task.c.status == "prepared", _second(person)),
    )


def _second(person: Person) -> ColumnElement[bool]:
    pairs = sorted(f"{kind} {chosen}" for kind, chosen in person.seconds)
    return (task.c.type + " " + task.c.decision).in_(pairs)


def _decidable(person: Person) -> ColumnElement[bool]:
    """What this person may decide now, alone or as the second."""
    alone = or_(
        task.c.role.in_(sorted(person.roles)), task.c.type.in_(sorted(person.types))
    )
    confirms = and_(_second(person), task.c.prepared_by != person.name)
    return or_(
        and_(task.c.status == "open", alone),
        and_(task.c.status == "prepared", confirms),
    )


def _state(name: str, today: date) -> ColumnElement[bool]:
    if name == "closed":
        return task.c.status.in_(["done", "overtaken"])
    if name == "snoozed":
        return and_(_WAITS, _asleep(today))
    if name == "overdue":
        return and_(_WAITS, _awake(today), task.c.due_on < today)
    return and_(_WAITS, _awake(today), task.c.status == name)


def _due(name: str, today: date) -> ColumnElement[bool]:
    soon = today + timedelta(3)
    return {
        "late": task.c.due_on < today,
        "today": task.c.due_on == today,
        "soon": and_(task.c.due_on > today, task.c.due_on <= soon),
        "later": task.c.due_on > soon,
    }.get(name, false())


def _assignee(names: Iterable[str], me: str) -> ColumnElement[bool]:
    wanted = set(names)
    found = task.c.assignee.in_(
        sorted(me if one == "me" else one for one in wanted - {NOBODY})
    )
    return or_(found, task.c.assignee.is_(None)) if NOBODY in wanted else found


def _limit(days: int, today: date, *, appeal: bool) -> ColumnElement[bool]:
    kind = task.c.type.in_(APPEAL_TYPES)
    return and_(
        kind if appeal else ~kind, task.c.legal_deadline <= today + timedelta(days)
    )


def _untouched(days: int, today: date) -> ColumnElement[bool]:
    since = today - timedelta(days)
    return and_(
        task.c.created_on <= since,
        func.coalesce(task.c.opened_at, "") < since.isoformat(),
        func.coalesce(task.c.assigned_at, "") < since.isoformat(),
    )


def _returned(me: str) -> ColumnElement[bool]:
    refused = select(decision.c.id).where(
        decision.c.task_id == task.c.id,
        decision.c.actor == me,
        decision.c.refused.is_not(None),
    )
    return and_(task.c.status == "open", refused.exists())


def _where(asked: Asked) -> ColumnElement[bool]:
    wanted, today = asked.filters, asked.today
    parts = [_lists(asked), _days(asked)]
    if wanted.state:
        parts.append(or_(*(_state(name, today) for name in wanted.state)))
    else:
        parts += [_WAITS, _awake(today)]
    if wanted.claim:
        exact = (claim.c.pcn == wanted.claim) | (
            claim.c.practice_number == wanted.claim
        )
        parts.append(task.c.claim_id.in_(select(claim.c.id).where(exact)))
    return and_(*parts)


def _lists(asked: Asked) -> ColumnElement[bool]:
    wanted = asked.filters
    parts = [task.c.role.in_(wanted.role) if wanted.role else _mine(asked.person)]
    if wanted.type:
        parts.append(task.c.type.in_(wanted.type))
    if wanted.payer:
        parts.append(task.c.payer_id.in_(wanted.payer))
    if wanted.assignee:
        parts.append(_assignee(wanted.assignee, asked.person.name))
    if wanted.due:
        parts.append(or_(*(_due(name, asked.today) for name in wanted.due)))
    return and_(*parts)


def _days(asked: Asked) -> ColumnElement[bool]:
    wanted, today = asked.filters, asked.today
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.within is not None:
        parts.append(task.c.due_on <= today + timedelta(wanted.within))
    if wanted.amount is not None:
        parts.append(task.c.amount_cents >= wanted.amount * 100)
    if wanted.filing is not None:
        parts.append(_limit(wanted.filing, today, appeal=False))
    if wanted.appeal is not None:
        parts.append(_limit(wanted.appeal, today, appeal=True))
    if wanted.age is not None:
        parts.append(task.c.created_on <= today - timedelta(wanted.age))
    if wanted.untouched is not None:
        parts.append(_untouched(wanted.untouched, today))
    if wanted.returned is not None:
        parts.append(_returned(asked.person.name))
    return and_(*parts)


_DRAFT_BY = (
    select(draft.c.author)
    .where(draft.c.task_id == task.c.id)
    .order_by(draft.c.version.desc())
    .limit(1)
    .scalar_subquery()
    .label("draft_by")
)
_ROWS = select(
    *(c for c in task.c if c.name not in ("key", "form")),
    _DRAFT_BY,
    claim.c.pcn.label("claim_pcn"),
    claim.c.practice_number.label("claim_number"),
    claim.c.state.label("claim_state"),
    claim.c.service_from,
    claim.c.waiting_for,
    claim.c.content_enc,
).join_from(task, claim, claim.c.id == task.c.claim_id, isouter=True)


def rows(
    conn: Connection,
    asked: Asked,
    *,
    after: tuple[date, int, int, int] | None = None,
    limit: int,
) -> list[RowMapping]:
    """Tasks with what the list shows of their claims, after the row with this key.

    ``content_enc`` is the claim's sealed content: open it only for who sees patients.
    """
    query = _ROWS.where(_where(asked)).order_by(*_ORDER).limit(limit)
    if after is not None:
        query = query.where(_beyond(*after))
    return list(conn.execute(query).mappings())


def key_of(row: Mapping[Any, Any]) -> tuple[date, int, int, int]:
    """The row's place in the order."""
    return row["due_on"], row["priority"], row["amount_cents"], row["number"]


def _beyond(due: date, points: int, cents: int, number: int) -> ColumnElement[bool]:
    t = task.c
    same_amount = and_(t.amount_cents == cents, t.number > number)
    same_points = and_(t.priority == points, or_(t.amount_cents < cents, same_amount))
    same_day = and_(t.due_on == due, or_(t.priority < points, same_points))
    return and_(t.due_on >= due, or_(t.due_on > due, same_day))


def totals(conn: Connection, asked: Asked) -> Totals:
    """Count and open amount of all matches."""
    query = select(
        func.count(), func.coalesce(func.sum(task.c.amount_cents), 0)
    ).select_from(task)
    count, cents = conn.execute(query.where(_where(asked))).one()
    return Totals(int(count), int(cents))


def export_rows(conn: Connection, asked: Asked) -> Iterator[RowMapping]:
    """Every match in order, read page by page: for CSV and XLSX."""
    after = None
    while page := rows(conn, asked, after=after, limit=EXPORT_PAGE):
        yield from page
        after = key_of(page[-1])


def counts(
    conn: Connection, person: Person, views: Mapping[str, Filters], today: date
) -> dict[str, int]:
    """How many tasks each view has, in one query."""
    columns = [
        func.coalesce(func.sum(case((_where(Asked(person, one, today)), 1))), 0)
        for one in views.values()
    ]
    found = conn.execute(select(*columns).select_from(task).where(_WAITS)).one()
    return {name: int(n) for name, n in zip(views, found, strict=True)}


def load(
    conn: Connection, person: Person, today: date, by: str
) -> list[tuple[str, dict[str, int]]]:
    """Waiting tasks by ``type``, ``role`` or ``assignee``: late, today, soon, later."""
    group = func.coalesce(task.c[by], NOBODY)
    parts = ("late", "today", "soon", "later")
    columns = [
        func.coalesce(func.sum(case((_due(one, today), 1))), 0).label(one)
        for one in parts
    ]
    where = _where(Asked(person, Filters(), today))
    query = select(group.label("name"), *columns).where(where).group_by(group)
    found = conn.execute(query.order_by(group)).mappings()
    return [(row["name"], {part: int(row[part]) for part in parts}) for row in found]


def wakes(conn: Connection, person: Person, today: date) -> list[RowMapping]:
    """Tasks whose sleep ends today."""
    query = _ROWS.where(_WAITS, _mine(person), task.c.snoozed_until == today)
    return list(conn.execute(query.order_by(*_ORDER)).mappings())


def closed_by(conn: Connection, name: str, on: date) -> Totals:
    """What this person closed on a day."""
    query = select(func.count(), func.coalesce(func.sum(task.c.amount_cents), 0)).where(
        task.c.decided_by == name, task.c.closed_on == on
    )
    count, cents = conn.execute(query).one()
    return Totals(int(count), int(cents))


# --- who has it ----------------------------------------------------------------------


def next_for(conn: Connection, person: Person, why: Because) -> RowMapping | None:
    """Give this person the first task they may decide: their own, or nobody's.

    Two people never get the same one. None when there is none.
    """
    free = or_(task.c.assignee.is_(None), task.c.assignee == person.name)
    query = (
        select(task)
        .where(_WAITS, _awake(why.today), free, _decidable(person))
        .order_by(*_ORDER)
        .limit(1)
    )
    if locks_rows(conn):
        query = query.with_for_update(skip_locked=True)
    found = conn.execute(query).mappings().first()
    if found is not None and found["assignee"] is None:
        give(conn, found, person.name, why)
    return found


def give(conn: Connection, row: RowMapping, to: str | None, why: Because) -> bool:
    """Assign a task as it was read, or release it; False when it changed since."""
    held = row["assignee"]
    before = task.c.assignee.is_(None) if held is None else task.c.assignee == held
    changed = conn.execute(
        update(task)
        .where(task.c.id == row["id"], before, _WAITS)
        .values(assignee=to, assigned_at=to_text(why.at) if to else None)
    ).rowcount
    if not changed:
        return False
    if to is None:
        kind, words = "task released", f"Task {row['type']} released"
    elif to == why.actor:
        kind, words = "task claimed", f"Task {row['type']} claimed"
    else:
        kind, words = "task assigned", f"Task {row['type']} assigned to {to}"
    _log(conn, row, why, kind, words)
    return True


@dataclass(frozen=True)
class Snooze:
    """Sleep until a date, or earlier when ``wakes_on`` happens."""

    until: date
    reason: str
    wakes_on: str | None = None


def snooze(conn: Connection, row: RowMapping, nap: Snooze, why: Because) -> bool:
    """Let a task sleep; False when it is closed. The third time a supervisor sees it.

    The caller has checked ``nap.until`` against the legal deadline.
    """
    changed = conn.execute(
        update(task)
        .where(task.c.id == row["id"], _WAITS)
        .values(
            snoozed_until=nap.until,
            snooze_reason=nap.reason[:200],
            wakes_on=nap.wakes_on,
            snoozes=task.c.snoozes + 1,
        )
    ).rowcount
    if not changed:
        return False
    words = f"Task {row['type']} snoozed to {nap.until}"
    _log(conn, row, why, "task snoozed", words)
    if row["snoozes"] + 1 >= RAISED_AT and row["raised_on"] is None:
        conn.execute(
            update(task).where(task.c.id == row["id"]).values(raised_on=why.today)
        )
        words = (
            f"Task {row['type']} was snoozed {RAISED_AT} times: a supervisor sees it"
        )
        _log(conn, row, why, "task raised", words)
    return True


def wake(conn: Connection, claim_ids: Iterable[str]) -> None:
    """The payer answered about these claims: tasks that waited for it wake."""
    ids = sorted(set(claim_ids))
    if ids:
        conn.execute(
            update(task)
            .where(task.c.wakes_on == PAYER_ANSWER, one_of(conn, task.c.claim_id, ids))
            .values(snoozed_until=None, wakes_on=None)
        )


def _log(
    conn: Connection, row: RowMapping, why: Because, kind: str, words: str
) -> None:
    events.add(
        conn,
        why,
        kind,
        words,
        claim_id=row["claim_id"],
        account_id=row["account_id"],
    )
