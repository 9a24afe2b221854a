"""A whole installation in a folder: server, worker process, database, mailboxes.

The practice clock is held at an hour of a day and moved on between phases, with the
worker restarted as an operator would. A test may kill what it likes at any moment.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time as wall
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.office import Office
from activities.tasks import decide
from claims.calendar import PracticeClock, at
from claims.claim import ClaimState
from claims.messages import RECEIVE_FILES, SUBMIT_BATCH, SweepInput, sweep_id
from claims.task import Role
from cli import devserver
from records import claims, tasks, users
from settings import Settings
from wiring import connect_server, open_office_offline, prepare

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 240.0
ZONE = "America/Chicago"


@dataclass
class Site:
    """One installation."""

    folder: Path
    settings: Settings = field(init=False)
    office: Office = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    sweeps: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings(data_dir=self.folder, mailbox_settle_seconds=0)

    async def open(self) -> None:
        """Prepare everything and start the server; no worker yet."""
        prepare(self.settings)
        self.start_server()
        client = await connect_server(self.settings)
        self.office = open_office_offline(self.settings, client)
        with self.office.writing() as conn:
            users.set_fact(conn, "kind", "test")
            for role in Role:
                name = role.value
                conn_user = users.User(name=name, display_name=name, roles=(name,))
                users.put_user(conn, conn_user)

    def close(self) -> None:
        """End what still runs."""
        self.kill_worker()
        self.office.db.close()
        devserver.stop(self.folder)

    # --- processes ------------------------------------------------------------------

    def start_server(self) -> int:
        """Start, or start again, on the same file and port; its pid."""
        address = devserver.start(self.folder, ui=False, keep_alive=True)
        return address.pid

    def kill_server(self) -> None:
        """SIGKILL, and start it again."""
        address = devserver.join(self.folder)
        assert address is not None
        os.kill(address.pid, signal.SIGKILL)
        until = wall.monotonic() + 10
        while devserver.join(self.folder) and wall.monotonic() < until:
            wall.sleep(0.02)
        before = address.port
        self.start_server()
        again = devserver.join(self.folder)
        assert again is not None
        assert again.port == before, "workers find the server at its old port"

    def start_worker(self) -> None:
        """A worker process, ready for work."""
        log = self.folder / "worker.log"
        seen = log.read_bytes().count(b"Worker ready") if log.exists() else 0
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "worker.py"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "CLAIMTHREAD_DATA_DIR": str(self.folder),
                    "CLAIMTHREAD_MAILBOX_SETTLE_SECONDS": "0",
                },
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        until = wall.monotonic() + 60
        while log.read_bytes().count(b"Worker ready") <= seen:
            assert self.process.poll() is None, log.read_text()[-2000:]
            assert wall.monotonic() < until, "the worker did not become ready"
            wall.sleep(0.05)

    def kill_worker(self, sign: signal.Signals = signal.SIGKILL) -> None:
        """End the worker, by default without a chance to finish anything."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(30)
            self.process = None

    def hold_clock(self, day: date, hour: time) -> None:
        """Practice time stands still there, for workers that start from now on.

        Sweeps are dated by it too, unless a test sets ``moment`` back: mail that was
        read late.
        """
        self.moment = at(day, hour, ZONE)
        clock = PracticeClock(
            origin=datetime.now(UTC) + timedelta(days=30), start=self.moment
        )
        with self.office.writing() as conn:
            users.set_fact(conn, "clock", clock.model_dump_json())
        self.office._clock = None

    # --- work -----------------------------------------------------------------------

    def drop(self, partner: str, name: str, content: bytes) -> None:
        """A file arrives in a mailbox."""
        self.office.open_mailbox(partner)
        (self.settings.mailbox / partner / "inbound" / name).write_bytes(content)

    async def sweep(self, job: str, partner: str) -> None:
        """Start a sweep as its schedule would; a server that is away is tried again."""
        self.sweeps += 1
        when = self.moment + timedelta(minutes=self.sweeps)
        until = wall.monotonic() + 30
        while True:
            with contextlib.suppress(WorkflowAlreadyStartedError):
                try:
                    await self._start(job, sweep_id(job, partner, when))
                except RPCError:
                    assert wall.monotonic() < until
                    await asyncio.sleep(0.2)
                    continue
            return

    async def _start(self, job: str, workflow_id: str) -> None:
        name = RECEIVE_FILES if job == "receive" else SUBMIT_BATCH
        await self.office.temporal.start_workflow(
            name,
            SweepInput(clock=self.office.clock()),
            id=workflow_id,
            task_queue=self.office.task_queue,
        )

    async def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait for something to become true in SQL; sweeps go on as they do."""
        end = wall.monotonic() + WAIT_SECONDS
        turn = 0
        while not holds():
            assert wall.monotonic() < end, f"waited for {what}: {self.states()}"
            await asyncio.sleep(0.1)
            turn += 1
            if turn % 50 == 0:  # as every fifteen minutes: untold news is told again
                await self.sweep("receive", "office")

    def states(self) -> Counter[ClaimState]:
        """How many claims are in each state."""
        with self.office.reading() as conn:
            return Counter(row.state for row in claims.every(conn))

    def waiting(self, kind: str) -> list[str]:
        """The ids of the waiting tasks of a type."""
        with self.office.reading() as conn:
            return [t["id"] for t in tasks.waiting(conn, types=[kind])]

    async def decide(self, task_id: str, decision: str, actor: str) -> str:
        """A person decides; what became of it."""
        with self.office.reading() as conn:
            row = tasks.get(conn, task_id)
        outcome = await decide(
            self.office,
            task_id,
            version=row["version"],
            decision=decision,
            form={},
            why=self.office.because(self.moment, actor=actor),
        )
        return outcome.status
