"""Denial: correct and resubmit, appeal, another payer, or write off (R-DEN-10).

No denial is closed by silence: the claim stays here until a person has decided.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife


async def denial(life: ClaimLife) -> None:
    """Wait for the decision on every denied line."""
    while life.state is ClaimState.DENIED:
        await life.wait_and_look(FollowUpActivities.follow_up)
