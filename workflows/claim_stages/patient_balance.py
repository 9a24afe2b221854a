"""Patient balance: the guarantor's account bills; the claim waits for zero (R-PAT)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife

STATES = (ClaimState.PATIENT_BALANCE, ClaimState.PLAN, ClaimState.COLLECTIONS)


async def patient_balance(life: ClaimLife) -> None:
    """Wait until the patient's share is paid or otherwise settled."""
    while life.state in STATES:
        await life.wait_and_look(FollowUpActivities.follow_up)
