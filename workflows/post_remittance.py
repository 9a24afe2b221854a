"""Post one 835 transaction set: all of it in one SQL transaction, or nothing
(R-ERA-05).

Then tell every touched claim once. An unbalanced or conflicting set waits here with a
task that names the difference; an unknown claim in it waits with a task of its own.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.remittance import RemittanceActivities
    from claims.messages import (
        POST_REMITTANCE,
        Look,
        RemittanceStart,
    )

from workflows.waiting import (
    ACTIVITY_TIMEOUT,
    HEARTBEAT,
    RETRY,
    Inbox,
    TakesDecisions,
    keep,
)


@workflow.defn(name=POST_REMITTANCE)
class PostRemittanceWorkflow(TakesDecisions):
    """Carry one remittance from the file to posted, with nothing left to ask."""

    @workflow.init
    def __init__(self, start: RemittanceStart) -> None:
        """One transaction set, one run: its id is never used twice."""
        self.start = start
        self.inbox = Inbox(start.clock)
        self.first = True

    @workflow.run
    async def run(self, start: RemittanceStart) -> str:
        """Post, tell, and wait for answers to what could not be posted."""
        await keep(self.inbox, self._look)
        return "done"

    async def _look(self) -> Look:
        now = self.start.at if self.first else self.inbox.now()
        self.first = False  # the day's sweep dates the posting, not the clock
        return await workflow.execute_activity_method(
            RemittanceActivities.post_remittance,
            args=[self.start.remittance_id, now],
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )
