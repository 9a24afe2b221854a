"""Documentation and coding: signed note, approved codes (R-COD-01).

Codes of an imported claim count as approved by their source; a claim without diagnosis
or with an unsigned note opens CODE_REVIEW.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.coding import CodingActivities
    from activities.scrub import ScrubActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife

APPROVED = "SCRUB"


async def coding(life: ClaimLife) -> None:
    """Wait until documentation and codes are approved, then go on to the edits."""
    if life.state is ClaimState.CODING:
        await life.look(CodingActivities.check_documentation)
    while life.state is ClaimState.CODING:
        if life.step.what == APPROVED:
            await life.look(ScrubActivities.scrub_claim)
        else:
            await life.wait_and_look(CodingActivities.check_documentation)
