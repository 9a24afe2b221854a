"""Close: the run ends at zero, when nothing is left unread (R-CLO-01).

The last check has no await after it, so news that arrives while the run completes makes
the server repeat this step instead of being lost; reading the claim again is harmless.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.followup import FollowUpActivities

from workflows.claim_stages.life import ClaimLife
from workflows.waiting import Wake


async def close(life: ClaimLife) -> bool:
    """Whether the claim is closed and its run may end now."""
    while not life.state.is_open:
        wake = life.inbox.woken()
        if wake is Wake.DECISION:
            await life.decide()
        elif wake is Wake.NEWS:
            await life.look(FollowUpActivities.follow_up)
        elif life.inbox.is_quiet:
            return True
        else:
            await life.inbox.settle()
    return False
