"""Void: a claim is taken back, at its payer (CLM05-3 = 8) or before it was ever filed.

A void is confirmed when the payer has accepted it and no money of the payer is on the
claim: where it had paid, that is when its reversal posts. Then the charge is taken off
the books, whole (CHARGE_VOID); what a patient had paid is a credit and goes back first.
"""

from collections.abc import Sequence
from decimal import Decimal

from claims.money import ZERO
from ledger.accounts import EntryType
from ledger.balances import Balances
from ledger.entries import NewEntry, post
from records import claims, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text

FREQUENCY, REVERSAL = "8", "22"
DECIDED_BY = "void"


def is_confirmed(
    conn: Connection,
    row: ClaimRow,
    newest: RowMapping | None,
    lines: Sequence[RowMapping],
    money: Balances,
) -> bool:
    """Whether the payer took our void, and has nothing on the claim any more."""
    if newest is None or newest["frequency"] != FREQUENCY:
        return False
    if money.paid_payer != ZERO or money.adjusted != ZERO or is_void(lines):
        return False
    if newest["status"] != "decided":
        return bool(newest["status"] == "accepted")
    since = newest["sent_on"]
    return since is not None and any(
        said["status"] == REVERSAL and (said["posted_on"] or since) >= since
        for said in remittances.of_claim(conn, row.id)
    )


def is_void(lines: Sequence[RowMapping]) -> bool:
    """Whether the claim's charge was taken off the books and nothing came since."""
    return bool(lines) and all(line["decided_by"] == DECIDED_BY for line in lines)


def take_off_books(
    conn: Connection, row: ClaimRow, money: Balances, why: Because
) -> None:
    """The whole charge, and no line waits for anything any more."""
    for line in claims.lines(conn, row.id):
        claims.decide_line(
            conn,
            row.id,
            line["number"],
            status="settled",
            denial=line["denial"],
            decided_by=DECIDED_BY,
        )
    if money.charge == ZERO:
        return
    # What the payer had made the patient's goes first; what the patient has paid of it
    # is a credit (R-MON-02).
    share = money.charge - money.insurer_open
    amounts = {
        EntryType.TRANSFER_TO_INSURER: share,
        EntryType.CREDIT_OPEN_PATIENT: share - money.patient_due,
        EntryType.CHARGE_VOID: money.charge,
    }
    made = [_entry(row, *one, why) for one in amounts.items() if one[1] > ZERO]
    post(conn, made, posted_at=to_text(why.at))


def _entry(row: ClaimRow, kind: EntryType, amount: Decimal, why: Because) -> NewEntry:
    key = f"void:{row.id}:{row.submission_number}"
    return NewEntry(
        key=key if kind is EntryType.CHARGE_VOID else f"{key}:{kind.value}",
        type=kind,
        amount=amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"claim {row.pcn} submission {row.submission_number}",
        ref="claim void",
        rule="R-SUB-01",
        actor=why.actor,
        memo="the claim was taken back",
    )
