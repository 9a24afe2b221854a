"""A claim's story: the sentence of law 1, its money, and all that happened in order.

``story_items`` has the order. No patient data in it.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from activities.office import Office
from activities.story_items import Item, every
from claims.claim import ClaimState
from claims.money import from_cents
from claims.task import TASKS, TaskType
from ledger.balances import Balances, balances
from records import audit, claims
from records.claims import ClaimRow
from records.db import RowMapping

STAGES = {
    ClaimState.INTAKE: "Intake",
    ClaimState.ELIG_HOLD: "Intake",
    ClaimState.AUTH_PENDING: "Intake",
    ClaimState.CODING: "Coding",
    ClaimState.SCRUB_HOLD: "Checking",
    ClaimState.READY: "Checking",
    ClaimState.SUBMITTED: "Sent",
    ClaimState.REJECTED: "Rejected",
    ClaimState.ACCEPTED: "Accepted",
    ClaimState.FOLLOW_UP: "With payer",
    ClaimState.REMIT_HOLD: "With payer",
    ClaimState.DENIED: "Denied",
    ClaimState.CORRECTING: "Correcting",
    ClaimState.APPEAL: "Appealing",
    ClaimState.UNDERPAID: "Appealing",
    ClaimState.NEXT_PAYER: "Next payer",
    ClaimState.PATIENT_BALANCE: "Patient part",
    ClaimState.COLLECTIONS: "Patient part",
    ClaimState.PLAN: "In plan",
    ClaimState.CREDIT: "Paid",
    ClaimState.CLOSED: "Closed",
    ClaimState.VOIDED: "Closed (void)",
}
"""The only words for a claim's state that people read (desk.md §0)."""
OWNERS = {
    "claim": "the claim's own timer",
    "batch": "the payer's batch",
    "appeal": "the appeal",
    "account": "the patient's account",
    "task": "a person's task",
}


class Story(BaseModel):
    """Everything ``show CLAIM`` says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    claim: str
    practice_number: str
    payer_id: str
    payer: str
    state: str
    stage: str
    state_since: date
    service_from: date | None
    service_to: date | None
    opened_on: date
    closed_on: date | None
    sentence: str
    owner: str
    held_for: str | None
    submissions: int
    payer_claim_number: str | None
    billed: Decimal
    money: Balances
    lines: tuple[dict[str, Any], ...]
    open_tasks: tuple[dict[str, Any], ...]
    items: tuple[Item, ...]


def stage_of(row: ClaimRow) -> str:
    """The stage word, with a flag where the state has one."""
    word = STAGES[row.state]
    if row.state is ClaimState.ACCEPTED and (row.next_what or "").startswith(
        ("STATUS_REPEAT", "ANSWER_276", "STATUS_RETRY")
    ):
        word = "With payer"
    flags = {
        ClaimState.REMIT_HOLD: "hold",
        ClaimState.CREDIT: "credit",
        ClaimState.COLLECTIONS: "collections",
    }
    flag = "on hold" if row.held_for else flags.get(row.state)
    return f"{word} ({flag})" if flag else word


def sentence_of(row: ClaimRow) -> str:
    """*Waiting for X until D, then Y.* (desk.md law 1)."""
    if not row.state.is_open:
        closed = day_words(row.closed_on) if row.closed_on else "earlier"
        return f"Closed on {closed}. Nothing is waited for."
    until = day_words(row.next_due) if row.next_due else "no date"
    return f"Waiting for {row.waiting_for} until {until}, then {row.then_what}."


def day_words(day: date) -> str:
    """``3 Mar 2026``."""
    return f"{day.day} {day:%b %Y}"


def payer_name(office: Office, payer_id: str) -> str:
    """The payer's name, or its id when we have no profile of it."""
    profile = office.payer(payer_id)
    return profile.name if profile else payer_id


def story(office: Office, row: ClaimRow) -> Story:
    """The whole story of one claim."""
    with office.reading() as conn:
        money = balances(conn, [row.id])[row.id]
        found = audit.tasks_of(conn, row.id)
        return Story(
            id=row.id,
            claim=row.pcn,
            practice_number=row.practice_number,
            payer_id=row.payer_id,
            payer=payer_name(office, row.payer_id),
            state=row.state.value,
            stage=stage_of(row),
            state_since=row.state_since,
            service_from=row.service_from,
            service_to=row.service_to,
            opened_on=row.opened_on,
            closed_on=row.closed_on,
            sentence=sentence_of(row),
            owner=OWNERS.get(row.next_owner or "", ""),
            held_for=row.held_for,
            submissions=row.submission_number,
            payer_claim_number=row.payer_icn,
            billed=from_cents(row.charge_cents),
            money=money,
            lines=tuple(_line(r) for r in claims.lines(conn, row.id)),
            open_tasks=tuple(_task(t) for t in found if t["closed_on"] is None),
            items=every(conn, office, row),
        )


def _line(row: RowMapping) -> dict[str, Any]:
    return {
        "number": row["number"],
        "code": row["code"],
        "modifiers": row["modifiers"],
        "units": row["units"],
        "charge": from_cents(row["charge_cents"]),
        "service_from": row["service_from"],
        "status": row["status"],
        "decided_by": row["decided_by"] or "",
    }


def _task(row: RowMapping) -> dict[str, Any]:
    return {
        "number": row["number"],
        "type": row["type"],
        "title": TASKS[TaskType(row["type"])].title,
        "role": row["role"],
        "due_on": row["due_on"],
        "status": row["status"],
    }
