"""Golden histories: a workflow that runs today must still replay what ran before.

Record anew with ``python -m tests.histories.record``; see there before you do.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from claims.messages import CLAIM, RECEIVE_FILES
from tests.histories.record import ENDED, FOLDER, KEYS, read
from vault.codec import data_converter
from vault.keys import KeyRing
from worker import WORKFLOWS, runner
from workflows.claim_stages import life

HISTORIES = sorted(FOLDER.glob("*/*.json"))
CONTINUED = "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW"


def name_of(kind: type) -> str:
    """The name a workflow runs under."""
    definition = workflow._Definition.must_from_class(kind)
    assert definition.name is not None
    return definition.name


async def replay(history: WorkflowHistory) -> Exception | None:
    """Replay with the worker's own sandbox and data converter; what went wrong."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(sandbox=True),
        data_converter=data_converter(KeyRing.load(KEYS), "default"),
    )
    found = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return found.replay_failure


def events(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())["events"]
    return found


def type_of(path: Path) -> str:
    """The workflow type a history is of."""
    started = events(path)[0]["workflowExecutionStartedEventAttributes"]
    return str(started["workflowType"]["name"])


@pytest.mark.parametrize(
    "path", HISTORIES, ids=lambda p: str(p.relative_to(FOLDER).with_suffix(""))
)
async def test_history_replays(path: Path) -> None:
    assert await replay(read(path)) is None


def test_every_workflow_has_a_history_that_ended() -> None:
    endings = defaultdict(list)
    for path in HISTORIES:
        last = events(path)[-1]["eventType"]
        assert last in ENDED, f"{path.name} ends with {last}"
        endings[type_of(path)].append(path.stem)
    assert set(endings) == {name_of(kind) for kind in WORKFLOWS}


def test_every_workflow_that_continues_as_new_has_both_runs() -> None:
    """Whoever calls continue_as_new needs a history that ends so, and the next run."""
    ended_so = {
        type_of(p) for p in HISTORIES if events(p)[-1]["eventType"] == CONTINUED
    }
    began_so = {
        type_of(p)
        for p in HISTORIES
        if events(p)[0]["workflowExecutionStartedEventAttributes"].get(
            "continuedExecutionRunId"
        )
    }
    assert ended_so == began_so == {"ClaimWorkflow", "PatientAccountWorkflow"}


def test_histories_hold_no_payload_in_the_clear() -> None:
    """They were recorded through the codec, and nobody edited them since."""
    for path in HISTORIES:
        found = events(path)
        for event in found:  # the SDK's own note: activity type, attempt, time
            marker = event.get("markerRecordedEventAttributes", {})
            marker.get("details", {}).pop("data", None)
        for payload in payloads(found):
            encoding = payload["metadata"]["encoding"]
            assert encoding == "YmluYXJ5L2VuY3J5cHRlZA==", path.name


def payloads(part: Any) -> list[dict[str, Any]]:
    """Every payload of a history: what has data and metadata."""
    if isinstance(part, dict):
        if "metadata" in part and "encoding" in part["metadata"]:
            return [part]
        return [p for value in part.values() for p in payloads(value)]
    if isinstance(part, list):
        return [p for value in part for p in payloads(value)]
    return []


# --- the test above can fail ---------------------------------------------------------


async def test_a_history_whose_first_step_was_another_is_noticed() -> None:
    """News was told before the mailbox was read, as in another version of the code."""
    path = next(p for p in HISTORIES if type_of(p) == RECEIVE_FILES)
    kept = json.loads(path.read_text())
    scheduled = [
        e for e in kept["events"] if "activityTaskScheduledEventAttributes" in e
    ]
    first = scheduled[0]["activityTaskScheduledEventAttributes"]
    assert first["activityType"]["name"] != "pass_on"
    first["activityType"]["name"] = "pass_on"
    history = WorkflowHistory.from_json(
        kept["workflowId"], json.dumps({"events": kept["events"]})
    )
    failure = await replay(history)
    assert isinstance(failure, workflow.NondeterminismError)


async def test_a_workflow_whose_order_changed_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One look more than the history has: replay says so."""
    path = next(p for p in HISTORIES if type_of(p) == CLAIM)
    history = read(path)
    assert await replay_unsandboxed(history) is None
    once = life.ClaimLife.look

    async def twice(self: life.ClaimLife, check: life.CheckActivity) -> None:
        await once(self, check)
        await once(self, check)

    monkeypatch.setattr(life.ClaimLife, "look", twice)
    failure = await replay_unsandboxed(history)
    assert isinstance(failure, workflow.NondeterminismError)


async def replay_unsandboxed(history: WorkflowHistory) -> Exception | None:
    """The sandbox imports workflow code anew, so a change to it needs none."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner(sandbox=False),
        data_converter=data_converter(KeyRing.load(KEYS), "default"),
    )
    found = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return found.replay_failure
