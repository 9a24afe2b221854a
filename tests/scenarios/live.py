"""A world on the real dev server, with time standing still.

What the time-skipping server cannot do (visibility, schedules, a suggested
continue-as-new, a database file) is tested here. The practice clock is held at noon of
one day; each sweep gets a minute of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.office import assemble
from claims.calendar import PracticeClock, at
from cli.devserver import find_program
from payers.practice import Practice
from payers.profile import PayerBook
from records import accounts, claims, news, remittances
from settings import core_runtime
from tests.scenarios.world import ROOT, World, prepare
from vault.codec import data_converter
from vault.keys import KeyRing
from worker import build_worker

QUIET_SECONDS = 60.0
A_MONTH = timedelta(days=30)


def held_at(day: date, zone: str) -> PracticeClock:
    """A clock that stands at noon of ``day``, for as long as a test can last."""
    return PracticeClock(
        origin=datetime.now(UTC) + A_MONTH, start=at(day, time(12), zone)
    )


@dataclass
class LiveWorld(World):
    """The running world; ``settle`` waits until no workflow has anything to do."""

    async def now(self) -> datetime:
        """Practice time: the day's noon, a minute later for each sweep."""
        return self.clock.start + timedelta(minutes=len(self.started))

    def worker(self) -> Worker:
        """A worker of this world, to be entered and left at will."""
        return build_worker(self.office.temporal, self.office)

    async def settle(self) -> None:
        """Wait until nothing runs and nothing is left to tell."""
        until = asyncio.get_running_loop().time() + QUIET_SECONDS
        calm = 0
        while calm < 2:
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError("the world was not quiet in time")
            calm = calm + 1 if await self._is_quiet() else 0
            await asyncio.sleep(0.03)

    async def _is_quiet(self) -> bool:
        with self.office.reading() as conn:
            waiting = bool(news.untold(conn))
            waiting |= bool(remittances.listing(conn, status=["received"]))
        if waiting:
            return False
        found = [await self._is_idle(i) for i in self.workflow_ids()]
        return all(found)

    async def _is_idle(self, workflow_id: str) -> bool:
        try:
            seen = await self.office.temporal.get_workflow_handle(
                workflow_id
            ).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        raw = seen.raw_description
        return not (raw.HasField("pending_workflow_task") or raw.pending_activities)

    def workflow_ids(self) -> list[str]:
        """Every workflow that SQL or a sweep knows."""
        with self.office.reading() as conn:
            rows = claims.every(conn)
            appeals = [a["id"] for r in rows for a in accounts.appeals_of(conn, r.id)]
            posted = [r["id"] for r in remittances.listing(conn)]
        ids = [f"claim-{r.id}" for r in rows] + [f"appeal-{i}" for i in appeals]
        ids += sorted({f"account-{r.account_id}" for r in rows})
        return ids + [f"remit-{i}" for i in posted] + self.started

    async def runs(self, workflow_id: str) -> list[WorkflowHistory]:
        """The histories of a workflow's chain of runs, the first one first."""
        found: list[WorkflowHistory] = []
        run_id: str | None = None
        while True:
            handle = self.office.temporal.get_workflow_handle(
                workflow_id, run_id=run_id
            )
            history = await handle.fetch_history()
            found.insert(0, history)
            started = history.events[0].workflow_execution_started_event_attributes
            if not started.continued_execution_run_id:
                return found
            run_id = started.continued_execution_run_id


@asynccontextmanager
async def live_world(
    folder: Path,
    day: date,
    *,
    zone: str,
    ring: KeyRing | None = None,
    settings: Sequence[str] = (),
) -> AsyncIterator[LiveWorld]:
    """A world on a dev server of its own; ``settings`` are dynamic config values.

    No worker runs until ``async with running.worker():``.
    """
    ring = ring or KeyRing.create(folder / "keys.json")
    extra = ["--db-filename", str(folder / "temporal.sqlite")]
    for value in settings:
        extra += ["--dynamic-config-value", value]
    async with await WorkflowEnvironment.start_local(
        data_converter=data_converter(ring, "default"),
        dev_server_existing_path=str(find_program()),
        dev_server_extra_args=extra,
        runtime=core_runtime(),
    ) as env:
        practice = Practice.load(ROOT / "payers" / "practice.yaml")
        office = assemble(
            ring,
            database_url=f"sqlite:///{folder / 'story.db'}",
            documents=folder / "documents",
            mailbox=folder / "mailbox",
            practice=practice.model_copy(update={"timezone": zone}),
            payers=PayerBook.load(ROOT / "payers" / "profiles"),
            task_queue="story",
            client=env.client,
        )
        clock = held_at(day, zone)
        prepare(office, clock)
        yield LiveWorld(env, office, clock)
        office.db.close()
