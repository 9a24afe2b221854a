"""A long activity is known to be alive, a short one costs nothing."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor, UnsandboxedWorkflowRunner, Worker

from activities.alive import KeepAlive
from cli.devserver import find_program


@activity.defn
def long_work() -> str:
    """Blocks its thread for longer than the heartbeat timeout."""
    time.sleep(2.5)
    return "done"


@workflow.defn
class LongWorkflow:
    """Runs it once."""

    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            long_work,
            start_to_close_timeout=timedelta(seconds=20),
            heartbeat_timeout=timedelta(seconds=1),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


async def run_with(interceptors: Sequence[Interceptor]) -> str:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(find_program())
    ) as env:
        worker = Worker(
            env.client,
            task_queue="alive",
            workflows=[LongWorkflow],
            activities=[long_work],
            activity_executor=ThreadPoolExecutor(2),
            workflow_runner=UnsandboxedWorkflowRunner(),
            interceptors=interceptors,
        )
        async with worker:
            return await env.client.execute_workflow(
                LongWorkflow.run, id=str(uuid4()), task_queue="alive"
            )


async def test_a_long_activity_is_kept_alive() -> None:
    assert await run_with([KeepAlive()]) == "done"


async def test_without_heartbeats_it_is_given_up() -> None:
    with pytest.raises(WorkflowFailureError):
        await run_with([])
