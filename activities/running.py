"""What the server knows of a workflow: whether it runs, what it waits for, its trouble.

Read from its newest run's history, so that nothing has to be asked of a worker.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

IN_FLIGHT = 40
LAST_POLL = timedelta(minutes=2)
POLL_ANSWER = timedelta(seconds=3)
_CLOSED = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
}


@dataclass
class WorkflowView:
    """The newest run of one workflow, as its history tells it."""

    workflow_id: str
    status: str = "missing"
    timers: dict[str, datetime] = field(default_factory=dict)
    task_failed: bool = False
    task_waits: bool = False

    @property
    def runs(self) -> bool:
        """Whether it can still do something."""
        return self.status == "running"

    def waits_until(self, latest: datetime) -> bool:
        """Whether a timer fires at or before the server's ``latest``."""
        return any(at <= latest for at in self.timers.values())

    def take(self, event: HistoryEvent) -> None:
        """Read one event."""
        kind = event.event_type
        self.status = _CLOSED.get(kind, self.status)
        if kind == EventType.EVENT_TYPE_TIMER_STARTED:
            started = event.timer_started_event_attributes
            length = started.start_to_fire_timeout.ToTimedelta()
            at = event.event_time.ToDatetime(tzinfo=UTC) + length
            self.timers[started.timer_id] = at
        elif kind == EventType.EVENT_TYPE_TIMER_FIRED:
            self.timers.pop(event.timer_fired_event_attributes.timer_id, None)
        elif kind == EventType.EVENT_TYPE_TIMER_CANCELED:
            self.timers.pop(event.timer_canceled_event_attributes.timer_id, None)
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
            self.task_waits = True
        elif kind == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            self.task_waits = self.task_failed = False
        elif kind in (
            EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
            EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
        ):
            self.task_failed = True


async def view(client: Client, workflow_id: str) -> WorkflowView:
    """The newest run of this workflow; ``missing`` when the server knows none."""
    seen = WorkflowView(workflow_id)
    try:
        handle = client.get_workflow_handle(workflow_id)
        async for event in handle.fetch_history_events():
            if seen.status == "missing":
                seen.status = "running"
            seen.take(event)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
    return seen


async def views(client: Client, workflow_ids: Iterable[str]) -> dict[str, WorkflowView]:
    """Views of many workflows, about forty in flight."""
    limit = asyncio.Semaphore(IN_FLIGHT)

    async def one(workflow_id: str) -> WorkflowView:
        async with limit:
            return await view(client, workflow_id)

    seen = await asyncio.gather(*(one(w) for w in sorted(set(workflow_ids))))
    return {v.workflow_id: v for v in seen}


async def running_ids(client: Client) -> list[str] | None:
    """Ids of every running workflow; None where the server keeps no list."""
    try:
        found = client.list_workflows("ExecutionStatus = 'Running'", page_size=1000)
        return sorted([w.id async for w in found])
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            return None
        raise


async def poll_times(client: Client, task_queue: str) -> list[datetime]:
    """When each worker that is known has last asked this queue for work.

    Raises:
        RPCError: the server does not answer.
    """
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        ),
        timeout=POLL_ANSWER,
    )
    return [p.last_access_time.ToDatetime(tzinfo=UTC) for p in found.pollers]


async def recent_polls(client: Client, task_queue: str, now: datetime) -> int:
    """How many workers have asked this queue for work in the last two minutes."""
    polls = await poll_times(client, task_queue)
    return sum(now - p < LAST_POLL for p in polls)
