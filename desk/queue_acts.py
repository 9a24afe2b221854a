"""What one does with a task of the queue: get next, take, give back, assign, snooze."""

from collections.abc import Iterable
from datetime import date

from starlette.responses import Response

from claims.task import TASKS, TaskType
from desk.queue_filters import list_of, my_work
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import day
from policy.people import Door
from policy.tasks import work_of
from records import holding, tasks, users
from records.db import Connection, RowMapping
from records.queue_filters import Work
from records.users import User


def take_next(visit: Visit, before: str = "") -> Response:
    """Get the next task: the first that is one's own or nobody's.

    ``before`` is a sentence about what was done last.
    """
    work = my_work(visit) or Work(())
    with visit.desk.office.writing() as conn:
        row = holding.take_next(conn, work, visit.user.name, visit.because(), visit.now)
    if row is None:
        return visit.go("/tasks", f"{before} All clear. No task waits for you.".strip())
    return visit.go(f"/tasks/{row['id']}", before)


def claim(visit: Visit) -> Response:
    """Make the task one's own."""
    return _hand(visit, visit.user)


def release(visit: Visit) -> Response:
    """Give one's own task back to the queue; a draft stays."""
    return _hand(visit, None)


def assign(visit: Visit) -> Response:
    """Give the task to somebody else."""
    with visit.desk.office.reading() as conn:
        to = chosen_user(visit, conn)
    return _hand(visit, to, others=True)


def _hand(visit: Visit, to: User | None, *, others: bool = False) -> Response:
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        mine = row["assignee"] in (None, visit.user.name)
        if not mine and not (others or visit.may(Door.ASSIGN)):
            raise ForbiddenError(
                f"{shown_name(conn, row['assignee'])} has this task. Nothing was "
                "changed. Ask them to give it back, or ask a supervisor."
            )
        if to is not None and not may_work(to, row):
            raise DeskError(refusal(to, row))
        name = to.name if to else None
        done = holding.assign(conn, row, name, visit.because(), visit.now)
    words = f"Task {row['number']} is back in the queue. The draft is kept."
    if to is not None:
        words = f"Task {row['number']} is with {to.display_name} now."
    if not done:
        words = f"Task {row['number']} changed meanwhile. Nothing was changed."
    return visit.go(f"/tasks/{row['id']}", words)


def chosen_user(visit: Visit, conn: Connection) -> User:
    """The person a form names.

    Raises:
        DeskError: nobody was chosen, or they have left.
    """
    user = users.get_user(conn, visit.text("assignee"))
    if user is None:
        raise DeskError(
            "Choose a person who works here. Nothing was changed. Go back and choose."
        )
    return user


def shown_name(conn: Connection, name: str) -> str:
    """A user's display name; the user name of somebody who has left."""
    user = users.get_user(conn, name)
    return user.display_name if user else name


def may_work(user: User, row: RowMapping) -> bool:
    """Whether this person may decide the task as it is now."""
    first, second = work_of(frozenset(user.roles))
    if row["status"] == "prepared":
        confirms = f"{row['type']} {row['decision']}" in second
        return confirms and row["prepared_by"] != user.name
    return row["type"] in first


def refusal(user: User, row: RowMapping) -> str:
    """Why a task cannot be given to them."""
    spec = TASKS[TaskType(row["type"])]
    wanted = spec.role.value
    if row["status"] == "prepared":
        wanted = f"second person ({spec.two_person[row['decision']].value})"
    return (
        f"{user.display_name} may not decide this task; it is for a {wanted}. "
        "Nothing was changed. Choose somebody else."
    )


def workers_of(visit: Visit, row: RowMapping) -> list[User]:
    """Active users who may decide the task: whom it can be given to."""
    with visit.desk.office.reading() as conn:
        found: Iterable[User] = users.every_user(conn)
    return [user for user in found if user.active and may_work(user, row)]


# --- snooze --------------------------------------------------------------------------


def snooze(visit: Visit) -> Response:
    """Let the task sleep until a day, never past its legal deadline."""
    reason, until = asked_sleep(visit)
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        if not may_sleep(visit, row):
            raise ForbiddenError(
                "Somebody else has this task, or decides it. Nothing was changed. "
                "Leave it to them, or ask a supervisor."
            )
        if why := too_late(row, until):
            raise DeskError(f"{why[:1].upper()}{why[1:]}. Nothing was changed.")
        done = put_to_sleep(visit, conn, row, until, reason)
    words = f"Task {row['number']} sleeps until {day(until)}."
    return visit.go(
        list_of(visit), words if done else "The task changed. Nothing was done."
    )


def may_sleep(visit: Visit, row: RowMapping) -> bool:
    """Whether this person may let it sleep: theirs, nobody's that they may decide, or
    anybody's for a supervisor."""
    me, holder = visit.user, row["assignee"]
    mine = holder == me.name or (holder is None and may_work(me, row))
    return mine or visit.may(Door.ASSIGN)


def asked_sleep(visit: Visit) -> tuple[str, date]:
    """The reason and the day of a snooze form.

    Raises:
        DeskError: one is missing, or the day is not after today.
    """
    reason = visit.text("reason")[:200]
    if not reason:
        raise DeskError(
            "A snooze needs a reason. Nothing was changed. Go back, say why."
        )
    try:
        until = date.fromisoformat(visit.text("until"))
    except ValueError:
        raise DeskError(
            "That is no date. Nothing was changed. Go back and choose a day."
        ) from None
    if until <= visit.today:
        raise DeskError("A task sleeps until a day after today. Nothing was changed.")
    return reason, until


def too_late(row: RowMapping, until: date) -> str:
    """Why the task may not sleep until this day; empty when it may."""
    last = row["legal_deadline"]
    if last is None or until <= last:
        return ""
    return f"it may not sleep past {day(last)}, its legal deadline"


def put_to_sleep(
    visit: Visit, conn: Connection, row: RowMapping, until: date, reason: str
) -> bool:
    """Snooze it, until the payer answers if that was ticked and comes earlier."""
    wakes = holding.PAYER_ANSWER if visit.text("wakes_on") and row["claim_id"] else None
    return holding.snooze(conn, row, until, reason, visit.because(), wakes_on=wakes)


BACK = "/tasks/{task}"
ROUTES = (
    Page("POST", "/tasks/next", take_next, Door.DECIDE, "/tasks"),
    Page("POST", "/tasks/{task}/claim", claim, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/release", release, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/assign", assign, Door.ASSIGN, BACK),
    Page("POST", "/tasks/{task}/snooze", snooze, Door.DECIDE, BACK),
)
