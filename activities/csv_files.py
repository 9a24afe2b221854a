"""The practice's CSV files: deposits, patient payments, authorizations, appeal answers.

Columns as desk.md §8. Each row is read by its own model; a bad row is named by number
and column and left out, the good ones go on. The same row again is *unchanged*.
"""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from activities.appeal import take_decision
from activities.office import Office
from activities.payments import PatientPayment, claim_of_payment, take_payment
from activities.settle import tell_claim
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.money import Usd, cents
from records import claims, inquiries, remittances, reports
from records.db import Connection
from records.events import Because


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


def _said(kind: str, good: int, unchanged: int, bad: list[str]) -> str:
    words = f"{good} {kind} taken, {unchanged} unchanged"
    return words + (f", left out: {'; '.join(bad)}" if bad else "")


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
    new = 0
    for number, row in rows:
        new += remittances.record_deposit(
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
    reports.pair_deposits(conn)
    return _said("deposits", new, len(rows) - new, bad)


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
    new = unchanged = 0
    for number, payment in rows:
        row = claim_of_payment(conn, payment)
        if remittances.payment(conn, payment.receipt_ref) is not None:
            unchanged += 1
        elif row is None:
            bad.append(f"row {number}: claim_ref")
        else:
            take_payment(conn, office, payment, row, source=(sha, number), why=why)
            new += 1
    return _said("patient payments", new, unchanged, bad)


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
    new = 0
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
        new += changed
        if changed:
            _tell_waiting(conn, row.payer_id, member, f"auth:{sha}:{number}", why)
    return _said("authorizations", new, len(rows) - new, bad)


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
    new = 0
    for number, answer in rows:
        row = claims.find(conn, answer.claim_ref)
        if row is None:
            bad.append(f"row {number}: claim_ref")
            continue
        new += take_decision(
            conn,
            office,
            row,
            level=answer.level,
            outcome="upheld" if answer.outcome == "upheld" else "overturned",
            notice_on=answer.notice_date,
            sha=sha,
            why=why,
        )
    return _said("appeal decisions", new, len(rows) - new - len(bad), bad)


Take = Callable[[Connection, Office, str, bytes, str, Because], str]
__all__ = ["KINDS", "Any", "Take", "detect"]
