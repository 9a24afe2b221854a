"""``python -m tests.histories.record [STORY…]``: record the golden histories anew.

Run it only for a change that is meant to break replay, and never edit a history by
hand: a running claim needs ``workflow.patched`` and a new recording beside the old one.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory

from tests.histories.continued import continued
from tests.histories.stories import START, STORIES, Story
from tests.scenarios.driver import Driver
from tests.scenarios.world import World, world
from vault.keys import KeyRing

FOLDER = Path(__file__).resolve().parent
KEYS = FOLDER / "keys-of-tests.json"
ZONE = "America/Chicago"
ENDED = (
    "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED",
    "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
)


class NotEndedError(Exception):
    """The story did not reach the ending it is named after; nothing was stored."""


def write(ending: str, history: WorkflowHistory, folder: Path = FOLDER) -> None:
    """Store one run's history under ``<workflow>/<ending>.json``.

    Raises:
        NotEndedError: the run has not ended.
    """
    said: dict[str, Any] = json.loads(history.to_json())
    last = said["events"][-1]["eventType"]
    if last not in ENDED:
        raise NotEndedError(f"{ending}: the history ends with {last}")
    for event in said["events"]:
        _without_machine(event)
    path = folder / f"{ending}.json"
    path.parent.mkdir(exist_ok=True)
    kept = {"workflowId": history.workflow_id, "events": said["events"]}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _without_machine(part: Any) -> None:
    """The worker's identity names a machine, which is nobody's business."""
    if isinstance(part, dict):
        if "identity" in part:
            part["identity"] = "recorder"
        for value in part.values():
            _without_machine(value)


def read(path: Path) -> WorkflowHistory:
    """One stored history."""
    kept = json.loads(path.read_text())
    return WorkflowHistory.from_json(
        kept["workflowId"], json.dumps({"events": kept["events"]})
    )


async def play(story: Story, folder: Path = FOLDER) -> list[str]:
    """Play one story in a fresh world; the endings it stored."""
    kept: list[str] = []
    with tempfile.TemporaryDirectory(prefix="history-") as place:
        ring = KeyRing.load(KEYS)
        async with world(Path(place), START, zone=ZONE, ring=ring) as running:
            driver = Driver(running)
            await driver.day(START)

            async def keep(ending: str, workflow_id: str) -> None:
                write(ending, await newest_run(running, workflow_id), folder)
                kept.append(ending)

            await story(driver, keep)
    return kept


async def newest_run(running: World, workflow_id: str) -> WorkflowHistory:
    """The history of a workflow's newest run."""
    handle = running.office.temporal.get_workflow_handle(workflow_id)
    return await handle.fetch_history()


async def record(names: list[str]) -> int:
    """Play the stories named, or all of them."""
    for story in STORIES:
        if not names or story.__name__ in names:
            for ending in await play(story):
                sys.stdout.write(f"{story.__name__}: {ending}\n")
    if not names or "continued" in names:
        for ending, history in (await continued(KeyRing.load(KEYS))).items():
            write(ending, history)
            sys.stdout.write(f"continued: {ending}\n")
    return 0


def main() -> int:
    """Command line of the recorder."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories.record")
    parser.add_argument("stories", nargs="*", metavar="STORY")
    return asyncio.run(record(parser.parse_args().stories))


if __name__ == "__main__":
    raise SystemExit(main())
