"""A claim that is taken back: at its payer (frequency 8), or before it was filed."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from activities import remittance
from activities.answers import take_999
from activities.claim_status import take_277ca
from activities.denial import resolve_correction
from activities.followup import resolve_rejection
from activities.imports import import_claims
from activities.office import Office
from activities.scrub import ready
from activities.submission import SubmissionActivities
from claims.claim import ClaimState
from claims.money import ZERO, from_cents
from claims.remittance import Remittance
from claims.task import DecisionRefused
from edi.acks import FileAcknowledgment, SetAcknowledgment
from edi.x277ca import ClaimStatus
from ledger.accounts import EntryType
from ledger.balances import Balances, balances, entries_of, payer_cash
from ledger.entries import NewEntry, post
from records import claims, news, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import (
    a_line,
    a_set,
    adjusted,
    claim_of,
    decided,
    enter,
    post_set,
)
from tests.edi.conftest import OURS

PAYER, NUMBER = "P-NORTHLAKE", "SYN-0001"
SHA = "a" * 64


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """The claim is charged, sent and accepted as the payer's ICN1."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    why = Because(NOON, NOON.date(), "R-BAD-01")
    import_claims(opened, a1, name="", why=why)
    with opened.writing() as conn:
        row = claim_of(conn, NUMBER)
        claims.change_payer(conn, row.id, payer_id=PAYER, member_index=row.member_index)
        row = claims.get(conn, row.id)
        ready(conn, opened, row, claims.content(conn, opened.cipher, row.id), why)
    send(opened, 1)
    yield opened
    opened.db.close()


def send(office: Office, batch: int) -> None:
    batch_id = f"submit-{PAYER}-2026-06-15T22:00:0{batch}Z"
    activities = SubmissionActivities(office)
    assert activities.take_outbox(batch_id, PAYER, NOON) == 1
    activities.send_batch(batch_id, NOON)


def acknowledged(
    office: Office, why: Because, category: str, icn: str = "", position: int = 9
) -> ClaimRow:
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        said = ClaimStatus(
            position=position, pcn=row.pcn, category=category, status="20",
            payer_icn=icn or None,
        )  # fmt: skip
        take_277ca(conn, office, [said], SHA, why)
    return now(office)


def now(office: Office) -> ClaimRow:
    with office.reading() as conn:
        return claim_of(conn, NUMBER)


def money(office: Office) -> Balances:
    with office.reading() as conn:
        claim_id = claim_of(conn, NUMBER).id
        return balances(conn, [claim_id])[claim_id]


def paid(
    office: Office, why: Because, status: str, amount: str, icn: str = "ICN1"
) -> ClaimRow:
    """An 835: 100 paid, 30 contractual, 20 the patient's, or all of it taken back."""
    with office.writing() as conn:
        post_set(conn, office, PAYER, the_set(conn, status, amount, icn), why)
    return now(office)


def the_set(
    conn: Connection, status: str, amount: str, icn: str = "ICN1"
) -> Remittance:
    sign = -1 if status == "22" else 1
    parts = [Decimal(amount), *(Decimal(a) * sign for a in ("30.00", "20.00"))]
    row = claim_of(conn, NUMBER)
    charge = from_cents(row.charge_cents) * sign
    line = a_line(
        conn, row, 1, parts[0], charge=charge,
        adjustments=(
            *adjusted("CO", "45", parts[1]), *adjusted("PR", "2", parts[2]),
        ),
    )  # fmt: skip
    found = decided(
        row, parts[0], status=status, charge=charge, payer_icn=icn, lines=(line,)
    )
    return a_set(found, trace=f"T{status}")


def void(office: Office, why: Because) -> None:
    with office.writing() as conn:
        resolve_correction(conn, office, claim_of(conn, NUMBER), "void", {}, why)
    send(office, 2)


