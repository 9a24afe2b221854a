"""Credits and refunds: is it real, whose is it, a second person, the money goes back.

The poster asks, a supervisor approves (R-REF-02), the card processor or the check run
sends it, and its confirmation (``refunds.csv``) posts it: no refund is on the ledger
before the money has left.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from activities import settle, steps
from activities.letters import keep_letter
from activities.office import Office
from activities.opening import open_claim_task
from activities.statement_letter import notice_facts
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.money import ZERO, Usd, from_cents, usd
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType
from ledger.balances import Balances, balances, entries_of
from ledger.entries import NewEntry, post
from letters.render import LetterError
from policy import timers
from records import claims, events, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text

CLOCK = "PATIENT_REFUND"
KINDS = {"patient": EntryType.REFUND_PATIENT, "payer": EntryType.REFUND_PAYER}


class Refund(BaseModel):
    """One row of ``refunds.csv``: money that has gone back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refund_ref: str = Field(min_length=1, max_length=64)
    claim_ref: str
    date: date
    amount: Usd = Field(gt=0)
    method: str = Field("", max_length=16)


def review_credit(
    conn: Connection, office: Office, row: ClaimRow, why: Because, key: str
) -> None:
    """More than is owed and nothing open at the payer: whose is it (R-REF-01)?"""
    money = balances(conn, [row.id])[row.id]
    if money.credit <= ZERO or money.insurer_open != ZERO:
        return
    open_claim_task(
        conn,
        office,
        row,
        TaskType.CREDIT_REVIEW,
        why.by_rule("R-REF-01"),
        key=f"{row.id}:CREDIT_REVIEW:{key}",
        words=f"{money.credit} credit with nothing open",
        evidence=_evidence(conn, row, money),
    )


def _evidence(conn: Connection, row: ClaimRow, money: Balances) -> dict[str, str]:
    others = [c.id for c in claims.of_account(conn, row.account_id) if c.id != row.id]
    owed = sum((m.patient_due for m in balances(conn, others).values()), ZERO)
    return {
        "credit": str(money.credit),
        "other_open_balances_of_guarantor": str(owed),
        "insurer_open": str(money.insurer_open),
    }


