"""Another plan: put it first after a COB denial, or bill it second (R-COB).

A new first plan is billed only after its own coverage answer (R-ELG-05). The next plan
is billed when the earlier one's remittance is posted, with exactly what that one paid
and adjusted on each line (R-COB-03, R-COB-05); a claim that was forwarded waits.
"""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from activities import steps
from activities.office import Office
from activities.opening import open_claim_task
from claims.adjustment import Adjustment
from claims.calendar import next_business_day
from claims.claim import (
    Claim,
    ClaimState,
    LineDecision,
    OtherPayer,
    Payer,
    Person,
    ServiceLine,
    Subscriber,
)
from claims.money import ZERO, usd
from claims.task import DecisionRefused, TaskType
from payers.profile import PayerProfile
from policy.remittance import marks_crossover
from records import claims, inquiries, remittances
from records.claims import ClaimRow, NextStep
from records.db import Connection, RowMapping
from records.events import Because

COVERAGE, SECONDARY, CROSSOVER = "COB_271", "SECONDARY_CLAIM", "CROSSOVER_WAIT"
SELF = "18"
FORWARDED = ("19", "20", "21", "23")


def put_first(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str], why: Because
) -> str:
    """Apply the payer order a patient or a plan named: the first one is asked (270).

    Raises:
        DecisionRefused: no profile of that plan, or it is first already.
    """
    order = [part.strip() for part in form["order"].split(",") if part.strip()]
    profile = office.payer(order[0]) if order else None
    if profile is None or order[0] == row.payer_id:
        raise DecisionRefused(
            "The order names no other plan that we know as the first one. Nothing was "
            "changed. Give our ids of the plans, first one first, or decide same_order."
        )
    content = claims.content(conn, office.cipher, row.id)
    second = () if row.payer_id not in order[1:] else (_as_second(content),)
    member = form["member_id"]
    new = _billed_to(content, profile, member).model_copy(
        update={"other_payers": second}
    )
    _change_plan(conn, office, row, new, profile.payer_id, order=1)
    claims.remember_coverage(
        conn,
        {
            "id": str(uuid4()),
            "account_id": row.account_id,
            "payer_id": profile.payer_id,
            "member_index": office.cipher.index(member, kind="member"),
        },
        office.cipher,
        member,
    )
    inquiries.queue(
        conn,
        kind="270",
        claim_id=row.id,
        payer_id=profile.payer_id,
        due_on=why.today,
        try_number=len(inquiries.of_claim(conn, row.id, "270")) + 1,
    )
    step = steps.by_claim(
        office,
        row,
        COVERAGE,
        next_business_day(why.today),
        "the first plan's answer about coverage (271)",
        "the claim goes to it, or a clerk looks again",
    )
    words = "Another plan is first; it is asked about coverage before it is billed"
    claims.set_step(conn, row, ClaimState.NEXT_PAYER, step, why, words)
    return words


def _as_second(content: Claim) -> OtherPayer:
    second = content.subscriber.model_copy(update={"sequence": "S"})
    return OtherPayer(subscriber=second, payer=content.payer)


def _billed_to(content: Claim, profile: PayerProfile, member: str) -> Claim:
    """The claim as an original to another plan; numbers of the old plan are gone."""
    person = content.subscriber.person.model_copy(update={"member_id": member})
    subscriber = content.subscriber.model_copy(
        update={
            "sequence": "P",
            "group_number": "",
            "group_name": "",
            "filing_indicator": profile.edi.claim_filing_indicator,
            "person": person,
        }
    )
    return content.model_copy(
        update={
            "subscriber": subscriber,
            "payer": Payer(name=profile.name, edi_id=profile.edi.payer_edi_id),
            "frequency": "1",
            "payer_icn": "",
            "prior_auth": "",
        }
    )


