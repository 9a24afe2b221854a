"""What failed or keeps failing is found on a real server, told without its words, and
taken up again once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.api.failure.v1 import (
    ActivityFailureInfo,
    ApplicationFailureInfo,
    Failure,
    TimeoutFailureInfo,
)
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.trouble_words import cause_of
from activities.troubles import (
    Trouble,
    find_troubles,
    take_up,
    troubles_of,
)
from claims.messages import RECEIVE_FILES, SUBMIT_BATCH

QUEUE = "troubles"
RETRY = "receive-office-2026-03-03T12:00:00Z"
FAILED = "submit-P-NORTHLAKE-2026-03-03T23:00:00Z"


@dataclass
class Outside:
    """What the steps depend on: broken until a test mends it."""

    broken: bool = True
    done: int = 0

    @activity.defn
    async def receive_files(self) -> int:
        if self.broken:
            raise PermissionError("PLANTED PATIENT")
        self.done += 1
        return self.done

    @activity.defn
    async def send_batch(self) -> int:
        if self.broken:
            raise ApplicationError("PLANTED", type="UnknownPayer", non_retryable=True)
        self.done += 1
        return self.done


@workflow.defn(name=RECEIVE_FILES)
class Receiving:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Outside.receive_files,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=50),
                backoff_coefficient=1000,
                maximum_interval=timedelta(hours=1),
            ),
        )


@workflow.defn(name=SUBMIT_BATCH)
class Sending:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity_method(
            Outside.send_batch, start_to_close_timeout=timedelta(seconds=10)
        )


@pytest.fixture
async def client(temporal_bin: Path) -> AsyncIterator[Client]:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(temporal_bin), dev_server_log_level="error"
    ) as server:
        yield server.client


@pytest.fixture
async def outside(client: Client) -> AsyncIterator[Outside]:
    steps = Outside()
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[Receiving, Sending],
        activities=[steps.receive_files, steps.send_batch],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield steps


async def seen(client: Client, workflow_id: str) -> Trouble:
    """The trouble of this workflow, once lists and descriptions have it."""
    while True:
        found = await find_troubles(client)
        for one in found.troubles:
            if one.workflow_id == workflow_id:
                return one
        await asyncio.sleep(0.05)


async def test_a_step_that_keeps_failing_is_told_and_tried_at_once(
    client: Client, outside: Outside
) -> None:
    handle = await client.start_workflow(Receiving.run, id=RETRY, task_queue=QUEUE)
    found = await seen(client, RETRY)
    assert (found.failed, found.can_retry) == (False, True)
    assert found.attempts > 1
    assert found.step == "taking in the files of a mailbox"
    assert found.cause == "a file or folder may not be opened"
    assert "PLANTED" not in repr(found)
    hour = timedelta(hours=1)
    while not found.next_try or found.next_try - found.since < hour / 2:
        found = await seen(client, RETRY)  # until it waits for the later try
    started = (await handle.describe()).start_time
    assert found.since - started < hour / 2
    outside.broken = False
    await take_up(client, found, "asked by ops")
    assert await handle.result() == 1
    assert await troubles_of(client, RETRY) == []


async def test_a_failed_workflow_goes_on_from_its_last_good_step_once(
    client: Client, outside: Outside
) -> None:
    handle = await client.start_workflow(Sending.run, id=FAILED, task_queue=QUEUE)
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    found = await seen(client, FAILED)
    assert (found.failed, found.step) == (True, "sending claims to the payer")
    assert found.cause == "its payer has no profile"
    assert "PLANTED" not in repr(found)
    outside.broken = False
    await asyncio.gather(*(take_up(client, found, "asked by ops") for _ in range(2)))
    newest = client.get_workflow_handle(FAILED)
    assert await newest.result() == 1
    assert (await newest.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert (outside.done, await troubles_of(client, FAILED)) == (1, [])


async def test_what_nobody_knows_is_no_trouble(client: Client) -> None:
    found = await find_troubles(client, ["claim-none"])
    assert (found.troubles, found.looked_at, found.whole) == ((), 1, True)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Failure(timeout_failure_info=TimeoutFailureInfo()), "no worker finished it"),
        (Failure(), "no cause is on record"),
        (
            Failure(application_failure_info=ApplicationFailureInfo(type="A B")),
            "a fault of the program (unnamed)",
        ),
        (
            Failure(application_failure_info=ApplicationFailureInfo(type="KeyError")),
            "a fault of the program (KeyError)",
        ),
    ],
)
def test_a_cause_is_told_by_its_type_alone(failure: Failure, words: str) -> None:
    failure.message = "PLANTED"
    wrapped = Failure(activity_failure_info=ActivityFailureInfo(), cause=failure)
    for one in (failure, wrapped):
        assert cause_of(one)[1].startswith(words)
