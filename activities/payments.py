"""Money of patients: visit payments, payments of statements, bounced ones (R-MON,
R-PAT).

A payment before the first remittance is a prepayment: it is on the ledger as credit and
changes no state. After it, it pays what the patient owes; what is left over is credit.
"""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from activities import settle as settling
from activities.office import Office
from activities.refunds import review_credit
from claims.money import ZERO, Usd, cents, from_cents
from ledger.accounts import EntryType
from ledger.balances import balances
from ledger.entries import NewEntry, post
from records import claims, remittances
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text


class PatientPayment(BaseModel):
    """One row of ``patient_payments.csv`` (desk.md §8)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipt_ref: str = Field(min_length=1, max_length=64)
    patient_ref: str = ""
    date: date
    amount: Usd = Field(gt=0)
    method: str = Field(max_length=16)
    claim_ref: str = ""
    plan_ref: str = ""
    note: str = ""


def take_payment(
    conn: Connection,
    office: Office,
    payment: PatientPayment,
    row: ClaimRow,
    *,
    source: tuple[str, int],
    why: Because,
) -> str | None:
    """Post one payment to its claim, once by receipt; the news id that wakes the claim.

    None when the receipt is known, or when the claim need not hear of it.
    """
    known = not remittances.record_payment(
        conn,
        receipt_ref=payment.receipt_ref,
        paid_on=payment.date,
        amount_cents=cents(payment.amount),
        method=payment.method,
        claim_id=row.id,
        account_id=row.account_id,
        file_sha256=source[0],
        row=source[1],
    )
    if known:
        return None
    if row.first_remit_on is None:
        _post(conn, row, payment, EntryType.PATIENT_PREPAYMENT, payment.amount, why)
        return None
    due = balances(conn, [row.id])[row.id].patient_due
    pays = min(due, payment.amount)
    _post(conn, row, payment, EntryType.PATIENT_PAYMENT, pays, why)
    rest = payment.amount - pays
    _post(conn, row, payment, EntryType.PATIENT_PREPAYMENT, rest, why)
    remittances.apply_payment(conn, payment.receipt_ref, cents(pays))
    review_credit(conn, office, row, why, payment.receipt_ref)
    words = f"The patient paid {payment.amount} ({payment.method})"
    settling.settle(conn, office, row.id, why.by_rule("R-STA-02"), words)
    return settling.tell_claim(
        conn, row.id, f"payment:{payment.receipt_ref}", "payment", why.today
    )


def _post(
    conn: Connection,
    row: ClaimRow,
    payment: PatientPayment,
    kind: EntryType,
    amount: Decimal,
    why: Because,
) -> None:
    if amount <= ZERO:
        return
    entry = NewEntry(
        key=f"receipt:{payment.receipt_ref}:{row.id}:{kind.value}",
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"receipt {payment.receipt_ref}",
        ref=payment.receipt_ref,
        rule="R-MON-03",
        actor=why.actor,
        memo=f"{payment.method}, received {payment.date}",
    )
    post(conn, [entry], posted_at=to_text(why.at))


def prepayment_entries(
    conn: Connection, row: ClaimRow, due: Decimal, why: Because, key: str
) -> list[NewEntry]:
    """APPLY_PREPAYMENT for what the patient now owes, oldest receipt first."""
    entries: list[NewEntry] = []
    for paid in remittances.prepayments(conn, row.id):
        left = from_cents(paid["amount_cents"] - paid["applied_cents"])
        take = min(left, due)
        if take <= ZERO:
            continue
        due -= take
        remittances.apply_payment(conn, paid["receipt_ref"], cents(take))
        entries.append(
            NewEntry(
                key=f"{key}:{paid['receipt_ref']}:APPLY_PREPAYMENT",
                type=EntryType.APPLY_PREPAYMENT,
                amount=take,
                claim_id=row.id,
                account_id=row.account_id,
                payer_id=row.payer_id,
                business_date=why.today,
                source=f"receipt {paid['receipt_ref']}",
                ref=paid["receipt_ref"],
                rule="R-MON-03",
                actor=why.actor,
                memo="prepayment applied to the patient's share",
            )
        )
    return entries


def apply_prepayments(conn: Connection, row: ClaimRow, why: Because, key: str) -> None:
    """What the patient has paid ahead pays what the patient now owes."""
    money = balances(conn, [row.id])[row.id]
    due = min(money.patient_due, money.credit)
    if due > ZERO:
        made = prepayment_entries(conn, row, due, why, key)
        post(conn, made, posted_at=to_text(why.at))


def claim_of_payment(conn: Connection, payment: PatientPayment) -> ClaimRow | None:
    """The claim a payment names."""
    return claims.find(conn, payment.claim_ref) if payment.claim_ref else None
