"""SIGKILL in the middle of two hundred claims: the books, tasks and letters are as
without.

The same files go through three installations: one runs undisturbed, in one the worker
is killed twice, in one the server is. Nobody repairs anything by hand.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from claims.calendar import at
from claims.claim import Claim, ClaimState
from ledger import balances as ledger
from records import accounts, claims, tasks
from tests.e2e.site import ZONE, Site
from tests.payer import (
    DENIED_197,
    OFFICE,
    PAID,
    PARTNER,
    PAYER_ID,
    SHARED,
    Outside,
    Patient,
    Verdict,
)

CLAIMS, PER_FILE = 200, 20
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)
PATIENTS = [Patient(n) for n in range(CLAIMS)]
Crash = Callable[[Site], Awaitable[None]]
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def verdict_of(claim: Claim) -> Verdict:
    """By member: one in ten denied, three in ten leave the patient a share."""
    number = int(claim.subscriber.person.member_id.removeprefix("EGM"))
    if number % 10 == 0:
        return DENIED_197
    return SHARED if number % 10 < 4 else PAID


async def nothing(site: Site) -> None:
    """An undisturbed run."""


async def worker_dies(site: Site) -> None:
    site.kill_worker()
    site.start_worker()


async def server_dies(site: Site) -> None:
    site.kill_server()


async def whole_story(site: Site, crash: Crash) -> dict[str, list[tuple[Any, ...]]]:
    """Import, send, accept, decide, appeal, bill; crash twice on the way."""
    outside = Outside()
    await site.open()
    site.hold_clock(FIRST, time(12))
    site.start_worker()
    sent = await to_the_payer(site, outside, crash)
    await site.until("acceptance", lambda: all_in(site, ClaimState.ACCEPTED))
    site.kill_worker(signal.SIGTERM)
    site.hold_clock(SECOND, time(17, 30))
    site.moment = at(FIRST, time(13), ZONE)  # so that statements are due by now
    site.start_worker()
    await decided(site, outside, sent, crash)
    await appealed(site)
    return books(site)


def all_in(site: Site, *states: ClaimState) -> bool:
    found = site.states()
    return sum(found[s] for s in states) == CLAIMS


def past(site: Site, share: int, *states: ClaimState) -> Callable[[], bool]:
    """More than ``share`` claims are in these states."""
    return lambda: sum(site.states()[s] for s in states) > share


async def to_the_payer(site: Site, outside: Outside, crash: Crash) -> list[Claim]:
    """Covered, charged, scrubbed (here it crashes), sent and accepted."""
    site.drop(PARTNER, "271.edi", outside.coverage(PATIENTS))
    await site.sweep("receive", PARTNER)
    await site.until("the 271", lambda: not inbound(site, PARTNER))
    site.drop(OFFICE, "charges.837", outside.charges(PATIENTS))
    await site.sweep("receive", OFFICE)
    await site.until("a third of the claims", past(site, CLAIMS // 3, ClaimState.READY))
    assert not all_in(site, ClaimState.READY), "the crash comes in the middle"
    await crash(site)
    await site.until("claims to be ready", lambda: all_in(site, ClaimState.READY))
    await site.sweep("submit", PAYER_ID)
    await site.until("the batch", lambda: all_in(site, ClaimState.SUBMITTED))
    mailbox = site.office.open_mailbox(PARTNER)
    names = [n for n in mailbox.list_outbound() if n.startswith("837P")]
    assert len(names) == 1, "sent once"
    content = mailbox.read_outbound(names[0])
    sent = outside.take(content)
    site.drop(PARTNER, "999.edi", outside.receipt(content))
    site.drop(PARTNER, "277CA.edi", outside.accepted(sent))
    await site.sweep("receive", PARTNER)
    return sent


def inbound(site: Site, partner: str) -> list[str]:
    return [f.name for f in site.office.open_mailbox(partner).list_inbound()]


async def decided(
    site: Site, outside: Outside, sent: list[Claim], crash: Crash
) -> None:
    """Ten remittances in one sweep; half-way through it crashes again."""
    for start in range(0, CLAIMS, PER_FILE):
        content = outside.remittance(
            sent[start : start + PER_FILE],
            verdict_of,
            trace=f"T{start}",
            paid_on=FIRST,
        )
        site.drop(PARTNER, f"835-{start:03d}.edi", content)
    await site.sweep("receive", PARTNER)
    some = past(site, 0, ClaimState.CLOSED, ClaimState.PATIENT_BALANCE)
    await site.until("the first remittances", some)
    await crash(site)
    states = (ClaimState.CLOSED, ClaimState.PATIENT_BALANCE, ClaimState.DENIED)
    await site.until("all remittances", lambda: all_in(site, *states))
    await site.until("statements", lambda: len(books(site)["letters"]) == 60)


async def appealed(site: Site) -> None:
    """Every denial is appealed: a clerk decides and prepares, a supervisor signs."""
    for kind, decision, actor, left in (
        ("DENIAL_REVIEW", "appeal", "clerk", 20),
        ("APPEAL_PREPARE", "sent", "clerk", 0),
        ("APPEAL_PREPARE", "sent", "supervisor", 0),
    ):
        for task_id in site.waiting(kind):
            await site.decide(task_id, decision, actor)
        if left:
            await site.until(
                "appeals", lambda: len(site.waiting("APPEAL_PREPARE")) == 20
            )
    await site.until("letters", lambda: site.states()[ClaimState.APPEAL] == 20)


def books(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    """What must be the same: entries, tasks, letters, under the practice's numbers."""
    with site.office.reading() as conn:
        rows = {row.id: row for row in claims.every(conn)}
        number: dict[str | None, str] = {None: ""}
        number.update({i: r.practice_number for i, r in rows.items()})
        entries = [
            (number[i], e["entry_type"], e["amount_cents"], str(e["business_date"]))
            for i in rows
            for e in ledger.entries_of(conn, i)
        ]
        listed = [
            (number[t["claim_id"]], t["type"], t["status"], str(t["created_on"]))
            for t in tasks.listing(conn, include_closed=True)
        ]
        letters = [
            (number[x["claim_id"]], x["template"], x["status"], str(x["dated"]))
            for x in accounts.letters(conn)
        ]
        final = [(r.practice_number, r.state.value, r.next_what) for r in rows.values()]
    return {
        "ledger": sorted(entries),
        "tasks": sorted(listed),
        "letters": sorted(letters),
        "states": sorted(final),
    }


async def run(folder: Path, crash: Crash) -> dict[str, list[tuple[Any, ...]]]:
    """The whole story in an installation of its own."""
    site = Site(folder)
    try:
        return await whole_story(site, crash)
    finally:
        site.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The books of a run in which nothing happened."""
    return asyncio.run(run(tmp_path_factory.mktemp("undisturbed"), nothing))


@pytest.mark.parametrize("crash", [worker_dies, server_dies], ids=["worker", "server"])
async def test_a_crash_changes_nothing(
    crash: Crash, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    assert len(undisturbed["ledger"]) == CLAIMS + 180 * 2 + 60
    assert len(undisturbed["letters"]) == 60 + 20
    found = await run(tmp_path, crash)
    for what, expected in undisturbed.items():
        assert found[what] == expected, what
