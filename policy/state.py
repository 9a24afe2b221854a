"""The state of a claim after a posting or a decision (R-STA-02)."""

from pydantic import BaseModel, ConfigDict

from claims.claim import ClaimState
from claims.decision import Decision
from claims.money import ZERO, Usd


class StateFacts(BaseModel):
    """What R-STA-02 looks at, in its own order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open_remit_question: bool
    appeal_out: bool
    replacement_in_flight: ClaimState | None
    denied_line_without_action: bool
    contract_shortfall: bool
    another_payer_due: bool
    undecided_line: bool
    credit: Usd
    insurer_open: Usd
    plan_active: bool
    patient_due: Usd
    is_void: bool = False


def state_after(facts: StateFacts) -> Decision:
    """The first state that holds; ``action`` is its name (R-STA-02)."""
    state, reason = _first(facts)
    return Decision(action=state.value, rule="R-STA-02", reason=reason)


def _first(facts: StateFacts) -> tuple[ClaimState, str]:
    in_flight = facts.replacement_in_flight
    candidates = (
        (
            facts.open_remit_question,
            ClaimState.REMIT_HOLD,
            "a remittance question is open",
        ),
        (facts.appeal_out, ClaimState.APPEAL, "an appeal is out on an open line"),
        (in_flight is not None, in_flight, "a replacement is in flight"),
        (
            facts.denied_line_without_action,
            ClaimState.DENIED,
            "a denied line waits for an action",
        ),
        (facts.contract_shortfall, ClaimState.UNDERPAID, "paid below the contract"),
        (facts.another_payer_due, ClaimState.NEXT_PAYER, "the next payer is due"),
        (facts.undecided_line, ClaimState.ACCEPTED, "a line has no decision yet"),
        (
            facts.credit > ZERO and facts.insurer_open == ZERO,
            ClaimState.CREDIT,
            "we hold money that is not ours",
        ),
        (facts.plan_active, ClaimState.PLAN, "a payment plan is active"),
        (facts.patient_due > ZERO, ClaimState.PATIENT_BALANCE, "only the patient owes"),
        (
            facts.insurer_open > ZERO,
            ClaimState.REMIT_HOLD,
            "money is open at the payer",
        ),
    )
    for holds, state, reason in candidates:
        if holds and state is not None:
            return state, reason
    if facts.is_void:
        return ClaimState.VOIDED, "the claim was taken back"
    return ClaimState.CLOSED, "everything is zero"
