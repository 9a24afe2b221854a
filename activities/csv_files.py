"""The practice's CSV files: deposits, patient payments, authorizations, appeal answers.

Columns as desk.md §8. Each row is read by its own model; a bad row is named by number
and column and left out, the good ones go on. The same row again is *unchanged*: rows
read = accepted + unchanged + rejected, printed and stored.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.appeal import take_decision
from activities.office import Office
from activities.payments import PatientPayment, claim_of_payment, take_payment
from activities.settle import tell_claim
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.money import Usd, cents
from records import claims, files, inquiries, remittances, reports
from records.db import Connection
from records.events import Because
from records.instants import to_text


class CsvError(ValueError):
    """The file is no CSV with the columns of its kind; nothing was taken from it."""


class Deposit(BaseModel):
    """One row of ``deposits.csv``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deposit_ref: str = Field(min_length=1)
    date: date
    amount: Usd
    method: str
    trace_no: str = ""
    originator: str = ""
    payer_name: str = ""
    account_last4: str = ""


class AuthorizationRow(BaseModel):
    """One row of ``authorizations.csv``; it may come before its claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    auth_no: str = ""
    payer_id: str
    member_id: str
    code: str
    units: int
    valid_from: date
    valid_to: date
    status: str
    decided_on: date


class AppealDecision(BaseModel):
    """One row of ``appeal_decisions.csv``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim_ref: str
    level: int
    outcome: str = Field(pattern="^(overturned|upheld|partial)$")
    notice_date: date
    received_on: date
    document: str = ""


KINDS: dict[str, type[BaseModel]] = {
    "DEPOSITS": Deposit,
    "PAYMENTS": PatientPayment,
    "AUTHORIZATIONS": AuthorizationRow,
    "APPEAL_DECISIONS": AppealDecision,
}


def detect(content: bytes) -> str | None:
    """The kind of CSV whose required columns the header has; None for other files."""
    header = _header(content)
    for kind, model in KINDS.items():
        required = {n for n, f in model.model_fields.items() if f.is_required()}
        if required <= header <= set(model.model_fields):
            return kind
    return None


def _header(content: bytes) -> set[str]:
    first = content[:4096].splitlines()[:1]
    if not first:
        return set()
    try:
        line = first[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        return set()
    return {name.strip() for name in next(csv.reader([line]), [])}


Row = TypeVar("Row", bound=BaseModel)


def _read(content: bytes, model: type[Row]) -> tuple[list[tuple[int, Row]], list[str]]:
    """Good rows with their number, and what is wrong with the others, without
    values."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CsvError(
            "the file is not UTF-8 text; nothing was taken from it"
        ) from None
    good: list[tuple[int, Row]] = []
    bad: list[str] = []
    for number, record in enumerate(csv.DictReader(io.StringIO(text)), start=2):
        given = {k: v for k, v in record.items() if k and v not in (None, "")}
        try:
            good.append((number, model.model_validate(given)))
        except ValidationError as error:
            columns = ", ".join(str(e["loc"][0]) for e in error.errors())
            bad.append(f"row {number}: {columns}")
    return good, bad


@dataclass
class Count:
    """Rows of one file so far (counting law)."""

    bad: list[str]
    accepted: int = 0
    unchanged: int = 0

    def take(self, *, new: bool) -> None:
        """One good row: taken, or known as it is."""
        if new:
            self.accepted += 1
        else:
            self.unchanged += 1

    def store(self, conn: Connection, kind: str, sha: str, why: Because) -> str:
        """Keep the counts with the rows left out; the same in words."""
        files.record_import(
            conn,
            id=str(uuid4()),
            file_sha256=sha,
            kind=kind,
            started_at=to_text(why.at),
            actor=why.actor,
            read=self.accepted + self.unchanged + len(self.bad),
            accepted=self.accepted,
            unchanged=self.unchanged,
            rejected=len(self.bad),
            rejects=[reject_of(row) for row in self.bad],
        )
        name = kind.replace("_", " ").lower()
        words = f"{self.accepted} {name} taken, {self.unchanged} unchanged"
        return words + (f", left out: {'; '.join(self.bad)}" if self.bad else "")


def reject_of(row: str) -> dict[str, Any]:
    """A left-out row as imports store it; it has no value in it."""
    place, _, columns = row.partition(": ")
    return {
        "position": int(place.removeprefix("row ")),
        "reference": "",
        "segment": place,
        "field": columns,
        "reason": "missing, not of the right kind, or not known here",
        "fix": "Correct these columns and import the file again.",
    }


def check_rows(content: bytes, kind: str) -> tuple[int, list[str]]:
    """How many rows can be read, and what is wrong with the others; stores nothing.

    Raises:
        CsvError: the file is not text.
    """
    good, bad = _read(content, KINDS[kind])
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
    rows, bad = _read(content, Deposit)
    count = Count(bad)
    for number, row in rows:
        new = remittances.record_deposit(
            conn,
            ref=row.deposit_ref,
            deposited_on=row.date,
            amount_cents=cents(row.amount),
            method=row.method,
            trace=row.trace_no or None,
            originator=row.originator or None,
            payer_name=row.payer_name or None,
            file_sha256=sha,
            row=number,
        )
        count.take(new=new)
    reports.pair_deposits(conn)
    return count.store(conn, "DEPOSITS", sha, why)


def take_payments(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Post patient payments, each once by its receipt."""
    rows, bad = _read(content, PatientPayment)
    count = Count(bad)
    for number, payment in rows:
        row = claim_of_payment(conn, payment)
        if remittances.payment(conn, payment.receipt_ref) is not None:
            count.take(new=False)
        elif row is None:
            bad.append(f"row {number}: claim_ref")
        else:
            take_payment(conn, office, payment, row, source=(sha, number), why=why)
            count.take(new=True)
    return count.store(conn, "PAYMENTS", sha, why)


def take_authorizations(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Keep authorizations; a claim that waits for one is told."""
    rows, bad = _read(content, AuthorizationRow)
    count = Count(bad)
    for number, row in rows:
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
    rows, bad = _read(content, AppealDecision)
    count = Count(bad)
    for number, answer in rows:
        row = claims.find(conn, answer.claim_ref)
        if row is None:
            bad.append(f"row {number}: claim_ref")
            continue
        new = take_decision(
            conn,
            office,
            row,
            level=answer.level,
            outcome="upheld" if answer.outcome == "upheld" else "overturned",
            notice_on=answer.notice_date,
            sha=sha,
            why=why,
        )
        count.take(new=new)
    return count.store(conn, "APPEAL_DECISIONS", sha, why)


Take = Callable[[Connection, Office, str, bytes, str, Because], str]
__all__ = ["KINDS", "Any", "Take", "detect"]
