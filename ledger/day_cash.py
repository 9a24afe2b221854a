"""Cash of business days: what the ledger holds against the deposits (R-DAY-01)."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, case, func, or_, select

from ledger.accounts import CLEARING, PATIENT_CASH, PAYER_REFUNDS, UNAPPLIED, EntryType
from ledger.tables import entry, entry_line

PAYER, UNAPPLIED_CASH, PATIENT, REFUNDS = "payer", "unapplied", "patient", "refunds"
_MOVES = {
    EntryType.UNAPPLIED_PAYER_CASH.value,
    EntryType.UNAPPLIED_PAYER_CASH_APPLIED.value,
}
_REFUNDS = {EntryType.REFUND_PATIENT.value, EntryType.REFUND_PAYER.value}


class Cash(NamedTuple):
    """Net cents of one part on one business date: in is positive, out negative.

    ``of`` is what they are from: ``835:PAYER:TRACE``, ``deposit:REF``, ``receipt:REF``
    or ``refund:REF``.
    """

    business_date: date
    part: str
    of: str
    cents: int


def cash(conn: Connection, since: date, until: date) -> list[Cash]:
    """The posted cash of these business dates, both included.

    A deposit's own entry is left out: the bank's record stands against these.
    """
    account = entry_line.c.account
    by_deposit = case((entry.c.key.startswith("deposit:"), 1), else_=0)
    columns = (
        entry.c.business_date,
        account,
        entry.c.entry_type,
        entry.c.payer_id,
        entry.c.ref,
        by_deposit,
    )
    query = (
        select(*columns, func.sum(entry_line.c.debit_cents - entry_line.c.credit_cents))
        .join(entry_line, entry_line.c.entry_id == entry.c.id)
        .where(
            entry.c.business_date >= since,
            entry.c.business_date <= until,
            entry.c.entry_type != EntryType.DEPOSIT.value,
            or_(
                *(account.startswith(f"{a}:") for a in (CLEARING, UNAPPLIED)),
                account.startswith(f"{PAYER_REFUNDS}:"),
                account == PATIENT_CASH,
            ),
        )
        .group_by(*columns)
    )
    sums: dict[tuple[date, str, str], int] = {}
    for day, name, kind, payer, ref, of_deposit, net in conn.execute(query):
        if part := _part(name, kind):
            key = (day, part, _of(part, payer, ref, bool(of_deposit)))
            sign = -1 if part == UNAPPLIED_CASH else 1
            sums[key] = sums.get(key, 0) + sign * int(net)
    return [Cash(*key, cents) for key, cents in sorted(sums.items()) if cents]


class Refunded(NamedTuple):
    """A refund that left on a business date; ``cents`` below zero, ``payer_id`` "" for
    a patient's."""

    business_date: date
    ref: str
    payer_id: str
    cents: int


def refunds(conn: Connection, until: date) -> list[Refunded]:
    """Every refund up to a business date that was not taken back."""
    net = func.sum(entry.c.direction * entry.c.amount_cents)
    by = (entry.c.business_date, entry.c.ref, entry.c.payer_id, entry.c.entry_type)
    query = (
        select(*by, net)
        .where(entry.c.entry_type.in_(_REFUNDS), entry.c.business_date <= until)
        .group_by(*by)
        .order_by(entry.c.business_date, entry.c.ref)
    )
    payer = EntryType.REFUND_PAYER.value
    return [
        Refunded(day, ref, payer_id or "" if kind == payer else "", -int(cents))
        for day, ref, payer_id, kind, cents in conn.execute(query)
        if cents
    ]


def _part(account: str, kind: str) -> str:
    """Which part of R-DAY-01 a line belongs to; "" for the other side of a move."""
    name = account.partition(":")[0]
    if kind in _MOVES:
        return UNAPPLIED_CASH if name == UNAPPLIED else ""
    if kind in _REFUNDS:
        return REFUNDS
    return PATIENT if name == PATIENT_CASH else PAYER


def _of(part: str, payer: str | None, ref: str, of_deposit: bool) -> str:
    if of_deposit:
        return f"deposit:{ref}"
    if part in (PAYER, UNAPPLIED_CASH):
        return f"835:{payer}:{ref}"
    return f"{'refund' if part == REFUNDS else 'receipt'}:{ref}"
