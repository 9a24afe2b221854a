"""The desk in Debian's Chromium, over an installation that has lived through a spring.

The demo is run once for all tests; each test works on a copy. Playwright's asynchronous
API is used: the synchronous one leaves a running loop behind, which other tests notice.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from activities.office import Office
from cli import devserver
from settings import Settings
from tests.desk.conftest import PASSWORD
from wiring import open_office_offline

DAYS = "45"
START_SECONDS = 30.0
CLOSED_PORT = "127.0.0.1:9"
"""Discard: nobody listens there, so this desk has no server."""


@pytest.fixture(scope="session")
def chromium(missing: Callable[[str], NoReturn]) -> str:
    """Debian's browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found or missing("There is no Chromium on this machine.")


@pytest.fixture(scope="session")
def spring(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """The folder of a demo that has ended; made once, whichever process comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "spring"
    with (shared / "spring.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            subprocess.run(
                [sys.executable, "-m", "cli.demo", "--days", DAYS, "--json"],
                cwd=repo_root,
                env={**os.environ, "CLAIMTHREAD_DATA_DIR": str(folder)},
                capture_output=True,
                check=True,
                timeout=170,
            )
            (folder / "made").touch()
    return folder


@dataclass
class Premises:
    """One copy of that installation, its desk, and what a browser saw of it."""

    folder: Path
    repo_root: Path
    with_server: bool = False
    url: str = ""
    seen: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    office: Office = field(init=False)

    def open(self) -> None:
        """Start the desk, and the server when it is wanted; no worker yet."""
        self.office = open_office_offline(Settings(data_dir=self.folder))
        if self.with_server:
            devserver.start(self.folder, ui=False, keep_alive=True)
        self._start("desk", "-m", "desk", "--port", "0")
        self.url = self._said("desk", r"Desk ready at (\S+)")

    def start_worker(self) -> None:
        """A worker, ready for work."""
        self._start("worker", "worker.py")
        self._said("worker", r"(Worker ready)")

    def _start(self, name: str, *arguments: str) -> None:
        env = {**os.environ, "CLAIMTHREAD_DATA_DIR": str(self.folder)}
        env["CLAIMTHREAD_SANDBOX"] = "false"
        if not self.with_server:
            env["CLAIMTHREAD_TEMPORAL_ADDRESS"] = CLOSED_PORT
        with (self.folder / f"{name}-test.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=self.repo_root,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            )

    def _said(self, name: str, pattern: str) -> str:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if found := re.search(pattern, self.log(name)):
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"the {name} did not start: {self.log(name)[-2000:]}")

    def log(self, name: str = "desk") -> str:
        """What a program wrote."""
        return (self.folder / f"{name}-test.log").read_text()

    def close(self) -> None:
        """End what runs."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(20)
        if self.with_server:
            devserver.stop(self.folder)
        self.office.db.close()


def _premises(spring: Path, tmp_path: Path, repo_root: Path) -> Premises:
    folder = tmp_path / "data"
    shutil.copytree(spring, folder)
    for left in folder.glob("*.pid"):
        left.unlink()
    (folder / "server.json").unlink(missing_ok=True)
    return Premises(folder, repo_root)


@pytest.fixture
def premises(spring: Path, tmp_path: Path, repo_root: Path) -> Iterator[Premises]:
    """A desk whose server is away."""
    made = _premises(spring, tmp_path, repo_root)
    made.open()
    yield made
    made.close()


@pytest.fixture
def live(spring: Path, tmp_path: Path, repo_root: Path) -> Iterator[Premises]:
    """A desk with its server, and no worker until the test starts one."""
    made = _premises(spring, tmp_path, repo_root)
    made.with_server = True
    made.open()
    yield made
    made.close()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


def watch(context: BrowserContext, premises: Premises) -> None:
    """Note every address and title the browser shows."""

    def note(page: Page) -> None:
        page.on("request", lambda request: premises.seen.append(request.url))

    context.on("page", note)


async def enter(
    browser: Browser, premises: Premises, name: str, **options: object
) -> Page:
    """Sign in as ``name`` by the page, in a browser of one's own."""
    context = await browser.new_context(base_url=premises.url, **options)  # type: ignore[arg-type] # Playwright's many options
    context.set_default_timeout(15_000)
    watch(context, premises)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page
