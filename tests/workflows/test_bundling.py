"""A modifier that unbundles needs the note behind it (R-COD-05, R-DEN-06)."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from claims.claim import ClaimState
from claims.money import ZERO
from edi.x837 import read_claims
from tests.payer import PAID, Patient, Verdict
from tests.scenarios.driver import Driver
from tests.scenarios.world import world

PATIENT = Patient(1)
BUNDLED = Verdict(paid=ZERO, denied="97", rarcs=("M15",))
CHANGE = {"field": "2400/1 SV101-3", "new_value": "25"}


@pytest.fixture
async def denied(tmp_path: Path) -> AsyncIterator[Driver]:
    """A claim whose service was called part of another."""
    async with world(tmp_path, date(2026, 3, 2), zone="America/Chicago") as running:
        driver = Driver(running)
        await driver.remit(await driver.to_payer(PATIENT), BUNDLED, "T1")
        yield driver


async def test_a_coder_decides_and_the_note_must_support_the_modifier(
    denied: Driver,
) -> None:
    assert denied.task("DENIAL_REVIEW")["role"] == "coder"
    without = await denied.answer("DENIAL_REVIEW", "correct_freq_7", "coder", **CHANGE)
    assert without.status == "refused"
    assert denied.claim(PATIENT).state is ClaimState.DENIED

    supported = {**CHANGE, "note_supports_separate_EM": "true"}
    given = await denied.answer("DENIAL_REVIEW", "correct_freq_7", "coder", **supported)
    assert given.status == "applied", given.words
    (sent,) = [c.claim for c in read_claims(await denied.send()).claims]
    assert (sent.frequency, sent.lines[0].modifiers) == ("7", ("25",))


async def test_a_pair_that_is_never_paid_apart_takes_no_modifier(
    denied: Driver,
) -> None:
    pair = {"pair": "20610/99213", "note_supports_separate_EM": "true"}
    form = {**CHANGE, **pair, "modifier_indicator": "0"}
    given = await denied.answer("DENIAL_REVIEW", "correct_freq_7", "coder", **form)
    assert given.status == "refused"
    assert "20610/99213 lets no modifier separate it" in given.words
    assert denied.claim(PATIENT).state is ClaimState.DENIED

    allowed = form | {"modifier_indicator": "1"}
    given = await denied.answer("DENIAL_REVIEW", "correct_freq_7", "coder", **allowed)
    assert given.status == "applied", given.words


async def test_the_correction_that_is_paid_proposes_a_rule_of_the_payer(
    denied: Driver,
) -> None:
    supported = {**CHANGE, "note_supports_separate_EM": "true"}
    await denied.answer("DENIAL_REVIEW", "correct_freq_7", "coder", **supported)
    await denied.remit(await denied.accept(await denied.send()), PAID, "T2")
    assert denied.waiting() == ["PAYER_RULE_UPDATE"]
    assert denied.claim(PATIENT).state is ClaimState.CLOSED

    given = await denied.answer(
        "PAYER_RULE_UPDATE", "rule_added", "supervisor", rule="25 on the visit"
    )
    assert given.status == "applied", given.words
    assert denied.waiting() == []
