"""Three designs of the same claim on one server: no-op, naive and ours.

Each ``run`` takes one batch of claims through one design and returns its meter. What
the practice and the payer do (writing and reading their own files) is not metered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from temporalio.client import Client
from temporalio.worker import Worker

from activities.files import take_in
from activities.imports import import_claims
from activities.office import OFFICE_PARTNER, Office, assemble
from activities.telling import IN_FLIGHT
from benchmarks.meter import Meter
from benchmarks.naive import ACKNOWLEDGED, NaiveActivities, NaiveClaimWorkflow
from benchmarks.noop import NoOpWorkflow
from benchmarks.payer import PAYER_ID, Outside, claims_in
from claims.claim import Claim
from claims.messages import (
    CLAIM,
    RECEIVE_FILES,
    SUBMIT_BATCH,
    sweep_id,
)
from ledger.tables import METADATA
from payers.practice import Practice
from payers.profile import PayerBook
from records.migrate import upgrade
from records.tables import claim
from vault.keys import KeyRing
from worker import THREADS, activities_of, build_worker, runner

ROOT = Path(__file__).resolve().parents[1]
POLL_SECONDS = 0.03
PATIENCE_SECONDS = 60.0


class StuckError(Exception):
    """A design did not finish its claims; the run was given up."""


@dataclass
class Ground:
    """What all designs share: one server, one client, one outside world."""

    client: Client
    server_pid: int
    folder: Path
    ring: KeyRing
    outside: Outside = field(default_factory=Outside)
    started: int = 0

    def meter(self, claims: int) -> Meter:
        """A fresh meter."""
        return Meter(self.server_pid, claims)

    def batch_name(self) -> str:
        """Keeps claim numbers of different batches apart."""
        self.started += 1
        return f"B{self.started:03d}"

    async def finished(self, workflow: str, queue: str) -> int:
        """How many runs of a workflow have completed on a queue."""
        query = (
            f"WorkflowType = '{workflow}' AND TaskQueue = '{queue}' "
            "AND ExecutionStatus = 'Completed'"
        )
        return (await self.client.count_workflows(query)).count

    async def until_finished(self, workflow: str, queue: str, wanted: int) -> None:
        """Wait until so many runs have completed."""

        async def done() -> bool:
            return await self.finished(workflow, queue) >= wanted

        await until(done, f"{workflow} on {queue}")

    async def each(
        self, act: Callable[[str], Awaitable[object]], ids: Iterable[str]
    ) -> None:
        """Do it for every id, as many at once as ours starts and signals."""
        limit = asyncio.Semaphore(IN_FLIGHT)

        async def one(claim_id: str) -> None:
            async with limit:
                await act(claim_id)

        await asyncio.gather(*(one(claim_id) for claim_id in ids))


async def until(done: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait until it is done.

    Raises:
        StuckError: it took longer than anybody should wait.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_SECONDS
    while not await done():
        if loop.time() > end:
            raise StuckError(f"{what} did not finish in {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(POLL_SECONDS)


def open_office(ground: Ground, queue: str) -> Office:
    """A database, documents and mailboxes of its own, encrypted by the same ring."""
    folder = ground.folder / queue
    folder.mkdir()
    url = f"sqlite:///{folder / 'claims.db'}"
    upgrade(url, METADATA)
    return assemble(
        ground.ring,
        database_url=url,
        documents=folder / "documents",
        mailbox=folder / "mailbox",
        practice=Practice.load(ROOT / "payers" / "practice.yaml"),
        payers=PayerBook.load(ROOT / "payers" / "profiles"),
        task_queue=queue,
        client=ground.client,
    )


@dataclass
class NoOp:
    """The floor."""

    ground: Ground
    queue: str
    sandbox: bool

    workflow = "NoOpWorkflow"

    def worker(self) -> Worker:
        """A worker with the settings of ours."""
        return Worker(
            self.ground.client,
            task_queue=self.queue,
            workflows=[NoOpWorkflow],
            workflow_runner=runner(sandbox=self.sandbox),
        )

    async def run(self, count: int) -> Meter:
        """Start ``count`` workflows and wait until all have ended."""
        ground, meter = self.ground, self.ground.meter(count)
        name = ground.batch_name()
        before = await ground.finished(self.workflow, self.queue)

        async def start(claim_id: str) -> None:
            await ground.client.start_workflow(
                NoOpWorkflow.run, claim_id, id=claim_id, task_queue=self.queue
            )

        with meter.running():
            await ground.each(start, (f"noop-{name}-{n}" for n in range(count)))
            await ground.until_finished(self.workflow, self.queue, before + count)
        return meter


@dataclass
class Naive:
    """``benchmarks/naive.py``, its signals sent by us."""

    ground: Ground
    queue: str
    sandbox: bool
    office: Office = field(init=False)

    workflow = "NaiveClaimWorkflow"

    def __post_init__(self) -> None:
        """Open the database."""
        self.office = open_office(self.ground, self.queue)

    def worker(self) -> Worker:
        """A worker with the settings of ours, for the naive workflow."""
        naive = NaiveActivities(self.office)
        own = [
            getattr(naive, name)
            for name in dir(naive)
            if hasattr(getattr(naive, name), "__temporal_activity_definition")
        ]
        return Worker(
            self.ground.client,
            task_queue=self.queue,
            workflows=[NaiveClaimWorkflow],
            activities=[*activities_of(self.office), *own],
            activity_executor=ThreadPoolExecutor(THREADS),
            max_concurrent_activities=THREADS,
            workflow_runner=runner(sandbox=self.sandbox),
        )

    async def run(self, count: int) -> Meter:
        """Import, start, and signal three times."""
        ground, meter = self.ground, self.ground.meter(count)
        charges = ground.outside.charges(ground.batch_name(), count, today(self.office))
        export = ground.outside.export(charges, now())
        await take_in_coverage(self.office, ground.outside, charges)
        before = await ground.finished(self.workflow, self.queue)
        done = await self._count_state("CLOSED")
        with meter.running():
            why = self.office.because(now())
            found = await asyncio.to_thread(
                import_claims, self.office, export, name="", why=why
            )
            await ground.each(self._start, found.claim_ids)
            for what in ("ACK_999", "ACK_277CA_SOFT", "STATUS_FIRST"):
                await self._until_waiting(what, count)
                await ground.each(self._signal, found.claim_ids)
            await ground.until_finished(self.workflow, self.queue, before + count)
        if await self._count_state("CLOSED") != done + count:
            raise StuckError("the naive design left a claim open")
        return meter

    async def _start(self, claim_id: str) -> None:
        await self.ground.client.start_workflow(
            NaiveClaimWorkflow.run,
            claim_id,
            id=f"naive-{claim_id}",
            task_queue=self.queue,
        )

    async def _signal(self, claim_id: str) -> None:
        handle = self.ground.client.get_workflow_handle(f"naive-{claim_id}")
        await handle.signal(ACKNOWLEDGED, "accepted")

    async def _until_waiting(self, what: str, count: int) -> None:
        async def done() -> bool:
            return await rows(self.office, claim.c.next_what == what) >= count

        await until(done, f"naive {what}")

    async def _count_state(self, state: str) -> int:
        return await rows(self.office, claim.c.state == state)


@dataclass
class Ours:
    """The real workflows and activities, through the mailbox."""

    ground: Ground
    queue: str
    sandbox: bool
    office: Office = field(init=False)
    sweeps: int = 0

    workflow = CLAIM

    def __post_init__(self) -> None:
        """Open the database."""
        self.office = open_office(self.ground, self.queue)

    def worker(self) -> Worker:
        """The production worker."""
        return build_worker(self.ground.client, self.office, sandbox=self.sandbox)

    async def run(self, count: int) -> Meter:
        """Charges in, one batch out, acknowledged, paid, closed."""
        ground, meter = self.ground, self.ground.meter(count)
        outside, partner = ground.outside, self.office.partner_of(PAYER_ID)
        charges = outside.charges(ground.batch_name(), count, today(self.office))
        await take_in_coverage(self.office, outside, charges)
        before = await ground.finished(self.workflow, self.queue)
        self._drop("charges.837", outside.export(charges, now()), OFFICE_PARTNER)
        with meter.running():
            await self._receive(OFFICE_PARTNER)
            sent = await self._send(count)
        claims = claims_in(sent)
        self._drop("999.edi", outside.receipt(sent, now()), partner)
        self._drop("277ca.edi", outside.acceptance(claims, now()), partner)
        with meter.running():
            await self._receive(partner)
        if await rows(self.office, claim.c.state == "ACCEPTED") != count:
            raise StuckError("the acknowledgments did not reach every claim")
        self._drop("835.edi", outside.payment(claims, now()), partner)
        with meter.running():
            await self._receive(partner)
            await ground.until_finished(self.workflow, self.queue, before + count)
        if await rows(self.office, claim.c.state != "CLOSED"):
            raise StuckError("our design left a claim open")
        return meter

    def _drop(self, name: str, content: bytes, partner: str) -> None:
        self.office.open_mailbox(partner)
        folder = self.office.documents.root.parent / "mailbox" / partner / "inbound"
        (folder / name).write_bytes(content)

    async def _sweep(self, workflow: str, job: str, partner: str) -> Any:
        self.sweeps += 1
        client = self.ground.client
        return await client.start_workflow(
            workflow,
            id=f"{sweep_id(job, partner, now())}.{self.sweeps}",
            task_queue=self.queue,
        )

    async def _receive(self, partner: str) -> None:
        handle = await self._sweep(RECEIVE_FILES, "receive", partner)
        await handle.result()

    async def _send(self, count: int) -> bytes:
        """Once every claim is in the outbox, the payer's batch; the file it wrote."""
        mailbox = self.office.open_mailbox(self.office.partner_of(PAYER_ID))
        known = set(mailbox.list_outbound())

        async def ready() -> bool:
            return await rows(self.office, claim.c.state == "READY") >= count

        async def submitted() -> bool:
            return await rows(self.office, claim.c.state == "SUBMITTED") >= count

        await until(ready, "the way to the outbox")
        await self._sweep(SUBMIT_BATCH, "submit", PAYER_ID)
        await until(submitted, "the batch")
        new = set(mailbox.list_outbound()) - known
        (name,) = (n for n in new if n.startswith("837P-"))
        return mailbox.read_outbound(name)


def now() -> datetime:
    """The instant."""
    return datetime.now(UTC)


def today(office: Office) -> date:
    """The practice's date: a service of tomorrow would be held by the edits."""
    return office.because(now()).today


async def rows(office: Office, *where: Any) -> int:
    """How many claims fit."""

    def count() -> int:
        query = select(func.count()).select_from(claim).where(*where)
        with office.reading() as conn:
            return int(conn.execute(query).scalar_one())

    return await asyncio.to_thread(count)


async def take_in_coverage(
    office: Office, outside: Outside, charges: Sequence[Claim]
) -> None:
    """The sweep's 271 is on file before the claims arrive; not metered."""
    content = outside.coverage(charges, now())
    why = office.because(now(), "R-BAD-01")
    partner = office.partner_of(PAYER_ID)
    await asyncio.to_thread(take_in, office, partner, "271.edi", content, why)


__all__ = ["Ground", "Naive", "NoOp", "Ours", "StuckError"]
