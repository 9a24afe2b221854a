"""R-STA-02: the state is the first that holds."""

from itertools import combinations
from typing import Any

import pytest

from claims.claim import ClaimState
from claims.money import ZERO, usd
from policy.state import StateFacts, state_after

NOTHING: dict[str, Any] = {
    "open_remit_question": False,
    "appeal_out": False,
    "replacement_in_flight": None,
    "denied_line_without_action": False,
    "contract_shortfall": False,
    "another_payer_due": False,
    "undecided_line": False,
    "credit": ZERO,
    "insurer_open": ZERO,
    "plan_active": False,
    "patient_due": ZERO,
}
# The rule's own order: what holds, and the state that follows.
CANDIDATES: tuple[tuple[dict[str, Any], ClaimState], ...] = (
    ({"open_remit_question": True}, ClaimState.REMIT_HOLD),
    ({"appeal_out": True}, ClaimState.APPEAL),
    ({"replacement_in_flight": ClaimState.SUBMITTED}, ClaimState.SUBMITTED),
    ({"denied_line_without_action": True}, ClaimState.DENIED),
    ({"contract_shortfall": True}, ClaimState.UNDERPAID),
    ({"another_payer_due": True}, ClaimState.NEXT_PAYER),
    ({"undecided_line": True}, ClaimState.ACCEPTED),
    ({"credit": usd("0.01")}, ClaimState.CREDIT),
    ({"plan_active": True}, ClaimState.PLAN),
    ({"patient_due": usd("0.01")}, ClaimState.PATIENT_BALANCE),
)


def after(**facts: Any) -> ClaimState:
    return ClaimState(state_after(StateFacts(**{**NOTHING, **facts})).action)


@pytest.mark.parametrize(("facts", "state"), CANDIDATES)
def test_r_sta_02_each_candidate_alone_gives_its_state(
    facts: dict[str, Any], state: ClaimState
) -> None:
    assert after(**facts) is state


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param(a, b, id=f"{a[1]} before {b[1]}")
        for a, b in combinations(CANDIDATES, 2)
    ],
)
def test_r_sta_02_every_candidate_beats_the_ones_after_it(
    earlier: tuple[dict[str, Any], ClaimState], later: tuple[dict[str, Any], ClaimState]
) -> None:
    assert after(**later[0], **earlier[0]) is earlier[1]


@pytest.mark.parametrize("first", range(len(CANDIDATES)))
def test_r_sta_02_a_candidate_beats_all_after_it_together(first: int) -> None:
    facts: dict[str, Any] = {}
    for held, _ in CANDIDATES[first:]:
        facts |= held
    assert after(**facts) is CANDIDATES[first][1]


@pytest.mark.parametrize(
    "state", [ClaimState.CORRECTING, ClaimState.SUBMITTED, ClaimState.ACCEPTED]
)
def test_r_sta_02_a_replacement_shows_how_far_it_is(state: ClaimState) -> None:
    assert after(replacement_in_flight=state) is state


def test_r_sta_02_credit_waits_while_the_insurer_owes() -> None:
    owing = {"credit": usd("5.00"), "insurer_open": usd("0.01")}
    assert after(**owing) is not ClaimState.CREDIT
    assert after(**owing, patient_due=usd("1.00")) is ClaimState.PATIENT_BALANCE


def test_r_clo_01_closed_needs_every_bucket_at_zero() -> None:
    assert after() is ClaimState.CLOSED
    assert after(patient_due=usd("0.01")) is not ClaimState.CLOSED
    assert after(credit=usd("0.01")) is not ClaimState.CLOSED


def test_r_clo_01_money_at_the_insurer_that_nothing_explains_is_looked_at() -> None:
    assert after(insurer_open=usd("0.01")) is ClaimState.REMIT_HOLD


def test_the_decision_names_its_rule_and_its_reason() -> None:
    decision = state_after(StateFacts(**{**NOTHING, "appeal_out": True}))
    assert decision.rule == "R-STA-02"
    assert decision.reason == "an appeal is out on an open line"
