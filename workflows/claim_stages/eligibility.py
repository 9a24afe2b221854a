"""Eligibility: no claim goes to a plan that was not active on the day (R-ELG-01..05).

The sweep asks (270) and the claim reads the answer on file. An active answer wakes
nobody: a claim without one looks again at 08:00 of the next business day. Inactive,
unclear or AAA opens ELIG_RESOLVE with the question to ask the patient.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.eligibility import EligibilityActivities
    from claims.claim import ClaimState

from workflows.claim_stages.life import ClaimLife

STATES = (ClaimState.INTAKE, ClaimState.ELIG_HOLD)


async def eligibility(life: ClaimLife) -> None:
    """Wait until coverage on the date of service is known to be active."""
    if life.state is ClaimState.INTAKE:
        await life.look(EligibilityActivities.check_eligibility)
    while life.state in STATES:
        await life.wait_and_look(EligibilityActivities.check_eligibility)
