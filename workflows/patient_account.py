"""One guarantor's account: statements and reminders until nothing is due (R-PAT).

Every look computes from SQL which claims may be billed today, what step each is at and
when the next letter is due; a payment, a new balance or a hold is news. Ends at zero
and starts again with the next balance.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.patient import PatientActivities
    from claims.messages import (
        PATIENT_ACCOUNT,
        AccountStart,
        Look,
    )

from workflows.waiting import LOCAL_TIMEOUT, RETRY, Inbox, TakesDecisions, keep


@workflow.defn(name=PATIENT_ACCOUNT)
class PatientAccountWorkflow(TakesDecisions):
    """Bill a guarantor kindly, from the first patient balance to zero."""

    @workflow.init
    def __init__(self, start: AccountStart) -> None:
        """Take up the account where the run before left it."""
        self.start = start
        self.inbox = Inbox(start.clock, start.seen, start.applied)

    @workflow.run
    async def run(self, start: AccountStart) -> str:
        """Look, wait, look again, until the guarantor owes nothing."""
        await keep(self.inbox, self._look, self._continue_as_new)
        return "zero"

    async def _look(self) -> Look:
        return await workflow.execute_local_activity_method(
            PatientActivities.look_at_account,
            args=[self.start.account_id, self.inbox.now()],
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=RETRY,
        )

    def _continue_as_new(self) -> None:
        workflow.continue_as_new(
            self.start.model_copy(
                update={
                    "seen": tuple(self.inbox.seen)[-500:],
                    "applied": tuple(self.inbox.applied)[-500:],
                }
            )
        )
