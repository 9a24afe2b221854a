"""The practice's CSV files: deposits, patient payments, authorizations, appeal answers.

Good rows go on beside bad ones (R-BAD-01). The same row again is *unchanged*, a known
reference with other content a conflict: rows read = accepted + unchanged + rejected,
printed and stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from activities import eob
from activities.appeal import take_decision
from activities.csv_rows import (
    KINDS,
    AppealDecision,
    AuthorizationRow,
    BadRow,
    CsvError,
    Deposit,
    detect,
    read_rows,
)
from activities.deposits import book_deposits
from activities.office import Office
from activities.payments import PatientPayment, claim_of_payment, take_payment
from activities.refunds import Refund, take_refund, why_not
from activities.remittance import enter
from activities.settle import tell_claim
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.money import cents
from ledger.balances import has_entry
from records import accounts, claims, files, inquiries, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text

CONFLICT = "is known here with other content"
UNKNOWN = "is not known here"


@dataclass
class Count:
    """Rows of one file so far (counting law)."""

    bad: list[BadRow]
    accepted: int = 0
    unchanged: int = 0
    held: int = 0
    """Taken, and of no use yet."""

    @property
    def read(self) -> int:
        """Every row of the file."""
        return self.accepted + self.unchanged + self.held + len(self.bad)

    def take(self, *, new: bool) -> None:
        """One good row: taken, or known as it is."""
        if new:
            self.accepted += 1
        else:
            self.unchanged += 1

    def leave_out(self, number: int, column: str, reason: str) -> None:
        """One row that can be read, but not taken."""
        self.bad.append(BadRow(number, column, reason))

    def store(self, conn: Connection, kind: str, sha: str, why: Because) -> str:
        """Keep the counts with the rows left out; the same in words."""
        files.record_import(
            conn,
            id=str(uuid4()),
            file_sha256=sha,
            kind=kind,
            started_at=to_text(why.at),
            actor=why.actor,
            read=self.read,
            accepted=self.accepted,
            unchanged=self.unchanged,
            held=self.held,
            rejected=len(self.bad),
            rejects=[reject_of(row) for row in self.bad],
        )
        name = kind.replace("_", " ").lower()
        words = f"{self.accepted} {name} taken, {self.unchanged} unchanged"
        words += f", {self.held} held" if self.held else ""
        return words + (
            f", left out: {'; '.join(map(str, self.bad))}" if self.bad else ""
        )


def reject_of(row: BadRow) -> dict[str, Any]:
    """A left-out row as imports store it; it has no value in it."""
    return {
        "position": row.number,
        "reference": "",
        "segment": f"row {row.number}",
        "field": row.column,
        "reason": row.reason,
        "fix": "Correct the row and import the file again.",
    }


def check_rows(content: bytes, kind: str, today: date) -> tuple[int, list[BadRow]]:
    """How many rows can be read, and what is wrong with the others; stores nothing.

    Raises:
        CsvError: the file is not text, or has not the columns of its kind.
    """
    good, bad = read_rows(content, KINDS[kind], today)
    return len(good), bad


def take_deposits(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Keep deposits; one with the trace of a remittance is its money (R-ERA-09)."""
    rows, bad = read_rows(content, Deposit, why.today)
    count = Count(bad)
    for number, row in rows:
        kept = {
            "deposited_on": row.date,
            "amount_cents": cents(row.amount),
            "method": row.method,
            "trace": row.trace_no or None,
            "originator": row.originator or None,
            "payer_name": row.payer_name or None,
            "account_last4": row.account_last4,
        }
        known = remittances.deposit_of(conn, row.deposit_ref)
        if known is not None and _differs(known, kept):
            count.leave_out(number, "deposit_ref", CONFLICT)
            continue
        new = remittances.record_deposit(
            conn, ref=row.deposit_ref, **kept, file_sha256=sha, row=number
        )
        count.take(new=new)
        if row.trace_no:
            book_deposits(conn, row.trace_no, why)
    return count.store(conn, "DEPOSITS", sha, why)


def _differs(known: RowMapping, kept: dict[str, Any]) -> bool:
    return any(known[name] != value for name, value in kept.items())


