"""A claim's story: the sentence of law 1, its money, and all that happened in order.

One stream of events, EDI in and out, letters, tasks and ledger entries, each with its
time, who or what did it, and by which rule. No patient data in it.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from activities.office import Office
from claims.calendar import at
from claims.claim import ClaimState
from claims.decision import MACHINE
from claims.money import from_cents
from claims.task import TASKS, TaskType
from ledger.balances import Balances, balances, entries_of
from records import accounts, audit, claims, events, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.instants import from_text

LETTER_HOUR = time(17)
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
ENTRIES = {
    "CHARGE": "Charge",
    "CHARGE_VOID": "Charge taken back",
    "CHARGE_SELF_PAY": "Charge, billed to the patient",
    "PAYER_PAYMENT": "Paid by the payer",
    "PAYER_REVERSAL": "Payment taken back by the payer",
    "CONTRACTUAL_ADJ": "Adjusted by contract",
    "CONTRACTUAL_ADJ_REVERSAL": "Contract adjustment taken back",
    "TRANSFER_TO_PATIENT": "Moved to the patient",
    "TRANSFER_TO_INSURER": "Moved back to the payer",
    "PATIENT_PAYMENT": "Paid by the patient",
    "PATIENT_PREPAYMENT": "Paid by the patient in advance",
    "APPLY_PREPAYMENT": "Advance payment applied",
    "REFUND_PATIENT": "Refunded to the patient",
    "REFUND_PAYER": "Refunded to the payer",
}


class Item(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    kind: str
    who: str
    words: str
    rule: str = ""
    amount: Decimal | None = None
    source: str = ""


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
            items=tuple(sorted(_items(conn, office, row), key=lambda i: i.at)),
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


def _items(conn: Connection, office: Office, row: ClaimRow) -> Iterator[Item]:
    # Within one instant an event explains the entries and files that follow it.
    for event in events.of_claim(conn, row.id):
        yield _event(event)
    yield from _sent(conn, row)
    yield from _answers(conn, row)
    yield from _remittances(conn, row)
    for entry in entries_of(conn, row.id):
        yield _entry(entry)
    yield from _shared_statements(conn, office, row)


def _event(event: RowMapping) -> Item:
    words = str(event["words"])
    if event["kind"] == "state" and event["old_state"] != event["new_state"]:
        words = f"{words} [{event['old_state']} -> {event['new_state']}]"
    return Item(
        at=from_text(event["at"]),
        kind=_KINDS.get(event["kind"], str(event["kind"])),
        who=event["actor"],
        words=words,
        rule=event["rule"] or "",
        source=event["rule_table"] or "",
    )


_KINDS = {
    "state": "claim",
    "step": "claim",
    "act requested": "person",
    "act answered": "claim",
    "task opened": "task",
    "task prepared": "task",
    "task decided": "task",
    "task overtaken": "task",
    "task raised": "task",
    "outbox": "claim",
    "inquiry": "claim",
    "sent": "EDI out",
}


def _sent(conn: Connection, row: ClaimRow) -> Iterator[Item]:
    for sub in audit.interchanges(conn, row.id):
        if sub["sent_at"]:
            yield Item(
                at=from_text(sub["sent_at"]),
                kind="EDI out",
                who=MACHINE,
                words=f"837P submission {sub['number']}, interchange {sub['isa13']}",
                source=sub["file_name"] or "",
            )
        if sub["answered_at"]:
            accepted = "accepted" if sub["accepted_on"] else "answered"
            yield Item(
                at=from_text(sub["answered_at"]),
                kind="EDI in",
                who=sub["answer_partner"],
                words=f"{sub['answer_kind']}: submission {sub['number']} {accepted}",
                source=f"{sub['answer_name']} segment {sub['proof_segment']}",
            )


def _answers(conn: Connection, row: ClaimRow) -> Iterator[Item]:
    kinds = {"270": "271: the plan answered", "276": "277: the payer gave a status"}
    for found in audit.answered_inquiries(conn, row.id):
        yield Item(
            at=from_text(found["received_at"]),
            kind="EDI in",
            who=found["partner"],
            words=f"{kinds[found['kind']]} to question {found['trace']}",
            source=found["name"],
        )


def _remittances(conn: Connection, row: ClaimRow) -> Iterator[Item]:
    for found in remittances.of_claim(conn, row.id):
        received = audit.received_at(conn, found["file_sha256"])
        if received is None:
            continue
        yield Item(
            at=from_text(received),
            kind="EDI in",
            who=found["payer_id"],
            words=f"835 trace {found['trace']}: claim status {found['status']}, "
            f"patient's share {from_cents(found['patient_cents'])}, paid",
            amount=from_cents(found["paid_cents"]),
            source=f"CLP {found['position']}",
        )


def _entry(entry: RowMapping) -> Item:
    kind = str(entry["entry_type"])
    words = ENTRIES.get(kind, kind.replace("_", " ").capitalize())
    if entry["direction"] < 0:
        words = f"Undone: {words}"
    memo = f" ({entry['memo']})" if entry["memo"] else ""
    return Item(
        at=from_text(entry["posted_at"]),
        kind="ledger",
        who=entry["actor"],
        words=words + memo,
        rule=entry["rule"],
        amount=from_cents(entry["amount_cents"]),
        source=entry["source"],
    )


def _shared_statements(
    conn: Connection, office: Office, row: ClaimRow
) -> Iterator[Item]:
    """A statement of several claims is an event of one of them only."""
    own = {letter["id"] for letter in accounts.letters(conn, claim_id=row.id)}
    for sent in accounts.statements_of_claim(conn, row.id):
        if sent["letter_id"] not in own:
            yield Item(
                at=at(sent["dated"], LETTER_HOUR, office.zone),
                kind="letter",
                who=MACHINE,
                words=f"Letter {sent['template']} to the patient, with other claims",
                rule="R-PAT-01",
                amount=from_cents(sent["amount_cents"]),
            )
