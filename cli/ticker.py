"""The demo's ticker: starts a day's sweeps in place of schedules, date by date.

``python -m cli.ticker``. Each practice day: the simulated payers drop their files, the
mailboxes are read, the scripted people decide, due questions go out, and at the cut-off
the outboxes leave. A kind of sweep starts when the one before has ended, with its date
in its id; a sweep with nothing to do is not started. A day never begins before the
practice clock has reached it, and none is left out when the machine is slow.
"""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from activities.office import MAIL_READ, Office
from claims.calendar import PracticeClock, at, is_business_day, local_date
from claims.messages import (
    INQUIRY_BATCH,
    RECEIVE_FILES,
    SUBMIT_BATCH,
    SweepInput,
    sweep_id,
)
from cli.people import People, Script
from records import inquiries, submissions, users
from settings import ROOT, load
from wiring import open_office

MORNING, PEOPLE_AT, INQUIRE_AT = time(7, 30), time(8, 30), time(8, 40)
ANSWERS_AT, CUT_OFF = time(9, 30), time(17, 0)
READY = "Ticker ready"
SENT_SECONDS = 20.0
FACT = "ticker"
"""The last practice day whose sweeps have ended, as a date."""


class Simulator:
    """``python -m simulator`` as a child: it ends with our end of the pipe."""

    def __init__(self, mailbox: Path, script: Path) -> None:
        """Start it on these mailboxes."""
        arguments = ["-m", "simulator", "--mailbox", str(mailbox)]
        self._child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, *arguments, "--script", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )

    async def tell(self, day: date, do: str) -> int:
        """Let it read what we sent, or drop what is due; how many files."""
        return await asyncio.to_thread(self._tell, day, do)

    def _tell(self, day: date, do: str) -> int:
        assert self._child.stdin is not None  # noqa: S101 - it was asked for
        assert self._child.stdout is not None  # noqa: S101 - it was asked for
        self._child.stdin.write(json.dumps({"day": day.isoformat(), "do": do}) + "\n")
        self._child.stdin.flush()
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return int(answer["dropped"]) + int(answer["read"])

    def close(self) -> None:
        """Let it end."""
        assert self._child.stdin is not None  # noqa: S101 - it was asked for
        self._child.stdin.close()
        self._child.wait(10)


