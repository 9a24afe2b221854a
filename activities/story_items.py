"""What happened to a claim, in one time order: events, EDI, letters and the ledger.

Each item has its time, who or what did it, the rule with its evidence, and what it is
about (a task, letter, file or entry), so that a reader can open that. No patient data.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from activities.office import Office
from activities.story_links import Known, clp_of
from claims.calendar import at
from claims.decision import MACHINE
from claims.money import from_cents
from edi.explain.values import code, lower
from ledger.balances import entries_of
from records import accounts, events
from records import story as stored
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.instants import from_text, to_text

LETTER_HOUR = time(17)
ENTRIES = {
    "CHARGE": "Charge",
    "CHARGE_VOID": "Charge taken back",
    "CHARGE_SELF_PAY": "Charge, billed to the patient",
    "PAYER_PAYMENT": "Paid by the payer",
    "PAYER_REVERSAL": "Payment taken back by the payer",
    "CONTRACTUAL_ADJ": "Adjusted by contract",
    "CONTRACTUAL_ADJ_REVERSAL": "Contract adjustment taken back",
    "WRITE_OFF_TIMELY": "Written off: filed too late",
    "WRITE_OFF_DENIAL": "Written off: the denial stands",
    "WRITE_OFF_LEGAL_NO_BILL": "Written off: nobody may be billed",
    "WRITE_OFF_SMALL": "Written off: a small balance",
    "WRITE_OFF_CHARITY": "Written off: hardship",
    "WRITE_OFF_BAD_DEBT": "Written off: not to be collected",
    "WRITE_OFF_COURTESY": "Written off as a courtesy",
    "TRANSFER_TO_PATIENT": "Moved to the patient",
    "TRANSFER_TO_INSURER": "Moved back to the payer",
    "PATIENT_PAYMENT": "Paid by the patient",
    "PATIENT_PAYMENT_REVERSAL": "Patient's payment taken back",
    "PATIENT_PREPAYMENT": "Paid by the patient in advance",
    "APPLY_PREPAYMENT": "Advance payment applied",
    "CREDIT_OPEN_PATIENT": "Credit opened for the patient",
    "CREDIT_OPEN_PAYER": "Credit opened for the payer",
    "CREDIT_MOVED_OUT": "Credit moved to another claim",
    "REFUND_PATIENT": "Refunded to the patient",
    "REFUND_PAYER": "Refunded to the payer",
}
"""What each type of a claim's entries is called."""
KINDS = {
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
_ANSWERS = {
    "270": "The plan answered about coverage (271)",
    "276": "The payer gave a status (277)",
}
_LAST = 2**62


class Item(BaseModel):
    """One thing that happened.

    ``about`` names what can be opened: ``task:ID``, ``letter:ID``, ``entry:NUMBER`` or
    ``file:SHA-256`` (or its first digits), with ``:SEGMENT`` where there is one.
    ``failed`` is what went wrong: a refusal, a denial, a silence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    kind: str
    who: str
    words: str
    rule: str = ""
    amount: Decimal | None = None
    source: str = ""
    evidence: tuple[str, ...] = ()
    about: str = ""
    failed: bool = False


class Place(NamedTuple):
    """Where an item stands: the instant as stored, then by kind, then by number.

    Within one instant an event explains the entries and files that follow it.
    """

    at: str
    rank: int
    number: int

    def __str__(self) -> str:
        """As an address carries it."""
        return f"{self.at}~{self.rank}~{self.number}"


class Page(NamedTuple):
    """Items newest first, and the place of the last one when older ones follow."""

    items: tuple[Item, ...]
    older: Place | None


class _Placed(NamedTuple):
    place: Place
    item: Item


def every(conn: Connection, office: Office, row: ClaimRow) -> tuple[Item, ...]:
    """The whole story, oldest first."""
    known = Known(conn, row)
    found = [_event(event, known) for event in events.of_claim(conn, row.id)]
    found += _besides(conn, office, row, known)
    return tuple(one.item for one in sorted(found, key=lambda one: one.place))


def page(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    *,
    only: str = "",
    routine: bool = False,
    before: Place | None = None,
    size: int,
) -> Page:
    """The newest items before a place: all, or only ``failures`` or ``people``.

    A long claim has thousands of events and few files and entries: events are paged in
    SQL, the others are read whole.
    """
    known = Known(conn, row)
    mark = None
    if before is not None:  # an event is the first of its instant
        mark = stored.Mark(before.at, _LAST if before.rank else before.number)
    read = stored.newest(
        conn, row.id, only=only, routine=routine, before=mark, limit=size + 1
    )
    found = [_event(event, known) for event in read]
    found += [
        one
        for one in _besides(conn, office, row, known)
        if _wanted(one.item, only) and (before is None or one.place < before)
    ]
    found.sort(key=lambda one: one.place, reverse=True)
    shown = found[:size]
    more = shown[-1].place if len(found) > size else None
    return Page(tuple(one.item for one in shown), more)


def _wanted(item: Item, only: str) -> bool:
    if only == "failures":
        return item.failed
    by_hand = item.kind in ("ledger", "paper") and item.who != MACHINE
    return only != "people" or by_hand


def _event(event: RowMapping, known: Known) -> _Placed:
    words = str(event["words"])
    if event["kind"] == "state" and event["old_state"] != event["new_state"]:
        words = f"{words} [{event['old_state']} -> {event['new_state']}]"
    item = Item(
        at=from_text(event["at"]),
        kind=KINDS.get(event["kind"], str(event["kind"])),
        who=event["actor"],
        words=words,
        rule=event["rule"] or "",
        source=event["rule_table"] or "",
        evidence=_evidence(event["data"]),
        about=known.about(event),
        failed=stored.is_failure(event),
    )
    return _Placed(Place(event["at"], 0, event["id"]), item)


def _evidence(data: Mapping[str, Any]) -> tuple[str, ...]:
    """What a rule went by: codes of the payer, or what a person decided."""
    found = tuple(map(str, data.get("evidence", ())))
    decided = str(data.get("decision", "")).replace("_", " ")
    return (*found, f"the decision “{decided}”") if decided else found


def _besides(
    conn: Connection, office: Office, row: ClaimRow, known: Known
) -> Iterator[_Placed]:
    """Everything but the events."""
    parts = (
        _sent(conn, row),
        _answers(known),
        _remittances(known),
        _entries(conn, row),
        _shared_statements(conn, office, row, known),
    )
    for rank, part in enumerate(parts, start=1):
        for number, item in enumerate(part):
            yield _Placed(Place(to_text(item.at), rank, number), item)


def _sent(conn: Connection, row: ClaimRow) -> Iterator[Item]:
    for sub in stored.interchanges(conn, row.id):
        if sub["sent_at"]:
            yield Item(
                at=from_text(sub["sent_at"]),
                kind="EDI out",
                who=MACHINE,
                words=f"Claim sent: submission {sub['number']} "
                f"(837P, interchange {sub['isa13']})",
                source=sub["file_name"] or "",
                about=f"file:{sub['file_sha256']}",
            )
        if sub["answered_at"]:
            accepted = "accepted" if sub["accepted_on"] else "answered"
            yield Item(
                at=from_text(sub["answered_at"]),
                kind="EDI in",
                who=sub["answer_partner"],
                words=f"Submission {sub['number']} {accepted} ({sub['answer_kind']})",
                source=f"{sub['answer_name']} segment {sub['proof_segment']}",
                about=f"file:{sub['answer_sha256']}:{sub['proof_segment']}",
            )


def _answers(known: Known) -> Iterator[Item]:
    for found in known.questions:
        if found["received_at"]:
            yield Item(
                at=from_text(found["received_at"]),
                kind="EDI in",
                who=found["partner"],
                words=f"{_ANSWERS[found['kind']]}, question {found['trace']}",
                source=found["name"],
                about=f"file:{found['answer_sha256']}",
            )


def _remittances(known: Known) -> Iterator[Item]:
    for found in known.payments:
        status, keyed = found["status"], found["keyed_by"]
        yield Item(
            at=from_text(found["received_at"]),
            kind="paper" if keyed else "EDI in",
            who=keyed or found["payer_id"],
            words=f"Remittance {found['trace']} "
            f"({'keyed from paper' if keyed else '835'}), claim status {status}: "
            f"{lower(code('clp02', status) or 'not known')}; "
            f"patient's share {from_cents(found['patient_cents'])}; paid",
            amount=from_cents(found["paid_cents"]),
            source=f"row {found['position']}" if keyed else f"CLP {found['position']}",
            about=clp_of(found),
        )


def _entries(conn: Connection, row: ClaimRow) -> Iterator[Item]:
    for entry in entries_of(conn, row.id):
        words = ENTRIES[entry["entry_type"]]
        if entry["direction"] < 0:
            words = f"Undone: {words}"
        memo = entry["memo"]
        memo = f" ({memo})" if memo and memo not in words else ""
        yield Item(
            at=from_text(entry["posted_at"]),
            kind="ledger",
            who=entry["actor"],
            words=words + memo,
            rule=entry["rule"],
            amount=from_cents(entry["amount_cents"]),
            source=entry["source"],
            about=f"entry:{entry['id']}",
        )


def _shared_statements(
    conn: Connection, office: Office, row: ClaimRow, known: Known
) -> Iterator[Item]:
    """A statement of several claims is an event of one of them only."""
    own = {letter["id"] for letter in known.letters}
    for sent in accounts.statements_of_claim(conn, row.id):
        if sent["letter_id"] not in own:
            yield Item(
                at=at(sent["dated"], LETTER_HOUR, office.zone),
                kind="letter",
                who=MACHINE,
                words=f"Letter {sent['template']} to the patient, with other claims",
                rule="R-PAT-01",
                amount=from_cents(sent["amount_cents"]),
                about=f"letter:{sent['letter_id']}",
            )
