"""An installation in a folder of its own, and its command line called as people do."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from activities.office import Office
from cli import devserver
from cli.commands import main
from settings import load
from wiring import open_office, open_office_offline

PEOPLE = {
    "ada": "admin",
    "cleo": "clerk,coder,poster",
    "cody": "coder",
    "sam": "supervisor",
    "olga": "ops",
    "audrey": "auditor",
}


@dataclass
class Said:
    """What one command printed, and what it exited with."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """One installation and its command line."""

    folder: Path
    capture: pytest.CaptureFixture[str]
    offices: list[Office] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Said:
        """Run one command."""
        self.capture.readouterr()
        try:
            code = main(arguments)
        except SystemExit as stopped:  # argparse ends the program by itself
            code = int(stopped.code or 0)
        caught = self.capture.readouterr()
        return Said(code, caught.out, caught.err)

    def office(self) -> Office:
        """Its office, without a server."""
        self.offices.append(open_office_offline(load()))
        return self.offices[-1]


def make_installation(folder: Path, charges: Path) -> None:
    """Keys, database, people, and the sample charges; no server."""
    os.environ["CLAIMTHREAD_DATA_DIR"] = str(folder)
    first = ["ada", *(name for name in PEOPLE if name != "ada")]
    assert main(["init", "--quiet"]) == 0
    for name in first:
        assert main(["user", "add", name, "--roles", PEOPLE[name], "--as", "ada"]) == 0
    assert main(["import", str(charges), "--as", "olga", "--quiet"]) == 0


@pytest.fixture(scope="session")
def charges(repo_root: Path) -> Path:
    """The 50 fictional claims of the samples."""
    return repo_root / "samples" / "charges.837"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, charges: Path) -> Iterator[Path]:
    """An installation that tests copy, because making one takes a second."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    before = os.environ.get("CLAIMTHREAD_DATA_DIR")
    make_installation(folder, charges)
    yield folder
    if before is None:
        os.environ.pop("CLAIMTHREAD_DATA_DIR", None)
    else:
        os.environ["CLAIMTHREAD_DATA_DIR"] = before


@pytest.fixture(autouse=True)
def _no_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLAIMTHREAD_USER", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def desk(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    """An installation with people and 50 claims; no server answers."""
    folder = tmp_path / "data"
    shutil.copytree(template, folder)
    monkeypatch.setenv("CLAIMTHREAD_DATA_DIR", str(folder))
    # Port 9 (discard) of this machine: nobody listens there.
    monkeypatch.setenv("CLAIMTHREAD_TEMPORAL_ADDRESS", "127.0.0.1:9")
    desk = Desk(folder, capsys)
    yield desk
    for office in desk.offices:
        office.db.close()


@pytest.fixture
def empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A folder in which nothing has been made yet."""
    monkeypatch.setenv("CLAIMTHREAD_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("CLAIMTHREAD_TEMPORAL_ADDRESS", "127.0.0.1:9")
    return Desk(tmp_path / "none", capsys)


@pytest.fixture
def live(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    repo_root: Path,
) -> Iterator[Desk]:
    """The same installation with the embedded server and a worker."""
    folder = tmp_path / "live"
    shutil.copytree(template, folder)
    monkeypatch.setenv("CLAIMTHREAD_DATA_DIR", str(folder))
    monkeypatch.delenv("CLAIMTHREAD_TEMPORAL_ADDRESS", raising=False)
    devserver.start(folder, ui=False, keep_alive=False)
    log = (folder / "worker.log").open("wb")
    worker = subprocess.Popen(
        [sys.executable, str(repo_root / "worker.py")],
        env={**os.environ, "CLAIMTHREAD_SANDBOX": "false"},
        stdout=log,
        stderr=log,
        cwd=repo_root,
    )
    desk = Desk(folder, capsys)
    try:
        yield desk
    finally:
        worker.terminate()
        worker.wait(20)
        log.close()
        for office in desk.offices:
            office.db.close()
        devserver.stop(folder)


def connected(desk: Desk) -> Office:
    """The office with its server, for what no command does."""
    desk.offices.append(asyncio.run(open_office(load(), connect=True)))
    return desk.offices[-1]


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)
