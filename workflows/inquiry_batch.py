"""Ask one payer everything that is due: eligibility (270) or claim status (276).

Takes the due inquiries, writes one interchange, uploads it. Answers come with the
mailbox sweep; each claim keeps the date by which it wants one.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.inquiry import InquiryActivities
    from claims.messages import INQUIRY_BATCH, Sweep, SweepInput

from workflows.waiting import ACTIVITY_TIMEOUT, HEARTBEAT, LOCAL_TIMEOUT, RETRY


@workflow.defn(name=INQUIRY_BATCH)
class InquiryBatchWorkflow:
    """One payer, one kind of question, one interchange."""

    @workflow.run
    async def run(self, given: SweepInput | None = None) -> int:
        """Take and send; how many questions went out."""
        batch_id = workflow.info().workflow_id
        sweep = Sweep.from_workflow_id(batch_id)
        taken = await workflow.execute_local_activity_method(
            InquiryActivities.take_inquiries,
            args=[batch_id, sweep.job[-3:], sweep.partner, sweep.at],
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=RETRY,
        )
        if taken:
            await workflow.execute_activity_method(
                InquiryActivities.send_inquiries,
                args=[batch_id, sweep.at],
                start_to_close_timeout=ACTIVITY_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=RETRY,
            )
        return taken
