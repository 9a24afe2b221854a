"""A person's decision: stored first, applied once, whatever runs or does not."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError

from activities import tasks as deciding
from activities.opening import open_claim_task
from activities.tasks import Outcome, deliver_waiting
from activities.telling import tell
from claims.claim import ClaimState
from claims.messages import DECIDE_UPDATE, REFUSED, Decide, Decided, claim_workflow_id
from claims.task import TaskType
from records import claims as claim_rows
from records import events, news, tasks
from records.tables import decision
from tests.payer import DENIED_197, OFFICE, PAID, Patient, payment_csv
from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld

PATIENT = Patient(1)
WRITE_OFF = {"reason": "no authorization"}


async def denied(driver: Driver) -> str:
    """A claim with a DENIAL_REVIEW; its workflow's id."""
    claims = await driver.to_payer(PATIENT)
    await driver.remit(claims, DENIED_197, "T1")
    return claim_workflow_id(driver.claim(PATIENT).id)


def stored(driver: Driver, kind: str) -> Decide:
    """The newest stored decision of a task type, as it is delivered."""
    with driver.world.office.reading() as conn:
        listed = tasks.listing(conn, include_closed=True)
        row = next(t for t in listed if t["type"] == kind)
        query = select(decision).where(decision.c.task_id == row["id"])
        found = conn.execute(query).mappings().one()
    return Decide(
        id=found["id"],
        task_id=row["id"],
        task_version=found["task_version"],
        decision=found["decision"],
    )


def story_of(driver: Driver) -> list[str]:
    """What the claim's event log says."""
    with driver.world.office.reading() as conn:
        return [e["words"] for e in events.of_claim(conn, driver.claim(PATIENT).id)]


