"""Remittances on file, their claims, deposits and patient payments."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select, union, update

from claims.trace import spellings
from records.db import upsert_ignore
from records.tables import (
    claim,
    deposit,
    patient_payment,
    remittance,
    remittance_claim,
)

REJECTED = "rejected"


def get(conn: Connection, remittance_id: str) -> RowMapping | None:
    """One transaction set by id."""
    query = select(remittance).where(remittance.c.id == remittance_id)
    return conn.execute(query).mappings().first()


def insert_new(conn: Connection, **values: Any) -> bool:
    """Register a transaction set; False when it is known, or another worker was
    quicker."""
    return bool(upsert_ignore(conn, remittance, [values]))


def with_trace(
    conn: Connection, payer_id: str, trace: str, *, lock: bool = False
) -> list[RowMapping]:
    """Transaction sets of a payer with this TRN02, leading zeros or not (R-ERA-06,
    R-ERA-07).

    Locked, until the transaction ends, so that only one of them is being posted.
    """
    query = select(remittance).where(
        remittance.c.payer_id == payer_id, remittance.c.trace.in_(spellings(trace))
    )
    if lock:
        query = query.order_by(remittance.c.id).with_for_update()
    return list(conn.execute(query).mappings())


def listing(conn: Connection, *, status: Iterable[str] = ()) -> list[RowMapping]:
    """Transaction sets, first received first."""
    query = select(remittance).order_by(remittance.c.received_on, remittance.c.trace)
    if wanted := list(status):
        query = query.where(remittance.c.status.in_(wanted))
    return list(conn.execute(query).mappings())


def mark(conn: Connection, remittance_id: str, **values: Any) -> None:
    """Set the status of a transaction set."""
    conn.execute(
        update(remittance).where(remittance.c.id == remittance_id).values(**values)
    )


def reject(conn: Connection, remittance_id: str, reason: str) -> None:
    """A second person could not confirm it: it never posts, and the same content may
    come again. Its hash is no longer the content's."""
    gone = sha256(f"rejected {remittance_id}".encode()).hexdigest()
    mark(conn, remittance_id, status=REJECTED, reason=reason, content_hash=gone)


