"""Similar cases: same type, payer and reason; what the payer answered since."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from records import tasks
from records.db import Connection, Database, make_engine
from records.events import Because
from records.similar import similar
from records.tables import METADATA, account, claim, remittance, remittance_claim, task
from records.tasks import NewTask, reason_of

DAY = date(2026, 1, 26)
WHY = Because(datetime(2026, 1, 26, 15, tzinfo=UTC), DAY)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()


def put(conn: Connection, key: str, **more: Any) -> str:
    """A denied claim's task; ``closed_on`` makes it a decided one."""
    closed = more.pop("closed_on", None)
    values = {"payer_id": "P-A", "evidence": {"carc": "CO-50"}, "subject": key, **more}
    new = NewTask(
        key=key,
        type="DENIAL_REVIEW",
        workflow_id="w",
        role="clerk",
        due_on=DAY,
        rule="R-DEN-01",
        why="a test",
        **values,
    )
    task_id = tasks.open_task(conn, new, WHY)
    if closed:
        decided = {"status": "done", "decision": "appeal", "closed_on": closed}
        conn.execute(update(task).where(task.c.id == task_id).values(**decided))
    return task_id


def put_claim(conn: Connection, claim_id: str) -> None:
    """A claim, as far as this question reads one."""
    name = {"id": "a", "public_ref": "A-1", "guarantor_index": "x"}
    if claim_id == "c1":
        conn.execute(insert(account).values(**name, guarantor_enc=b""))
    conn.execute(
        insert(claim).values(
            id=claim_id,
            pcn=claim_id,
            practice_number="",
            identity_index=claim_id,
            content_hash="",
            content_enc=b"",
            account_id="a",
            payer_id="P-A",
            member_index="",
            billing_npi="",
            charge_cents=0,
            opened_on=DAY,
            state="DENIED",
            state_since=DAY,
        )
    )


def pay(conn: Connection, claim_id: str, on: date, cents: int) -> None:
    """A remittance for the claim that came on this day."""
    one = f"{claim_id}:{on}"
    conn.execute(
        insert(remittance).values(
            id=one,
            payer_id="P-A",
            trace=one,
            paid_cents=cents,
            content_hash="",
            file_sha256="",
            st_segment=1,
            status="posted",
            received_on=on,
        )
    )
    conn.execute(
        insert(remittance_claim).values(
            remittance_id=one,
            position=1,
            claim_id=claim_id,
            clp01_index="",
            status="1",
            charge_cents=0,
            paid_cents=cents,
            patient_cents=0,
            outcome="posted",
            detail={},
        )
    )


def test_the_last_five_of_the_same_type_payer_and_reason_newest_first(
    db: Database,
) -> None:
    with db.transaction() as conn:
        done = [put(conn, f"k{n}", closed_on=DAY + timedelta(n)) for n in range(7)]
        put(conn, "other payer", payer_id="P-B", closed_on=DAY)
        put(conn, "other reason", evidence={"carc": "CO-97"}, closed_on=DAY)
        put(conn, "still open")
        mine = tasks.get(conn, put(conn, "mine"))
        found = similar(conn, mine, 5)
    assert [one.id for one in found] == done[:1:-1]
    assert {(one.decision, one.state, one.paid_cents) for one in found} == {
        ("appeal", None, 0)
    }


def test_only_what_the_payer_answered_after_the_decision_is_its_outcome(
    db: Database,
) -> None:
    later = DAY + timedelta(days=16)
    with db.transaction() as conn:
        for claim_id in ("c1", "c2"):
            put_claim(conn, claim_id)
            pay(conn, claim_id, DAY, 1_00)
            put(conn, claim_id, claim_id=claim_id, closed_on=DAY)
        pay(conn, "c1", later, 642_00)
        pay(conn, "c1", later + timedelta(1), 8_00)
        found = similar(conn, tasks.get(conn, put(conn, "mine")), 5)
    said = {(one.answers, one.answered_on, one.paid_cents) for one in found}
    assert said == {(2, later, 650_00), (0, None, 0)}
    assert {one.state for one in found} == {"DENIED"}


def test_an_index_finds_them_in_order(sqlite_url: str) -> None:
    db = Database(make_engine(sqlite_url))
    METADATA.create_all(db.engine)
    ran: list[str] = []
    with db.transaction() as conn:
        mine = tasks.get(conn, put(conn, "mine"))
        raw: Any = conn.connection.driver_connection
        raw.set_trace_callback(ran.append)
        similar(conn, mine, 5)
        raw.set_trace_callback(None)
        (query,) = ran
        plan = conn.execute(text(f"EXPLAIN QUERY PLAN {query}".replace(":", r"\:")))
        steps = [str(row[-1]) for row in plan]
    db.close()
    assert any(
        "ix_task_similar (type=? AND payer_id=? AND reason=?)" in s for s in steps
    )


def test_the_reason_is_the_payers_code_else_our_edit_else_the_rule() -> None:
    def said(**evidence: str) -> str:
        return reason_of(
            NewTask("k", "T", "w", "clerk", DAY, "R-ELG-04", "why", evidence=evidence)
        )

    assert said(group="CO", carc="50") == said(carc="CO-50") == "CO-50"
    assert said(edit="E-111") == "E-111"
    assert said(status="A3:33") == "A3:33"
    assert said(answer="the plan could not match the patient") == "R-ELG-04"
