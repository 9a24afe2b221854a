"""Another plan is first: asked before it is billed, then the earlier one as second."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from claims.adjustment import Adjustment
from claims.claim import ClaimState
from claims.money import ZERO, usd
from edi.x270 import (
    CoverageAnswer,
    read_eligibility_inquiries,
    write_eligibility_answers,
)
from edi.x837 import read_claims
from ledger.balances import Balances, balances
from records import accounts
from tests.payer import BILLING_NPI, PARTNER, SHARED, Patient, Verdict
from tests.scenarios.driver import Driver
from tests.scenarios.world import world

PATIENT = Patient(1)
OTHER_FIRST = Verdict(paid=ZERO, denied="22", rarcs=("MA92",))
ORDER = {"order": "P-EASTGATE, P-NORTHLAKE", "member_id": "EGM9"}


@pytest.fixture
async def denied(tmp_path: Path) -> AsyncIterator[Driver]:
    """Denied because another plan pays first."""
    async with world(tmp_path, date(2026, 3, 2), zone="America/Chicago") as running:
        driver = Driver(running)
        await driver.remit(await driver.to_payer(PATIENT), OTHER_FIRST, "T1")
        yield driver


async def answer_coverage(driver: Driver, eb01: str) -> None:
    """The new first plan answers the 270."""
    await driver.world.inquire("270")
    mailbox = driver.world.office.open_mailbox(PARTNER)
    name = next(n for n in mailbox.list_outbound() if n.startswith("270-P-EASTGATE"))
    (asked,) = read_eligibility_inquiries(mailbox.read_outbound(name))
    answer = CoverageAnswer(trace=asked.trace, member_id=asked.member_id, eb01=eb01)
    content = write_eligibility_answers(
        [answer],
        driver.outside._envelope(),
        payer_name="PLAN",
        payer_edi_id=asked.payer_edi_id,
        provider_npi=BILLING_NPI,
    )
    await driver.bring(PARTNER, "271", content)


def money(driver: Driver) -> Balances:
    with driver.world.office.reading() as conn:
        claim_id = driver.claim(PATIENT).id
        return balances(conn, [claim_id])[claim_id]


async def test_the_patient_is_asked_and_not_billed(denied: Driver) -> None:
    assert denied.waiting() == ["COB_UPDATE"]
    with denied.world.office.reading() as conn:
        letters = accounts.letters(conn, claim_id=denied.claim(PATIENT).id)
    assert [r["template"] for r in letters] == ["PATIENT_COB_QUESTION"]
    assert money(denied).patient_due == ZERO


async def test_a_plan_that_is_not_active_is_not_billed(denied: Driver) -> None:
    await denied.answer("COB_UPDATE", "new_order", **ORDER)
    assert denied.claim(PATIENT).next_what == "COB_271"
    await answer_coverage(denied, "6")
    assert denied.waiting() == ["COB_UPDATE"]
    await denied.world.cut_off()
    sent = denied.world.office.open_mailbox(PARTNER).list_outbound()
    assert [n for n in sent if n.startswith("837P-P-EASTGATE")] == []


async def test_an_order_that_changes_nothing_is_refused(denied: Driver) -> None:
    same = {**ORDER, "order": "P-NORTHLAKE, P-EASTGATE"}
    given = await denied.answer("COB_UPDATE", "new_order", **same)
    assert given.status == "refused"
    assert denied.claim(PATIENT).state is ClaimState.DENIED


async def test_the_second_claim_carries_what_the_first_plan_decided(
    denied: Driver,
) -> None:
    await denied.answer("COB_UPDATE", "new_order", **ORDER)
    await answer_coverage(denied, "1")
    first = await denied.accept(await denied.send())
    assert (first[0].payer.edi_id, first[0].subscriber.sequence) == ("99004", "P")

    await denied.remit(first, SHARED, "T2")
    assert money(denied).patient_due == ZERO
    assert denied.claim(PATIENT).state is ClaimState.NEXT_PAYER

    await denied.day(date(2026, 3, 3))
    (second,) = [c.claim for c in read_claims(await denied.send()).claims]
    assert (second.payer.edi_id, second.subscriber.sequence) == ("99001", "S")
    (decision,) = second.lines[0].decisions
    assert decision.paid + sum((a.amount for a in decision.adjustments), ZERO) == usd(
        "200.00"
    )
    assert Adjustment(group="PR", carc="2", amount=usd("30.00")) in decision.adjustments