def resolve_credit(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply CREDIT_REVIEW: a refund needs another person (R-REF-02)."""
    reason = why.by_rule("R-REF-02", decision=decision)
    if decision != "refund":
        raise DecisionRefused(
            f"{decision} is not offered here yet. Nothing was changed. Decide refund."
        )
    money = balances(conn, [row.id])[row.id]
    owner = _owner(money, form)
    evidence = {
        "amount": str(money.credit),
        "owner": owner,
        "method": _original_method(conn, row) if owner == "patient" else "check",
        "requested_by": why.actor,
    }
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.REFUND_APPROVE,
        reason,
        key=f"{row.id}:REFUND_APPROVE:{form['_task']}",
        words=f"a refund of {money.credit} to the {owner} waits for approval",
        evidence=evidence,
    )
    words = f"A refund of {money.credit} was asked for"
    claims.set_step(conn, row, row.state, steps.by_task(office, task), reason, words)
    return f"{words}; task {task['number']} is open for a second person"


def _owner(money: Balances, form: dict[str, str]) -> str:
    named = form.get("owner", "").strip().lower()
    if named in KINDS:
        return named
    return "patient" if money.paid_patient >= money.credit else "payer"


def _original_method(conn: Connection, row: ClaimRow) -> str:
    """The way the patient paid, which is the way the money goes back."""
    paid = remittances.payments_of(conn, row.id)
    return f"{paid[-1]['method']} {paid[-1]['receipt_ref']}" if paid else "check"


def resolve_approval(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply REFUND_APPROVE: requester and approver are two people (R-REF-02)."""
    task = tasks.get(conn, form["_task"])
    if task["evidence"].get("requested_by") == why.actor:
        raise DecisionRefused(
            "You asked for this refund, so another person must approve it (R-REF-02). "
            "Nothing was refunded."
        )
    if decision == "refused":
        review_credit(conn, office, row, why, f"after {task['id']}")
        settle.settle(conn, office, row.id, why, "The refund was refused")
        return "Refused; the credit is to be reviewed again"
    start = row.state_since if row.state is ClaimState.CREDIT else why.today
    due = max(start + timedelta(timers.timer(CLOCK).length), why.today)
    step = steps.by_claim(
        office, row, CLOCK, due, "the refund to be sent", "a supervisor is asked"
    )
    words = f"A refund of {task['evidence']['amount']} was approved"
    claims.set_step(conn, row, row.state, step, why.by_rule("R-REF-02"), words)
    return f"{words}; it must have been sent by {due}"


def refund_late(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """Approved, and no confirmation that it was sent: a supervisor looks (R-REF-02)."""
    money = balances(conn, [row.id])[row.id]
    approved = _approved(conn, row) or {}
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.REFUND_APPROVE,
        why.by_rule("R-REF-02"),
        key=f"{row.id}:REFUND_APPROVE:late:{why.today}",
        words=f"the refund of {money.credit} has not been confirmed as sent",
        evidence={
            **{k: v for k, v in approved.items() if k != "_since"},
            "amount": str(money.credit),
            "due": str(row.next_due),
        },
    )
    words = "The refund is late; a supervisor looks"
    claims.set_step(conn, row, row.state, steps.by_task(office, task), why, words)


def _approved(conn: Connection, row: ClaimRow) -> dict[str, Any] | None:
    """The evidence of the newest approved refund of this claim."""
    found = tasks.decided(conn, row.id, TaskType.REFUND_APPROVE.value, "approved")
    return {**found["evidence"], "_since": found["closed_on"]} if found else None


def _sent(conn: Connection, row: ClaimRow, since: date) -> Decimal:
    """What has gone back since a refund was approved."""
    kinds = {kind.value for kind in KINDS.values()}
    return sum(
        (
            from_cents(e["amount_cents"])
            for e in entries_of(conn, row.id)
            if e["entry_type"] in kinds and e["business_date"] >= since
        ),
        ZERO,
    )


def why_not(conn: Connection, refund: Refund, row: ClaimRow) -> tuple[str, str] | None:
    """The column and the reason for which a refund cannot be posted; None when it
    can."""
    approved = _approved(conn, row)
    if approved is None:
        return "claim_ref", "names a claim without an approved refund"
    money = balances(conn, [row.id])[row.id]
    left = usd(approved["amount"]) - _sent(conn, row, approved["_since"])
    patients = approved.get("owner", "patient") == "patient"
    paid = money.paid_patient if patients else money.paid_payer
    if refund.amount > min(money.credit, paid, left):
        return "amount", "is more than was approved or is left"
    return None


def _tell_patient(
    conn: Connection,
    office: Office,
    refund: Refund,
    row: ClaimRow,
    before: Balances,
    why: Because,
) -> None:
    """The letter, where there is an address to write to (R-PAT-05)."""
    try:
        facts = notice_facts(conn, office, row, why, before, returned=refund.amount)
    except LetterError as error:
        events.add(conn, why.by_rule("R-PAT-05"), "letter", str(error), claim_id=row.id)
        return
    keep_letter(
        conn,
        office,
        facts,
        template="PATIENT_REFUND",
        key=f"refund:{refund.refund_ref}",
        row=row,
        recipient="patient",
        why=why,
        account_id=row.account_id,
    )


def take_refund(
    conn: Connection,
    office: Office,
    refund: Refund,
    row: ClaimRow,
    *,
    source: str,
    why: Because,
) -> None:
    """Money that was approved has gone back: post it and tell the patient."""
    approved = _approved(conn, row) or {}
    owner = str(approved.get("owner", "patient"))
    share = balances(conn, [row.id])[row.id]
    entry = NewEntry(
        key=f"refund:{refund.refund_ref}",
        type=KINDS[owner],
        amount=refund.amount,
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=source,
        ref=refund.refund_ref,
        rule="R-REF-02",
        actor=why.actor,
        memo=f"refund sent {refund.date}",
    )
    post(conn, [entry], posted_at=to_text(why.at))
    if owner == "patient":
        _tell_patient(conn, office, refund, row, share, why)
    words = f"Refunded {refund.amount} to the {owner}"
    settle.settle(conn, office, row.id, why.by_rule("R-REF-02"), words)
    settle.tell_claim(
        conn, row.id, f"refund:{refund.refund_ref}", NewsKind.BALANCE.value, why.today
    )
