"""The dated next step of a claim: what, when, whose clock, and the sentence of law 1.

*Waiting for X until D, then Y.* Every function here makes one ``NextStep``; whoever
moves a claim picks one, so no open claim can be without (I1).
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from activities.office import Office
from claims.calendar import (
    add_business_days,
    business_day_from,
    deadline,
    next_business_day,
)
from claims.messages import Step, account_workflow_id, appeal_workflow_id
from claims.task import TASKS, TaskSpec, TaskType
from policy import timers
from records import claims, tasks
from records.claims import ClaimRow, NextStep
from records.db import Connection, RowMapping
from records.events import Because


def step_of(conn: Connection, claim_id: str) -> Step:
    """What SQL says now, as the workflow needs it."""
    row = claims.get(conn, claim_id)
    return Step(state=row.state, what=row.next_what or "", at=row.next_at)


def step_at(conn: Connection, office: Office, claim_id: str, at: datetime) -> Step:
    """``step_of``, put off while its date is past but the mail of that day unread."""
    step = step_of(conn, claim_id)
    return step.model_copy(update={"at": office.put_off(step.at, at, conn)})


def is_due(row: ClaimRow, at: datetime) -> bool:
    """Whether the claim's own next step has come."""
    return row.state.is_open and row.next_at is not None and row.next_at <= at


def by_claim(
    office: Office, row: ClaimRow, what: str, due: date, waiting: str, then: str
) -> NextStep:
    """The claim's own timer, at 08:00 of the due date."""
    return NextStep(
        what=what,
        due=due,
        at=deadline(due, office.zone),
        owner="claim",
        owner_id=row.id,
        waiting_for=waiting,
        then=then,
    )


def by_timer(
    office: Office, row: ClaimRow, timer: str, start: date, waiting: str, then: str
) -> NextStep:
    """A timer of ``timers.yaml``, with the payer's own length where it has one."""
    due = timers.due(timer, start, office.payer(row.payer_id))
    return by_claim(office, row, timer, due, waiting, then)


def by_task(office: Office, task: RowMapping) -> NextStep:
    """An open task; the claim looks again when it is overdue (R-TSK-01)."""
    spec = TASKS[TaskType(task["type"])]
    return NextStep(
        what=f"{task['type']} due",
        due=task["due_on"],
        at=deadline(next_business_day(task["due_on"]), office.zone),
        owner="task",
        owner_id=task["id"],
        waiting_for=_who_is_asked(task, spec),
        then="a supervisor is told",
    )


def _who_is_asked(task: RowMapping, spec: TaskSpec) -> str:
    if task["status"] == "prepared":
        return f"a {spec.two_person[task['decision']]} to confirm: {spec.title}"
    return f"a {task['role']} to decide: {spec.title}"


def say_who_is_asked(conn: Connection, task_id: str) -> None:
    """After a task was prepared, returned or refused: the claims that wait for it say
    who decides it, or who confirms it."""
    task = tasks.get(conn, task_id)
    words = _who_is_asked(task, TASKS[TaskType(task["type"])])
    claims.say_who_is_asked(conn, task_id, words)


def cut_off_day(office: Office, payer_id: str, why: Because) -> date:
    """The day the payer's next batch leaves: today before the cut-off, else the
    next."""
    profile = office.payer(payer_id)
    hour = profile.edi.daily_cutoff if profile else "17:00"
    today = business_day_from(why.today)
    if today > why.today:
        return today
    passed = local_time(office, why) >= hour
    return next_business_day(today) if passed else today


def local_time(office: Office, why: Because) -> str:
    """Practice time of day as ``HH:MM``."""
    return why.at.astimezone(ZoneInfo(office.zone)).strftime("%H:%M")


HOLD_REVIEW = "HOLD_REVIEW"
HOLD_DAYS = 5


def by_hold(office: Office, row: ClaimRow, why: Because) -> NextStep:
    """Kept back by a person: looked at again every five business days."""
    return by_claim(
        office,
        row,
        HOLD_REVIEW,
        add_business_days(why.today, HOLD_DAYS),
        f"a person to release the hold ({row.held_for})",
        "its hold is shown again",
    )


def by_outbox(office: Office, row: ClaimRow, why: Because) -> NextStep:
    """Queued for the payer's next batch, which owns the clock from here on.

    The claim itself looks again no later than its first status inquiry can be due, so
    an acceptance never has to wake it.
    """
    if row.held_for is not None:
        return by_hold(office, row, why)
    first = timers.due("STATUS_FIRST", why.today, office.payer(row.payer_id))
    day = cut_off_day(office, row.payer_id, why)
    return NextStep(
        what="SEND",
        due=day,
        at=deadline(first, office.zone),
        owner="batch",
        owner_id=f"submit-{row.payer_id}",
        waiting_for="the payer's next batch",
        then="the claim is sent and its acknowledgment watched",
    )


def by_batch(
    office: Office, row: ClaimRow, batch_id: str, what: str, due: date
) -> NextStep:
    """Sent; the batch watches for acknowledgments."""
    words = {
        "ACK_999": "the receipt of the file (999)",
        "ACK_277CA_SOFT": "the payer's acceptance (277CA)",
        "ACK_277CA_HARD": "the payer's acceptance (277CA)",
    }
    then = {
        "ACK_999": "the clearinghouse is asked",
        "ACK_277CA_SOFT": "the clearinghouse is asked",
        "ACK_277CA_HARD": "the payer is asked and a clerk looks for the claim",
    }
    return NextStep(
        what=what,
        due=due,
        at=row.next_at or deadline(due, office.zone),
        owner="batch",
        owner_id=batch_id,
        waiting_for=words[what],
        then=then[what],
    )


def by_appeal(
    office: Office, appeal_id: str, what: str, due: date, waiting: str, then: str
) -> NextStep:
    """The appeal's workflow owns the clock."""
    return NextStep(
        what=what,
        due=due,
        at=deadline(next_business_day(due), office.zone),
        owner="appeal",
        owner_id=appeal_workflow_id(appeal_id),
        waiting_for=waiting,
        then=then,
    )


def by_account(
    office: Office, row: ClaimRow, what: str, due: date, waiting: str, then: str
) -> NextStep:
    """The guarantor's account owns the clock."""
    return NextStep(
        what=what,
        due=due,
        at=deadline(next_business_day(due), office.zone),
        owner="account",
        owner_id=account_workflow_id(row.account_id),
        waiting_for=waiting,
        then=then,
    )


FREE_LOOK = "FOLLOW_UP"


def by_task_free(office: Office, row: ClaimRow, day: date) -> NextStep:
    """A dated look after a supervisor's decision, owned by the claim itself."""
    return by_claim(
        office,
        row,
        FREE_LOOK,
        day,
        "the date a supervisor set",
        "a clerk looks again",
    )


def safety_net(office: Office, row: ClaimRow, why: Because) -> NextStep:
    """NO_ACTIVITY: used only when nothing else is armed (R-FUP-05)."""
    return by_timer(
        office, row, "NO_ACTIVITY_E", why.today, "any news of this claim", "a call"
    )


def due_task(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """The claim's task is overdue: tell a supervisor once, look again in a week."""
    waiting = tasks.waiting(conn, claim_id=row.id)
    for task in waiting:
        if task["due_on"] < why.today:
            tasks.raise_overdue(conn, task["id"], why)
    if row.next_at is not None and row.next_at <= why.at:
        later = deadline(why.today + timedelta(7), office.zone)
        claims.rearm(conn, row.id, later)
