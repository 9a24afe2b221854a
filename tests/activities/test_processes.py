"""Programs that outlive their starter: one of a name in a folder, ended by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities import processes

SLEEP = ["-c", "import sys, time; print('up', flush=True); time.sleep(600)"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    processes.stop(tmp_path, "sleeper")


def test_it_runs_until_it_is_stopped(folder: Path) -> None:
    processes.start(folder, "sleeper", SLEEP, {})

    assert processes.is_running(folder, "sleeper")
    assert processes.stop(folder, "sleeper")
    assert not processes.is_running(folder, "sleeper")
    assert not processes.stop(folder, "sleeper")


def test_a_second_one_of_the_name_is_refused(folder: Path) -> None:
    first = processes.start(folder, "sleeper", SLEEP, {})

    with pytest.raises(processes.ProcessError, match="still runs"):
        processes.start(folder, "sleeper", SLEEP, {})
    assert (folder / "sleeper.pid").read_text() == f"{first}\n"


def test_one_without_a_pid_on_file_is_left_alone(folder: Path) -> None:
    pid = processes.start(folder, "sleeper", SLEEP, {})
    (folder / "sleeper.pid").unlink()

    with pytest.raises(processes.ProcessError, match="Nothing was ended"):
        processes.stop(folder, "sleeper")
    (folder / "sleeper.pid").write_text(f"{pid}\n")


def test_one_that_ended_by_itself_does_not_run(folder: Path) -> None:
    processes.start(folder, "sleeper", ["-c", "pass"], {})
    while processes.is_running(folder, "sleeper"):
        pass

    assert not processes.stop(folder, "sleeper")


def test_its_environment_and_output_are_its_own(folder: Path) -> None:
    words = ["-c", "import os; print(os.environ['CLAIMTHREAD_X'])"]
    processes.start(folder, "sleeper", words, {"CLAIMTHREAD_X": "given"})
    while processes.is_running(folder, "sleeper"):
        pass

    assert (folder / "sleeper.log").read_text() == "given\n"
