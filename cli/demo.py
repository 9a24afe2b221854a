"""``make demo``: 50 fictional claims through 120 practice days in about a minute.

Starts the embedded server, a worker and the ticker (``cli/ticker.py``), imports
``samples/charges.837`` and follows the claims on a practice clock whose origin is set
when the import has ended. Afterwards all of it stays up until ``make stop``.
"""

import argparse
import asyncio
import json
import logging
import os
import re
import shutil
import socket
import sys
import time as clock_time
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from activities import processes
from activities.files import take_in
from activities.office import MAIL_READ, OFFICE_PARTNER, Office
from activities.telling import start_claims
from claims.calendar import PracticeClock, at
from cli import demo_report, devserver, ticker
from cli.people import Script, put_users
from records import reports, users
from settings import ROOT, Settings, SettingsError, load
from vault import logs
from wiring import OfficeError, open_office, open_office_offline, prepare

START = date(2026, 1, 12)
DAYS = 120
SECONDS_PER_DAY = (0.6, 0.9)
"""The quickest and the slowest pace of a practice day, by what the machine can do."""
IMPORT_SECONDS = 0.2
"""What the import takes where the quickest pace is right."""
LEAD_IN = timedelta(seconds=3)
"""Practice time stands still while the claims' workflows start."""
READY = {"worker": "Worker ready", "ticker": ticker.READY}
LIMIT_SECONDS = 600
SAMPLES = ROOT / "samples"
PROGRAMS = ("desk", "ticker", "worker")
DESK_PORT = 8460


def pace(import_seconds: float) -> float:
    """Seconds of a practice day, by how quick and how busy this machine is."""
    quickest, slowest = SECONDS_PER_DAY
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    slow = import_seconds / IMPORT_SECONDS
    return min(slowest, max(quickest, quickest * max(busy, slow)))


class DemoError(Exception):
    """The demo could not run; the text says why and what to do."""


def say(text: str) -> None:
    """Progress goes to stderr; stdout belongs to the result."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def stop_all(settings: Settings) -> list[str]:
    """End what a demo left running; their names."""
    folder = settings.data_dir
    ended = [name for name in PROGRAMS if processes.stop(folder, name)]
    return ended + (["server"] if devserver.stop(folder) else [])


def clear(settings: Settings) -> None:
    """Forget the last demo. Refuses to touch anything that is no demo.

    Raises:
        DemoError: the folder holds another installation.
    """
    folder = settings.data_dir
    if (folder / "claimthread.db").exists() and _kind(settings) != "demo":
        raise DemoError(
            f"{folder} holds an installation that is no demo. Nothing was changed. "
            "Run the demo elsewhere: CLAIMTHREAD_DATA_DIR=folder make demo"
        )
    stop_all(settings)
    for name in ("mailbox", "documents", "letters"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("claimthread.db*", "temporal.sqlite*", "*.log", "*.pid"):
        for path in folder.glob(pattern):
            path.unlink()


def _kind(settings: Settings) -> str | None:
    try:
        office = open_office_offline(settings)
    except OfficeError:
        return None
    with office.reading() as conn:
        kind = users.fact(conn, "kind")
    office.db.close()
    return kind


@dataclass
class Demo:
    """One run."""

    settings: Settings
    keep: bool
    days: int = DAYS
    import_seconds: float = 0.0

    def start_server(self) -> None:
        """The embedded server, and an empty demo database."""
        say("Starting the Temporal server …")
        address = devserver.start(
            self.settings.data_dir,
            namespace=self.settings.temporal_namespace,
            keep_alive=self.keep,
        )
        say(f"  server {address.target}, Web UI {address.ui_url}")
        prepare(self.settings)

    async def run(self) -> dict[str, Any]:
        """Import, follow, report."""
        office = await open_office(self.settings, connect=True)
        with office.writing() as conn:
            users.set_fact(conn, "kind", "demo")
        put_users(office, Script.load(SAMPLES / "people.yaml"))
        first = at(START, time(7, 0), office.zone)
        self._start_programs()
        await self._programs_ready()
        ids = await asyncio.to_thread(self._import, office, first)
        clock = await asyncio.to_thread(self._set_clock, office, first)
        await start_claims(office, ids)
        await self._follow(office, clock)
        await self._quiet(office, clock)
        return await asyncio.to_thread(demo_report.gather, office, clock)

    def _import(self, office: Office, first: datetime) -> list[str]:
        content = (SAMPLES / "charges.837").read_bytes()
        why = office.because(first, "R-BAD-01", "ops")
        started = clock_time.monotonic()
        said = take_in(office, OFFICE_PARTNER, "charges.837", content, why)
        self.import_seconds = clock_time.monotonic() - started
        say(f"Importing samples/charges.837 … {said}")
        with office.reading() as conn:
            return reports.unstarted_claims(conn)

    def _set_clock(self, office: Office, first: datetime) -> PracticeClock:
        seconds_per_day = pace(self.import_seconds)
        clock = PracticeClock(
            origin=datetime.now(UTC) + LEAD_IN,
            start=first,
            scale=round(86_400 / seconds_per_day),
            fast_until=first + timedelta(self.days),
        )
        with office.writing() as conn:
            users.set_fact(conn, "clock", clock.model_dump_json())
            users.set_fact(conn, MAIL_READ, START.isoformat())
        return clock

    def _start_programs(self) -> None:
        say("Starting a worker, the simulated payers and the scripted people …")
        folder = self.settings.data_dir
        where = {"CLAIMTHREAD_DATA_DIR": str(folder.resolve()), "PYTHONPATH": str(ROOT)}
        # The simulated payers rename a file when it is whole.
        quick = {
            **where,
            "CLAIMTHREAD_SANDBOX": "false",
            "CLAIMTHREAD_MAILBOX_SETTLE_SECONDS": "0",
        }
        processes.start(folder, "worker", [str(ROOT / "worker.py")], quick)
        processes.start(folder, "ticker", ["-m", "cli.ticker"], where)

    def start_desk(self) -> str:
        """The web desk, on its own port or a free one; its address."""
        folder = self.settings.data_dir
        where = {"CLAIMTHREAD_DATA_DIR": str(folder.resolve()), "PYTHONPATH": str(ROOT)}
        port = "0" if _is_taken(DESK_PORT) else str(DESK_PORT)
        processes.start(folder, "desk", ["-m", "desk", "--port", port], where)
        until = clock_time.monotonic() + 20
        while clock_time.monotonic() < until:
            found = re.findall(
                r"Desk ready at (\S+)", (folder / "desk.log").read_text()
            )
            if found:
                return str(found[-1])
            clock_time.sleep(0.1)
        raise DemoError(f"The desk did not start: {folder}/desk.log says why.")

    async def _programs_ready(self) -> None:
        """Both have said so in their logs; a start takes longer than a practice day."""
        for name, words in READY.items():
            log = self.settings.data_dir / f"{name}.log"
            while words not in log.read_text():
                self._check_programs()
                await asyncio.sleep(0.1)

    async def _follow(self, office: Office, clock: PracticeClock) -> None:
        """Show the days go by until the last one's sweeps have ended."""
        last, until = START + timedelta(self.days - 1), clock_time.monotonic()
        shown, started = 0, until
        while clock_time.monotonic() - started < LIMIT_SECONDS:
            self._check_programs()
            day = await asyncio.to_thread(_ticked, office)
            count = (day - START).days + 1 if day else 0
            if count // 15 > shown:
                shown = count // 15
                say(f"  practice day {min(count, self.days):3} of {self.days}   {day}")
            if day and day >= last and clock.now(datetime.now(UTC)) >= clock.fast_until:  # type: ignore[operator]
                return
            await asyncio.sleep(0.2)
        raise DemoError(
            f"The demo was not through after {LIMIT_SECONDS} s. See worker.log and "
            f"ticker.log in {self.settings.data_dir}. What ran was stopped."
        )

    def _check_programs(self) -> None:
        for name in READY:
            if not processes.is_running(self.settings.data_dir, name):
                raise DemoError(
                    f"The {name} ended by itself: {self.settings.data_dir}/{name}.log "
                    "says why. What ran was stopped."
                )

    async def _quiet(self, office: Office, clock: PracticeClock) -> None:
        """Wait until the worker has caught up with the clock."""
        for _ in range(100):
            now = clock.now(datetime.now(UTC))
            if not await asyncio.to_thread(_behind, office, now):
                return
            await asyncio.sleep(0.2)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ticked(office: Office) -> date | None:
    with office.reading() as conn:
        text = users.fact(conn, ticker.FACT)
    return date.fromisoformat(text) if text else None


def _behind(office: Office, now: datetime) -> int:
    with office.reading() as conn:
        return reports.waiting_for_worker(conn, now)


def run(settings: Settings, *, as_json: bool, days: int = DAYS) -> int:
    """The whole demo; what it leaves running is stopped on failure and for JSON."""
    started = clock_time.monotonic()
    clear(settings)
    demo = Demo(settings, keep=not as_json, days=days)
    done, desk = False, ""
    try:
        demo.start_server()
        found = {"days": days} | asyncio.run(demo.run())
        desk = "" if as_json else demo.start_desk()
        done = True
    finally:
        if as_json or not done:
            stop_all(settings)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        seconds = clock_time.monotonic() - started
        password = Script.load(SAMPLES / "people.yaml").password
        sys.stdout.write(demo_report.table(found, settings, seconds, (desk, password)))
    return 0


def main() -> int:
    """``python -m cli.demo [--json | --stop]``."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one object, then stop all")
    parser.add_argument("--days", type=int, default=DAYS, help="practice days")
    parser.add_argument("--stop", action="store_true", help="stop what a demo left")
    options = parser.parse_args()
    logs.install(logging.ERROR)
    try:
        settings = load()
        if options.stop:
            ended = stop_all(settings)
            say("Stopped: " + ", ".join(ended) if ended else "Nothing was running.")
            return 0
        return run(settings, as_json=options.json, days=options.days)
    except (
        DemoError,
        OfficeError,
        SettingsError,
        processes.ProcessError,
        devserver.DevServerError,
    ) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
