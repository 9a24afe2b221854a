"""Rules of the engine (design.md): starting, closing, schedules, the sandbox."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import ScheduleActionExecutionStartWorkflow, WorkflowHistory
from temporalio.converter import WorkflowSerializationContext
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import (
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)
from temporalio.workflow import SandboxImportNotificationPolicy

from activities import schedules, telling
from activities.telling import start_claims, start_remittance
from claims.claim import ClaimState
from claims.messages import (
    News,
    appeal_workflow_id,
    claim_workflow_id,
    remittance_workflow_id,
    schedule_prefix,
)
from records import accounts, events, news, remittances
from records.db import RowMapping
from tests.histories.record import FOLDER, KEYS, read
from tests.payer import DENIED_197, PAID, PARTNER, Patient
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld
from vault.codec import data_converter
from vault.keys import KeyRing
from worker import PASS_THROUGH, WORKFLOWS

PATIENT = Patient(1)
LATE_NEWS = 20


def wake_up(driver: Driver, number: int) -> RowMapping:
    """One more piece of news for the claim, stored and not told."""
    claim_id = driver.claim(PATIENT).id
    with driver.world.office.writing() as conn:
        news_id = news.add(
            conn,
            workflow_id=claim_workflow_id(claim_id),
            kind="payment",
            ref=f"late:{number:03d}",
            today=driver.world.clock.start.date(),
        )
        return news.untold(conn, ids=[news_id])[0]


async def heard(live: LiveWorld, history: WorkflowHistory) -> list[str]:
    """The ids of the news a run was signalled."""
    codec = live.office.temporal.data_converter
    found = []
    for event in history.events:
        if event.HasField("workflow_execution_signaled_event_attributes"):
            given = event.workflow_execution_signaled_event_attributes.input.payloads
            bound = codec.with_context(context_of(history.workflow_id))
            decoded = await bound.decode(given, [News])
            found.append(decoded[0].id)
    return found


def context_of(workflow_id: str) -> WorkflowSerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=workflow_id)


async def test_news_while_the_claim_closes_is_never_lost(
    driver: Driver, live: LiveWorld
) -> None:
    """Rule 3 and 4: told during the closing step, every piece is heard by some run."""
    claims = await driver.to_payer(PATIENT)
    workflow_id = claim_workflow_id(driver.claim(PATIENT).id)
    runs = {await run_of(live, workflow_id)}
    rows = [wake_up(driver, number) for number in range(LATE_NEWS)]
    closing = asyncio.ensure_future(driver.remit(claims, PAID, "T1"))
    for row in rows:
        await telling.tell(live.office, [row])
        runs.add(await run_of(live, workflow_id))
        await asyncio.sleep(0.01)
    await closing
    await live.settle()
    runs.add(await run_of(live, workflow_id))
    assert driver.claim(PATIENT).state is ClaimState.CLOSED
    told: list[str] = []
    for run_id in runs:
        handle = live.office.temporal.get_workflow_handle(workflow_id, run_id=run_id)
        assert await handle.result() == "CLOSED"
        told += await heard(live, await handle.fetch_history())
    assert {row["id"] for row in rows} <= set(told)
    assert len(runs) > 1, "no news came after the first run had ended"


async def run_of(live: LiveWorld, workflow_id: str) -> str:
    """The newest run's id."""
    seen = await live.office.temporal.get_workflow_handle(workflow_id).describe()
    return seen.run_id


async def test_a_claim_that_runs_is_not_started_again(
    driver: Driver, live: LiveWorld
) -> None:
    await driver.visit(PATIENT)
    workflow_id = claim_workflow_id(driver.claim(PATIENT).id)
    first = await run_of(live, workflow_id)
    claim_id = driver.claim(PATIENT).id
    await asyncio.gather(*(start_claims(live.office, [claim_id]) for _ in range(5)))
    assert await run_of(live, workflow_id) == first


async def test_a_closed_claim_that_is_started_again_records_nothing(
    driver: Driver, live: LiveWorld
) -> None:
    await driver.remit(await driver.to_payer(PATIENT), PAID, "T1")
    row = driver.claim(PATIENT)
    workflow_id = claim_workflow_id(row.id)
    first = await run_of(live, workflow_id)
    await start_claims(live.office, [row.id])
    await live.settle()
    handle = live.office.temporal.get_workflow_handle(workflow_id)
    assert await run_of(live, workflow_id) != first
    assert await handle.result() == "CLOSED"
    assert driver.claim(PATIENT) == row
    with live.office.reading() as conn:
        last = events.of_claim(conn, row.id)[-1]
    assert last["new_state"] == "CLOSED"