async def send(driver: Driver, workflow_id: str, decide: Decide, update_id: str) -> Any:
    """Deliver under an update id of our choice; the answer, or why it was refused."""
    handle = driver.world.office.temporal.get_workflow_handle(workflow_id)
    try:
        update = await handle.start_update(
            DECIDE_UPDATE,
            decide,
            id=update_id,
            wait_for_stage=WorkflowUpdateStage.COMPLETED,
            result_type=Decided,
        )
        return await update.result()
    except WorkflowUpdateFailedError as error:
        return error.cause


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait ten seconds for a worker that is known to be down."""
    monkeypatch.setattr(deciding, "DELIVERY_TIMEOUT", timedelta(milliseconds=300))


async def test_a_decision_waits_for_the_worker(
    idle: Driver, live: LiveWorld, hasty: None
) -> None:
    async with live.worker():
        await denied(idle)
    outcome = await give(idle, "DENIAL_REVIEW", "write_off", **WRITE_OFF)
    assert outcome.status == "saved"
    assert "no worker answered yet" in outcome.words
    assert idle.claim(PATIENT).state is ClaimState.DENIED
    async with live.worker():
        assert await deliver_waiting(live.office) == 1
        await live.settle()
        assert idle.waiting() == ["WRITE_OFF_APPROVE"]
        assert await deliver_waiting(live.office) == 0


async def test_a_decision_waits_for_the_server(driver: Driver, live: LiveWorld) -> None:
    await denied(driver)
    client, live.office.client = live.office.client, None
    outcome = await give(driver, "DENIAL_REVIEW", "write_off", **WRITE_OFF)
    assert outcome == Outcome(
        "saved",
        "Saved. Will be applied when processing resumes (the server is not reachable).",
    )
    live.office.client = client
    await live.sweep("receive", OFFICE)  # the next sweep delivers what waits
    assert driver.waiting() == ["WRITE_OFF_APPROVE"]


async def give(
    driver: Driver, kind: str, chosen: str, actor: str = "clerk", **form: str
) -> Outcome:
    """Decide without waiting for quiet: nothing may be there to become quiet."""
    row = driver.task(kind)
    why = driver.world.office.because(await driver.world.now(), actor=actor)
    return await deciding.decide(
        driver.world.office,
        row["id"],
        version=row["version"],
        decision=chosen,
        form=form,
        why=why,
    )


async def test_a_decision_delivered_twice_is_applied_once(driver: Driver) -> None:
    workflow_id = await denied(driver)
    await driver.answer("DENIAL_REVIEW", "write_off", **WRITE_OFF)
    told = story_of(driver)
    again = await send(driver, workflow_id, stored(driver, "DENIAL_REVIEW"), "again")
    await driver.world.settle()
    assert again.applied
    assert story_of(driver) == told
    assert driver.waiting() == ["WRITE_OFF_APPROVE"]


async def test_a_decision_delivered_twice_at_once_is_applied_once(
    idle: Driver, live: LiveWorld, hasty: None
) -> None:
    async with live.worker():
        workflow_id = await denied(idle)
    await give(idle, "DENIAL_REVIEW", "write_off", **WRITE_OFF)
    given = stored(idle, "DENIAL_REVIEW")
    sends = [send(idle, workflow_id, given, f"copy-{n}") for n in range(3)]
    answers = await with_worker_later(live, sends)
    assert [a.applied for a in answers] == [True, True, True]
    opened = [w for w in story_of(idle) if w.startswith("Task WRITE_OFF_APPROVE")]
    assert len(opened) == 1


async def with_worker_later(live: LiveWorld, sends: list[Any]) -> list[Any]:
    """Everything is at the server before the first worker asks for work."""
    sending = [asyncio.ensure_future(one) for one in sends]
    await asyncio.sleep(0.5)
    async with live.worker():
        answers = await asyncio.gather(*sending)
        await live.settle()
    return answers


async def test_of_two_decisions_at_once_one_is_refused_and_applied_later(
    idle: Driver, live: LiveWorld, hasty: None
) -> None:
    async with live.worker():
        workflow_id = await denied(idle)
    open_second_task(idle)
    await give(idle, "STATUS_REVIEW", "no_action")
    await give(idle, "DENIAL_REVIEW", "write_off", **WRITE_OFF)
    both = [stored(idle, kind) for kind in ("STATUS_REVIEW", "DENIAL_REVIEW")]
    answers = await with_worker_later(
        live, [send(idle, workflow_id, one, one.id) for one in both]
    )
    refused = [a for a in answers if isinstance(a, ApplicationError)]
    applied = [a for a in answers if isinstance(a, Decided)]
    assert [a.type for a in refused] == [REFUSED]
    assert [a.applied for a in applied] == [True]
    async with live.worker():
        assert await deliver_waiting(live.office) == 1
        await live.settle()
    with live.office.reading() as conn:
        assert tasks.undelivered(conn) == []
        done = {t["type"] for t in tasks.listing(conn, include_closed=True)
                if t["status"] == "done"}  # fmt: skip
    assert done == {"STATUS_REVIEW", "DENIAL_REVIEW"}


def open_second_task(driver: Driver) -> None:
    """A claim that has two questions open at once."""
    office = driver.world.office
    with office.writing() as conn:
        row = claim_rows.get(conn, driver.claim(PATIENT).id)
        why = office.because(driver.world.clock.start, "R-FUP-02")
        open_claim_task(
            conn,
            office,
            row,
            TaskType.STATUS_REVIEW,
            why,
            key=f"{row.id}:second",
            words="an unusual status",
            evidence={},
        )


async def test_a_decision_that_comes_with_the_start_is_not_refused(
    idle: Driver, live: LiveWorld, hasty: None
) -> None:
    """A closed claim reopens: start, news and decision are there before any look."""
    async with live.worker():
        await idle.remit(await idle.to_payer(PATIENT), PAID, "T1")
    assert idle.claim(PATIENT).state is ClaimState.CLOSED
    money_arrives(idle, live)
    with live.office.reading() as conn:
        rows = news.untold(conn)
    assert await tell(live.office, rows) == 1
    await give(idle, "CREDIT_REVIEW", "refund", "poster", owner="patient")
    given = stored(idle, "CREDIT_REVIEW")
    workflow_id = claim_workflow_id(idle.claim(PATIENT).id)
    answer = await with_worker_later(live, [send(idle, workflow_id, given, given.id)])
    assert answer[0].applied, answer[0]
    assert idle.claim(PATIENT).state is ClaimState.CREDIT
    assert idle.waiting() == ["REFUND_APPROVE"]


def money_arrives(driver: Driver, live: LiveWorld) -> None:
    """A payment is taken in by activity code while no worker runs."""
    from activities.files import take_in

    day = live.clock.start.date()
    content = payment_csv(PATIENT.pcn, "R1", "12.00", day)
    why = live.office.because(live.clock.start)
    take_in(live.office, OFFICE, "payments.csv", content, why)