def add_claims(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Store what each CLP said and how it was treated."""
    if rows:
        conn.execute(insert(remittance_claim), rows)


def mark_claim(
    conn: Connection, remittance_id: str, position: int, **values: Any
) -> None:
    """Change how one CLP ended (a person linked it)."""
    conn.execute(
        update(remittance_claim)
        .where(
            remittance_claim.c.remittance_id == remittance_id,
            remittance_claim.c.position == position,
        )
        .values(**values)
    )


def of_claim(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Every CLP posted to a claim with its remittance, first received first."""
    query = (
        select(
            remittance_claim,
            remittance.c.trace,
            remittance.c.payer_id,
            remittance.c.payment_date,
            remittance.c.posted_on,
            remittance.c.file_sha256,
            remittance.c.keyed_by,
        )
        .join(remittance, remittance.c.id == remittance_claim.c.remittance_id)
        .where(remittance_claim.c.claim_id == claim_id)
        .order_by(remittance.c.posted_on, remittance_claim.c.position)
    )
    return list(conn.execute(query).mappings())


def claims_of_numbers(
    conn: Connection, payer_id: str, numbers: Iterable[str]
) -> list[tuple[str, str]]:
    """Each of these numbers that names a claim, with the claim's id: our own number, or
    a control number that the payer gave it when it took or decided it."""
    wanted = sorted(set(numbers))
    decided = (
        select(remittance_claim.c.payer_icn, remittance_claim.c.claim_id)
        .join(remittance, remittance.c.id == remittance_claim.c.remittance_id)
        .where(
            remittance.c.payer_id == payer_id,
            remittance_claim.c.claim_id.is_not(None),
            remittance_claim.c.payer_icn.in_(wanted),
        )
    )
    taken = select(claim.c.payer_icn, claim.c.id).where(
        claim.c.payer_id == payer_id, claim.c.payer_icn.in_(wanted)
    )
    own = select(claim.c.pcn, claim.c.id).where(claim.c.pcn.in_(wanted))
    found = conn.execute(union(decided, taken, own))
    return sorted((str(number), str(claim_id)) for number, claim_id in found)


def numbers_of(conn: Connection, payer_id: str, claim_id: str) -> set[str]:
    """Every number by which this payer may name the claim."""
    decided = (
        select(remittance_claim.c.payer_icn)
        .join(remittance, remittance.c.id == remittance_claim.c.remittance_id)
        .where(
            remittance.c.payer_id == payer_id, remittance_claim.c.claim_id == claim_id
        )
    )
    own = select(claim.c.pcn, claim.c.payer_icn).where(claim.c.id == claim_id)
    found = {*conn.execute(decided).scalars(), *conn.execute(own).one()}
    return {str(number) for number in found if number}


def keyed_on(conn: Connection, claim_ids: Iterable[str], day: date, *, but: str) -> int:
    """Cents that one person alone keyed and posted for these claims on a day, takebacks
    counted like payments; without the remittance ``but`` (R-MAN-02)."""
    query = (
        select(func.coalesce(func.sum(func.abs(remittance_claim.c.paid_cents)), 0))
        .join(remittance, remittance.c.id == remittance_claim.c.remittance_id)
        .where(
            remittance.c.keyed_by.is_not(None),
            remittance.c.approved_by.is_(None),
            remittance.c.posted_on == day,
            remittance.c.id != but,
            remittance_claim.c.claim_id.in_(sorted(set(claim_ids))),
        )
    )
    return int(conn.execute(query).scalar_one())


def record_deposit(conn: Connection, **values: Any) -> bool:
    """Keep a bank deposit once by its reference."""
    known = conn.execute(select(deposit.c.ref).where(deposit.c.ref == values["ref"]))
    if known.first() is not None:
        return False
    conn.execute(insert(deposit).values(**values))
    return True


def deposit_of(conn: Connection, ref: str) -> RowMapping | None:
    """A bank deposit by its reference."""
    query = select(deposit).where(deposit.c.ref == ref)
    return conn.execute(query).mappings().first()


def deposits(conn: Connection) -> list[RowMapping]:
    """All deposits by date."""
    query = select(deposit).order_by(deposit.c.deposited_on, deposit.c.ref)
    return list(conn.execute(query).mappings())


def deposits_with_trace(conn: Connection, trace: str) -> list[RowMapping]:
    """Deposits that name this trace number, leading zeros or not."""
    query = select(deposit).where(deposit.c.trace.in_(spellings(trace)))
    query = query.order_by(deposit.c.ref)
    return list(conn.execute(query).mappings())


def of_trace(conn: Connection, trace: str) -> list[RowMapping]:
    """Transaction sets of any payer with this trace number: posted ones first, and
    those that were rejected last."""
    query = select(remittance).where(remittance.c.trace.in_(spellings(trace)))
    rows = conn.execute(query.order_by(remittance.c.received_on)).mappings()
    place = {"posted": 0, REJECTED: 2}
    return sorted(rows, key=lambda row: place.get(row["status"], 1))


def match_deposit(conn: Connection, ref: str, remittance_id: str) -> None:
    """This deposit is the money of this remittance."""
    conn.execute(
        update(deposit).where(deposit.c.ref == ref).values(remittance_id=remittance_id)
    )


def payment(conn: Connection, receipt_ref: str) -> RowMapping | None:
    """A patient's payment by receipt."""
    query = select(patient_payment).where(patient_payment.c.receipt_ref == receipt_ref)
    return conn.execute(query).mappings().first()


def payments_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """The patient's payments on a claim, first one first."""
    query = (
        select(patient_payment)
        .where(patient_payment.c.claim_id == claim_id)
        .order_by(patient_payment.c.paid_on, patient_payment.c.receipt_ref)
    )
    return list(conn.execute(query).mappings())


def record_payment(conn: Connection, **values: Any) -> bool:
    """Keep a patient's payment once by receipt (R-IDM-01)."""
    if payment(conn, values["receipt_ref"]) is not None:
        return False
    conn.execute(insert(patient_payment).values(**values))
    return True


def prepayments(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Payments of a claim that still hold money not yet applied, oldest first."""
    query = (
        select(patient_payment)
        .where(
            patient_payment.c.claim_id == claim_id,
            patient_payment.c.applied_cents < patient_payment.c.amount_cents,
        )
        .order_by(patient_payment.c.paid_on, patient_payment.c.receipt_ref)
    )
    return list(conn.execute(query).mappings())


def apply_payment(conn: Connection, receipt_ref: str, cents: int) -> None:
    """``cents`` more of this payment went to a balance."""
    conn.execute(
        update(patient_payment)
        .where(patient_payment.c.receipt_ref == receipt_ref)
        .values(applied_cents=patient_payment.c.applied_cents + cents)
    )
