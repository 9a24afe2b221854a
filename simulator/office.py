"""Rows of the practice's own CSV files: the bank, patients, authorizations, appeals."""

from datetime import date
from decimal import Decimal

from simulator.agenda import OfficeRow
from simulator.fates import AuthorizationFate


def deposit_row(
    trace: str, day: date, amount: Decimal, originator: str, payer_name: str
) -> OfficeRow:
    """Money of a payer that the bank received, with the trace of its remittance."""
    return OfficeRow(
        "deposits",
        {
            "deposit_ref": f"DEP-{trace}",
            "date": day.isoformat(),
            "amount": str(amount),
            "method": "ach",
            "trace_no": trace,
            "originator": originator,
            "payer_name": payer_name,
            "account_last4": "8765",
        },
    )


def payment_row(
    pcn: str, number: str, day: date, amount: Decimal, method: str
) -> OfficeRow:
    """Money of a patient for one claim."""
    return OfficeRow(
        "patient_payments",
        {
            "receipt_ref": f"PAY-{pcn}-{number}",
            "patient_ref": "",
            "date": day.isoformat(),
            "amount": str(amount),
            "method": method,
            "claim_ref": pcn,
            "plan_ref": "",
            "note": "",
        },
    )


def authorization_row(row: AuthorizationFate) -> OfficeRow:
    """A payer's answer to a request for authorization."""
    return OfficeRow(
        "authorizations",
        {
            "auth_no": row.auth_no,
            "payer_id": row.payer_id,
            "member_id": row.member_id,
            "code": row.code,
            "units": str(row.units),
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat(),
            "status": row.status,
            "decided_on": row.day.isoformat(),
        },
    )


def appeal_row(pcn: str, outcome: str, day: date) -> OfficeRow:
    """A payer's answer to a first-level appeal."""
    return OfficeRow(
        "appeal_decisions",
        {
            "claim_ref": pcn,
            "level": "1",
            "outcome": outcome,
            "notice_date": day.isoformat(),
            "received_on": day.isoformat(),
            "document": f"NOTICE-{pcn}",
        },
    )
