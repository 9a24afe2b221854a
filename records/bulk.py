"""Acts on many tasks: what was asked for, of which tasks, and what became of each.

The tasks are kept when the act is asked for: what is confirmed later is done to these
and no others. Each is done by itself, so an act that was interrupted can go on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from records.db import insert_many, locks_rows, one_of
from records.instants import to_text
from records.tables import bulk, bulk_task, task, user

_TASKS = (
    select(
        *(c for c in task.c if c.name not in ("key", "form", "evidence", "why")),
        bulk_task.c.outcome,
        bulk_task.c.before,
        bulk_task.c.undone,
    )
    .join_from(bulk_task, task, task.c.id == bulk_task.c.task_id)
    .order_by(bulk_task.c.place)
)


def ask(
    conn: Connection,
    *,
    actor: str,
    act: str,
    facts: Mapping[str, Any],
    back: str,
    task_ids: Sequence[str],
    at: datetime,
    until: datetime,
) -> str:
    """Keep an act and its tasks until somebody confirms it; its id."""
    made = str(uuid4())
    values = {"id": made, "actor": actor, "act": act, "facts": dict(facts)}
    instants = {"asked_at": to_text(at), "until": to_text(until)}
    conn.execute(insert(bulk).values(**values, back=back, **instants))
    rows = [
        {"bulk_id": made, "task_id": one, "place": place}
        for place, one in enumerate(task_ids)
    ]
    insert_many(conn, bulk_task, rows)
    return made


def existing(conn: Connection, task_ids: Sequence[str]) -> list[str]:
    """These tasks, in this order, without what is no task."""
    query = select(task.c.id).where(one_of(conn, task.c.id, task_ids))
    known = set(conn.execute(query).scalars())
    return [one for one in task_ids if one in known]


def forget_unconfirmed(conn: Connection, actor: str, now: datetime) -> None:
    """Drop what this person asked for and never confirmed in time."""
    b = bulk.c
    gone = (b.actor == actor, b.done_at.is_(None), b.until < to_text(now))
    ids = select(b.id).where(*gone)
    conn.execute(delete(bulk_task).where(bulk_task.c.bulk_id.in_(ids)))
    conn.execute(delete(bulk).where(*gone))


def get(conn: Connection, bulk_id: str) -> RowMapping | None:
    """The act, with its actor's ``display_name``; None when there is none."""
    query = select(bulk, user.c.display_name).join(user, user.c.name == bulk.c.actor)
    return conn.execute(query.where(bulk.c.id == bulk_id)).mappings().first()


def tasks_of(conn: Connection, bulk_id: str) -> list[RowMapping]:
    """Every task of the act as it is now, and what became of it."""
    query = _TASKS.where(bulk_task.c.bulk_id == bulk_id)
    return list(conn.execute(query).mappings())


def to_do(conn: Connection, bulk_id: str, limit: int) -> list[RowMapping]:
    """The next tasks to which the act was not done yet; nobody else can change them
    until this transaction ends."""
    return _some(conn, bulk_id, bulk_task.c.outcome.is_(None), limit)


def to_undo(conn: Connection, bulk_id: str, limit: int) -> list[RowMapping]:
    """The next tasks to which the act was done, and not undone yet, as ``to_do``."""
    done = and_(bulk_task.c.outcome == "", bulk_task.c.undone.is_(None))
    return _some(conn, bulk_id, done, limit)


def _some(
    conn: Connection, bulk_id: str, left: ColumnElement[bool], limit: int
) -> list[RowMapping]:
    mine = bulk_task.c.bulk_id == bulk_id
    if locks_rows(conn):
        # A second click waits for the first; tasks are locked in one order for all.
        conn.execute(select(bulk.c.id).where(bulk.c.id == bulk_id).with_for_update())
        next_ones = select(bulk_task.c.task_id).where(mine, left)
        these = next_ones.order_by(bulk_task.c.place).limit(limit)
        locked = select(task.c.id).where(task.c.id.in_(these)).order_by(task.c.id)
        conn.execute(locked.with_for_update())
    return list(conn.execute(_TASKS.where(mine, left).limit(limit)).mappings())


def begin(conn: Connection, bulk_id: str, at: datetime, until: datetime) -> bool:
    """The act begins; it can be undone ``until`` then. False when it had begun."""
    first = (bulk.c.id == bulk_id, bulk.c.done_at.is_(None))
    values = {"done_at": to_text(at), "until": to_text(until)}
    return bool(conn.execute(update(bulk).where(*first).values(**values)).rowcount)


def begin_undo(conn: Connection, bulk_id: str, at: datetime) -> bool:
    """The undo begins; False when it had begun."""
    first = (bulk.c.id == bulk_id, bulk.c.undone_at.is_(None))
    query = update(bulk).where(*first).values(undone_at=to_text(at))
    return bool(conn.execute(query).rowcount)


def settle(
    conn: Connection, bulk_id: str, ends: Iterable[tuple[str, str, dict[str, Any]]]
) -> None:
    """Keep what became of tasks: nothing when it was done, else why not; and what an
    undo needs."""
    values = [
        {"of_task": task_id, "to_outcome": why[:200], "to_before": before}
        for task_id, why, before in ends
    ]
    _settle(conn, bulk_id, ("outcome", "before"), values)


def settle_undo(
    conn: Connection, bulk_id: str, ends: Iterable[tuple[str, str]]
) -> None:
    """Keep what became of the undo of tasks: nothing when it was done, else why not."""
    values = [{"of_task": task_id, "to_undone": why[:200]} for task_id, why in ends]
    _settle(conn, bulk_id, ("undone",), values)


def _settle(
    conn: Connection, bulk_id: str, names: Sequence[str], values: list[dict[str, Any]]
) -> None:
    if not values:
        return
    one = (bulk_task.c.bulk_id == bulk_id, bulk_task.c.task_id == bindparam("of_task"))
    columns: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names}
    conn.execute(update(bulk_task).where(*one).values(**columns), values)


def listing(conn: Connection, actor: str | None, limit: int) -> list[RowMapping]:
    """The newest acts that were confirmed, of everybody or of one person: ``total``,
    ``done``, ``undone`` and the open ``cents`` of the tasks done."""
    t, done = bulk_task.c, bulk_task.c.outcome == ""
    of = select(bulk.c.id).where(bulk.c.done_at.is_not(None))
    if actor is not None:
        of = of.where(bulk.c.actor == actor)
    newest = of.order_by(bulk.c.done_at.desc()).limit(limit).subquery("newest")
    sums = (
        select(
            t.bulk_id,
            func.count().label("total"),
            func.sum(case((done, 1), else_=0)).label("done"),
            func.sum(case((t.undone == "", 1), else_=0)).label("undone"),
            func.sum(case((done, task.c.amount_cents), else_=0)).label("cents"),
        )
        .join(newest, newest.c.id == t.bulk_id)
        .join(task, task.c.id == t.task_id)
        .group_by(t.bulk_id)
        .subquery("sums")
    )
    s = sums.c
    query = (
        select(bulk, user.c.display_name, s.total, s.done, s.undone, s.cents)
        .join(sums, s.bulk_id == bulk.c.id)
        .join(user, user.c.name == bulk.c.actor)
        .order_by(bulk.c.done_at.desc())
    )
    return list(conn.execute(query).mappings())
