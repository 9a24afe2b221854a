"""Appeal: the appeal's own workflow writes, sends and waits; the claim listens
(R-APP)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife


async def appeal(life: ClaimLife) -> None:
    """Wait until the appeal is decided and, if it was won, the new 835 has posted."""
    while life.state is ClaimState.APPEAL:
        await life.wait_and_look(FollowUpActivities.follow_up)
