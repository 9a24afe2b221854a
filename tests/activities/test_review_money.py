"""Money paths that lost, doubled or misplaced money once."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from activities import denial, followup, patient, refunds
from activities.coverage import make_self_pay
from activities.files import ROUTES
from activities.imports import import_claims
from activities.office import Office
from activities.payments import PatientPayment, take_payment
from activities.remittance import RemittanceActivities, register_remittances
from claims.claim import ClaimState
from claims.correction import apply_correction
from claims.task import DecisionRefused, TaskType
from edi.segments import OutboundEnvelope
from edi.x835 import write_remittances
from ledger.accounts import EntryType
from ledger.balances import balances, payer_cash
from records import claims, remittances, tasks
from records.events import Because
from records.tasks import NewTask
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import (
    a_line,
    a_set,
    accept,
    adjusted,
    claim_of,
    decided,
    enter,
    post_set,
)
from tests.edi.conftest import OURS

PAYER = "P-NORTHLAKE"
REFUNDS = "refund_ref,claim_ref,date,amount,method"


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """The five claims of a1, billed to a payer that we know."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    with opened.writing() as conn:
        for row in claims.every(conn):
            claims.change_payer(
                conn, row.id, payer_id=PAYER, member_index=row.member_index
            )
    yield opened
    opened.db.close()


@pytest.fixture
def why() -> Because:
    """A person acts at noon."""
    return Because(NOON, NOON.date(), "R-MON-03", "tess")


def _ask(office: Office, kind: TaskType, why: Because, **evidence: str) -> str:
    with office.writing() as conn:
        row = claim_of(conn)
        new = NewTask(
            key=f"test:{kind}:{evidence}",
            type=kind.value,
            workflow_id="claim-none",
            role="poster",
            due_on=why.today,
            rule="R-REF-02",
            why="a test asks",
            claim_id=row.id,
            subject=str(evidence)[:100],
            evidence=dict(evidence),
        )
        return tasks.open_task(conn, new, why)


def _approve(office: Office, task_id: str, why: Because) -> None:
    """A second person approves, as their stored decision does it."""
    with office.writing() as conn:
        row = tasks.get(conn, task_id)
        made = tasks.save(
            conn,
            office.cipher,
            row=row,
            version=row["version"],
            chosen="approved",
            form="{}",
            why=why,
        )
        assert made is not None
        stored = tasks.stored_decision(conn, made)
        assert tasks.close(conn, stored=stored, evidence={}, why=why)


def _refund(office: Office, why: Because, *rows: str) -> str:
    content = "\n".join([REFUNDS, *rows, ""]).encode()
    with office.writing() as conn:
        return ROUTES["REFUNDS"](conn, office, "office", content, rows[0][:5], why)


# --- remittances ---------------------------------------------------------------------


def test_a_payer_that_takes_back_money_of_a_claim_we_do_not_know(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        stranger = decided(row, Decimal(-40), pcn="NOT-OURS", status="22", position=9)
        one = a_set(decided(row, Decimal(150)), stranger)
        post_set(conn, office, PAYER, one, why)

    with office.reading() as conn:
        cash = payer_cash(conn, PAYER)
    assert one.paid == Decimal(110)
    assert cash.claims_net + cash.other == one.paid


def test_a_linked_claim_keeps_what_its_lines_said(office: Office, why: Because) -> None:
    from activities import remittance

    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        line = a_line(
            conn, row, 1, Decimal(100), adjustments=adjusted("CO", "45", Decimal(50))
        )
        found = decided(row, Decimal(100), pcn="WRONG", lines=(line,))
        one = a_set(found)
        row_id = post_set(conn, office, PAYER, one, why)
        (task,) = tasks.waiting(conn, types=["ERA_UNMATCHED_CLAIM"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(remittance, "read_one", lambda *_: one)
            remittance.resolve_unmatched_file(
                conn, office, task, "linked", {"claim_ref": row.pcn}, why
            )
        (kept,) = remittances.of_claim(conn, row.id)

    assert kept["remittance_id"] == row_id
    assert [n["number"] for n in kept["detail"]["lines"]] == [1]


def test_a_claim_decided_as_a_whole_is_paid_and_closed(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn, "SYN-0002"), why)
        said = adjusted("CO", "45", Decimal(70))
        found = decided(row, Decimal(150), adjustments=said)
        post_set(conn, office, PAYER, a_set(found), why)
        row = claims.get(conn, row.id)

    assert row.state is ClaimState.CLOSED


def test_a_claim_denied_as_a_whole_is_a_denial(office: Office, why: Because) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn, "SYN-0002"), why)
        said = adjusted("CO", "50", Decimal(220))
        found = decided(row, Decimal(0), status="4", adjustments=said)
        post_set(conn, office, PAYER, a_set(found), why)
        row = claims.get(conn, row.id)
        waiting = tasks.waiting(conn, claim_id=row.id)

    assert row.state is ClaimState.DENIED
    assert [t["type"] for t in waiting] == ["DENIAL_REVIEW"]


