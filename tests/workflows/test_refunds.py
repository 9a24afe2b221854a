"""Money goes back only after a second person approved it, and once (R-REF-02)."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from claims.claim import ClaimState
from claims.money import usd
from ledger.accounts import EntryType
from ledger.balances import balances, entries_of
from records import accounts, tasks
from tests.payer import PAID, Patient
from tests.scenarios.driver import Driver
from tests.scenarios.world import world

START = date(2026, 3, 2)
PATIENT = Patient(1)


@pytest.fixture
async def owing(tmp_path: Path) -> AsyncIterator[Driver]:
    """A paid claim whose patient paid 12.00 too much."""
    async with world(tmp_path, START, zone="America/Chicago") as running:
        driver = Driver(running)
        await driver.remit(await driver.to_payer(PATIENT), PAID, "T1")
        await driver.pays(PATIENT, "R1", "12.00")
        yield driver


def refunds(driver: Driver) -> list[int]:
    with driver.world.office.reading() as conn:
        found = entries_of(conn, driver.claim(PATIENT).id)
    kind = EntryType.REFUND_PATIENT.value
    return [e["amount_cents"] for e in found if e["entry_type"] == kind]


async def test_the_one_who_asks_may_not_approve(owing: Driver) -> None:
    await owing.answer("CREDIT_REVIEW", "refund", "supervisor", owner="patient")
    own = await owing.answer("REFUND_APPROVE", "approved", "supervisor")
    assert (own.status, refunds(owing)) == ("refused", [])
    assert owing.task("REFUND_APPROVE")["status"] == "open"


async def test_an_approved_refund_posts_once_when_it_has_been_sent(
    owing: Driver,
) -> None:
    await owing.refunded(PATIENT, "RF0", "12.00")  # nobody asked: left out
    await owing.answer("CREDIT_REVIEW", "refund", "poster", owner="patient")
    await owing.refunded(PATIENT, "RF1", "12.00")  # nobody approved: left out
    assert refunds(owing) == []

    await owing.answer("REFUND_APPROVE", "approved", "supervisor")
    row = owing.claim(PATIENT)
    assert (row.state, row.next_what) == (ClaimState.CREDIT, "PATIENT_REFUND")
    await owing.refunded(PATIENT, "RF2", "12.01")  # more than was approved
    await owing.refunded(PATIENT, "RF3", "12.00")
    await owing.refunded(PATIENT, "RF3", "12.00")

    assert refunds(owing) == [1200]
    with owing.world.office.reading() as conn:
        money = balances(conn, [row.id])[row.id]
        letters = [r["template"] for r in accounts.letters(conn, claim_id=row.id)]
        held = accounts.holds(conn, None, row.account_id)
    assert (money.credit, letters, held) == (usd("0.00"), ["PATIENT_REFUND"], [])
    assert owing.claim(PATIENT).state is ClaimState.CLOSED


async def test_a_refused_refund_is_reviewed_again(owing: Driver) -> None:
    await owing.answer("CREDIT_REVIEW", "refund", "poster", owner="patient")
    await owing.answer("REFUND_APPROVE", "refused", "supervisor")
    assert owing.waiting() == ["CREDIT_REVIEW"]


async def test_an_approved_refund_that_is_not_sent_is_asked_about(
    owing: Driver,
) -> None:
    await owing.answer("CREDIT_REVIEW", "refund", "poster", owner="patient")
    await owing.answer("REFUND_APPROVE", "approved", "supervisor")
    await owing.day(date(2026, 4, 2))
    with owing.world.office.reading() as conn:
        waiting = tasks.waiting(conn, types=["REFUND_APPROVE"])
    assert [t["created_on"] for t in waiting] == [date(2026, 4, 1)]
