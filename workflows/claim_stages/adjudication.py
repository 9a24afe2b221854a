"""Adjudication: ask a silent payer, answer its questions, wait for the 835 (R-FUP).

The remittance is posted in bulk by its own workflow; this stage hears of it and reads
the state R-STA-02 gave the claim.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife

STATES = (
    ClaimState.ACCEPTED,
    ClaimState.FOLLOW_UP,
    ClaimState.REMIT_HOLD,
    ClaimState.UNDERPAID,
    ClaimState.NEXT_PAYER,
    ClaimState.CREDIT,
)


async def adjudication(life: ClaimLife) -> None:
    """Follow the claim at the payer until every line is decided."""
    while life.state in STATES:
        await life.wait_and_look(FollowUpActivities.follow_up)
