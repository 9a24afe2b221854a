"""Billable actions are counted as Temporal Cloud bills them."""

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    ActivityTaskStartedEventAttributes,
    HistoryEvent,
    MarkerRecordedEventAttributes,
)

from benchmarks.budget import LOCAL_ACTIVITY, Cost, cost_of, largest

START = HistoryEvent(event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)


def local_activity(task: int) -> HistoryEvent:
    return HistoryEvent(
        event_type=EventType.EVENT_TYPE_MARKER_RECORDED,
        marker_recorded_event_attributes=MarkerRecordedEventAttributes(
            marker_name=LOCAL_ACTIVITY, workflow_task_completed_event_id=task
        ),
    )


def test_local_activities_of_one_workflow_task_are_one_action() -> None:
    one_task = [START, local_activity(4), local_activity(4)]
    two_tasks = [START, local_activity(4), local_activity(12)]

    assert cost_of(one_task).actions == 2
    assert cost_of(two_tasks).actions == 3


def test_every_attempt_of_an_activity_is_an_action() -> None:
    third = HistoryEvent(
        event_type=EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        activity_task_started_event_attributes=ActivityTaskStartedEventAttributes(
            attempt=3
        ),
    )

    assert cost_of([START, third]).actions == 4


def test_signals_and_timers_count_and_workflow_tasks_do_not() -> None:
    kinds = (
        EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_TIMER_CANCELED,
    )
    history = [START, *(HistoryEvent(event_type=kind) for kind in kinds)]

    assert cost_of(history).actions == 3
    assert cost_of(history).events == 7


def test_the_largest_figure_of_each_kind_counts() -> None:
    assert largest([Cost(15, 3000, 4), Cost(12, 3300, 5)]) == Cost(15, 3300, 5)
