"""Submission: the outbox, the payer's batch, acceptance or rejection (R-SUB, R-ACK).

The batch workflow sends and watches for all its claims; an acceptance only changes SQL.
This stage's own timer is armed no later than the first status inquiry can be due, so an
acceptance never has to wake the claim. A rejection is news: REJECT_FIX. Silence is
news: LOST_CLAIM.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife

STATES = (
    ClaimState.READY,
    ClaimState.CORRECTING,
    ClaimState.SUBMITTED,
    ClaimState.REJECTED,
)


async def submission(life: ClaimLife) -> None:
    """Wait until the payer has the claim, refuses it, or decides it."""
    while life.state in STATES:
        await life.wait_and_look(FollowUpActivities.follow_up)