def _change_plan(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    content: Claim,
    payer_id: str,
    *,
    order: int,
) -> None:
    """The claim is this plan's now; what an earlier plan said of its lines is kept."""
    claims.replace_content(conn, office.cipher, row.id, content)
    member = content.subscriber.person.member_id
    index = office.cipher.index(member, kind="member")
    claims.change_payer(conn, row.id, payer_id=payer_id, member_index=index)
    claims.note(conn, row.id, payer_order=order, payer_icn=None, accepted_on=None)
    for line in claims.lines(conn, row.id):
        if line["status"] != "settled":
            claims.decide_line(
                conn,
                row.id,
                line["number"],
                status="undecided",
                denial=line["denial"],
                decided_by="billed to another plan",
            )


def take_coverage(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    why: Because,
    *,
    question: str,
) -> None:
    """The new first plan has answered: bill it, or a clerk asks the patient."""
    if question:
        ask_again(conn, office, row, why, question)
        return
    _send(conn, office, row, why, "Coverage is active; the claim goes to the plan")


def ask_again(
    conn: Connection, office: Office, row: ClaimRow, why: Because, question: str = ""
) -> None:
    """The plan named first has not confirmed coverage: the question is open again."""
    words = "the plan named first has not confirmed coverage"
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.COB_UPDATE,
        why.by_rule("R-ELG-05"),
        key=f"{row.id}:COB_UPDATE:{row.version}",
        words=words,
        evidence={"why": words}
        | ({"question_to_patient": question} if question else {}),
    )
    step = steps.by_task(office, task)
    claims.set_step(conn, row, ClaimState.NEXT_PAYER, step, why, words)


