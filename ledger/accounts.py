"""Entry types, what each does to a claim's buckets, and which accounts it debits.

Two tables say the same thing twice: ``EFFECT`` (R-MON-03) moves a claim's buckets,
``POSTING`` (R-MON-05) moves accounts. ``VIEW`` says which accounts a bucket is; a test
proves that the three agree.
"""

from collections.abc import Mapping
from enum import StrEnum


class EntryType(StrEnum):
    """Every entry that may exist; none makes a file balance (R-ERA-04).

    From DEPOSIT on they belong to the practice and name no claim (R-MON-07). Where
    ``plb_reasons.yaml`` has one word for both signs, there is a type for each sign:
    ``_TAKEN`` lowers a payment, ``_GIVEN`` raises it, because amounts are positive.
    """

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
    DEPOSIT = "DEPOSIT"
    UNAPPLIED_PAYER_CASH = "UNAPPLIED_PAYER_CASH"
    UNAPPLIED_PAYER_CASH_APPLIED = "UNAPPLIED_PAYER_CASH_APPLIED"
    INTEREST_RECEIVED = "INTEREST_RECEIVED"
    INTEREST_REVERSED = "INTEREST_REVERSED"
    RECOUPMENT_DUE = "RECOUPMENT_DUE"
    RECOUPMENT_TAKEN = "RECOUPMENT_TAKEN"
    REFUND_ACKNOWLEDGED = "REFUND_ACKNOWLEDGED"
    FORWARD_BALANCE_OUT = "FORWARD_BALANCE_OUT"
    FORWARD_BALANCE_IN = "FORWARD_BALANCE_IN"
    WITHHOLD_KEPT = "WITHHOLD_KEPT"
    WITHHOLD_RETURNED = "WITHHOLD_RETURNED"
    CAPITATION_RECEIVED = "CAPITATION_RECEIVED"
    LEVY_TAKEN = "LEVY_TAKEN"
    LEVY_REVERSAL = "LEVY_REVERSAL"
    TAX_WITHHELD = "TAX_WITHHELD"
    TAX_WITHHELD_REVERSAL = "TAX_WITHHELD_REVERSAL"
    PLB_FEE = "PLB_FEE"
    PLB_FEE_REVERSAL = "PLB_FEE_REVERSAL"
    PLB_ADVANCE = "PLB_ADVANCE"
    PLB_ADVANCE_REPAID = "PLB_ADVANCE_REPAID"
    PLB_BONUS = "PLB_BONUS"
    PLB_OFFSET_TAKEN = "PLB_OFFSET_TAKEN"
    PLB_OFFSET_GIVEN = "PLB_OFFSET_GIVEN"
    PLB_SUSPENSE_TAKEN = "PLB_SUSPENSE_TAKEN"
    PLB_SUSPENSE_GIVEN = "PLB_SUSPENSE_GIVEN"


WRITE_OFFS = frozenset(t for t in EntryType if t.value.startswith("WRITE_OFF_"))
"""The part of ``adjusted`` that somebody gave up."""
BY_PEOPLE = WRITE_OFFS - {EntryType.WRITE_OFF_SMALL}
"""Never made by the machine (R-MON-05, R-WOF-01)."""


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
REVENUE = "revenue"
CONTRACTUAL = "contractual_adjustment"
OTHER = "other_adjustment"
BAD_DEBT = "bad_debt"
CHARITY = "charity"
CREDITS = "refunds_payable"
CASH = "cash"
CLEARING = "payer_clearing"
PAYER_REFUNDS = "payer_refunds_paid"
PATIENT_CASH = "patient_cash"
UNAPPLIED = "unapplied"
INTEREST = "interest"
RECOUPMENT = "recoupment_due"
FORWARD = "forward_balance"
WITHHOLD = "withhold"
CAPITATION = "capitation"
LEVY = "levy"
TAX = "tax_withheld"
FEES = "payer_fees"
ADVANCES = "payer_advances"
BONUS = "payer_bonus"
OFFSET = "plb_offset"
SUSPENSE = "plb_suspense"

