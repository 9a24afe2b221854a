"""The ten-minute starts: each command in them runs, each page they name opens."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from records import claims
from tests.desk.browser.conftest import Premises
from tests.desk.conftest import PASSWORD

ROLE = {
    "clerk": "clerk",
    "operations": "ops",
    "auditor": "auditor",
    "developer": "supervisor",
}
BLOCK = re.compile(r"^```\n(.*?)^```", re.S | re.M)
DAY = "python starter.py close-day 2026-01-27"
FINE = {
    "python starter.py doctor": (0, 3),
    f"{DAY} --check-only --as poster": (0, 3),
    f"{DAY} --as poster": (0, 3),
}
"""Without a ticker, as here, the doctor says what to start; a day of the demo has
deposits that nothing explains."""


def text_of(repo_root: Path, name: str) -> str:
    return (repo_root / "docs" / "start" / f"{name}.md").read_text()


WRITTEN = ("proof.zip", "ledger.beancount")
"""Files that the commands write: not into the checkout."""


def commands(text: str) -> list[str]:
    return [line for block in BLOCK.findall(text) for line in block.splitlines()]


def test_each_start_is_there_and_has_commands(repo_root: Path) -> None:
    found = {path.stem for path in (repo_root / "docs" / "start").glob("*.md")}
    assert found == set(ROLE)
    assert all(commands(text_of(repo_root, name)) for name in ROLE)


@pytest.mark.parametrize("name", sorted(ROLE))
def test_every_command_runs(
    live: Premises, repo_root: Path, tmp_path: Path, name: str
) -> None:
    live.start_worker()
    targets = (repo_root / "Makefile").read_text()
    with live.office.reading() as conn:
        # Not one with a decision to come: hold and release act on what waits.
        row = next(r for r in claims.every(conn, open_only=True) if not r.held_for)
    env = {**os.environ, "CLAIMTHREAD_DATA_DIR": str(live.folder)}
    failed = []
    for line in commands(text_of(repo_root, name)):
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in targets, line
            continue
        words = shlex.split(line.replace("CLAIM", row.pcn))
        assert words[0] == "python"
        words = [str(tmp_path / w) if w in WRITTEN else w for w in words]
        done = subprocess.run(
            [sys.executable, *words[1:]],
            cwd=repo_root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode not in FINE.get(line, (0,)):
            failed.append((line, done.returncode, done.stderr[-300:]))
    assert failed == []


@pytest.mark.parametrize("name", sorted(ROLE))
def test_every_page_it_names_opens_for_its_reader(
    premises: Premises, repo_root: Path, name: str
) -> None:
    paths = re.findall(r"\(`(/[^`]*)`\)", text_of(repo_root, name))
    with httpx2.Client(base_url=premises.url, follow_redirects=True) as client:
        client.post("/sign-in", data={"username": ROLE[name], "password": PASSWORD})
        answers = {path: client.get(path).status_code for path in paths}
    assert set(answers.values()) <= {200}, answers
    assert paths or name == "developer"