def take_payments(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Post patient payments, each once by its receipt."""
    rows, bad = read_rows(content, PatientPayment, why.today)
    count = Count(bad)
    for number, payment in rows:
        row = claim_of_payment(conn, payment)
        known = remittances.payment(conn, payment.receipt_ref)
        if row is None:
            count.leave_out(number, "claim_ref", UNKNOWN)
        elif known is not None and _is_other(known, payment, row):
            count.leave_out(number, "receipt_ref", CONFLICT)
        elif known is not None:
            count.take(new=False)
        else:
            take_payment(conn, office, payment, row, source=(sha, number), why=why)
            count.take(new=True)
    return count.store(conn, "PAYMENTS", sha, why)


def take_refunds(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Post refunds that have been sent, each once by its reference (R-REF-02)."""
    rows, bad = read_rows(content, Refund, why.today)
    count = Count(bad)
    for number, refund in rows:
        row = claims.find(conn, refund.claim_ref)
        if row is None:
            count.leave_out(number, "claim_ref", UNKNOWN)
        elif has_entry(conn, f"refund:{refund.refund_ref}"):
            count.take(new=False)
        elif column := why_not(conn, refund, row):
            count.leave_out(number, *column)
        else:
            source = f"{sha[:12]} row {number}"
            take_refund(conn, office, refund, row, source=source, why=why)
            count.take(new=True)
    return count.store(conn, "REFUNDS", sha, why)


def _is_other(known: RowMapping, payment: PatientPayment, row: ClaimRow) -> bool:
    """Whether the receipt is already another payment, or one of another claim."""
    kept = {
        "paid_on": payment.date,
        "amount_cents": cents(payment.amount),
        "method": payment.method,
        "claim_id": row.id,
    }
    return _differs(known, kept)


def take_authorizations(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Keep authorizations; a claim that waits for one is told."""
    rows, bad = read_rows(content, AuthorizationRow, why.today)
    count = Count(bad)
    for number, row in rows:
        if row.valid_to < row.valid_from:
            count.leave_out(number, "valid_to", "lies before valid_from")
            continue
        member = office.cipher.index(row.member_id, kind="member")
        changed = inquiries.record_authorization(
            conn,
            number=row.auth_no,
            payer_id=row.payer_id,
            member_index=member,
            code=row.code,
            units=row.units,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            status=row.status,
            decided_on=row.decided_on,
            source=f"{sha} row {number}",
        )
        count.take(new=changed)
        if changed:
            _tell_waiting(conn, row.payer_id, member, f"auth:{sha}:{number}", why)
    return count.store(conn, "AUTHORIZATIONS", sha, why)


def _tell_waiting(
    conn: Connection, payer_id: str, member: str, ref: str, why: Because
) -> None:
    for row in claims.every(conn, states=[ClaimState.AUTH_PENDING.value]):
        if (row.payer_id, row.member_index) == (payer_id, member):
            tell_claim(conn, row.id, ref, NewsKind.AUTHORIZATION, why.today)


def take_appeal_decisions(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Take the payer's answers to appeals."""
    rows, bad = read_rows(content, AppealDecision, why.today)
    count = Count(bad)
    for number, answer in rows:
        row = claims.find(conn, answer.claim_ref)
        if row is None:
            count.leave_out(number, "claim_ref", UNKNOWN)
            continue
        outcome = "upheld" if answer.outcome == "upheld" else "overturned"
        if column := _unanswerable(conn, row, answer.level, outcome):
            count.leave_out(number, *column)
            continue
        new = take_decision(
            conn,
            office,
            row,
            level=answer.level,
            outcome=outcome,
            notice_on=answer.notice_date,
            sha=sha,
            why=why,
        )
        count.take(new=new)
    return count.store(conn, "APPEAL_DECISIONS", sha, why)


def _unanswerable(
    conn: Connection, row: ClaimRow, level: int, outcome: str
) -> tuple[str, str] | None:
    """Why the payer's answer cannot be taken: no such appeal, or answered otherwise."""
    every = accounts.appeals_of(conn, row.id)
    sent = [a for a in every if a["level"] == level and a["sent_on"]]
    if not sent:
        return "level", "names no appeal that was sent"
    newest = sent[-1]
    # One that a remittance has overtaken has no outcome: the answer changes nothing.
    if newest["status"] == "sent" or newest["outcome"] in (None, outcome):
        return None
    return "outcome", CONFLICT


def take_eob(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Register paper remittances keyed by a named poster, each check whole (R-MAN-01).

    Raises:
        CsvError: this person may not; nothing was taken.
    """
    if no := eob.refusal(conn, why.actor):
        raise CsvError(no)
    found, bad = eob.look_over(conn, office, content, why)
    count, said = Count(bad), list[str]()
    for keyed in found:
        one = eob.as_remittance(conn, keyed)
        new, words = enter(conn, keyed.payer_id, one, sha, why, keyed_by=why.actor)
        said.append(words)
        for _ in keyed.check.rows:
            count.take(new=new)
    return "; ".join([*said, count.store(conn, eob.KIND, sha, why)])


Take = Callable[[Connection, Office, str, bytes, str, Because], str]
__all__ = ["KINDS", "BadRow", "CsvError", "Take", "check_rows", "detect", "reject_of"]
