"""A day whose money nobody has closed: seen by the sweep, told once (R-DAY-01)."""

from collections.abc import Callable
from datetime import date, timedelta

from activities.close_content import first_date
from claims.calendar import business_day_from
from claims.task import TASKS, TaskType
from policy import timers
from policy.tasks import due_on
from records import closes, tasks
from records.closes import CLOSE
from records.db import Connection
from records.events import Because
from records.tasks import NewTask

CLOCK = "DAILY_CLOSE"
RULE = "R-DAY-01"
TASK = TaskType.DAILY_CLOSE_EXCEPTION
MARK = "not_closed"
"""In a task's evidence: it is of days that are not closed, not of a close's items."""
SHOWN = 20


def overdue(conn: Connection, today: date) -> list[date]:
    """Business days with money that should have been closed before today, in order."""
    last = closes.last(conn)
    after = None
    if last is not None:
        closed = last["act"] == CLOSE
        after = last["day"] if closed else first_date(last["day"]) - timedelta(1)
    days = {business_day_from(day) for day in closes.money_days(conn, after, today)}
    return sorted(day for day in days if timers.due(CLOCK, day, None) < today)


def words(days: list[date], say: Callable[[date], str] = str) -> str:
    """``2026-06-01 and 3 later days with money are not closed``."""
    if len(days) == 1:
        return f"{say(days[0])} has money and is not closed"
    later = f"{len(days) - 1} later day{'s' if len(days) > 2 else ''}"
    return f"{say(days[0])} and {later} with money are not closed"


def raise_overdue(conn: Connection, why: Because) -> None:
    """One task for a poster while any day is overdue; once it was carried, none again
    until another day is."""
    days = overdue(conn, why.today)
    if not days or _open(conn):
        return
    new = NewTask(
        key=f"close:overdue:{days[-1]}",
        type=TASK.value,
        workflow_id=f"close-{days[0]}",
        role=TASKS[TASK].role.value,
        due_on=due_on(TASK, why.today, None),
        rule=RULE,
        why=words(days),
        subject=f"{days[0]} not closed",
        evidence={
            "day": str(days[0]),
            MARK: len(days),
            "items": [str(day) for day in days[:SHOWN]],
            "keys": [],
        },
    )
    tasks.open_task(conn, new, why.by_rule(RULE))


def withdraw(conn: Connection, why: Because) -> None:
    """The task closes by itself once no day is overdue."""
    if not overdue(conn, why.today):
        for task_id in _open(conn):
            tasks.withdraw(conn, task_id, why, "every day with money is closed")


def _open(conn: Connection) -> list[str]:
    waiting = tasks.waiting(conn, types=[TASK.value])
    return [row["id"] for row in waiting if MARK in row["evidence"]]
