"""One claim, from intake to zero balance: the table of contents of its life (§1).

Each stage is one function in ``claim_stages``: it returns at once when the claim is not
in one of its states, and otherwise acts and waits until the claim has left them. Every
state and every amount is in SQL; a run that starts reads SQL first. A closed claim's
run ends; money that arrives later starts the next one (R-STA-03).
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from claims.messages import (
        ACT_UPDATE,
        CLAIM,
        Act,
        ClaimStart,
        Decided,
    )

from workflows.claim_stages.adjudication import adjudication
from workflows.claim_stages.appeal import appeal
from workflows.claim_stages.authorization import authorization
from workflows.claim_stages.close import close
from workflows.claim_stages.coding import coding
from workflows.claim_stages.denial import denial
from workflows.claim_stages.eligibility import eligibility
from workflows.claim_stages.life import ClaimLife
from workflows.claim_stages.patient_balance import patient_balance
from workflows.claim_stages.scrub import scrub
from workflows.claim_stages.submission import submission
from workflows.waiting import TakesDecisions


@workflow.defn(name=CLAIM)
class ClaimWorkflow(TakesDecisions):
    """Follow one claim until it is closed."""

    @workflow.init
    def __init__(self, start: ClaimStart) -> None:
        """Take up the claim where the run before left it."""
        self.life = ClaimLife(start)
        self.inbox = self.life.inbox

    @workflow.run
    async def run(self, start: ClaimStart) -> str:
        """Walk the stages until the claim is closed and nothing is left to do."""
        life = self.life
        while not await close(life):
            await eligibility(life)
            await authorization(life)
            await coding(life)
            await scrub(life)
            await submission(life)
            await adjudication(life)
            await denial(life)
            await appeal(life)
            await patient_balance(life)
        return life.state.value

    @workflow.update(name=ACT_UPDATE)
    async def act(self, act: Act) -> Decided:
        """A person's stored request to hold, release or retry."""
        return await self.inbox.decide(act)

    @act.validator
    def refuse_second_act(self, act: Act) -> None:
        """Refuse an act while something else is carried out."""
        self.inbox.refuse_second(act)
