"""What has failed on the server or keeps being tried again, and the way out.

Looked for only among failed workflows, those whose workflow task keeps failing, those
that do steps outside our database, and those a caller names: never among all that
run. A cause is told by the type of its failure alone; a message may quote data.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState
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
from activities.trouble_words import cause_of, step_words
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
_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_TASK_ASKED = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
_STEP_ASKED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
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
    found = _retrying(seen) if running else []
    return [replace(one, since=await _since(client, one)) for one in found]


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


async def _since(client: Client, one: Trouble) -> datetime:
    """When it was first asked for: a description knows the newest try alone."""
    since = one.since
    handle = client.get_workflow_handle(one.workflow_id, run_id=one.run_id)
    async for event in handle.fetch_history_events():
        if event.event_type == _TASK_ASKED and not one.activity_id:
            since = event.event_time.ToDatetime(tzinfo=UTC)
        if event.event_type == _STEP_ASKED and one.activity_id:
            asked = event.activity_task_scheduled_event_attributes
            if asked.activity_id == one.activity_id:
                since = event.event_time.ToDatetime(tzinfo=UTC)
    return since


def _step(seen: WorkflowExecutionDescription, pending: PendingActivityInfo) -> Trouble:
    _, cause = cause_of(pending.last_failure)
    waits = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    next_try = pending.next_attempt_schedule_time
    return Trouble(
        seen.id,
        seen.run_id,
        failed=False,
        step=step_words(pending.activity_type.name),
        activity_id=pending.activity_id,
        attempts=pending.attempt,
        cause=cause,
        since=pending.scheduled_time.ToDatetime(tzinfo=UTC),
        next_try=next_try.ToDatetime(tzinfo=UTC)
        if waits and next_try.seconds
        else None,
    )


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
