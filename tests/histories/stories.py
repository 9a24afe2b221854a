"""One short story for each way a workflow can end; ``record.py`` plays them.

A story calls ``keep(ending, workflow_id)`` at the moment the newest run of that
workflow has ended so.
"""

from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta

from claims.messages import (
    account_workflow_id,
    appeal_workflow_id,
    claim_workflow_id,
    remittance_workflow_id,
)
from claims.money import usd
from records import accounts, remittances
from tests.payer import DENIED_197, OFFICE, PAID, PARTNER, SHARED, Patient, Verdict
from tests.scenarios.driver import PAYER_ID, Driver

START = date(2026, 3, 2)
PATIENT = Patient(1)
DENIED_16 = Verdict(paid=usd("0.00"), denied="16", rarcs=("N290",))

Keep = Callable[[str, str], Awaitable[None]]
Story = Callable[[Driver, Keep], Awaitable[None]]


def claim_of(driver: Driver) -> str:
    """The workflow of the story's claim."""
    return claim_workflow_id(driver.claim(PATIENT).id)


def appeal_of(driver: Driver) -> str:
    """The workflow of its newest appeal."""
    with driver.world.office.reading() as conn:
        found = accounts.appeals_of(conn, driver.claim(PATIENT).id)
    return appeal_workflow_id(found[-1]["id"])


def account_of(driver: Driver) -> str:
    """The workflow of its guarantor's account."""
    return account_workflow_id(driver.claim(PATIENT).account_id)


def remittance_of(driver: Driver, trace: str) -> str:
    """The workflow of the remittance with this trace."""
    with driver.world.office.reading() as conn:
        listed = remittances.listing(conn)
    return remittance_workflow_id(next(r["id"] for r in listed if r["trace"] == trace))


def sweep_of(driver: Driver, job: str) -> str:
    """The newest sweep of a job."""
    return next(i for i in reversed(driver.world.started) if i.startswith(job))


async def paid(driver: Driver, keep: Keep) -> None:
    """Paid in full: nobody was asked anything."""
    claims = await driver.to_payer(PATIENT)
    await keep("receive/files", sweep_of(driver, "receive"))
    await driver.remit(claims, PAID, "T1")
    await keep("claim/closed-paid", claim_of(driver))
    await keep("remittance/posted", remittance_of(driver, "T1"))
    await driver.day(START + timedelta(2))
    await keep("batch/all-acknowledged", sweep_of(driver, "submit"))


async def asked_first(driver: Driver, keep: Keep) -> None:
    """No 271 on file: a 270 goes out, the claim reads the answer next morning."""
    await driver.bring(OFFICE, "charges", driver.outside.charges([PATIENT]))
    await driver.world.inquire("270")
    await keep("inquiry/sent", sweep_of(driver, "inquire270"))
    await driver.bring(PARTNER, "271", driver.outside.coverage([PATIENT]))
    await driver.day(START + timedelta(1))
    claims = await driver.accept(await driver.send())
    await driver.remit(claims, PAID, "T1")
    await keep("claim/closed-paid-after-270", claim_of(driver))


async def nothing_to_do(driver: Driver, keep: Keep) -> None:
    """Sweeps that find nothing."""
    for job, partner, ending in (
        ("receive", PARTNER, "receive/empty"),
        ("submit", PAYER_ID, "batch/nothing-to-send"),
        ("inquire276", PAYER_ID, "inquiry/nothing-due"),
    ):
        await driver.world.sweep(job, partner)
        await keep(ending, sweep_of(driver, job))


async def patient_pays(driver: Driver, keep: Keep) -> None:
    """The patient's share is billed once and paid."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, SHARED, "T1")
    await driver.day(START + timedelta(3))
    await driver.pays(PATIENT, "R1", "30.00")
    await keep("claim/closed-by-patient", claim_of(driver))
    await keep("account/paid", account_of(driver))


async def never_pays(driver: Driver, keep: Keep) -> None:
    """Four letters, then a supervisor writes the balance off."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, SHARED, "T1")
    await driver.day(START + timedelta(125), time(18))
    await driver.answer("COLLECTIONS_APPROVE", "write_off", "supervisor", reason="old")
    await keep("account/written-off", account_of(driver))
    await keep("claim/closed-bad-debt", claim_of(driver))


async def replaced(driver: Driver, keep: Keep) -> None:
    """Denied for a wrong value, corrected, replaced (frequency 7), paid."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_16, "T1")
    fix = {"field": "2310B NM109", "new_value": "1900000039"}
    await driver.answer("CORRECT_CLAIM", "corrected_freq_7", **fix)
    claims = await driver.accept(await driver.send())
    await driver.remit(claims, PAID, "T2")
    await keep("claim/closed-after-replacement", claim_of(driver))


async def appeal_won(driver: Driver, keep: Keep) -> None:
    """Denied, appealed by two people, overturned, paid."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.appeal_sent()
    await driver.appeal_answer(PATIENT, "overturned")
    await driver.remit(claims, PAID, "T2")
    await keep("appeal/won", appeal_of(driver))
    await keep("claim/closed-after-appeal", claim_of(driver))


