"""Continue as new: nobody notices; nothing that was heard or applied is forgotten."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio.client import WorkflowHistory
from temporalio.converter import WorkflowSerializationContext

from claims.claim import ClaimState
from claims.messages import (
    DECIDE_UPDATE,
    NEWS_SIGNAL,
    AccountStart,
    ClaimStart,
    Decide,
    Decided,
    News,
    NewsKind,
    claim_workflow_id,
)
from records import events, tasks
from records.tables import decision
from tests.histories.continued import LOW, long_dispute, small_payments
from tests.histories.stories import PATIENT, account_of
from tests.payer import DENIED_197
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld, live_world


@pytest.fixture
async def eager(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    """A server that suggests to continue as new after a few events."""
    async with (
        live_world(
            tmp_path, date(2026, 3, 2), zone="America/Chicago", settings=[LOW]
        ) as running,
        running.worker(),
    ):
        yield running


async def carried(
    live: LiveWorld, history: WorkflowHistory, kind: type[ClaimStart | AccountStart]
) -> ClaimStart | AccountStart:
    """What a run was started with."""
    begun = history.events[0].workflow_execution_started_event_attributes
    bound = live.office.temporal.data_converter.with_context(
        WorkflowSerializationContext(
            namespace="default", workflow_id=history.workflow_id
        )
    )
    found: list[ClaimStart | AccountStart] = await bound.decode(
        begun.input.payloads, [kind]
    )
    return found[0]


async def test_a_long_dispute_is_carried_over_whole(eager: LiveWorld) -> None:
    driver = Driver(eager)
    await long_dispute(driver)
    row = driver.claim(PATIENT)
    runs = await eager.runs(claim_workflow_id(row.id))
    assert len(runs) > 1
    assert row.state is ClaimState.CLOSED
    with eager.office.reading() as conn:
        done = [t["type"] for t in tasks.listing(conn, include_closed=True)]
        stored = set(conn.execute(select(decision.c.id)).scalars())
    assert sorted(done) == ["DENIAL_REVIEW"] * 3 + ["WRITE_OFF_APPROVE"] * 3
    last = await carried(eager, runs[-1], ClaimStart)
    assert last.clock == eager.clock
    assert set(last.applied) <= stored
    assert len(last.applied) == len(set(last.applied)) > 0
    assert any(n.startswith("remit:") for n in last.seen)


async def test_what_the_first_run_applied_the_last_one_does_not(
    eager: LiveWorld,
) -> None:
    """The first decision and the first news come once more, after three runs."""
    driver = Driver(eager)
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    row = driver.claim(PATIENT)
    workflow_id = claim_workflow_id(row.id)
    while len(await eager.runs(workflow_id)) < 3:
        await driver.answer("DENIAL_REVIEW", "write_off", reason="no authorization")
        await driver.answer("WRITE_OFF_APPROVE", "refused", "supervisor")
    with eager.office.reading() as conn:
        told = [e["words"] for e in events.of_claim(conn, row.id)]
        query = select(decision).order_by(decision.c.saved_at, decision.c.applied_at)
        first = conn.execute(query).mappings().first()
    assert first is not None
    again = Decide(
        id=first["id"],
        task_id=first["task_id"],
        task_version=first["task_version"],
        decision=first["decision"],
    )
    handle = eager.office.temporal.get_workflow_handle(workflow_id)
    answer = await handle.execute_update(
        DECIDE_UPDATE, again, id="again", result_type=Decided
    )
    old = (await carried(eager, (await eager.runs(workflow_id))[-1], ClaimStart)).seen
    await handle.signal(NEWS_SIGNAL, News(id=old[0], kind=NewsKind.REMITTANCE))
    await eager.settle()
    assert answer.applied
    with eager.office.reading() as conn:
        assert [e["words"] for e in events.of_claim(conn, row.id)] == told
    assert driver.waiting() == ["DENIAL_REVIEW"]
    history = (await eager.runs(workflow_id))[-1]
    looks = [
        e for e in history.events if e.HasField("marker_recorded_event_attributes")
    ]
    heard = [
        e
        for e in history.events
        if e.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert len(heard) == 1, "the old news reached the newest run"
    assert looks == [e for e in looks if e.event_id < heard[0].event_id], (
        "and made it look at nothing"
    )


async def test_an_account_goes_on_billing(eager: LiveWorld) -> None:
    driver = Driver(eager)
    await small_payments(driver)
    runs = await eager.runs(account_of(driver))
    assert len(runs) > 1
    last = await carried(eager, runs[-1], AccountStart)
    assert last.seen
    assert driver.claim(PATIENT).state is ClaimState.CLOSED
    assert (
        await eager.office.temporal.get_workflow_handle(account_of(driver)).result()
        == "zero"
    )
