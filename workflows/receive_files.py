"""One sweep of one mailbox: each file registered, read, routed; then the news is told.

A file ends as posted, routed or quarantined with a reason. One bad file never stops the
next. News that an earlier sweep could not tell is told again.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.files import FileActivities
    from claims.messages import RECEIVE_FILES, Sweep, SweepInput

from workflows.waiting import ACTIVITY_TIMEOUT, HEARTBEAT, RETRY


@workflow.defn(name=RECEIVE_FILES)
class ReceiveFilesWorkflow:
    """One partner, one look into its mailbox."""

    @workflow.run
    async def run(self, given: SweepInput | None = None) -> int:
        """Take in every settled file; how many there were."""
        sweep = Sweep.from_workflow_id(workflow.info().workflow_id)
        count = await workflow.execute_activity_method(
            FileActivities.receive_files,
            args=[sweep.partner, sweep.at],
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )
        await workflow.execute_activity_method(
            FileActivities.pass_on,
            sweep.at,
            start_to_close_timeout=ACTIVITY_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
        )
        return count
