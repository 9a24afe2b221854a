"""Health in words: each part, whether it works, and what to do when it does not.

Read from our own tables; the server is asked about schedules only, and not for long.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from temporalio.service import RPCError

from activities import processes
from activities.promises import TICKER_KINDS, sweep_troubles
from activities.story import sentence_of
from desk.desk import NO_WORKER
from desk.route import Page
from desk.visit import Visit
from desk.words import day
from policy.people import Door, may_act
from records import audit, claim_list, file_list, tasks, users
from records.claims import ClaimRow
from records.files import End

FIRST = 20
SCHEDULE_SECONDS = 2.0


@dataclass(frozen=True)
class Line:
    """One part: ok, or what is wrong and what to do."""

    part: str
    ok: bool
    words: str
    fix: str = ""
    href: str = ""


@dataclass(frozen=True)
class Late:
    """A claim whose next step is late, in its own words."""

    row: ClaimRow
    sentence: str


def healthz(visit: Visit) -> Response:
    """``ok``, or ``paused`` and why."""
    pulse = visit.desk.pulse
    return PlainTextResponse("ok" if pulse.normal else f"paused: {pulse.words}")


async def health(visit: Visit) -> Response:
    """Server, worker, schedules, decisions, files and next steps."""
    schedules = await _schedules(visit)
    return await run_in_threadpool(_page, visit, schedules)


def _page(visit: Visit, schedules: Line) -> Response:
    office = visit.desk.office
    with office.reading() as conn:
        late, first = claim_list.overdue(conn, visit.today, FIRST)
        lines = [
            *_processing(visit),
            schedules,
            _counted(
                "Decisions",
                len(tasks.undelivered(conn)),
                "every one is applied",
                " saved, not yet applied. They are applied when processing resumes.",
            ),
            _counted(
                "Next steps",
                late,
                "none is late",
                f" claim{'s' if late > 1 else ''} should have moved on already",
                "See them below, and look again",
                "#late",
            ),
            _counted(
                "Files begun",
                len(audit.files_without_end(conn)),
                "all have ended",
                " began and did not end",
                "Start the same file again: what is known stays unchanged",
                "/imports?ended=none",
            ),
            _counted(
                "Files in quarantine",
                file_list.count(conn, End.QUARANTINED),
                "none",
                ", kept and not used",
                "Ask the sender for a good copy",
                "/imports?ended=quarantined",
            ),
            *(
                Line(f"Files from {partner}", True, f"the last came on {day(on)}")
                for partner, on, _ in audit.last_files(conn)
            ),
        ]
    return visit.page(
        "health.html.j2",
        lines=lines,
        wrong=sum(not line.ok for line in lines),
        late=[Late(row, sentence_of(row)) for row in first],
        late_count=late,
        may_retry=may_act(visit.user.roles, "retry"),
    )


def _processing(visit: Visit) -> Iterator[Line]:
    pulse = visit.desk.pulse
    since = f" since {visit.clock(pulse.since)}" if pulse.since else ""
    answers = pulse.normal or pulse.words == NO_WORKER
    safe = "Decisions are saved and applied when it resumes."
    yield (
        Line("Server", True, "answers")
        if answers
        else Line(
            "Server", False, f"{pulse.words}{since}. {safe}", "Start it: make demo"
        )
    )
    if pulse.normal:
        yield Line("Worker", True, "asks for work")
    elif answers:
        words = f"{pulse.words}{since}. {safe}"
        yield Line(
            "Worker", False, words, "Ask operations to start one: python worker.py"
        )
    else:
        yield Line("Worker", False, "cannot be seen without the server")


async def _schedules(visit: Visit) -> Line:
    office, name = visit.desk.office, "Schedules"
    with office.reading() as conn:
        kind = users.fact(conn, "kind") or "production"
    if kind in TICKER_KINDS:
        if processes.is_running(visit.desk.data_dir, "ticker"):
            return Line(name, True, "the practice clock runs the daily sweeps")
        words = "the practice clock of this demo does not run, so no sweep runs"
        return Line(name, False, words, "Start it: make demo")
    try:
        async with asyncio.timeout(SCHEDULE_SECONDS):
            if not await visit.desk.connect():
                return Line(name, False, "cannot be seen without the server")
            planned, wrong = await sweep_troubles(office)
    except (TimeoutError, RPCError):
        return Line(name, False, "cannot be seen now: the server is slow to answer")
    if not wrong:
        return Line(name, True, f"{planned} daily sweeps are in place")
    fix = "Mend them: python worker.py --ensure-schedules"
    return Line(name, False, "; ".join(wrong[:3]), fix)


def _counted(
    part: str, count: int, fine: str, words: str, fix: str = "", href: str = ""
) -> Line:
    """Fine when there is none; else so many, and what to do."""
    if not count:
        return Line(part, True, fine)
    return Line(part, False, f"{count}{words}", fix, href)


ROUTES = (
    Page("GET", "/healthz", healthz, Door.PUBLIC),
    Page("GET", "/health", health, Door.SIGNED_IN),
)
