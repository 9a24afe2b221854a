"""Encryption, end to end: what is planted in a claim is found nowhere it must not be.

A claim with unusual words goes through denial and appeal on a server with a database
file. Then every place is searched, in several encodings; and the same search finds the
words where they may be.
"""

import base64
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from activities import denial
from claims.claim import ClaimState
from records import claims as claim_rows
from tests.payer import DENIED_197, PAID, Patient
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld, live_world
from vault.logs import install

LAST, FIRST = "QUIXZELWORTH", "XANTHIPPINE"
MEMBER = "ZZQ99817733"
DIAGNOSIS = "F43.12 stress after the warehouse fire"
NOTE = "brought the approval of Dr. Ormersbyk"
PATIENT = Patient(7, LAST, FIRST, MEMBER, ("F4312",))
PLANTED = (LAST, FIRST, MEMBER, DIAGNOSIS, NOTE, "warehouse fire", "Ormersbyk")


# --- the search ----------------------------------------------------------------------


def spellings(word: str) -> Iterator[bytes]:
    """A word as bytes: plain, two-byte, hexadecimal, base64 at each offset."""
    for text in {word, word.lower(), word.upper(), word.title()}:
        plain = text.encode()
        yield plain
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield plain.hex().encode()
        for offset in range(3):
            padded = base64.b64encode(b"\0" * offset + plain)
            # What depends on the neighbours is cut off at both ends.
            yield padded[offset and offset + 1 : -4 if len(padded) > 8 else None]


def found_in(content: bytes) -> list[str]:
    """Which of the planted words are in there."""
    return [word for word in PLANTED if any(one in content for one in spellings(word))]


def leaks(places: dict[str, bytes]) -> dict[str, list[str]]:
    """The places that hold any of them."""
    return {name: words for name, b in places.items() if (words := found_in(b))}


@pytest.mark.parametrize("word", PLANTED)
def test_the_search_finds_every_spelling(word: str) -> None:
    for text in (word, word.lower(), word.title()):
        for before in range(4):
            content = b"x" * before + text.encode() + b"yz"
            for said in (
                content,
                content.hex().encode(),
                base64.b64encode(content),
                ("p" * before + text + "q").encode("utf-16-le"),
                ("p" * before + text + "q").encode("utf-16-be"),
            ):
                assert word in found_in(b"\x00\xff" + said + b"\x01")


# --- the claim -----------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Everything that is logged, from DEBUG on, as the worker writes it."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    path = tmp_path / "worker.log"
    with path.open("w") as stream:
        install(logging.DEBUG, stream)
        yield path
        root.handlers[:], root.level = before[0], before[1]


@pytest.fixture
async def driver(tmp_path: Path, log: Path) -> AsyncIterator[Driver]:
    async with (
        live_world(tmp_path, date(2026, 3, 2), zone="America/Chicago") as running,
        running.worker(),
    ):
        yield Driver(running)


def fail_once(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An activity chokes on the claim and says on what, once; it is tried again."""
    chokes: list[str] = []
    once = denial.evidence_of

    def choke(*given: Any) -> Any:
        if not chokes:
            chokes.append("choked")
            raise ValueError(f"cannot read {FIRST} {LAST}, member {MEMBER}")
        return once(*given)

    monkeypatch.setattr(denial, "evidence_of", choke)
    return chokes


async def through_denial_and_appeal(driver: Driver) -> None:
    """Denied, appealed by two people, won, paid; people write what they know."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    reviewed = await driver.answer(
        "DENIAL_REVIEW",
        "appeal",
        evidence=f"{DIAGNOSIS}; {NOTE}",
        reason=NOTE,
        note=NOTE,
    )
    assert reviewed.status == "applied"
    await driver.answer("APPEAL_PREPARE", "sent", enclosures=NOTE)
    await driver.answer("APPEAL_PREPARE", "sent", "supervisor", enclosures=NOTE)
    assert driver.claim(PATIENT).state is ClaimState.APPEAL
    await driver.appeal_answer(PATIENT, "overturned")
    await driver.remit(claims, PAID, "T2")
    assert driver.claim(PATIENT).state is ClaimState.CLOSED


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below the folder but the mailboxes, which are the outside world."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "mailbox" not in path.relative_to(folder).parts
    }


async def seen_by_server(live: LiveWorld) -> dict[str, bytes]:
    """What the server answers of each workflow, and every file's name."""
    found: dict[str, bytes] = {}
    for workflow_id in live.workflow_ids():
        handle = live.office.temporal.get_workflow_handle(workflow_id)
        try:
            described = await handle.describe()
        except RPCError as error:  # nobody was billed, so no account was started
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue
        history = await handle.fetch_history()
        found[f"id {workflow_id}"] = workflow_id.encode()
        found[f"describe {workflow_id}"] = described.raw_description.SerializeToString()
        found[f"history {workflow_id}"] = b"".join(
            e.SerializeToString() for e in history.events
        )
    names = [p.name for p in live.office.documents.root.parent.rglob("*")]
    found["file names"] = "\n".join(names).encode()
    return found


async def test_planted_words_are_found_nowhere(
    driver: Driver,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    chokes = fail_once(monkeypatch)
    await through_denial_and_appeal(driver)
    assert chokes == ["choked"]
    assert isinstance(driver.world, LiveWorld)
    places = await seen_by_server(driver.world) | files_of(tmp_path)
    printed = capfd.readouterr()
    places["printed"] = (printed.out + printed.err).encode()
    assert leaks(places) == {}
    assert {"temporal.sqlite", "story.db", "worker.log"} <= places.keys()
    assert b"Completing activity as failed" in places["worker.log"]
    assert b"ValueError" in places["worker.log"]
    may_be_seen(driver, tmp_path)


def may_be_seen(driver: Driver, folder: Path) -> None:
    """Decrypted for somebody who may read it, and in the files to the payer."""
    office = driver.world.office
    with office.reading() as conn:
        content = claim_rows.content(conn, office.cipher, driver.claim(PATIENT).id)
    assert found_in(content.model_dump_json().encode()) == [LAST, FIRST, MEMBER]
    mailbox = b"".join(
        p.read_bytes() for p in (folder / "mailbox").rglob("*") if p.is_file()
    )
    assert found_in(mailbox) == [LAST, FIRST, MEMBER]
