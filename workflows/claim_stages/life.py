"""The claim as its workflow holds it: what SQL said last, and what has arrived
since."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from claims.claim import ClaimState
    from claims.messages import ClaimStart, Step

from workflows.waiting import (
    LOCAL_TIMEOUT,
    RETRY,
    Inbox,
    Wake,
    apply_decision,
    tell,
)

CheckActivity = Callable[[Any, str, datetime], Step]


class ClaimLife:
    """One run's view of a claim. ``step`` is a wake-up, not the truth: SQL is."""

    def __init__(self, start: ClaimStart) -> None:
        """Take over what the run before had seen."""
        self.start = start
        self.inbox = Inbox(start.clock, start.seen, start.applied)
        self.step = start.step or Step(state=ClaimState.INTAKE)

    @property
    def state(self) -> ClaimState:
        """The state SQL had at the last look."""
        return self.step.state

    async def look(self, check: CheckActivity) -> None:
        """Let ``check`` read SQL, act if something is due, and say what comes next."""
        self.inbox.read_news()
        step = await workflow.execute_local_activity_method(
            check,
            args=[self.start.claim_id, self.inbox.now()],
            start_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=RETRY,
        )
        await self._pass_on(step)

    async def wait_and_look(self, check: CheckActivity) -> None:
        """Wait for news, a decision or the next date, then act on it."""
        wake = await self.inbox.wait(self.step.at, self.step.what)
        if wake is Wake.DECISION:
            await self.decide()
        elif wake is Wake.CONTINUE:
            self.continue_as_new()
        else:
            await self.look(check)

    async def decide(self) -> None:
        """Carry out the decision that arrived."""
        result = await apply_decision(self.inbox)
        if result.step is not None:
            self.step = result.step

    async def _pass_on(self, step: Step) -> None:
        self.step = step
        await tell(step.tell)

    def continue_as_new(self) -> None:
        """Start the next run with what this one has seen; people never notice."""
        workflow.continue_as_new(
            self.start.model_copy(
                update={
                    "step": self.step,
                    "seen": tuple(self.inbox.seen)[-500:],
                    "applied": tuple(self.inbox.applied)[-500:],
                }
            )
        )
