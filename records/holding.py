"""Who has a task and until when it sleeps; each change is in the event log."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update

from records import events
from records.db import locks_rows, one_of
from records.events import Because
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


def assign(
    conn: Connection, row: RowMapping, to: str | None, why: Because, at: datetime
) -> bool:
    """Give a task, as it was read, to somebody, or back to the queue; False when it
    was given to another since, or has ended."""
    held = row["assignee"]
    still = task.c.assignee.is_(None) if held is None else task.c.assignee == held
    done = _change(conn, row, still, assignee=to, assigned_at=to_text(at))
    if done:
        kind, tail = "task assigned", f"assigned to {to}"
        if to is None:
            kind, tail = "task released", "given back to the queue"
        elif to == why.actor:
            kind, tail = "task claimed", "claimed"
        _log(conn, row, why, kind, tail)
    return done


def unassign(
    conn: Connection, row: RowMapping, was: Mapping[str, Any], why: Because
) -> bool:
    """Take the last giving of a task, as it was read, back: who had it before has it
    again; False when it has changed or ended."""
    held, to = row["assignee"], was["assignee"]
    still = task.c.assignee.is_(None) if held is None else task.c.assignee == held
    done = _change(conn, row, still, assignee=to, assigned_at=was["assigned_at"])
    if done:
        kind = "task assigned" if to else "task released"
        tail = f"with {to} again" if to else "back in the queue"
        _log(conn, row, why, kind, f"{tail}: the last change was undone")
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


def unsnooze(
    conn: Connection, row: RowMapping, was: Mapping[str, Any], why: Because
) -> bool:
    """Take the last snooze of a task, as it was read, back: it is as ``was`` says;
    False when it has changed or ended."""
    done = _change(
        conn,
        row,
        task.c.snoozes == row["snoozes"],
        snoozed_until=_day(was["snoozed_until"]),
        snooze_reason=was["snooze_reason"],
        wakes_on=was["wakes_on"],
        snoozes=was["snoozes"],
        raised_on=_day(was["raised_on"]),
    )
    if done:
        _log(conn, row, why, "task woken", "no longer snoozed: that was undone")
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


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _change(
    conn: Connection, row: RowMapping, still: ColumnElement[bool], **columns: Any
) -> bool:
    query = update(task).where(task.c.id == row["id"], still, WAITS)
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
