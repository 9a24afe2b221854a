"""``python -m benchmarks.touchless --json`` runs all designs and prints one object."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_benchmark_prints_one_json_object_within_the_budget(
    repo_root: Path,
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.touchless", "--json"),
            *("--rounds", "1", "--claims", "6"),
        ],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    report = json.loads(done.stdout)

    assert report["cost"]["noop"]["events"] == 5
    # 16, less a timer for each signal that came before the workflow waited for it.
    assert 13 <= report["cost"]["naive"]["actions"] <= 16
    assert report["events"] <= 16
    assert report["bytes"] <= 6 * 1024
    assert report["actions"] <= 5
    # One tiny round on a busy machine says no more than that both were measured.
    assert report["ratio_to_noop"] > 0
    assert report["ratio_to_naive"] > 0