async def appeal_lost(driver: Driver, keep: Keep) -> None:
    """Upheld; a clerk accepts it, a supervisor approves the write-off."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.appeal_sent()
    await driver.appeal_answer(PATIENT, "upheld")
    await driver.answer("APPEAL_DECISION", "accept")
    await keep("appeal/lost", appeal_of(driver))
    await driver.answer("WRITE_OFF_APPROVE", "approved", "supervisor")
    await keep("claim/closed-after-lost-appeal", claim_of(driver))


async def appeal_late(driver: Driver, keep: Keep) -> None:
    """The payer is late; a clerk asks; then it pays without an answer."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.appeal_sent()
    await driver.day(START + timedelta(40))
    await driver.answer("APPEAL_FOLLOW_UP", "wait_until")
    await driver.remit(claims, PAID, "T2")
    await keep("appeal/overtaken-when-sent", appeal_of(driver))
    await keep("claim/closed-while-appealed", claim_of(driver))


async def appeal_waived(driver: Driver, keep: Keep) -> None:
    """The clerk gives the appeal up before it is sent."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.answer("DENIAL_REVIEW", "appeal")
    await driver.answer("APPEAL_PREPARE", "waived", reason="not worth it")
    await keep("appeal/waived", appeal_of(driver))


async def appeal_overtaken(driver: Driver, keep: Keep) -> None:
    """The payer pays while the letter is still being written."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.answer("DENIAL_REVIEW", "appeal")
    await driver.remit(claims, PAID, "T2")
    await keep("appeal/overtaken-when-preparing", appeal_of(driver))


async def written_off(driver: Driver, keep: Keep) -> None:
    """Denied; a clerk asks for a write-off, a supervisor approves it."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.answer("DENIAL_REVIEW", "write_off", reason="no authorization")
    await driver.answer("WRITE_OFF_APPROVE", "approved", "supervisor")
    await keep("claim/closed-write-off", claim_of(driver))


async def reopened(driver: Driver, keep: Keep) -> None:
    """Closed; the patient pays too much; the next run ends when that is given back."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, PAID, "T1")
    await keep("claim/reopened-run-1", claim_of(driver))
    await driver.pays(PATIENT, "R1", "12.00")
    await driver.answer("CREDIT_REVIEW", "refund", "poster", owner="patient")
    await driver.answer("REFUND_APPROVE", "approved", "supervisor")
    await driver.refunded(PATIENT, "RF1", "12.00")
    await keep("claim/reopened-run-2", claim_of(driver))


async def silent(driver: Driver, keep: Keep) -> None:
    """No 277CA by day seven: the batch ends, the claim is looked for and resent."""
    await driver.visit(PATIENT)
    await driver.send()
    await keep_when_silent(driver, keep)
    await driver.answer("LOST_CLAIM", "resend_as_original")
    claims = await driver.accept(await driver.send())
    await driver.remit(claims, PAID, "T1")
    await keep("claim/closed-after-lost", claim_of(driver))


async def keep_when_silent(driver: Driver, keep: Keep) -> None:
    """Seven days without a word."""
    batch = sweep_of(driver, "submit")
    await driver.day(START + timedelta(8))
    await keep("batch/silent", batch)


async def suspended(driver: Driver, keep: Keep) -> None:
    """The 835 does not add up; a poster asks for another, which posts."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, PAID, "T1", off_by=usd("1.00"))
    await driver.answer("ERA_UNBALANCED", "replacement_requested", "poster")
    await keep("remittance/suspended-then-replaced", remittance_of(driver, "T1"))
    await driver.remit(claims, PAID, "T1")
    await keep("claim/closed-after-suspended-835", claim_of(driver))


async def paid_twice(driver: Driver, keep: Keep) -> None:
    """A second payment for a closed claim would break the ledger: it waits."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, PAID, "T1")
    await driver.remit(claims, PAID, "T2")
    await driver.answer("ERA_UNBALANCED", "replacement_requested", "poster")
    await keep("remittance/more-than-is-open", remittance_of(driver, "T2"))


async def unmatched(driver: Driver, keep: Keep) -> None:
    """The 835 pays a claim nobody here knows; it goes back."""
    claims = await driver.to_payer(PATIENT)
    stranger = claims[0].model_copy(update={"pcn": "NOTOURS"})
    await driver.remit([stranger], PAID, "T1")
    await driver.answer("ERA_UNMATCHED_CLAIM", "not_ours_return", "poster")
    await keep("remittance/unmatched-returned", remittance_of(driver, "T1"))


STORIES: tuple[Story, ...] = (
    paid,
    asked_first,
    nothing_to_do,
    patient_pays,
    never_pays,
    replaced,
    appeal_won,
    appeal_lost,
    appeal_late,
    appeal_waived,
    appeal_overtaken,
    written_off,
    reopened,
    silent,
    suspended,
    paid_twice,
    unmatched,
)
