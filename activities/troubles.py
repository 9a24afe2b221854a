"""What has failed on the server or keeps being tried again, and the way out.

Looked for only among failed workflows, those whose workflow task keeps failing, those
that do steps outside our database, and those a caller names: never among all that
run. A cause is told by the type of its failure alone; a message may quote data.
"""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import (
    ResetActivityRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHistoryEventFilterType,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.running import IN_FLIGHT
from claims.messages import (
    APPEAL,
    INQUIRY_BATCH,
    POST_REMITTANCE,
    RECEIVE_FILES,
    SUBMIT_BATCH,
)

MOST = 50
"""Of each kind, so that the look stays quick however much runs."""
_FAILED = "ExecutionStatus IN ('Failed', 'TimedOut')"
_STUCK = "TemporalReportedProblems IS NOT NULL AND ExecutionStatus = 'Running'"
_OUTWARD = ", ".join(
    f"'{name}'"
    for name in (POST_REMITTANCE, RECEIVE_FILES, SUBMIT_BATCH, INQUIRY_BATCH, APPEAL)
)
_STEPPING = f"ExecutionStatus = 'Running' AND WorkflowType IN ({_OUTWARD})"
_ENDED_BADLY = (
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT,
    WorkflowExecutionStatus.TERMINATED,
)
_STEPS = {
    "pass_on": "telling claims what came in",
    "post_remittance": "posting a remittance",
    "receive_files": "taking in the files of a mailbox",
    "send_batch": "sending claims to the payer",
    "send_inquiries": "sending questions to the payer",
    "tell_news": "telling claims what was posted",
    "watch_batch": "watching for the payer's answers",
}
_CAUSES = {
    "CodecError": "a key is missing, or what is sealed was changed",
    "DocumentDamagedError": "a stored file is damaged",
    "DocumentMissingError": "a stored file is missing",
    "FileMissingError": "a file is gone from its mailbox",
    "FileNotFoundError": "a file or folder is missing",
    "FilesLeftError": "some files of the mailbox could not be taken in",
    "GateRefused": "the guide's validator refused the 837P",
    "IntegrityError": "the database refused to store it twice",
    "LedgerIdentityError": "the money would no longer add up",
    "LookupError": "something it needs is not on file",
    "NondeterminismError": "the program was changed under it",
    "OperationalError": "the database did not answer",
    "OutboundConflictError": "another file of that name lies in the mailbox",
    "PermissionError": "a file or folder may not be opened",
    "UnknownKeyError": "a key is missing",
    "UnknownPayer": "its payer has no profile",
}
_TYPE = re.compile(r"[A-Za-z]{1,40}")
_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_STEP_LOST = (
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
)


@dataclass(frozen=True)
class Trouble:
    """A workflow that has failed, or a step of it that keeps being tried again."""

    workflow_id: str
    run_id: str
    failed: bool
    step: str
    """In words; "" where the workflow itself is stuck."""
    activity_id: str
    attempts: int
    cause: str
    since: datetime
    next_try: datetime | None = None

    @property
    def can_retry(self) -> bool:
        """A workflow that is stuck needs its program corrected, not a retry."""
        return self.failed or bool(self.activity_id)


@dataclass(frozen=True)
class Found:
    """Troubles, the oldest first; ``whole`` is False when there may be more."""

    troubles: tuple[Trouble, ...]
    looked_at: int
    whole: bool


async def find_troubles(client: Client, also: Iterable[str] = ()) -> Found:
    """Look at up to ``MOST`` workflows of each kind, and at those named.

    Raises:
        RPCError: the server does not answer.
    """
    listed = await asyncio.gather(
        *(_listed(client, query) for query in (_FAILED, _STUCK, _STEPPING))
    )
    ids = sorted({one for found in listed for one in found} | set(also))
    limit = asyncio.Semaphore(IN_FLIGHT)

    async def one(workflow_id: str) -> list[Trouble]:
        async with limit:
            return await troubles_of(client, workflow_id)

    seen = await asyncio.gather(*(one(workflow_id) for workflow_id in ids))
    troubles = sorted((t for found in seen for t in found), key=lambda t: t.since)
    whole = all(len(found) < MOST for found in listed)
    return Found(tuple(troubles), len(ids), whole)


async def _listed(client: Client, query: str) -> list[str]:
    try:
        return [w.id async for w in client.list_workflows(query, limit=MOST)]
    except RPCError as error:  # a server without lists, or one that is too old for it
        if error.status in (
            RPCStatusCode.UNIMPLEMENTED,
            RPCStatusCode.INVALID_ARGUMENT,
        ):
            return []
        raise


async def troubles_of(client: Client, workflow_id: str) -> list[Trouble]:
    """Those of the newest run: an earlier one that failed was taken up again.

    Raises:
        RPCError: the server does not answer.
    """
    try:
        seen = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    if seen.status in _ENDED_BADLY:
        return [await _failed(client, seen)]
    running = seen.status is WorkflowExecutionStatus.RUNNING
    return _retrying(seen) if running else []


async def _failed(client: Client, seen: WorkflowExecutionDescription) -> Trouble:
    handle = client.get_workflow_handle(seen.id, run_id=seen.run_id)
    step, cause = "", "it took longer than it may"
    if seen.status is WorkflowExecutionStatus.TERMINATED:
        cause = "somebody ended it"
    async for event in handle.fetch_history_events(
        event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
    ):
        if event.HasField("workflow_execution_failed_event_attributes"):
            attributes = event.workflow_execution_failed_event_attributes
            step, cause = cause_of(attributes.failure)
    since = seen.close_time or seen.start_time
    return Trouble(seen.id, seen.run_id, True, step, "", 1, cause, since)


def _retrying(seen: WorkflowExecutionDescription) -> list[Trouble]:
    raw = seen.raw_description
    found = [
        _step(seen, pending)
        for pending in raw.pending_activities
        if pending.attempt > 1
    ]
    task = raw.pending_workflow_task
    if task.attempt > 1:
        since = task.original_scheduled_time.ToDatetime(tzinfo=UTC)
        cause = "its own step keeps failing; the worker's log says why"
        stuck = Trouble(seen.id, seen.run_id, False, "", "", task.attempt, cause, since)
        found.append(stuck)
    return found


def _step(seen: WorkflowExecutionDescription, pending: PendingActivityInfo) -> Trouble:
    _, cause = cause_of(pending.last_failure)
    waits = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    next_try = pending.next_attempt_schedule_time
    return Trouble(
        seen.id,
        seen.run_id,
        failed=False,
        step=_step_words(pending.activity_type.name),
        activity_id=pending.activity_id,
        attempts=pending.attempt,
        cause=cause,
        since=pending.scheduled_time.ToDatetime(tzinfo=UTC),
        next_try=next_try.ToDatetime(tzinfo=UTC)
        if waits and next_try.seconds
        else None,
    )


def cause_of(failure: Failure) -> tuple[str, str]:
    """The step that failed, and why, in words; never its message."""
    step = ""
    while failure.HasField("activity_failure_info") and failure.HasField("cause"):
        step = _step_words(failure.activity_failure_info.activity_type.name)
        failure = failure.cause
    if failure.HasField("timeout_failure_info"):
        return step, "no worker finished it in time"
    if failure.HasField("application_failure_info"):
        kind = failure.application_failure_info.type
        known = _TYPE.fullmatch(kind)
        fallback = f"a fault of the program ({kind if known else 'unnamed'})"
        return step, _CAUSES.get(kind, fallback)
    if failure.HasField("terminated_failure_info"):
        return step, "somebody ended it"
    if failure.HasField("canceled_failure_info"):
        return step, "it was cancelled"
    return step, "no cause is on record"


def _step_words(name: str) -> str:
    return _STEPS.get(name, name.replace("_", " "))


async def take_up(client: Client, trouble: Trouble, reason: str) -> None:
    """Try the step again now, or the failed workflow from its last good step.

    Asking twice for the same attempt has one effect.

    Raises:
        RPCError: the server refused, or does not answer; nothing was changed.
    """
    execution = WorkflowExecution(
        workflow_id=trouble.workflow_id, run_id=trouble.run_id
    )
    if not trouble.failed:
        await client.workflow_service.reset_activity(
            ResetActivityRequest(
                namespace=client.namespace,
                execution=execution,
                id=trouble.activity_id,
                identity=client.identity,
            )
        )
        return
    handle = client.get_workflow_handle(trouble.workflow_id, run_id=trouble.run_id)
    events = [event async for event in handle.fetch_history_events()]
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=execution,
            reason=reason,
            workflow_task_finish_event_id=last_good(events),
            request_id=str(uuid5(NAMESPACE_OID, f"{trouble.run_id}:take up")),
        )
    )


def last_good(events: list[HistoryEvent]) -> int:
    """The end of the workflow task to go back to: that which asked for the step that
    was lost, else the newest one.

    Raises:
        ValueError: the workflow never did anything.
    """
    lost = next((e for e in reversed(events) if e.event_type in _STEP_LOST), None)
    if lost is not None:
        failed = lost.activity_task_failed_event_attributes
        timed_out = lost.activity_task_timed_out_event_attributes
        asked = failed.scheduled_event_id or timed_out.scheduled_event_id
        scheduled = events[asked - 1].activity_task_scheduled_event_attributes
        return int(scheduled.workflow_task_completed_event_id)
    done = [e.event_id for e in events if e.event_type == _COMPLETED]
    if not done:
        raise ValueError("this workflow has no step to go back to")
    return int(done[-1])