POSTING: Mapping[EntryType, tuple[str, str]] = {
    E.CHARGE: (RECEIVABLE, REVENUE),
    E.CHARGE_VOID: (REVENUE, RECEIVABLE),
    E.CHARGE_SELF_PAY: (PATIENT, REVENUE),
    E.PAYER_PAYMENT: (CLEARING, RECEIVABLE),
    E.PAYER_REVERSAL: (RECEIVABLE, CLEARING),
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
    E.PATIENT_PAYMENT: (PATIENT_CASH, PATIENT),
    E.PATIENT_PAYMENT_REVERSAL: (PATIENT, PATIENT_CASH),
    E.PATIENT_PREPAYMENT: (PATIENT_CASH, CREDITS),
    E.APPLY_PREPAYMENT: (CREDITS, PATIENT),
    E.CREDIT_OPEN_PATIENT: (PATIENT, CREDITS),
    E.CREDIT_OPEN_PAYER: (RECEIVABLE, CREDITS),
    E.REFUND_PATIENT: (CREDITS, PATIENT_CASH),
    E.REFUND_PAYER: (CREDITS, PAYER_REFUNDS),
    E.CREDIT_MOVED_OUT: (CREDITS, PATIENT_CASH),
    E.DEPOSIT: (CASH, CLEARING),
    E.UNAPPLIED_PAYER_CASH: (CLEARING, UNAPPLIED),
    E.UNAPPLIED_PAYER_CASH_APPLIED: (UNAPPLIED, CLEARING),
    E.INTEREST_RECEIVED: (CLEARING, INTEREST),
    E.INTEREST_REVERSED: (INTEREST, CLEARING),
    E.RECOUPMENT_DUE: (CLEARING, RECOUPMENT),
    E.RECOUPMENT_TAKEN: (RECOUPMENT, CLEARING),
    E.REFUND_ACKNOWLEDGED: (CLEARING, RECOUPMENT),
    E.FORWARD_BALANCE_OUT: (CLEARING, FORWARD),
    E.FORWARD_BALANCE_IN: (FORWARD, CLEARING),
    E.WITHHOLD_KEPT: (WITHHOLD, CLEARING),
    E.WITHHOLD_RETURNED: (CLEARING, WITHHOLD),
    E.CAPITATION_RECEIVED: (CLEARING, CAPITATION),
    E.LEVY_TAKEN: (LEVY, CLEARING),
    E.LEVY_REVERSAL: (CLEARING, LEVY),
    E.TAX_WITHHELD: (TAX, CLEARING),
    E.TAX_WITHHELD_REVERSAL: (CLEARING, TAX),
    E.PLB_FEE: (FEES, CLEARING),
    E.PLB_FEE_REVERSAL: (CLEARING, FEES),
    E.PLB_ADVANCE: (CLEARING, ADVANCES),
    E.PLB_ADVANCE_REPAID: (ADVANCES, CLEARING),
    E.PLB_BONUS: (CLEARING, BONUS),
    E.PLB_OFFSET_TAKEN: (OFFSET, CLEARING),
    E.PLB_OFFSET_GIVEN: (CLEARING, OFFSET),
    E.PLB_SUSPENSE_TAKEN: (SUSPENSE, CLEARING),
    E.PLB_SUSPENSE_GIVEN: (CLEARING, SUSPENSE),
}
"""Debit and credit account of each entry: one balanced posting each (R-MON-05).

Remittances fill a payer's clearing account and deposits empty it, so that I3 holds for
a payer exactly when its clearing account is at zero.
"""