def _send(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    """Queue the claim; what an edit stops becomes a question to a person."""
    from activities.followup import resend, review

    fresh = claims.get(conn, row.id)
    content = claims.content(conn, office.cipher, row.id)
    try:
        resend(conn, office, fresh, content, ClaimState.NEXT_PAYER, why, words)
    except DecisionRefused as refused:
        review(conn, office, fresh, why, str(refused), {})


def next_plan(office: Office, content: Claim) -> OtherPayer | None:
    """The next plan that has not decided yet and that we know; None when none is."""
    waiting = [o for o in content.other_payers if o.paid is None]
    known = [o for o in waiting if office.payers.by_edi_id(o.payer.edi_id)]
    return known[0] if known and content.subscriber.sequence == "P" else None


def answered_by(
    conn: Connection, office: Office, row: ClaimRow, payer_id: str, paid: Decimal
) -> bool:
    """Whether this remittance is the next plan's own, to which the claim was forwarded;
    the plan has decided then (R-COB-04)."""
    content = claims.content(conn, office.cipher, row.id)
    plan = next_plan(office, content)
    profile = office.payers.by_edi_id(plan.payer.edi_id) if plan else None
    if plan is None or profile is None or profile.payer_id != payer_id:
        return False
    others = tuple(
        o.model_copy(update={"paid": paid}) if o == plan else o
        for o in content.other_payers
    )
    new = content.model_copy(update={"other_payers": others})
    claims.replace_content(conn, office.cipher, row.id, new)
    return True


def is_due(conn: Connection, office: Office, row: ClaimRow) -> bool:
    """Whether another plan is to pay what this one left."""
    return next_plan(office, claims.content(conn, office.cipher, row.id)) is not None


def step(conn: Connection, office: Office, row: ClaimRow, why: Because) -> NextStep:
    """Bill the next plan on the next business day; a forwarded claim waits for it."""
    found = remittances.of_claim(conn, row.id)
    new = [r for r in found if r["posted_on"] is None] or found
    forwarded = bool(new) and (
        new[-1]["status"] in FORWARDED
        or marks_crossover(new[-1]["detail"].get("rarcs", ()))
    )
    if forwarded or _said_forwarded(conn, row):
        return steps.by_timer(
            office,
            row,
            CROSSOVER,
            why.today,
            "the next plan, to which this one forwarded the claim",
            "a clerk asks the next plan",
        )
    return steps.by_claim(
        office,
        row,
        SECONDARY,
        next_business_day(why.today),
        "the claim to the next plan",
        "it leaves with that plan's next batch",
    )


def _said_forwarded(conn: Connection, row: ClaimRow) -> bool:
    """Whether this plan's newest status answer said so (277 F3F)."""
    said = [
        q["answer"]["status"]
        for q in inquiries.of_claim(conn, row.id, "276")
        if q["payer_id"] == row.payer_id and (q["answer"] or {}).get("status")
    ]
    return said[-1:] != [] and said[-1].startswith("F3F:")


def bill_next(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """The secondary claim: the primary's decision on every line (R-COB-05)."""
    content = claims.content(conn, office.cipher, row.id)
    plan = next_plan(office, content)
    profile = office.payers.by_edi_id(plan.payer.edi_id) if plan else None
    decided = [
        r for r in remittances.of_claim(conn, row.id) if r["payer_id"] == row.payer_id
    ]
    if plan is None or profile is None or not decided:
        from activities.followup import call

        call(conn, office, row, why)
        return
    said = decided[-1]
    new = content.model_copy(
        update={
            "subscriber": _second_subscriber(plan, content),
            "patient": _second_patient(plan, content),
            "payer": plan.payer,
            "other_payers": (_decided_by(content, said),),
            "lines": tuple(_with_decision(n, content, said) for n in content.lines),
            "frequency": "1",
            "payer_icn": "",
            "prior_auth": "",
        }
    )
    _change_plan(conn, office, row, new, profile.payer_id, order=2)
    reason = why.by_rule("R-COB-05", primary=row.payer_id)
    _send(conn, office, row, reason, "The claim goes to the next plan")


def _second_subscriber(plan: OtherPayer, content: Claim) -> Subscriber:
    """2320 names no birth date or sex; the patient's own stand for the patient."""
    person, patient = plan.subscriber.person, content.patient_person
    if plan.subscriber.relationship == SELF:
        person = person.model_copy(
            update={
                "birth_date": person.birth_date or patient.birth_date,
                "sex": person.sex or patient.sex,
                "address": person.address if person.address.zip else patient.address,
            }
        )
    return plan.subscriber.model_copy(update={"sequence": "S", "person": person})


def _second_patient(plan: OtherPayer, content: Claim) -> Person | None:
    """The patient in 2000C, unless this plan's subscriber is the patient: a child of
    one plan may hold the other, and a subscriber be a spouse in the next."""
    if plan.subscriber.relationship == SELF:
        return None
    return content.patient_person.model_copy(update={"member_id": ""})


def _decided_by(content: Claim, said: RowMapping) -> OtherPayer:
    return OtherPayer(
        subscriber=content.subscriber,
        payer=content.payer,
        paid=_cents(said["paid_cents"]),
        remaining_patient=_cents(said["patient_cents"]),
        icn=said["payer_icn"] or "",
        decided_on=said["payment_date"],
    )


def _with_decision(line: ServiceLine, content: Claim, said: RowMapping) -> ServiceLine:
    found: dict[str, Any] | None = next(
        (n for n in said["detail"]["lines"] if n["number"] == line.number), None
    )
    if found is None:
        return line
    decision = LineDecision(
        payer_edi_id=content.payer.edi_id,
        paid=usd(found["paid"]),
        code=line.code,
        modifiers=line.modifiers,
        units=line.units,
        adjustments=tuple(_adjustment(t) for t in found["treated"]),
        decided_on=said["payment_date"],
    )
    return line.model_copy(update={"decisions": (decision,)})


def _adjustment(treated: dict[str, Any]) -> Adjustment:
    group, _, carc = str(treated["code"]).partition("-")
    return Adjustment(group=group, carc=carc, amount=usd(treated["amount"]))


def _cents(amount: int) -> Decimal:
    return usd(Decimal(amount) / 100) if amount else ZERO
