"""Who has a task and until when it sleeps; each change is in the event log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from records import events
from records.db import locks_rows, one_of
from records.events import Because, Told
from records.instants import to_text
from records.queue import ORDER
from records.queue_filters import WAITS, Work, confirms, in_state
from records.tables import task

PAYER_ANSWER = "payer_answer"
"""What a task may wake on: a 277 or an 835 for its claim."""
RAISED_AT = 3
"""The snooze at which a supervisor is told."""


def take_next(
    conn: Connection, work: Work, name: str, why: Because, at: datetime
) -> RowMapping | None:
    """Give a person the first task they may decide: their own, or nobody's.

    Two people never get the same one. None when there is none.
    """
    first = and_(task.c.status == "open", task.c.type.in_(work.types))
    second = and_(confirms(work), task.c.prepared_by != name)
    query = (
        select(task)
        .where(
            in_state("waiting", why.today),
            or_(task.c.assignee.is_(None), task.c.assignee == name),
            or_(first, second),
        )
        .order_by(*ORDER)
        .limit(1)
    )
    if locks_rows(conn):
        query = query.with_for_update(skip_locked=True)
    found = conn.execute(query).mappings().first()
    if found is not None and found["assignee"] is None:
        assign(conn, found, name, why, at)
    return found


class Change(NamedTuple):
    """What a task's row becomes, and what the event log says: kind and words."""

    columns: dict[str, Any]
    told: tuple[tuple[str, str], ...]


def given(to: str | None, why: Because, at: datetime) -> Change:
    """The task is somebody's, or back in the queue."""
    kind, words = "task assigned", f"assigned to {to}"
    if to is None:
        kind, words = "task released", "given back to the queue"
    elif to == why.actor:
        kind, words = "task claimed", "claimed"
    columns = {"assignee": to, "assigned_at": to_text(at)}
    return Change(columns, ((kind, words),))


def given_as_before(was: Mapping[str, Any]) -> Change:
    """Who had the task before has it again."""
    to = was["assignee"]
    kind = "task assigned" if to else "task released"
    words = f"with {to} again" if to else "back in the queue"
    columns = {"assignee": to, "assigned_at": was["assigned_at"]}
    return Change(columns, ((kind, f"{words}: the last change was undone"),))


def asleep(
    row: RowMapping,
    until: date,
    reason: str,
    why: Because,
    *,
    wakes_on: str | None = None,
) -> Change:
    """The task sleeps until a day, or until ``wakes_on`` happens if that is earlier.
    At the third time a supervisor is told.

    The caller has checked ``until`` against the legal deadline.
    """
    told = [("task snoozed", f"snoozed until {until}")]
    raised = row["snoozes"] + 1 >= RAISED_AT and row["raised_on"] is None
    if raised:
        words = f"snoozed {RAISED_AT} times and raised to a supervisor"
        told.append(("task raised", words))
    columns = {
        "snoozed_until": until,
        "snooze_reason": reason,
        "wakes_on": wakes_on,
        "snoozes": row["snoozes"] + 1,
        "raised_on": why.today if raised else row["raised_on"],
    }
    return Change(columns, tuple(told))


def awake_as_before(was: Mapping[str, Any]) -> Change:
    """The last snooze is taken back."""
    days = {name: _day(was[name]) for name in ("snoozed_until", "raised_on")}
    kept = {name: was[name] for name in ("snooze_reason", "wakes_on", "snoozes")}
    told = ("task woken", "no longer snoozed: that was undone")
    return Change(days | kept, (told,))


def assign(
    conn: Connection, row: RowMapping, to: str | None, why: Because, at: datetime
) -> bool:
    """Give a task, as it was read, to somebody, or back to the queue; False when it
    was given to another since, or has ended."""
    held = row["assignee"]
    still = task.c.assignee.is_(None) if held is None else task.c.assignee == held
    return _apply(conn, row, still, given(to, why, at), why)


def snooze(
    conn: Connection,
    row: RowMapping,
    until: date,
    reason: str,
    why: Because,
    *,
    wakes_on: str | None = None,
) -> bool:
    """Let a task sleep, as ``asleep`` says; False when it was snoozed by another since,
    or has ended."""
    change = asleep(row, until, reason, why, wakes_on=wakes_on)
    return _apply(conn, row, task.c.snoozes == row["snoozes"], change, why)


def _apply(
    conn: Connection,
    row: RowMapping,
    still: ColumnElement[bool],
    change: Change,
    why: Because,
) -> bool:
    one = update(task).where(task.c.id == row["id"], still, WAITS)
    done = bool(conn.execute(one.values(**change.columns)).rowcount)
    if done:
        events.add_many(conn, why, _told(row, change))
    return done


def apply_all(
    conn: Connection, changes: Sequence[tuple[RowMapping, Change]], why: Because
) -> None:
    """Change many tasks alike, in two statements. Nobody else may change them
    meanwhile: they were read, and locked, in this transaction."""
    if not changes:
        return
    names = changes[0][1].columns
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    one = update(task).where(task.c.id == bindparam("of_id")).values(**values)
    rows = [
        {"of_id": row["id"], **{f"to_{name}": change.columns[name] for name in names}}
        for row, change in changes
    ]
    conn.execute(one, rows)
    every = (told for row, change in changes for told in _told(row, change))
    events.add_many(conn, why, every)


def _told(row: RowMapping, change: Change) -> list[Told]:
    return [
        Told(kind, f"Task {row['type']} {words}", row["claim_id"], row["account_id"])
        for kind, words in change.told
    ]


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


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
