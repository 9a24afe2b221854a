"""The daily sweeps as Temporal schedules: one per mailbox, payer and kind of question.

A schedule appends its time to the workflow id, and passes no argument (design rule 9).
"""

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

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