async def test_an_appeal_and_a_remittance_never_run_twice(
    driver: Driver, live: LiveWorld
) -> None:
    """Their ids are used once, even after they have ended (REJECT_DUPLICATE)."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    await driver.answer("DENIAL_REVIEW", "appeal")
    await driver.answer("APPEAL_PREPARE", "waived", reason="not worth it")
    with live.office.reading() as conn:
        appeal_id = accounts.appeals_of(conn, driver.claim(PATIENT).id)[0]["id"]
        remittance_id = remittances.listing(conn)[0]["id"]
    for workflow_id in (
        appeal_workflow_id(appeal_id),
        remittance_workflow_id(remittance_id),
    ):
        handle = live.office.temporal.get_workflow_handle(workflow_id)
        await handle.result()
        before = await run_of(live, workflow_id)
        await start_remittance(live.office, remittance_id, await live.now())
        with live.office.writing() as conn:
            news.add(
                conn,
                workflow_id=workflow_id,
                kind="balance",
                ref=f"again:{workflow_id}",
                today=live.clock.start.date(),
            )
            rows = news.untold(conn, ref=f"again:{workflow_id}")
        await telling.tell(live.office, rows)
        assert await run_of(live, workflow_id) == before


async def test_a_schedule_runs_its_sweep_by_its_id_alone(
    driver: Driver, live: LiveWorld
) -> None:
    """Rule 9: no argument; partner and job are read from the id the server made."""
    planned = await schedules.ensure_schedules(live.office)
    assert planned == await schedules.ensure_schedules(live.office)
    name = schedule_prefix("receive", PARTNER)
    handle = live.office.temporal.get_schedule_handle(name)
    await handle.pause()  # at a quarter past it would start a run of its own
    inbound = live.mailbox_root / PARTNER / "inbound"
    live.office.open_mailbox(PARTNER)
    (inbound / "271.edi").write_bytes(driver.outside.coverage([PATIENT]))
    await handle.trigger()
    for _ in range(200):
        started = (await handle.describe()).info.recent_actions
        if started and not list(inbound.iterdir()):
            break
        await asyncio.sleep(0.05)
    action = started[-1].action
    assert isinstance(action, ScheduleActionExecutionStartWorkflow)
    workflow_id = action.workflow_id
    assert workflow_id.startswith(f"{name}-")
    assert await live.office.temporal.get_workflow_handle(workflow_id).result() == 1
    history = await live.office.temporal.get_workflow_handle(
        workflow_id
    ).fetch_history()
    begun = history.events[0].workflow_execution_started_event_attributes
    assert list(begun.input.payloads) == []


# --- the sandbox (rule 12) -----------------------------------------------------------

STRICT = (
    SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
    | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
)


def strict(*modules: str) -> SandboxedWorkflowRunner:
    """The worker's sandbox; an import it did not mean to allow is an error."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(
        *modules
    ).with_import_notification_policy(STRICT)
    return SandboxedWorkflowRunner(restrictions=restrictions)


async def replayed_strictly(path: Path, runner: SandboxedWorkflowRunner) -> None:
    """Run a workflow from its history under ``runner``."""
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=runner,
        data_converter=data_converter(KeyRing.load(KEYS), "default"),
    )
    await replayer.replay_workflow(read(path))


@pytest.mark.parametrize(
    "folder", sorted({p.parent.name for p in FOLDER.glob("*/*.json")})
)
async def test_nothing_gets_into_the_sandbox_unintended(folder: str) -> None:
    """No import while a workflow runs, none passed through by accident."""
    for path in sorted((FOLDER / folder).glob("*.json"))[:2]:
        await replayed_strictly(path, strict(*PASS_THROUGH, "workflows"))


async def test_the_strict_sandbox_can_refuse() -> None:
    """Workflow code is loaded inside the sandbox; not allowed to, it says so."""
    path = sorted((FOLDER / "claim").glob("*.json"))[0]
    with pytest.raises(RuntimeError) as refused:
        await replayed_strictly(path, strict(*PASS_THROUGH))
    assert "was not intentionally passed through" in str(refused.value.__cause__)
