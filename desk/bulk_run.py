"""Keep an act on many tasks, do it to each, undo it: some in each transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from desk import bulk_rules
from desk.bulk_rules import Asked, Done
from desk.visit import ForbiddenError, MissingError, Visit
from policy.people import Door
from records import bulk, holding, users
from records.db import Connection, RowMapping
from records.instants import from_text

CHUNK = 200
"""Tasks of one transaction: others are kept waiting no longer."""
LONGEST = 600
"""Characters of an address that is kept."""
CONFIRM, UNDO = timedelta(days=1), timedelta(minutes=30)
Rule = Callable[[Asked, RowMapping], Done]


def keep(
    visit: Visit,
    conn: Connection,
    act: str,
    facts: Mapping[str, Any],
    back: str,
    chosen: Sequence[str],
) -> str:
    """Keep an act until it is confirmed; its id. ``back`` is the list it is from."""
    actor, wall = visit.user.name, visit.desk.wall()
    back = back if len(back) <= LONGEST else "/tasks"
    bulk.forget_unconfirmed(conn, actor, wall)
    return bulk.ask(
        conn,
        actor=actor,
        act=act,
        facts=facts,
        back=back,
        task_ids=chosen,
        at=visit.now,
        until=wall + CONFIRM,
    )


def found(visit: Visit, conn: Connection, bulk_id: str) -> RowMapping:
    """An act, for who asked for it, and once it was done for supervisors.

    Raises:
        MissingError: there is none.
    """
    row = bulk.get(conn, bulk_id)
    if row is not None and row["actor"] == visit.user.name:
        return row
    if row is None or row["done_at"] is None or not visit.may(Door.ASSIGN):
        raise MissingError(
            "There is no such act of yours, or it was never confirmed and is gone. "
            "Nothing was changed. Choose the tasks again in the queue."
        )
    return row


def asked(visit: Visit, conn: Connection, row: RowMapping) -> Asked:
    """The act with what its rules need."""
    people = {user.name: user for user in users.every_user(conn)}
    return Asked(visit, row["id"], row["act"], row["facts"], people)


def check_may(visit: Visit, act: str) -> None:
    """Only supervisors give tasks to others.

    Raises:
        ForbiddenError: this person may not.
    """
    if act == "assign" and not visit.may(Door.ASSIGN):
        raise ForbiddenError(
            "Only a supervisor gives tasks to others. Nothing was changed."
        )


def minutes_left(visit: Visit, row: RowMapping) -> int:
    """For how many minutes it can still be confirmed or undone."""
    return minutes_until(visit, from_text(row["until"]))


def minutes_until(visit: Visit, until: datetime) -> int:
    """How many minutes of real time are left, the last one begun too."""
    left = until - visit.desk.wall()
    return max(0, -int(-left.total_seconds() // 60))


def work_through(visit: Visit, bulk_id: str) -> None:
    """Do it to every task it was not done to yet."""
    while _do_some(visit, bulk_id):
        pass


def _do_some(visit: Visit, bulk_id: str) -> bool:
    with visit.desk.office.writing() as conn:
        rows = bulk.to_do(conn, bulk_id, CHUNK)
        bulk.begin(conn, bulk_id, visit.now, visit.desk.wall() + UNDO)
        ends = _to_each(visit, conn, bulk_id, rows, bulk_rules.do)
        settled = [(row["id"], end.why_not, end.before) for row, end in ends]
        bulk.settle(conn, bulk_id, settled)
    return bool(rows)


def take_back(visit: Visit, bulk_id: str) -> None:
    """Undo it for every task that it was done to."""
    while _undo_some(visit, bulk_id):
        pass


def _undo_some(visit: Visit, bulk_id: str) -> bool:
    with visit.desk.office.writing() as conn:
        rows = bulk.to_undo(conn, bulk_id, CHUNK)
        bulk.begin_undo(conn, bulk_id, visit.now)
        ends = _to_each(visit, conn, bulk_id, rows, bulk_rules.undo)
        settled = [(row["id"], end.why_not) for row, end in ends]
        bulk.settle_undo(conn, bulk_id, settled)
    return bool(rows)


def _to_each(
    visit: Visit, conn: Connection, bulk_id: str, rows: list[RowMapping], rule: Rule
) -> list[tuple[RowMapping, Done]]:
    """Change each of these tasks as the rule says; what became of them."""
    act = asked(visit, conn, found(visit, conn, bulk_id))
    ends = [(row, rule(act, row)) for row in rows]
    changes = [(row, end.change) for row, end in ends if end.change]
    holding.apply_all(conn, changes, act.because())
    return ends
