"""Scrub: every edit runs before READY, every failure is shown at once (R-SCR-01)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.scrub import ScrubActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife


async def scrub(life: ClaimLife) -> None:
    """Wait on SCRUB_FIX until no error edit is left."""
    while life.state is ClaimState.SCRUB_HOLD:
        await life.wait_and_look(ScrubActivities.scrub_claim)
