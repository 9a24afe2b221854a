"""One act on the selected rows of the queue: each row by itself, and why some were not.

The same checks as for one task; a row that is skipped does not stop the others.
"""

from collections.abc import Callable

from starlette.responses import Response

from desk.queue_acts import (
    asked_sleep,
    chosen_user,
    may_work,
    put_to_sleep,
    shown_name,
    too_late,
)
from desk.queue_filters import list_of
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import day
from policy.people import Door
from records import holding, tasks
from records.db import Connection, RowMapping
from records.users import User

MOST = 200
"""A page has no more rows."""
Act = Callable[[Connection, RowMapping], str]
"""Does it to one row; why it was skipped, or nothing."""


def act(visit: Visit) -> Response:
    """Take, give back, assign or snooze the selected tasks.

    Raises:
        DeskError: nothing was selected, or the form is not complete.
    """
    chosen = list(dict.fromkeys(visit.texts("task")))
    if not chosen or len(chosen) > MOST:
        raise DeskError(
            "No task was selected, or more than 200. Nothing was changed. "
            "Go back and tick the rows you mean."
        )
    done, skipped = 0, []
    with visit.desk.office.writing() as conn:
        words, one = _asked(visit, conn)
        for reference in chosen:
            row = tasks.get(conn, reference)
            if why := one(conn, row):
                skipped.append(f"task {row['number']} ({why})")
            else:
                done += 1
    said = f"{done} of {len(chosen)} {words}."
    if skipped:
        said += f" Skipped: {', '.join(skipped)}."
    return visit.go(list_of(visit), said)


def _asked(visit: Visit, conn: Connection) -> tuple[str, Act]:
    """The act that was asked for, and what became of the rows in words."""
    what = visit.text("do")
    if what == "claim":
        return "taken", lambda conn, row: _take(visit, conn, row)
    if what == "release":
        return "given back", lambda conn, row: _give_back(visit, conn, row)
    if what == "snooze" or (what == "field" and _sleeps(visit)):
        reason, until = asked_sleep(visit)

        def sleep(conn: Connection, row: RowMapping) -> str:
            if why := too_late(row, until):
                return why
            done = put_to_sleep(visit, conn, row, until, reason)
            return "" if done else "it has ended"

        return f"put to sleep until {day(until)}", sleep
    if what != "assign":
        raise DeskError(
            "No action was chosen. Nothing was changed. Go back and press its button."
        )
    if not visit.may(Door.ASSIGN):
        raise ForbiddenError(
            "Only a supervisor gives tasks to others. Nothing was changed."
        )
    to = chosen_user(visit, conn)
    return f"given to {to.display_name}", lambda conn, row: _give(visit, conn, row, to)


def _sleeps(visit: Visit) -> bool:
    """Whether Enter was pressed in a field of the snooze, the only ones there are."""
    return bool(visit.text("until") or visit.text("reason"))


def _take(visit: Visit, conn: Connection, row: RowMapping) -> str:
    if row["assignee"] == visit.user.name:
        return "yours already"
    if row["assignee"] is not None:
        return f"{shown_name(conn, row['assignee'])} has it"
    return _hand(visit, conn, row, visit.user.name)


def _give_back(visit: Visit, conn: Connection, row: RowMapping) -> str:
    holder = row["assignee"]
    if holder is None:
        return "nobody has it"
    if holder != visit.user.name and not visit.may(Door.ASSIGN):
        return f"{shown_name(conn, holder)} has it"
    return _hand(visit, conn, row, None)


def _give(visit: Visit, conn: Connection, row: RowMapping, to: User) -> str:
    if row["assignee"] == to.name:
        return "they have it already"
    if not may_work(to, row):
        return f"{to.display_name} may not decide it"
    return _hand(visit, conn, row, to.name)


def _hand(visit: Visit, conn: Connection, row: RowMapping, to: str | None) -> str:
    done = holding.assign(conn, row, to, visit.because(), visit.now)
    return "" if done else "it has ended"


ROUTES = (Page("POST", "/tasks/bulk", act, Door.DECIDE, "/tasks"),)
"""Listed before ``/tasks/{task}``, which would take it."""
