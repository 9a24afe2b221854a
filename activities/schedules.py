"""The daily sweeps as Temporal schedules: one per mailbox, payer and kind of question.

A schedule appends its time to the workflow id, and passes no argument (design rule 9).
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.office import Office
from claims.messages import (
    INQUIRY_BATCH,
    RECEIVE_FILES,
    SUBMIT_BATCH,
    schedule_prefix,
)

RECEIVE = "*/15 * * * *"
INQUIRE = ("30 8 * * MON-FRI", "0 16 * * MON-FRI")


def plan(office: Office) -> list[tuple[str, str, list[str]]]:
    """(schedule id, workflow, cron lines) of every sweep of this practice."""
    found = [
        (schedule_prefix("receive", partner), RECEIVE_FILES, [RECEIVE])
        for partner in office.partners()
    ]
    for payer_id in office.payers.ids():
        profile = office.payers.get(payer_id)
        if profile is None or profile.edi.transport == "paper":
            continue
        hour, minute = profile.edi.daily_cutoff.split(":")
        cut_off = f"{int(minute)} {int(hour)} * * MON-FRI"
        found.append((schedule_prefix("submit", payer_id), SUBMIT_BATCH, [cut_off]))
        for kind in ("inquire270", "inquire276"):
            found.append(
                (schedule_prefix(kind, payer_id), INQUIRY_BATCH, list(INQUIRE))
            )
    return found


async def ensure_schedules(office: Office) -> int:
    """Create the schedules that are missing; how many there are."""
    planned = plan(office)
    for schedule_id, workflow, crons in planned:
        schedule = Schedule(
            action=ScheduleActionStartWorkflow(
                workflow, id=schedule_id, task_queue=office.task_queue
            ),
            spec=ScheduleSpec(cron_expressions=crons, time_zone_name=office.zone),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE),
        )
        try:
            await office.temporal.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:
            continue
    return len(planned)


@dataclass(frozen=True)
class ScheduleView:
    """One sweep as the server keeps it; ``trouble`` says why it will not run."""

    schedule_id: str
    trouble: str = ""
    last: datetime | None = None
    next: datetime | None = None


async def schedule_views(office: Office) -> list[ScheduleView]:
    """Every planned sweep.

    Raises:
        RPCError: the server does not answer.
    """
    planned = (view_of(office, schedule_id) for schedule_id, _, _ in plan(office))
    return await asyncio.gather(*planned)


async def view_of(office: Office, schedule_id: str) -> ScheduleView:
    """Whether this schedule will run, when it ran last, and when it runs next.

    Raises:
        RPCError: the server does not answer.
    """
    try:
        found = await office.temporal.get_schedule_handle(schedule_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return ScheduleView(schedule_id, "does not exist")
        raise
    ran = [action.started_at for action in found.info.recent_actions]
    paused = found.schedule.state.paused
    return ScheduleView(
        schedule_id,
        "is paused" if paused else "",
        max(ran, default=None),
        None if paused else min(found.info.next_action_times, default=None),
    )
