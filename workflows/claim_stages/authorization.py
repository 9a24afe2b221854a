"""Authorization: a listed code needs a number that covers it (R-AUT-01, R-AUT-02)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.authorization import AuthorizationActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife


async def authorization(life: ClaimLife) -> None:
    """Wait until a number, or a recorded "not required", is on file."""
    while life.state is ClaimState.AUTH_PENDING:
        await life.wait_and_look(AuthorizationActivities.check_authorization)
