"""The floor: a workflow that does nothing.

No claim can cost the server less than this. Its payloads go through the same codec, its
worker has the same settings.
"""

from temporalio import workflow


@workflow.defn(name="NoOpWorkflow")
class NoOpWorkflow:
    """Five events, one workflow task."""

    @workflow.run
    async def run(self, claim_id: str) -> str:
        """Return at once."""
        return claim_id
