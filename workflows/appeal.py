"""Appeal one denied claim at one level, until the payer decides or the window closes.

Decide (policy/appeal.py) -> draft (letters/) -> a clerk prepares, a supervisor signs ->
send -> wait for the payer or the decide-by date -> tell the claim. Only a second
person's approval can send a letter (R-APP-03). Not a child of the claim: the server
ends children when their parent continues as new.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appeal import AppealActivities
    from claims.messages import (
        APPEAL,
        AppealStart,
        Look,
    )

from workflows.waiting import LOCAL_TIMEOUT, RETRY, Inbox, TakesDecisions, keep


@workflow.defn(name=APPEAL)
class AppealWorkflow(TakesDecisions):
    """Carry one appeal from the decision to appeal to the payer's answer."""

    @workflow.init
    def __init__(self, start: AppealStart) -> None:
        """One appeal, one run: its id is never used twice."""
        self.start = start
        self.inbox = Inbox(start.clock)

    @workflow.run
    async def run(self, start: AppealStart) -> str:
        """Look, wait, look again, until the appeal is over."""
        await keep(self.inbox, self._look)
        return "over"

    async def _look(self) -> Look:
        return await workflow.execute_local_activity_method(
            AppealActivities.look_at_appeal,
            args=[self.start.appeal_id, self.inbox.now()],
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=RETRY,
        )
