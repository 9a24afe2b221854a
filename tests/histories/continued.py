"""The stories that continue as new: on the real server, with a low suggested limit."""

import tempfile
from pathlib import Path

from temporalio.client import WorkflowHistory

from tests.histories.stories import PATIENT, START, account_of, claim_of
from tests.payer import DENIED_197, SHARED
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld, live_world
from vault.keys import KeyRing

ZONE = "America/Chicago"
LOW = "limit.historyCount.suggestContinueAsNew=20"


async def long_dispute(driver: Driver) -> None:
    """A denial that goes back and forth until a supervisor agrees."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    for answer in ("refused", "refused", "approved"):
        await driver.answer("DENIAL_REVIEW", "write_off", reason="no authorization")
        await driver.answer("WRITE_OFF_APPROVE", answer, "supervisor")


async def small_payments(driver: Driver) -> None:
    """A patient who pays a share in six parts."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, SHARED, "T1")
    for number in range(6):
        await driver.pays(PATIENT, f"R{number}", "5.00")


async def continued(ring: KeyRing) -> dict[str, WorkflowHistory]:
    """The first and the last run of a claim and of an account that went on."""
    found: dict[str, WorkflowHistory] = {}
    for story, kind, owner in (
        (long_dispute, "claim", claim_of),
        (small_payments, "account", account_of),
    ):
        with tempfile.TemporaryDirectory(prefix="history-") as place:
            async with live_world(
                Path(place), START, zone=ZONE, ring=ring, settings=[LOW]
            ) as running:
                driver = Driver(running)
                async with running.worker():
                    await story(driver)
                runs = await running.runs(owner(driver))
        found[f"{kind}/continued-first-run"] = runs[0]
        found[f"{kind}/continued-last-run"] = runs[-1]
    return found


__all__ = ["LiveWorld", "continued"]
