"""``make demo`` whole, in a folder of its own: its figures, its proof, its end."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

PARTS = ("paid", "adjusted", "patient_paid", "written_off", "open")
pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def run(
    repo_root: Path, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=repo_root,
        env={**os.environ, "CLAIMTHREAD_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_json_gives_one_object_that_adds_up_and_leaves_nothing_running(
    repo_root: Path, tmp_path: Path
) -> None:
    done = run(repo_root, tmp_path / "data", "-m", "cli.demo", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)

    assert Decimal(found["billed"]) == sum(Decimal(found[name]) for name in PARTS)
    assert Decimal(found["open"]) == (
        Decimal(found["insurer_open"])
        + Decimal(found["patient_due"])
        - Decimal(found["credit"])
    )
    assert found["claims"] == sum(found["claims_by_outcome"].values()) == 50
    assert all(Decimal(found[name]) > 0 for name in ("billed", *PARTS))
    assert len(found["tasks_open"]) >= 8
    assert set(found["files"]) <= {"posted", "routed", "quarantined"}
    assert {"APPEAL_197", "STMT_1"} <= set(found["letters"])
    said = " | ".join(one["what"] for one in found["corrections"])
    for words in (
        "Reversed in payment",
        "will take back $20.00",
        "took back, as announced, $20.00",
        "without an announcement, $15.60",
        "$15.60 of it was above the contract",
        "does not add up by 10.00",
    ):
        assert words in said
    assert found["remittances"]["suspended"] == 1
    assert run(repo_root, tmp_path / "data", "-m", "cli.demo", "--stop").stderr == (
        "Nothing was running.\n"
    )


def test_it_stays_up_proves_itself_and_is_stopped(
    repo_root: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    try:
        done = run(repo_root, folder, "-m", "cli.demo")
        assert done.returncode == 0, done.stderr
        assert "50 claims followed for 120 days" in done.stdout

        checked = run(repo_root, folder, "starter.py", "check")
        assert (checked.returncode, checked.stderr) == (0, "")
        doctor = run(repo_root, folder, "starter.py", "doctor")
        assert doctor.returncode == 0, doctor.stdout
        told = run(repo_root, folder, "starter.py", "task", "list", "--json")
        rows = [json.loads(line) for line in told.stdout.splitlines()]
        assert len({row["type"] for row in rows}) >= 8
    finally:
        ended = run(repo_root, folder, "-m", "cli.demo", "--stop")
    assert ended.stderr == "Stopped: desk, ticker, worker, server\n"
    assert "refused" not in (folder / "ticker.log").read_text()