def _file(office: Office, *sets: object) -> bytes:
    envelope = OutboundEnvelope(
        sender_id="SENDER",
        receiver_id="RECEIVER",
        isa13=1,
        gs06=1,
        st02="0001",
        created=NOON,
        batch_ref="B",
        submitter_name="PLAN",
        contact_name="A",
        contact_phone="5555550100",
        receiver_name="PRACTICE",
        usage="T",
    )
    return write_remittances(list(sets), envelope)  # type: ignore[arg-type]  # a_set makes them


def test_two_sets_with_one_trace_that_come_together_post_once(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        profile = office.payer(PAYER)
        assert profile is not None
        head = {"payer_edi_id": profile.edi.payer_edi_id, "payee_npi": "1234567893"}
        said = adjusted("CO", "45", Decimal(90))
        first = a_set(decided(row, Decimal(60), adjustments=said), **head)
        said = adjusted("CO", "45", Decimal(80))
        other = a_set(decided(row, Decimal(70), adjustments=said), **head)
        content = _file(office, first, other)
        sha = office.documents.put(content)
        register_remittances(conn, office, "clearinghouse", content, sha, why)
        ids = [r["id"] for r in remittances.listing(conn, status=["received"])]
    posting = RemittanceActivities(office)
    for one in ids:
        posting.post_remittance(one, NOON)

    with office.reading() as conn:
        ended = sorted(r["status"] for r in remittances.listing(conn))
    assert len(ids) == 2
    assert ended == ["conflict", "posted"]


def test_a_file_registered_again_after_a_crash_is_no_duplicate(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        profile = office.payer(PAYER)
        assert profile is not None
        head = {"payer_edi_id": profile.edi.payer_edi_id, "payee_npi": "1234567893"}
        content = _file(office, a_set(decided(row, Decimal(150)), **head))
        sha = office.documents.put(content)
        said = [
            register_remittances(conn, office, "clearinghouse", content, sha, why)
            for _ in range(2)
        ]

    assert said[0] == said[1]


# --- write-offs ----------------------------------------------------------------------


def test_a_write_off_leaves_what_the_payer_has_not_decided(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn, "SYN-0002"), why)
        lines = (
            a_line(
                conn, row, 1, Decimal(0),
                adjustments=adjusted("CO", "50", Decimal(200)),
            ),
            a_line(
                conn, row, 2, Decimal(0),
                adjustments=adjusted("OA", "133", Decimal(20)),
            ),
        )  # fmt: skip
        found = decided(row, Decimal(0), lines=lines)
        post_set(conn, office, PAYER, a_set(found), why)
        row = claims.get(conn, row.id)
        denial.resolve_review(conn, office, row, "write_off", {}, why)
        (task,) = tasks.waiting(conn, claim_id=row.id, types=["WRITE_OFF_APPROVE"])
        form = {"_task": task["id"]}
        saul = replace(why, actor="saul", rule="R-WOF-01")
        denial.resolve_write_off(conn, office, row, "approved", form, saul)
        money = balances(conn, [row.id])[row.id]

    assert (money.written_off, money.insurer_open) == (Decimal(200), Decimal(20))


def test_a_write_off_asks_about_the_patients_prepayment(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        enter(conn, row, EntryType.PATIENT_PREPAYMENT, Decimal(25), why)
        line = a_line(
            conn, row, 1, Decimal(0), adjustments=adjusted("CO", "50", Decimal(150))
        )
        found = decided(row, Decimal(0), lines=(line,))
        post_set(conn, office, PAYER, a_set(found), why)
        row = claims.get(conn, row.id)
        denial.resolve_review(conn, office, row, "write_off", {}, why)
        (task,) = tasks.waiting(conn, claim_id=row.id, types=["WRITE_OFF_APPROVE"])
        form = {"_task": task["id"]}
        saul = replace(why, actor="saul", rule="R-WOF-01")
        tasks.overtake(conn, why, "decided", claim_id=row.id)
        denial.resolve_write_off(conn, office, row, "approved", form, saul)
        row = claims.get(conn, row.id)
        waiting = tasks.waiting(conn, claim_id=row.id)

    assert row.state is ClaimState.CREDIT
    assert [t["type"] for t in waiting] == ["CREDIT_REVIEW"]
    assert row.next_owner_id == waiting[0]["id"]


# --- refunds -------------------------------------------------------------------------


def _with_credit(office: Office, why: Because) -> None:
    """The payer paid 200 of 150, the patient 60: credit on both sides."""
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        enter(conn, row, EntryType.PAYER_PAYMENT, Decimal(150), why)
        enter(conn, row, EntryType.CREDIT_OPEN_PAYER, Decimal(50), why)
        enter(conn, row, EntryType.PAYER_PAYMENT, Decimal(50), why, key="test:again")
        enter(conn, row, EntryType.PATIENT_PREPAYMENT, Decimal(60), why)


def test_a_late_refund_still_goes_to_whom_it_was_approved(
    office: Office, why: Because
) -> None:
    _with_credit(office, why)
    first = _ask(office, TaskType.REFUND_APPROVE, why, amount="50.00", owner="payer",
                 requested_by="pia")  # fmt: skip
    _approve(office, first, replace(why, actor="saul"))
    with office.writing() as conn:
        refunds.refund_late(conn, office, claim_of(conn), why)
        (late,) = tasks.waiting(conn, types=["REFUND_APPROVE"])
    _approve(office, late["id"], replace(why, actor="saul"))
    _refund(office, why, f"RF-1,SYN-0001,{why.today},50.00,check")

    with office.reading() as conn:
        row = claim_of(conn)
        money = balances(conn, [row.id])[row.id]
    assert late["evidence"]["requested_by"] == "pia"
    assert (money.paid_payer, money.paid_patient) == (Decimal(150), Decimal(60))


def test_an_approval_is_good_for_its_amount_once(office: Office, why: Because) -> None:
    _with_credit(office, why)
    task = _ask(office, TaskType.REFUND_APPROVE, why, amount="50.00", owner="payer")
    _approve(office, task, replace(why, actor="saul"))
    _refund(office, why, f"RF-1,SYN-0001,{why.today},50.00,check")

    said = _refund(office, why, f"RF-2,SYN-0001,{why.today},40.00,check")

    with office.reading() as conn:
        row = claim_of(conn)
        money = balances(conn, [row.id])[row.id]
    assert "0 refunds taken" in said
    assert money.credit == Decimal(60)


def test_a_refund_that_its_owner_never_paid_is_left_out_and_the_others_go_on(
    office: Office, why: Because
) -> None:
    _with_credit(office, why)
    task = _ask(office, TaskType.REFUND_APPROVE, why, amount="100.00", owner="patient")
    _approve(office, task, replace(why, actor="saul"))

    said = _refund(
        office,
        why,
        f"RF-1,SYN-0001,{why.today},90.00,check",
        f"RF-2,SYN-0001,{why.today},30.00,check",
    )

    assert "1 refunds taken" in said
    assert "amount" in said


# --- corrections ---------------------------------------------------------------------


@pytest.mark.parametrize("charge", ["180.00", "120.00"])
def test_a_corrected_charge_is_the_one_on_the_ledger(
    office: Office, why: Because, charge: str
) -> None:
    with office.writing() as conn, pytest.MonkeyPatch.context() as patch:
        patch.setattr(followup, "findings_of", lambda *_: ())
        row = accept(conn, office, claim_of(conn), why)
        content = apply_correction(
            claims.content(conn, office.cipher, row.id), "2400/1 SV102", charge
        )
        state = ClaimState.CORRECTING
        for _ in range(2):
            followup.resend(conn, office, row, content, state, why, "Corrected")
        money = balances(conn, [row.id])[row.id]

    assert (money.charge, money.insurer_open) == (Decimal(charge), Decimal(charge))


@pytest.mark.parametrize("charge", ["180.00", "120.00"])
def test_a_charge_corrected_after_a_decision_is_posted_with_the_next_one(
    office: Office, why: Because, charge: str
) -> None:
    with office.writing() as conn, pytest.MonkeyPatch.context() as patch:
        patch.setattr(followup, "findings_of", lambda *_: ())
        row = accept(conn, office, claim_of(conn), why)
        said = adjusted("CO", "50", Decimal(150))
        line = a_line(conn, row, 1, Decimal(0), adjustments=said)
        denied = decided(row, Decimal(0), lines=(line,))
        post_set(conn, office, PAYER, a_set(denied), why)
        row = claims.get(conn, row.id)
        content = apply_correction(
            claims.content(conn, office.cipher, row.id), "2400/1 SV102", charge
        )
        followup.resend(
            conn, office, row, content, ClaimState.CORRECTING, why, "Corrected"
        )
        before = balances(conn, [row.id])[row.id]
        row = claims.get(conn, row.id)
        line = a_line(conn, row, 1, Decimal(charge))
        paid = decided(row, Decimal(charge), lines=(line,), payer_icn="ICN2")
        post_set(conn, office, PAYER, a_set(paid, trace="TRN2"), why)
        money = balances(conn, [row.id])[row.id]

    assert before.charge == Decimal(150)
    assert (money.charge, money.insurer_open) == (Decimal(charge), Decimal(0))


# --- self pay ------------------------------------------------------------------------


@pytest.mark.parametrize("charged", [False, True], ids=["new", "charged-before"])
def test_self_pay_counts_what_the_patient_has_paid(
    office: Office, why: Because, *, charged: bool
) -> None:
    with office.writing() as conn:
        row = claim_of(conn)
        if charged:
            row = accept(conn, office, row, why, key=f"charge:{row.id}")
        paid = PatientPayment(
            receipt_ref="R-1", date=why.today, amount=Decimal(25), method="card"
        )
        take_payment(conn, office, paid, row, source=("f", 1), why=why)
        make_self_pay(conn, office, claims.get(conn, row.id), why)
        money = balances(conn, [row.id])[row.id]

    assert (money.charge, money.patient_due, money.insurer_open, money.credit) == (
        Decimal(150),
        Decimal(125),
        Decimal(0),
        Decimal(0),
    )


# --- collections ---------------------------------------------------------------------


@pytest.mark.parametrize("decision", ["place", "hold", "write_off"])
def test_a_balance_that_was_paid_goes_to_no_agency(
    office: Office, why: Because, decision: str
) -> None:
    task = _ask(office, TaskType.COLLECTIONS_APPROVE, why, balance="20.00")
    with office.writing() as conn:
        row = claim_of(conn)
        with pytest.raises(DecisionRefused, match="nothing"):
            patient.resolve_collections(
                conn, office, row, decision, {"_task": task}, why
            )