@dataclass
class Ticker:
    """One practice's days, until told to stop."""

    office: Office
    clock: PracticeClock
    simulator: Simulator
    people: People
    stop: asyncio.Event

    async def run(self) -> None:
        """Every day from the clock's first one on."""
        day = local_date(self.clock.start, self.office.zone)
        while not self.stop.is_set():
            await self._day(day)
            self._tell_lag(day)
            if not self.stop.is_set():
                await asyncio.to_thread(self._note, FACT, day)
            day += timedelta(1)

    def _tell_lag(self, day: date) -> None:
        """A line in the log for each day that ended later than it should have."""
        now = local_date(self.clock.now(datetime.now(UTC)), self.office.zone)
        if now > day + timedelta(1):
            sys.stderr.write(f"{day} ended {(now - day).days} practice days late\n")

    def _note(self, name: str, day: date) -> None:
        with self.office.writing() as conn:
            users.set_fact(conn, name, day.isoformat())

    async def _day(self, day: date) -> None:
        await self._until(day, MORNING)
        await self.simulator.tell(day, "morning")
        await self._receive(day, MORNING)
        await asyncio.to_thread(self._note, MAIL_READ, day)
        await self._until(day, PEOPLE_AT)
        if not is_business_day(day):
            return
        await self.people.work(day, at(day, PEOPLE_AT, self.office.zone))
        if await self._inquire(day):
            await self.simulator.tell(day, "collect")
            await self.simulator.tell(day, "morning")
            await self._receive(day, ANSWERS_AT)
        await self._until(day, CUT_OFF)
        if await self._submit(day):
            await self.simulator.tell(day, "collect")

    async def _until(self, day: date, hour: time) -> None:
        """Wait for the practice clock, or for the order to stop."""
        if self.stop.is_set():
            return
        target = self.clock.instant(at(day, hour, self.office.zone))
        left = (target - datetime.now(UTC)).total_seconds()
        if left > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), left)

    async def _receive(self, day: date, hour: time) -> None:
        partners = [
            partner
            for partner in self.office.partners()
            if self.office.open_mailbox(partner).list_inbound()
        ]
        sweeps = (self._sweep("receive", p, day, hour) for p in partners)
        await asyncio.gather(*sweeps)

    async def _inquire(self, day: date) -> int:
        asking = [
            (f"inquire{kind}", payer_id)
            for kind in ("270", "276")
            for payer_id in await asyncio.to_thread(self._asking, kind, day)
        ]
        sweeps = (self._sweep(job, payer, day, INQUIRE_AT) for job, payer in asking)
        await asyncio.gather(*sweeps)
        return len(asking)

    def _asking(self, kind: str, day: date) -> list[str]:
        with self.office.reading() as conn:
            known = inquiries.payers_waiting(conn, kind, day)
        return [p for p in known if self.office.payer(p)]

    async def _submit(self, day: date) -> int:
        waiting = await asyncio.to_thread(self._outbox)
        await asyncio.gather(*(self._send(payer_id, day) for payer_id in waiting))
        return len(waiting)

    async def _send(self, payer_id: str, day: date) -> None:
        await self._left(await self._start("submit", payer_id, day, CUT_OFF))

    def _outbox(self) -> list[str]:
        with self.office.reading() as conn:
            return [p for p in submissions.payers_waiting(conn) if self.office.payer(p)]

    async def _left(self, batch_id: str) -> None:
        """A batch watches for days: wait only until its file has left."""
        for _ in range(int(SENT_SECONDS / 0.02)):
            if await asyncio.to_thread(self._is_sent, batch_id) or self.stop.is_set():
                return
            await asyncio.sleep(0.02)

    def _is_sent(self, batch_id: str) -> bool:
        with self.office.reading() as conn:
            batch = submissions.get_batch(conn, batch_id)
            return batch is not None and batch["sent_on"] is not None

    async def _start(self, job: str, partner: str, day: date, hour: time) -> str:
        names = {"receive": RECEIVE_FILES, "submit": SUBMIT_BATCH}
        workflow_id = sweep_id(job, partner, at(day, hour, self.office.zone))
        await self.office.temporal.start_workflow(
            names.get(job, INQUIRY_BATCH),
            SweepInput(clock=self.clock),
            id=workflow_id,
            task_queue=self.office.task_queue,
        )
        return workflow_id

    async def _sweep(self, job: str, partner: str, day: date, hour: time) -> None:
        workflow_id = await self._start(job, partner, day, hour)
        await self.office.temporal.get_workflow_handle(workflow_id).result()


async def serve(samples: Path) -> int:
    """Tick until SIGTERM."""
    settings = load()
    office = await open_office(settings, connect=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    simulator = Simulator(settings.mailbox, samples / "fates.yaml")
    people = People(office, Script.load(samples / "people.yaml"))
    await simulator.tell(date.min, "morning")
    sys.stderr.write(READY + "\n")
    sys.stderr.flush()
    try:
        clock = await _clock(office, stop)
        if clock is not None:
            await Ticker(office, clock, simulator, people, stop).run()
    finally:
        simulator.close()
        for words in people.refused.values():
            sys.stderr.write(f"refused: {words}\n")
    return 0


async def _clock(office: Office, stop: asyncio.Event) -> PracticeClock | None:
    """The practice clock, as soon as the demo has set it."""
    while not stop.is_set():
        if clock := await asyncio.to_thread(office.clock):
            return clock
        await asyncio.sleep(0.05)
    return None


if __name__ == "__main__":
    raise SystemExit(asyncio.run(serve(ROOT / "samples")))
