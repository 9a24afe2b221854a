"""Health in words: each part, whether it works, and what to do when it does not.

Read from our own tables; the server is asked about workers, sweeps and troubles only,
a bounded number of questions for two seconds, so that the page comes when it is away.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from activities import close_overdue, processes
from activities.office import MAIL_READ
from activities.promises import TICKER_KINDS
from activities.story import sentence_of
from activities.troubles import Trouble
from claims.calendar import practice_now
from claims.messages import claim_workflow_id
from desk import health_retry, health_server
from desk.desk import NO_WORKER
from desk.health_files import file_lines
from desk.health_line import Line, State
from desk.health_server import Asked
from desk.health_words import Named, named, sweep_words
from desk.route import Page
from desk.visit import Visit
from desk.words import day, instant
from policy.people import Door
from records import claim_list, users
from records import health as waiting
from records.claims import ClaimRow
from records.db import Connection

FIRST = 20
LETTER_DAYS = 3
"""After how many days a letter in the outbox is late."""


def healthz(visit: Visit) -> Response:
    """``ok``, or ``paused`` and why."""
    pulse = visit.desk.pulse
    return PlainTextResponse("ok" if pulse.normal else f"paused: {pulse.words}")


async def health(visit: Visit) -> Response:
    """Server, worker, sweeps, decisions, letters, files, next steps and failures."""
    late, first, kind = await run_in_threadpool(_late, visit)
    ids = [claim_workflow_id(row.id) for row in first]
    asked = await health_server.ask(visit, ids, schedules=kind not in TICKER_KINDS)
    return await run_in_threadpool(_page, visit, asked, (late, first), kind)


def _late(visit: Visit) -> tuple[int, list[ClaimRow], str]:
    with visit.desk.office.reading() as conn:
        late, first = claim_list.overdue(conn, visit.today, FIRST)
        return late, first, users.fact(conn, "kind") or "production"


def _page(
    visit: Visit, asked: Asked, late: tuple[int, list[ClaimRow]], kind: str
) -> Response:
    office = visit.desk.office
    troubles = asked.found.troubles if asked.found else ()
    with office.reading() as conn:
        lines = [
            *_processing(visit, asked),
            _sweeps(visit, conn, asked, kind),
            _failures(asked),
            *_waiting(visit, conn),
            _next_steps(late[0]),
            _close(visit, conn),
            *file_lines(visit, conn),
        ]
        names = named(conn, office, [t.workflow_id for t in troubles])
    return visit.page(
        "health.html.j2",
        lines=lines,
        summary=summary(lines),
        late=[(row, sentence_of(row)) for row in late[1]],
        late_count=late[0],
        sweeps=[_sweep(visit, view) for view in asked.schedules or ()],
        troubles=[_shown(visit, t, names[t.workflow_id]) for t in troubles],
        whole=asked.found is None or asked.found.whole,
    )


def summary(lines: list[Line]) -> str:
    """``1 part is stopped, 2 are late.``"""
    counts = [
        (sum(line.state is state for line in lines), words)
        for state, words in (
            (State.STOPPED, "stopped"),
            (State.LATE, "late"),
            (State.LOOK, "to look at"),
        )
    ]
    found = [f"{n} {'is' if n == 1 else 'are'} {words}" for n, words in counts if n]
    if not found:
        return "Everything works."
    return f"Of {len(lines)} parts {', '.join(found)}."


# --- one line for each part ----------------------------------------------------------


def _processing(visit: Visit, asked: Asked) -> Iterator[Line]:
    pulse = visit.desk.pulse
    since = f" since {visit.clock(pulse.since)}" if pulse.since else ""
    safe = "Decisions are saved and applied when it resumes."
    if not (pulse.normal or pulse.words == NO_WORKER):
        words = f"{pulse.words}{since}. {safe}"
        yield Line("Server", State.STOPPED, words, "Start it: make demo")
        words = "cannot be seen without the server"
        yield Line("Worker", State.STOPPED, words, "Start the server first")
        return
    yield Line("Server", State.OK, "answers")
    last = asked.last_poll
    polled = f"last asked for work {_ago(visit, last)}" if last else "asks for work"
    if pulse.normal:
        yield Line("Worker", State.OK, polled)
    else:
        words = f"{pulse.words}{since}{f', {polled}' if last else ''}. {safe}"
        fix = "Ask operations to start one: python worker.py"
        yield Line("Worker", State.STOPPED, words, fix)


def _ago(visit: Visit, then: datetime) -> str:
    seconds = max(0, int((visit.desk.wall() - then).total_seconds()))
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'} ago"
    return f"at {visit.clock(then)}"


def _sweeps(visit: Visit, conn: Connection, asked: Asked, kind: str) -> Line:
    name = "Daily sweeps"
    if kind in TICKER_KINDS:
        read = users.fact(conn, MAIL_READ)
        upto = f"; the mail is read up to {_day(read)}" if read else ""
        if processes.is_running(visit.desk.data_dir, "ticker"):
            return Line(name, State.OK, f"run by the practice clock{upto}")
        words = f"the practice clock of this demo does not run{upto}"
        return Line(name, State.STOPPED, words, "Start it: make demo")
    if asked.schedules is None:
        return Line(name, State.STOPPED, asked.why)
    wrong = [v for v in asked.schedules if v.trouble]
    if wrong:
        words = "; ".join(
            f"{sweep_words(visit.desk.office, v.schedule_id)} {v.trouble}"
            for v in wrong[:3]
        )
        fix = "Mend them: python worker.py --ensure-schedules"
        return Line(name, State.STOPPED, words, fix)
    coming = min((v.next for v in asked.schedules if v.next), default=None)
    then = f", the next at {_when(visit, coming)}" if coming else ""
    return Line(name, State.OK, f"{len(asked.schedules)} are in place{then}")


def _day(text: str) -> str:
    return day(datetime.fromisoformat(text).date())


def _failures(asked: Asked) -> Line:
    """Stopped when something has failed for good, late while all is tried again."""
    name = "Failed steps"
    if asked.found is None:
        return Line(name, State.LOOK, asked.why)
    troubles = asked.found.troubles
    if not troubles:
        return Line(name, State.OK, "none is failing")
    over = sum(one.failed for one in troubles)
    again = len(troubles) - over
    said = [f"{over} failed"] if over else []
    said += [f"{again} keep{'s' if again == 1 else ''} failing"] if again else []
    state = State.STOPPED if over else State.LATE
    return Line(name, state, " and ".join(said), "See below", "#troubles")


def _waiting(visit: Visit, conn: Connection) -> Iterator[Line]:
    found = waiting.decisions(conn)
    if found.count and found.oldest:
        oldest = instant(found.oldest, visit.desk.office.zone).striptags()
        words = f"{found.count} saved, not yet applied, the oldest of {oldest}"
        state = State.LATE if visit.desk.pulse.normal else State.STOPPED
        yield Line("Decisions", state, words, "Applied when processing resumes")
    else:
        yield Line("Decisions", State.OK, "every one is applied")
    letters = waiting.letters(conn)
    if not (letters.count and letters.oldest):
        yield Line("Letters", State.OK, "none waits to be mailed")
        return
    late = (visit.today - letters.oldest).days > LETTER_DAYS
    wait = "letter waits" if letters.count == 1 else "letters wait"
    words = f"{letters.count} {wait} to be mailed, the oldest of {day(letters.oldest)}"
    fix = "Print and mail them: python starter.py letters" if late else ""
    yield Line("Letters", State.LATE if late else State.OK, words, fix)


def _close(visit: Visit, conn: Connection) -> Line:
    days = close_overdue.overdue(conn, visit.today)
    if not days:
        return Line("Daily close", State.OK, "no day waits too long")
    words, fix = (
        close_overdue.words(days, day),
        "Close the first, then the others in order",
    )
    href = f"/close/{days[0]}"
    return Line("Daily close", State.LATE, words, fix, href, Door.MONEY)


def _next_steps(late: int) -> Line:
    if not late:
        return Line("Next steps", State.OK, "none is late")
    words = f"{late} claim{'s' if late > 1 else ''} should have moved on already"
    return Line(
        "Next steps", State.LATE, words, "See them below, and look again", "#late"
    )


# --- what the server said ------------------------------------------------------------


def _practice(visit: Visit, at: datetime) -> datetime:
    """The server keeps real time; a demo's page has the practice's."""
    return practice_now(visit.desk.office.clock(), at)


def _when(visit: Visit, at: datetime) -> str:
    return instant(_practice(visit, at), visit.desk.office.zone).striptags()


def _sweep(visit: Visit, view: Any) -> dict[str, Any]:
    return {
        "words": sweep_words(visit.desk.office, view.schedule_id),
        "trouble": view.trouble,
        "last": view.last and _practice(visit, view.last),
        "next": view.next and _practice(visit, view.next),
    }


def _shown(visit: Visit, one: Trouble, name: Named) -> dict[str, Any]:
    return {
        "one": one,
        "words": name.words,
        "href": name.href if visit.may(name.door) else "",
        "since": _practice(visit, one.since),
        "next_try": one.next_try and _practice(visit, one.next_try),
    }


ROUTES = (
    Page("GET", "/healthz", healthz, Door.PUBLIC),
    Page("GET", "/health", health, Door.SIGNED_IN),
    *health_retry.ROUTES,
)
