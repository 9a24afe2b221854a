"""What one workflow run cost the server: events, bytes, billable actions.

Counted from the run's history. An action is what Temporal Cloud bills: the start, each
signal, timer, update and activity run, and local activities once per workflow task.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

LOCAL_ACTIVITY = "core_local_activity"
BILLED_EACH = (
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_TIMER_STARTED,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
)
"""One action each time such an event is in the history."""


@dataclass(frozen=True)
class Cost:
    """The cost of one run, or the largest of several."""

    events: int
    bytes: int
    actions: int


def cost_of(history: Sequence[HistoryEvent]) -> Cost:
    """Count one history; bytes are those of its events as the server stores them."""
    return Cost(
        events=len(history),
        bytes=sum(event.ByteSize() for event in history),
        actions=_actions(history),
    )


def largest(costs: Sequence[Cost]) -> Cost:
    """The largest of each figure: a budget holds for every claim, not on average."""
    return Cost(
        events=max(cost.events for cost in costs),
        bytes=max(cost.bytes for cost in costs),
        actions=max(cost.actions for cost in costs),
    )


def _actions(history: Sequence[HistoryEvent]) -> int:
    each = sum(event.event_type in BILLED_EACH for event in history)
    # A retried activity has one started event; its attempt says how often it ran.
    runs = sum(
        event.activity_task_started_event_attributes.attempt
        for event in history
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED
    )
    tasks = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in history
        if event.marker_recorded_event_attributes.marker_name == LOCAL_ACTIVITY
    }
    other = sum(
        event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
        and event.marker_recorded_event_attributes.marker_name != LOCAL_ACTIVITY
        for event in history
    )
    return each + runs + len(tasks) + other