def test_an_unpaid_claim_is_void_when_the_payer_accepts_the_void(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)
    assert now(office).state is ClaimState.SUBMITTED
    assert money(office).charge == Decimal("150.00")

    row = acknowledged(office, why, "A2", position=10)

    assert row.state is ClaimState.VOIDED
    assert (row.next_what, row.next_at) == (None, None)
    assert money(office).charge == money(office).insurer_open == ZERO
    with office.reading() as conn:
        kinds = [e["entry_type"] for e in entries_of(conn, row.id)]
        untold = [n for n in news.untold(conn) if row.id in n["workflow_id"]]
        newest = submissions.newest(conn, row.id)
    assert kinds == [EntryType.CHARGE, EntryType.CHARGE_VOID]
    assert untold  # its workflow hears of it and ends
    assert newest is not None
    assert (newest["frequency"], newest["ref_f8"]) == ("8", "ICN1")


def test_a_void_that_the_payer_rejects_leaves_the_charge_and_comes_back(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)

    row = acknowledged(office, why, "A3", position=10)

    assert row.state is ClaimState.REJECTED
    assert money(office).charge == Decimal("150.00")


def test_a_paid_claim_is_void_only_when_the_payers_reversal_posts(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    paid(office, why, "1", "100.00")
    void(office, why)
    row = acknowledged(office, why, "A2", position=10)
    assert row.state is ClaimState.ACCEPTED
    assert row.next_at is not None
    assert money(office).charge == Decimal("150.00")

    row = paid(office, why, "22", "-100.00")

    assert row.state is ClaimState.VOIDED
    after = money(office)
    assert (after.charge, after.paid_payer, after.adjusted) == (ZERO, ZERO, ZERO)
    assert (after.patient_due, after.insurer_open, after.credit) == (ZERO, ZERO, ZERO)


def test_money_for_a_void_claim_waits_for_a_poster_who_may_book_it_there(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)
    acknowledged(office, why, "A2", position=10)

    assert paid(office, why, "1", "100.00").state is ClaimState.VOIDED
    with office.reading() as conn:
        (task,) = tasks.waiting(conn, types=["ERA_UNMATCHED_CLAIM"])
        cash = payer_cash(conn, PAYER)
    assert "taken back" in task["why"]
    assert (cash.claims_net, cash.other) == (ZERO, Decimal("100.00"))

    with office.writing() as conn, pytest.MonkeyPatch.context() as patch:
        patch.setattr(remittance, "read_one", lambda *_: the_set(conn, "1", "100.00"))
        form = {"claim_ref": now(office).pcn}
        remittance.resolve_unmatched_file(conn, office, task, "linked", form, why)

    after = money(office)
    assert (after.charge, after.paid_payer) == (Decimal("150.00"), Decimal("100.00"))
    assert (after.adjusted, after.patient_due) == (Decimal("30.00"), Decimal("20.00"))
    row = now(office)
    assert row.state is ClaimState.PATIENT_BALANCE
    assert row.next_at is not None


def test_a_void_claim_that_a_payer_still_denies_stays_void(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)
    acknowledged(office, why, "A2", position=10)

    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        said = adjusted("CO", "50", Decimal("150.00"))
        found = decided(row, ZERO, status="4", adjustments=said)
        post_set(conn, office, PAYER, a_set(found), why)

    row = now(office)
    assert (row.state, row.next_at) == (ClaimState.VOIDED, None)
    assert money(office).charge == ZERO


def test_what_the_patient_paid_goes_back_before_the_claim_is_void(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    paid(office, why, "1", "100.00")
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        enter(conn, row, EntryType.PATIENT_PAYMENT, Decimal("20.00"), why)
    void(office, why)
    acknowledged(office, why, "A2", position=10)

    row = paid(office, why, "22", "-100.00")

    after = money(office)
    assert row.state is ClaimState.CREDIT
    assert (after.charge, after.paid_patient, after.credit) == (
        ZERO, Decimal("20.00"), Decimal("20.00"),
    )  # fmt: skip
    with office.reading() as conn:
        assert tasks.waiting(conn, claim_id=row.id, types=["CREDIT_REVIEW"])


def test_a_void_that_the_payer_denies_is_no_void(office: Office, why: Because) -> None:
    """An 835 that is no reversal confirms nothing."""
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        charge = from_cents(row.charge_cents)
        line = a_line(conn, row, 1, ZERO, adjustments=adjusted("CO", "16", charge))
        found = decided(row, ZERO, status="4", lines=(line,))
        post_set(conn, office, PAYER, a_set(found), why)

    assert now(office).state is not ClaimState.VOIDED
    assert money(office).charge == charge


def test_the_same_277ca_again_takes_the_charge_off_once(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    void(office, why)
    acknowledged(office, why, "A2", position=10)
    acknowledged(office, why, "A2", position=10)

    with office.reading() as conn:
        row = claim_of(conn, NUMBER)
        kinds = [e["entry_type"] for e in entries_of(conn, row.id)]
    assert kinds.count(EntryType.CHARGE_VOID) == 1
    assert row.state is ClaimState.VOIDED


def test_a_rejected_claim_is_dropped_without_telling_anybody(
    office: Office, why: Because
) -> None:
    """It was never filed (R-ACK-05): there is nothing to void at a payer."""
    with office.writing() as conn:
        sets = (SetAcknowledgment("0001", "R"),)
        take_999(
            conn, office, "clearinghouse", FileAcknowledgment("1", "R", sets), SHA, why
        )
        row = claim_of(conn, NUMBER)
        assert row.state is ClaimState.REJECTED
        resolve_rejection(conn, office, row, "void", {}, why)

    row = now(office)
    assert row.state is ClaimState.VOIDED
    assert money(office).charge == ZERO
    with office.reading() as conn:
        assert [s["status"] for s in submissions.of_claim(conn, row.id)] == ["rejected"]
        assert tasks.waiting(conn, claim_id=row.id, types=["FILING_DEADLINE"]) == []


def test_a_claim_that_the_payer_has_from_before_cannot_be_dropped(
    office: Office, why: Because
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    with office.writing() as conn:
        resolve_correction(
            conn, office, claim_of(conn, NUMBER), "corrected_freq_7", {}, why
        )
    send(office, 2)
    row = acknowledged(office, why, "A3", position=10)
    assert row.state is ClaimState.REJECTED

    with office.writing() as conn, pytest.raises(DecisionRefused, match="at the payer"):
        resolve_rejection(conn, office, claim_of(conn, NUMBER), "void", {}, why)
    assert now(office).state is ClaimState.REJECTED


@pytest.mark.parametrize("pays", ["0", "60.00"])
def test_the_patients_share_goes_with_the_charge_and_is_never_taken_off_twice(
    office: Office, why: Because, pays: str
) -> None:
    acknowledged(office, why, "A2", "ICN1")
    row = deductible(office, why, "1")
    assert money(office).patient_due == Decimal("150.00")
    if Decimal(pays):
        patient_pays(office, row, Decimal(pays))
    void(office, why)

    row = acknowledged(office, why, "A2", position=10)
    deductible(office, why, "22")

    after = money(office)
    assert (after.charge, after.patient_due, after.insurer_open) == (ZERO,) * 3
    assert after.credit == after.paid_patient == Decimal(pays)
    assert row.state is (ClaimState.CREDIT if Decimal(pays) else ClaimState.VOIDED)
    assert now(office).state is row.state


def deductible(office: Office, why: Because, status: str) -> ClaimRow:
    """An 835: the whole charge is the patient's deductible, or is taken back."""
    sign = -1 if status == "22" else 1
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        lines = [
            a_line(
                conn, row, n["number"], ZERO, charge=sign * charge,
                adjustments=adjusted("PR", "1", sign * charge),
            )
            for n in claims.lines(conn, row.id)
            for charge in [from_cents(n["charge_cents"])]
        ]  # fmt: skip
        charge = sign * from_cents(row.charge_cents)
        found = decided(
            row,
            ZERO,
            status=status,
            charge=charge,
            payer_icn="ICN1",
            lines=tuple(lines),
        )
        post_set(conn, office, PAYER, a_set(found, trace=f"D{status}"), why)
    return now(office)


def patient_pays(office: Office, row: ClaimRow, amount: Decimal) -> None:
    entry = NewEntry(
        key="receipt:1", type=EntryType.PATIENT_PAYMENT, amount=amount,
        claim_id=row.id, account_id=row.account_id, business_date=NOON.date(),
        source="front desk", ref="R1", rule="R-PAT-01",
    )  # fmt: skip
    with office.writing() as conn:
        post(conn, [entry], posted_at=to_text(NOON))
