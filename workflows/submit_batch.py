"""Send one payer's outbox as one 837P and watch it until every claim is answered.

Takes the queued claims, writes the interchange (pyx12 must accept it), uploads it, then
looks at 999 (one business day), 277CA (two) and silence (day seven), after the sweeps
of that morning. Acceptances wake no claim; silence does (R-ACK-06).
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.submission import SubmissionActivities
    from claims.messages import (
        SUBMIT_BATCH,
        Look,
        Sweep,
        SweepInput,
    )

from workflows.waiting import (
    ACTIVITY_TIMEOUT,
    HEARTBEAT,
    LOCAL_TIMEOUT,
    RETRY,
    Inbox,
    TakesDecisions,
    keep,
)


@workflow.defn(name=SUBMIT_BATCH)
class SubmitBatchWorkflow(TakesDecisions):
    """One payer, one cut-off, one interchange."""

    @workflow.init
    def __init__(self, given: SweepInput | None = None) -> None:
        """Partner and time come from the id: schedules pass no argument."""
        self.id = workflow.info().workflow_id
        self.sweep = Sweep.from_workflow_id(self.id)
        self.inbox = Inbox(given.clock if given else None)

    @workflow.run
    async def run(self, given: SweepInput | None = None) -> int:
        """Take, send, watch."""
        taken = await workflow.execute_local_activity_method(
            SubmissionActivities.take_outbox,
            args=[self.id, self.sweep.partner, self.sweep.at],
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=RETRY,
        )
        if not taken:
            return 0
        await workflow.execute_activity_method(
            SubmissionActivities.send_batch,
            args=[self.id, self.sweep.at],
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )
        await keep(self.inbox, self._look)
        return taken

    async def _look(self) -> Look:
        return await workflow.execute_activity_method(
            SubmissionActivities.watch_batch,
            args=[self.id, self.inbox.now()],
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )
