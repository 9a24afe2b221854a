"""Entry types, what each does to a claim's buckets, and which accounts it debits.

Two tables say the same thing twice: ``EFFECT`` (R-MON-03) moves a claim's buckets,
``POSTING`` moves accounts. A test proves that they agree.
"""

from collections.abc import Mapping
from enum import StrEnum


class EntryType(StrEnum):
    """Every entry that may exist; there is none that makes a file balance (R-ERA-04)."""

    CHARGE = "CHARGE"
    CHARGE_VOID = "CHARGE_VOID"
    CHARGE_SELF_PAY = "CHARGE_SELF_PAY"
    PAYER_PAYMENT = "PAYER_PAYMENT"
    PAYER_REVERSAL = "PAYER_REVERSAL"
    CONTRACTUAL_ADJ = "CONTRACTUAL_ADJ"
    CONTRACTUAL_ADJ_REVERSAL = "CONTRACTUAL_ADJ_REVERSAL"
    WRITE_OFF_TIMELY = "WRITE_OFF_TIMELY"
    WRITE_OFF_DENIAL = "WRITE_OFF_DENIAL"
    WRITE_OFF_LEGAL_NO_BILL = "WRITE_OFF_LEGAL_NO_BILL"
    WRITE_OFF_SMALL = "WRITE_OFF_SMALL"
    WRITE_OFF_CHARITY = "WRITE_OFF_CHARITY"
    WRITE_OFF_BAD_DEBT = "WRITE_OFF_BAD_DEBT"
    WRITE_OFF_COURTESY = "WRITE_OFF_COURTESY"
    TRANSFER_TO_PATIENT = "TRANSFER_TO_PATIENT"
    TRANSFER_TO_INSURER = "TRANSFER_TO_INSURER"
    PATIENT_PAYMENT = "PATIENT_PAYMENT"
    PATIENT_PAYMENT_REVERSAL = "PATIENT_PAYMENT_REVERSAL"
    PATIENT_PREPAYMENT = "PATIENT_PREPAYMENT"
    APPLY_PREPAYMENT = "APPLY_PREPAYMENT"
    CREDIT_OPEN_PATIENT = "CREDIT_OPEN_PATIENT"
    CREDIT_OPEN_PAYER = "CREDIT_OPEN_PAYER"
    REFUND_PATIENT = "REFUND_PATIENT"
    REFUND_PAYER = "REFUND_PAYER"
    CREDIT_MOVED_OUT = "CREDIT_MOVED_OUT"
    UNAPPLIED_PAYER_CASH = "UNAPPLIED_PAYER_CASH"
    UNAPPLIED_PAYER_CASH_APPLIED = "UNAPPLIED_PAYER_CASH_APPLIED"
    INTEREST_RECEIVED = "INTEREST_RECEIVED"
    INTEREST_REVERSED = "INTEREST_REVERSED"
    RECOUPMENT_DUE = "RECOUPMENT_DUE"
    RECOUPMENT_TAKEN = "RECOUPMENT_TAKEN"
    FORWARD_BALANCE_OUT = "FORWARD_BALANCE_OUT"
    FORWARD_BALANCE_IN = "FORWARD_BALANCE_IN"
    PLB_SUSPENSE_TAKEN = "PLB_SUSPENSE_TAKEN"
    PLB_SUSPENSE_GIVEN = "PLB_SUSPENSE_GIVEN"


WRITE_OFFS = frozenset(t for t in EntryType if t.value.startswith("WRITE_OFF_"))


class Bucket(StrEnum):
    """The parts of a claim's money identity (R-MON-02)."""

    CHARGE = "charge"
    PAID_PAYER = "paid_payer"
    PAID_PATIENT = "paid_patient"
    ADJUSTED = "adjusted"
    PATIENT_DUE = "patient_due"
    INSURER_OPEN = "insurer_open"
    CREDIT = "credit"


def _effect(text: str) -> Mapping[Bucket, int]:
    return {Bucket(part[1:]): 1 if part[0] == "+" else -1 for part in text.split()}


E = EntryType
EFFECT: Mapping[EntryType, Mapping[Bucket, int]] = {
    E.CHARGE: _effect("+charge +insurer_open"),
    E.CHARGE_VOID: _effect("-charge -insurer_open"),
    E.CHARGE_SELF_PAY: _effect("+charge +patient_due"),
    E.PAYER_PAYMENT: _effect("+paid_payer -insurer_open"),
    E.PAYER_REVERSAL: _effect("-paid_payer +insurer_open"),
    E.CONTRACTUAL_ADJ: _effect("+adjusted -insurer_open"),
    E.CONTRACTUAL_ADJ_REVERSAL: _effect("-adjusted +insurer_open"),
    E.WRITE_OFF_TIMELY: _effect("+adjusted -insurer_open"),
    E.WRITE_OFF_DENIAL: _effect("+adjusted -insurer_open"),
    E.WRITE_OFF_LEGAL_NO_BILL: _effect("+adjusted -insurer_open"),
    E.WRITE_OFF_SMALL: _effect("+adjusted -patient_due"),
    E.WRITE_OFF_CHARITY: _effect("+adjusted -patient_due"),
    E.WRITE_OFF_BAD_DEBT: _effect("+adjusted -patient_due"),
    E.WRITE_OFF_COURTESY: _effect("+adjusted -patient_due"),
    E.TRANSFER_TO_PATIENT: _effect("-insurer_open +patient_due"),
    E.TRANSFER_TO_INSURER: _effect("+insurer_open -patient_due"),
    E.PATIENT_PAYMENT: _effect("+paid_patient -patient_due"),
    E.PATIENT_PAYMENT_REVERSAL: _effect("-paid_patient +patient_due"),
    E.PATIENT_PREPAYMENT: _effect("+paid_patient +credit"),
    E.APPLY_PREPAYMENT: _effect("-patient_due -credit"),
    E.CREDIT_OPEN_PATIENT: _effect("+patient_due +credit"),
    E.CREDIT_OPEN_PAYER: _effect("+insurer_open +credit"),
    E.REFUND_PATIENT: _effect("-paid_patient -credit"),
    E.REFUND_PAYER: _effect("-paid_payer -credit"),
    E.CREDIT_MOVED_OUT: _effect("-paid_patient -credit"),
}
"""Effect of each claim entry on the buckets (R-MON-03)."""

RECEIVABLE = "insurance_receivable"
PATIENT = "patient_receivable"
CASH = "cash"
REVENUE = "revenue"
CONTRACTUAL = "contractual_adjustment"
OTHER = "other_adjustment"
BAD_DEBT = "bad_debt"
CHARITY = "charity"
CREDITS = "refunds_payable"
UNAPPLIED = "unapplied"
INTEREST = "interest"
RECOUPMENT = "recoupment_due"
FORWARD = "forward_balance"
SUSPENSE = "plb_suspense"

POSTING: Mapping[EntryType, tuple[str, str]] = {
    E.CHARGE: (RECEIVABLE, REVENUE),
    E.CHARGE_VOID: (REVENUE, RECEIVABLE),
    E.CHARGE_SELF_PAY: (PATIENT, REVENUE),
    E.PAYER_PAYMENT: (CASH, RECEIVABLE),
    E.PAYER_REVERSAL: (RECEIVABLE, CASH),
    E.CONTRACTUAL_ADJ: (CONTRACTUAL, RECEIVABLE),
    E.CONTRACTUAL_ADJ_REVERSAL: (RECEIVABLE, CONTRACTUAL),
    E.WRITE_OFF_TIMELY: (OTHER, RECEIVABLE),
    E.WRITE_OFF_DENIAL: (OTHER, RECEIVABLE),
    E.WRITE_OFF_LEGAL_NO_BILL: (OTHER, RECEIVABLE),
    E.WRITE_OFF_SMALL: (OTHER, PATIENT),
    E.WRITE_OFF_CHARITY: (CHARITY, PATIENT),
    E.WRITE_OFF_BAD_DEBT: (BAD_DEBT, PATIENT),
    E.WRITE_OFF_COURTESY: (OTHER, PATIENT),
    E.TRANSFER_TO_PATIENT: (PATIENT, RECEIVABLE),
    E.TRANSFER_TO_INSURER: (RECEIVABLE, PATIENT),
    E.PATIENT_PAYMENT: (CASH, PATIENT),
    E.PATIENT_PAYMENT_REVERSAL: (PATIENT, CASH),
    E.PATIENT_PREPAYMENT: (CASH, CREDITS),
    E.APPLY_PREPAYMENT: (CREDITS, PATIENT),
    E.CREDIT_OPEN_PATIENT: (PATIENT, CREDITS),
    E.CREDIT_OPEN_PAYER: (RECEIVABLE, CREDITS),
    E.REFUND_PATIENT: (CREDITS, CASH),
    E.REFUND_PAYER: (CREDITS, CASH),
    E.CREDIT_MOVED_OUT: (CREDITS, CASH),
    E.UNAPPLIED_PAYER_CASH: (CASH, UNAPPLIED),
    E.UNAPPLIED_PAYER_CASH_APPLIED: (UNAPPLIED, CASH),
    E.INTEREST_RECEIVED: (CASH, INTEREST),
    E.INTEREST_REVERSED: (INTEREST, CASH),
    E.RECOUPMENT_DUE: (CASH, RECOUPMENT),
    E.RECOUPMENT_TAKEN: (RECOUPMENT, CASH),
    E.FORWARD_BALANCE_OUT: (CASH, FORWARD),
    E.FORWARD_BALANCE_IN: (FORWARD, CASH),
    E.PLB_SUSPENSE_TAKEN: (SUSPENSE, CASH),
    E.PLB_SUSPENSE_GIVEN: (CASH, SUSPENSE),
}
"""Debit and credit account of each entry: one balanced posting each (R-MON-05)."""

PER_PAYER = frozenset({RECEIVABLE, UNAPPLIED, INTEREST, RECOUPMENT, FORWARD, SUSPENSE})


def account_name(kind: str, payer_id: str | None) -> str:
    """``insurance_receivable:P-NORTHLAKE``; patient accounts are not split."""
    return f"{kind}:{payer_id}" if kind in PER_PAYER and payer_id else kind
