"""Stories played from end to end: files in at the mailbox, files out, days between."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from activities import settle
from tests.scenarios.compare import Difference
from tests.scenarios.play import play

STORIES = Path(__file__).resolve().parents[1] / "data" / "scenarios"
SHARED = ("s01", "s02", "s09", "s11")


def story(prefix: str) -> Path:
    """The story whose file begins so."""
    return next(STORIES.glob(f"{prefix}_*.yaml"))


@pytest.mark.parametrize("path", sorted(STORIES.glob("*.yaml")), ids=lambda p: p.stem)
async def test_story_on_sqlite(path: Path) -> None:
    await play(path)


@pytest.mark.parametrize("prefix", ["s01", "s08", "s09", "s16", "s19", "s23"])
async def test_story_on_postgres(prefix: str, postgres_db: str) -> None:
    await play(story(prefix), postgres_db)


def changed(path: Path, folder: Path, change: Any) -> Path:
    """A copy of a story with one thing changed."""
    data = yaml.safe_load(path.read_text())
    change(data)
    copy = folder / path.name
    copy.write_text(yaml.safe_dump(data, sort_keys=False))
    return copy


def _amount(data: dict[str, Any]) -> None:
    data["expect"]["checkpoints"][-1]["balances"]["adjusted"] = "108.01"


def _task_due(data: dict[str, Any]) -> None:
    data["expect"]["tasks"][0]["due"] = "2026-03-04"


def _evidence(data: dict[str, Any]) -> None:
    data["expect"]["tasks"][0]["form"]["carc"] = "CO-18"


def _unshown(data: dict[str, Any]) -> None:
    data["expect"]["tasks"][0]["form"]["weather"] = "fair"


def _no_send(data: dict[str, Any]) -> None:
    sends = [s for s in data["steps"] if s["event"] == "837p_sent"]
    data["steps"].remove(sends[-1])


def _ledger(data: dict[str, Any]) -> None:
    data["expect"]["ledger"].pop()


def _unknown_event(data: dict[str, Any]) -> None:
    data["steps"][2]["event"] = "carrier_pigeon"


def _never_decided(data: dict[str, Any]) -> None:
    data["expect"]["tasks"][0]["closed_day"] = 3


CHANGES = [
    _amount,
    _task_due,
    _evidence,
    _unshown,
    _no_send,
    _ledger,
    _unknown_event,
    _never_decided,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__.strip("_"))
async def test_a_story_that_differs_is_told(change: Any, tmp_path: Path) -> None:
    """The player can fail: each thing it compares, changed by itself."""
    with pytest.raises(Difference):
        await play(changed(story("s09"), tmp_path, change))


async def test_a_step_that_failed_once_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was retried and the books are right; the story still fails."""
    once, failed = settle.settle, list[str]()

    def first_fails(*given: Any) -> Any:
        if not failed:
            failed.append("first")
            raise RuntimeError("only once")
        return once(*given)

    monkeypatch.setattr(settle, "settle", first_fails)
    with pytest.raises(Difference, match=r"1 steps of the worker.*RuntimeError"):
        await play(story("s01"))


def command(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """``python -m tests.scenarios … --json``: its exit code and its one object."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scenarios", *map(str, arguments), "--json"],
        cwd=STORIES.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("\n") == 1, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, said


def test_the_shared_stories_pass_by_command(shared_dir: Path) -> None:
    paths = [next((shared_dir / "scenarios").glob(f"{p}_*.yaml")) for p in SHARED]
    code, said = command(*paths)
    files = [{"id": p.upper(), "ok": True, "first_difference": None} for p in SHARED]
    assert (code, said) == (0, {"passed": 4, "failed": 0, "files": files})


def test_the_command_fails_with_the_first_difference(tmp_path: Path) -> None:
    changed(story("s09"), tmp_path, _amount)
    (tmp_path / "s98_text.yaml").write_text("nothing: here\n")
    code, said = command(tmp_path, story("s01"))
    assert code == 1
    assert (said["passed"], said["failed"]) == (1, 2)
    wrong, unreadable, right = said["files"]
    assert wrong == {
        "id": "S09",
        "ok": False,
        "first_difference": "2026-03-06 S09-1 adjusted: found 108.00, expected 108.01",
    }
    assert (unreadable["id"], unreadable["ok"]) == ("S98", False)
    assert "not a claim-scenario/1 file" in unreadable["first_difference"]
    assert right == {"id": "S01", "ok": True, "first_difference": None}
