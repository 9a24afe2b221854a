"""The process itself: its lines, its script, the same seed giving the same files."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.simulator.driver import REPO_ROOT, Simulator, data

Start = Callable[..., Simulator]


def files_of(house: Simulator) -> dict[str, bytes]:
    return {
        str(path.relative_to(house.root)): path.read_bytes()
        for path in house.root.rglob("inbound/*")
    }


def test_a_line_it_does_not_understand_is_answered_and_passed_over(
    simulate: Start,
) -> None:
    house = simulate()

    assert "error" in house.say("morning!")
    assert "error" in house.say(json.dumps({"day": "2026-03-02", "do": "dance"}))
    assert house.morning(date(2026, 3, 2)) == 0


def test_a_script_that_does_not_fit_stops_it_by_name(tmp_path: Path) -> None:
    script = tmp_path / "fates.yaml"
    script.write_text("members: {M1: {verdicts: [{deny: [{group: XX, carc: '1'}]}]}}")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "simulator", "--mailbox", tmp_path),
            *("--script", script),
        ],
        cwd=REPO_ROOT,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "fates.yaml" in done.stderr
    assert "did not start" in done.stderr


def test_the_same_seed_gives_the_same_files(simulate: Start) -> None:
    houses = [simulate(seed=seed) for seed in (4, 4, 5)]
    for house in houses:
        house.send(data("837p-four-claims.edi"))
        house.until(date(2026, 4, 30))
    first, same, other = [files_of(house) for house in houses]

    assert first == same
    assert len(first) > 4
    assert first != other


def test_calling_it_seldom_gives_the_same_files(simulate: Start) -> None:
    often, seldom = simulate(), simulate()
    for house in (often, seldom):
        house.send(data("837p-four-claims.edi"))
    often.until(date(2026, 4, 30))
    seldom.morning(date(2026, 4, 30))

    assert files_of(often) == files_of(seldom)