CLASS: Mapping[str, str] = {
    **dict.fromkeys((RECEIVABLE, PATIENT, CASH, CLEARING, PATIENT_CASH), "Assets"),
    **dict.fromkeys((PAYER_REFUNDS, WITHHOLD, OFFSET, SUSPENSE), "Assets"),
    **dict.fromkeys((CREDITS, UNAPPLIED, RECOUPMENT), "Liabilities"),
    **dict.fromkeys((FORWARD, ADVANCES), "Liabilities"),
    **dict.fromkeys((REVENUE, INTEREST, CAPITATION, BONUS), "Income"),
    **dict.fromkeys((CONTRACTUAL, OTHER, BAD_DEBT, CHARITY), "Expenses"),
    **dict.fromkeys((LEVY, TAX, FEES), "Expenses"),
}
"""The class of each kind of account, in the words of a trial balance."""

VIEW: Mapping[Bucket, tuple[int, frozenset[str]]] = {
    Bucket.CHARGE: (-1, frozenset({REVENUE})),
    Bucket.PAID_PAYER: (1, frozenset({CLEARING, PAYER_REFUNDS})),
    Bucket.PAID_PATIENT: (1, frozenset({PATIENT_CASH})),
    Bucket.ADJUSTED: (1, frozenset({CONTRACTUAL, OTHER, BAD_DEBT, CHARITY})),
    Bucket.PATIENT_DUE: (1, frozenset({PATIENT})),
    Bucket.INSURER_OPEN: (1, frozenset({RECEIVABLE})),
    Bucket.CREDIT: (-1, frozenset({CREDITS})),
}
"""A claim's bucket seen from the accounts: sign, and whose debit balances it adds."""

_PAIRS = (
    (E.CHARGE, E.CHARGE_VOID),
    (E.PAYER_PAYMENT, E.PAYER_REVERSAL),
    (E.CONTRACTUAL_ADJ, E.CONTRACTUAL_ADJ_REVERSAL),
    (E.TRANSFER_TO_PATIENT, E.TRANSFER_TO_INSURER),
    (E.PATIENT_PAYMENT, E.PATIENT_PAYMENT_REVERSAL),
    (E.UNAPPLIED_PAYER_CASH, E.UNAPPLIED_PAYER_CASH_APPLIED),
    (E.INTEREST_RECEIVED, E.INTEREST_REVERSED),
    (E.LEVY_TAKEN, E.LEVY_REVERSAL),
    (E.TAX_WITHHELD, E.TAX_WITHHELD_REVERSAL),
    (E.PLB_FEE, E.PLB_FEE_REVERSAL),
)
OPPOSITE: Mapping[EntryType, EntryType] = {
    **dict(_PAIRS),
    **{second: first for first, second in _PAIRS},
}
"""The type that undoes a type, where R-MON-03 or R-MON-07 has one. Any other entry is
undone by its own type with the two sides exchanged (``direction`` -1)."""

PER_PAYER = frozenset(
    {
        *(
            RECEIVABLE,
            CLEARING,
            PAYER_REFUNDS,
            UNAPPLIED,
            INTEREST,
            RECOUPMENT,
            FORWARD,
        ),
        *(WITHHOLD, CAPITATION, LEVY, TAX, FEES, ADVANCES, BONUS, OFFSET, SUSPENSE),
    }
)
"""Accounts kept apart for each payer."""


def needs_payer(kind: EntryType) -> bool:
    """Whether a posting of this type touches an account kept by payer."""
    return not PER_PAYER.isdisjoint(POSTING[kind])


def account_name(kind: str, payer_id: str | None) -> str:
    """``insurance_receivable:P-NORTHLAKE``; patient accounts are not split."""
    return f"{kind}:{payer_id}" if kind in PER_PAYER else kind


def plb_entry_type(word: str, *, lowers_payment: bool) -> EntryType:
    """The type of an entry word of ``plb_reasons.yaml``; positive lowers (R-PLB-01).

    Raises:
        ValueError: a word the ledger has no entry for.
    """
    if word in ("PLB_SUSPENSE", "PLB_OFFSET"):
        word += "_TAKEN" if lowers_payment else "_GIVEN"
    return EntryType(word)
