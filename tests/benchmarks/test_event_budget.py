"""The event budget of a touchless claim, from the history of a real one.

Import, coverage on file, clean edits, one batch, accepted, paid in full, closed: the
real workflows and activities, encrypted, through the mailbox, on a time-skipping
server. Nobody touches it, and its own workflow may cost no more than this.
"""

from datetime import date, datetime, time
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.budget import cost_of
from benchmarks.payer import PAYER_ID, Outside, claims_in
from claims.claim import ClaimState
from claims.messages import claim_workflow_id
from records import claims as claim_rows
from records import tasks
from tests.scenarios.world import World, world
from vault.codec import ENCODING

MONDAY, TUESDAY, NEXT_WEEK = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 11)
ZONE = "America/Chicago"
MOST_EVENTS, MOST_BYTES, MOST_ACTIONS = 16, 6 * 1024, 5


async def _play(running: World) -> str:
    """One claim from charges to closed; its id."""
    outside, office = Outside(), running.office
    partner = office.partner_of(PAYER_ID)

    async def deliver(name: str, content: bytes, to: str = partner) -> None:
        await running.deliver(to, name, content)

    async def now() -> datetime:
        return await running.now()

    await running.go_to(MONDAY, time(9))
    charges = outside.charges("TOUCHLESS", 1, MONDAY)
    await deliver("271.edi", outside.coverage(charges, await now()))
    await deliver("charges.837", outside.export(charges, await now()), "office")
    await running.go_to(MONDAY, time(17))
    await running.cut_off()
    mailbox = office.open_mailbox(partner)
    (name,) = (n for n in mailbox.list_outbound() if n.startswith("837P-"))
    sent = mailbox.read_outbound(name)
    await running.go_to(TUESDAY, time(9))
    await deliver("999.edi", outside.receipt(sent, await now()))
    await deliver("277ca.edi", outside.acceptance(claims_in(sent), await now()))
    await running.go_to(NEXT_WEEK, time(9))
    await deliver("835.edi", outside.payment(claims_in(sent), await now()))
    with office.reading() as conn:
        (row,) = claim_rows.every(conn)
        assert row.state is ClaimState.CLOSED
        assert tasks.waiting(conn, claim_id=row.id) == []
    return row.id


async def _history(running: World, claim_id: str) -> list[HistoryEvent]:
    handle = running.office.temporal.get_workflow_handle(claim_workflow_id(claim_id))
    return list((await handle.fetch_history()).events)


def _payloads(event: HistoryEvent) -> list[Payload]:
    """Inputs and results of the claim and what its local activities returned."""
    started = event.workflow_execution_started_event_attributes.input.payloads
    signal = event.workflow_execution_signaled_event_attributes.input.payloads
    details = event.marker_recorded_event_attributes.details
    results = details["result"].payloads if "result" in details else []
    done = event.workflow_execution_completed_event_attributes.result.payloads
    return [*started, *signal, *results, *done]


async def test_a_touchless_claim_stays_within_the_event_budget(tmp_path: Path) -> None:
    async with world(tmp_path, MONDAY, zone=ZONE) as running:
        history = await _history(running, await _play(running))
        cost = cost_of(history)

    payloads = [p for e in history for p in _payloads(e)]
    assert payloads
    assert all(p.metadata["encoding"] == ENCODING for p in payloads)
    assert history[-1].HasField("workflow_execution_completed_event_attributes")
    assert cost.events <= MOST_EVENTS
    assert cost.bytes <= MOST_BYTES
    assert cost.actions <= MOST_ACTIONS
