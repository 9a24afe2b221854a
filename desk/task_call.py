"""The call sheet of a task that a person settles on the phone with the payer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.office import Office
from activities.tasks import form_of
from claims.claim import Claim
from claims.money import from_cents
from claims.task import TaskType
from desk.evidence import Fact, dated
from desk.task_form import decision_words
from desk.task_notes import contacts_of
from desk.words import day, usd
from payers.profile import PayerProfile
from policy.status import in_words
from records import calls
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.instants import from_text

_T = TaskType
BY_PHONE = frozenset(
    {
        *(_T.FOLLOW_UP_CALL, _T.STATUS_REVIEW, _T.LOST_CLAIM, _T.ACK_MISSING),
        *(_T.ERA_MISSING, _T.APPEAL_FOLLOW_UP, _T.AUTH_FOLLOW_UP),
    }
)
"""Task types that end with what the payer says."""
SHOWN = 3


@dataclass(frozen=True)
class Call:
    """What the payer said before, to whom, and when."""

    at: datetime
    actor: str
    decision: str
    said: tuple[Fact, ...]


@dataclass(frozen=True)
class CallSheet:
    """Whom to reach, what to say, what we can prove, and what they said before."""

    reach: tuple[Fact, ...]
    say: tuple[Fact, ...]
    proof: tuple[Fact, ...]
    calls: tuple[Call, ...]


def call_sheet(
    conn: Connection,
    office: Office,
    row: RowMapping,
    claim: ClaimRow | None,
    sealed: bytes,
) -> CallSheet | None:
    """The sheet; None for a task without a call. ``sealed`` is the claim's content, for
    who may see the patient: without it there is no name, birth date or member number.
    """
    if claim is None or row["type"] not in BY_PHONE:
        return None
    sent = calls.sent(conn, claim.id)
    asked = calls.asked(conn, claim.id, SHOWN)
    before = calls.earlier(conn, claim.id, BY_PHONE, SHOWN)
    profile = office.payer(claim.payer_id, claim.service_from)
    return CallSheet(
        reach=tuple(_reach(profile)) if profile else (),
        say=(*_say(claim, sent), *_who(office, claim, sealed)),
        proof=(*(_proof(one) for one in sent), *(_answer(one) for one in asked)),
        calls=tuple(_call(office, one) for one in before),
    )


def _reach(profile: PayerProfile) -> Iterator[Fact]:
    yield from contacts_of(profile)
    if profile.capabilities.status_portal:
        yield Fact("Portal", "shows the status of a claim")


def _say(claim: ClaimRow, sent: list[RowMapping]) -> Iterator[Fact]:
    numbers = [claim.payer_icn, *(one["payer_icn"] for one in sent)]
    theirs = next(filter(None, numbers), "")
    yield Fact("Their claim number", theirs or "not known yet")
    yield Fact("Our claim number", claim.pcn)
    if claim.service_from:
        first, last = claim.service_from, claim.service_to or claim.service_from
        yield Fact(
            "Visit", day(first) if first == last else f"{day(first)} to {day(last)}"
        )
    yield Fact("Billed", usd(from_cents(claim.charge_cents)))
    yield Fact("Billing NPI", claim.billing_npi)


def _who(office: Office, claim: ClaimRow, sealed: bytes) -> Iterator[Fact]:
    if not sealed:
        return
    plain = office.cipher.decrypt(sealed, row_key=f"claim:{claim.id}")
    content = Claim.model_validate_json(plain)
    person, member = content.patient_person, content.subscriber
    yield Fact("Patient", " ".join(filter(None, (person.first, person.last))))
    if person.birth_date:
        yield Fact("Born", day(person.birth_date))
    if member.person.member_id:
        yield Fact("Member number", member.person.member_id)
    if member.group_number:
        yield Fact("Group number", member.group_number)
    if content.billing.tax_id:
        yield Fact("Our tax number", content.billing.tax_id)


def _proof(one: RowMapping) -> Fact:
    """What we hold that says the payer has it."""
    said = [f"sent {day(one['sent_on'])}"]
    if one["isa13"]:
        said.append(f"interchange {one['isa13']:09d}")
    receipt, accepted = one["acknowledged_on"], one["accepted_on"]
    said.append(f"receipt (999) {day(receipt)}" if receipt else "no receipt (999)")
    if accepted:
        number = f" as {one['payer_icn']}" if one["payer_icn"] else ""
        said.append(f"accepted by the payer (277CA) {day(accepted)}{number}")
    else:
        said.append("not accepted by the payer (277CA)")
    return Fact(f"Submission {one['number']}", ", ".join(said))


def _answer(one: RowMapping) -> Fact:
    """One status inquiry, and the 277 that came back."""
    label = f"Asked {day(one['sent_on'])}, trace {one['trace']}"
    if one["answered_on"] is None:
        return Fact(label, "no answer")
    said: Mapping[str, Any] = one["answer"] or {}
    return Fact(label, f"{day(one['answered_on'])}: {_status(said)}")


def _status(said: Mapping[str, Any]) -> str:
    status = str(said.get("status", ""))
    words = [" · ".join(filter(None, (status, in_words(status))))]
    if paid := said.get("payment_date"):
        words.append(f"payment of {dated(str(paid))}")
    if trace := said.get("trace"):
        words.append(f"trace {trace}")
    return ", ".join(filter(None, words)) or "an answer without a status"


def _call(office: Office, one: RowMapping) -> Call:
    form = form_of(office, one)
    labels = {
        "who": "Spoke to",
        "reference": "Their reference",
        "answer": "They said",
        "next_date": "Look again",
        "wait_until": "Wait until",
        "note": "Note",
    }
    said = (
        Fact(label, dated(form[name]))
        for name, label in labels.items()
        if form.get(name)
    )
    at = from_text(one["saved_at"])
    decision = decision_words(one["type"], one["decision"])
    return Call(at, one["actor"], decision, tuple(said))
