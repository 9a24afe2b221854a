"""A hundred and twenty days in seconds: on no evening is the claim forgotten."""

from collections import Counter
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from activities.running import view
from claims.calendar import at
from claims.claim import ClaimState
from claims.money import usd
from edi.x276 import StatusAnswer, read_status_inquiries, write_status_answers
from ledger.balances import balances
from records import accounts, events, tasks
from records.claims import ClaimRow
from tests.payer import BILLING_NPI, EDI_ID, NAME, PARTNER, SHARED, Patient
from tests.scenarios.driver import Driver
from tests.scenarios.world import world

START = date(2026, 3, 2)
PATIENT = Patient(1)
DECIDED = START + timedelta(36)
LAST = START + timedelta(120)
SWEEPS, CUT_OFF, DAY_END = time(8, 40), time(17, 1), time(23, 30)


def not_forgotten(driver: Driver, today: date) -> str:
    """What keeps the claim alive tonight; "" when it is forgotten (promise 1)."""
    row = driver.claim(PATIENT)
    with driver.world.office.reading() as conn:
        waiting = tasks.waiting(conn, claim_id=row.id)
    if any(t["role"] and t["due_on"] for t in waiting):
        return "task"
    if row.next_due is None or row.next_due <= today or not row.waiting_for:
        return ""
    return str(row.next_owner)


def identity_holds(driver: Driver, row: ClaimRow) -> bool:
    """Promise 2, on the same evening."""
    with driver.world.office.reading() as conn:
        money = balances(conn, [row.id])[row.id]
    return money.difference() == 0 and not money.below_zero()


async def the_day(driver: Driver, today: date, asked: list[date]) -> None:
    """Sweeps of one day; a status inquiry is answered with *pending*."""
    await driver.day(today, SWEEPS)
    await driver.world.inquire("276")
    mailbox = driver.world.office.open_mailbox(PARTNER)
    for name in mailbox.list_outbound():
        if name.startswith("276-") and name not in driver.read:
            driver.read.add(name)
            asked.append(today)
            content = pending(driver, mailbox.read_outbound(name))
            await driver.bring(PARTNER, "277", content)
    await driver.day(today, CUT_OFF)
    await driver.day(today, DAY_END)


def pending(driver: Driver, content: bytes) -> bytes:
    """A 277 that says P1:20 of everything that was asked."""
    answers = [
        StatusAnswer(
            trace=one.trace,
            pcn=one.pcn,
            category="P1",
            status="20",
            charge=usd("200.00"),
            payment_date=None,
        )
        for one in read_status_inquiries(content)
    ]
    return write_status_answers(
        answers,
        driver.outside._envelope(),
        payer_name=NAME,
        payer_edi_id=EDI_ID,
        provider_npi=BILLING_NPI,
    )


async def test_a_claim_lives_through_120_days(tmp_path: Path) -> None:
    """Silence, three status inquiries, payment, letters, and the patient pays."""
    kept: Counter[str] = Counter()
    asked: list[date] = []
    async with world(tmp_path, START, zone="America/Chicago") as running:
        driver = Driver(running)
        await driver.day(START)
        sent = await driver.to_payer(PATIENT)
        today = START
        while today < LAST:
            await the_day(driver, today, asked)
            if today == DECIDED:
                await driver.remit(sent, SHARED, "T1")
            row = driver.claim(PATIENT)
            assert row.state.is_open
            keeper = not_forgotten(driver, today)
            assert keeper, f"{today}: {row.state} {row.next_what} {row.next_due}"
            assert identity_holds(driver, row)
            assert row.next_at is None or row.next_at > at(
                today, DAY_END, running.office.zone
            )
            assert await has_timer(driver, row, keeper), f"{today}: {keeper}"
            kept[keeper] += 1
            today += timedelta(1)
        await driver.day(LAST)
        await driver.pays(PATIENT, "R1", "30.00")
        assert driver.claim(PATIENT).state is ClaimState.CLOSED
        assert letters_of(driver) == ["STMT_1", "STMT_2", "STMT_PAST_DUE"]
        assert [(d - START).days for d in asked] == [14, 24, 35]
        assert rules_said(driver) >= {"R-FUP-01", "R-STA-02", "R-PAT-01"}
    assert kept["claim"] >= 30, kept
    assert kept["account"] >= 80, kept


async def has_timer(driver: Driver, row: ClaimRow, keeper: str) -> bool:
    """The owner of the step runs, and its timer fires no later than that day."""
    if keeper not in ("claim", "account"):
        return True
    owner = f"claim-{row.id}" if keeper == "claim" else str(row.next_owner_id)
    assert row.next_due is not None
    office = driver.world.office
    latest = driver.world.clock.instant(at(row.next_due, DAY_END, office.zone))
    seen = await view(office.temporal, owner)
    return seen.runs and seen.waits_until(latest)


def letters_of(driver: Driver) -> list[str]:
    with driver.world.office.reading() as conn:
        sent = accounts.statements_of_claim(conn, driver.claim(PATIENT).id)
    return [s["template"] for s in sent]


def rules_said(driver: Driver) -> set[Any]:
    """Promise 3: the rules that decided stand in the claim's story."""
    with driver.world.office.reading() as conn:
        return {e["rule"] for e in events.of_claim(conn, driver.claim(PATIENT).id)}
