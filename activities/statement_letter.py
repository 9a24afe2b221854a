"""The facts of a patient statement: from the ledger, the remittances and the 271.

The amounts are the ledger's. The reasons are the plan's, from its remittances; they are
told only when they explain the patient's share to the cent (R-PAT-03).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from activities.appeal_letter import clinician_of, postal_lines, practice_facts
from activities.office import Office
from claims.claim import ClaimState, Person
from claims.money import ZERO, from_cents, percent_of, usd
from ledger.balances import Balances, balances
from letters.facts import (
    NoticeFacts,
    PersonFacts,
    PlanOfferFacts,
    PlanPaidFacts,
    ReasonFacts,
    StatementFacts,
    VisitFacts,
)
from letters.render import LetterError
from letters.words import and_list, long_date
from policy.statements import plan_offer
from records import accounts, claims, inquiries, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

if TYPE_CHECKING:
    from activities.patient import Due

DAYS_TO_PAY = 30
SECOND_PLAN = "your second plan"
ROUNDING = usd("0.05")
REVERSAL = "22"
"""CLP02: the payer takes its earlier decision back."""
KINDS = {"1": "deductible", "2": "coinsurance", "3": "copay"}
NOT_COVERED = ("49", "96", "119", "202", "204", "35")
PLACES = {
    "02": "video visit",
    "10": "video visit",
    "11": "office visit",
    "12": "home visit",
    "20": "urgent care visit",
    "22": "hospital visit",
    "23": "emergency visit",
}


def statement_facts(
    conn: Connection,
    office: Office,
    account_id: str,
    due: "Sequence[Due]",
    gentle: "Due",
    why: Because,
) -> StatementFacts:
    """What one statement of an account says today.

    Raises:
        LetterError: there is nobody to send it to; nothing was made (R-PAT-05).
    """
    account = accounts.get(conn, account_id)
    guarantor = accounts.guarantor(office.cipher, account)
    visits = tuple(_visit(conn, office, d.row) for d in due)
    total = sum((v.you_owe for v in visits), ZERO)
    sent = accounts.statements_of_claim(conn, gentle.row.id)
    return StatementFacts(
        practice=practice_facts(office),
        account_number=account["public_ref"],
        statement_date=why.today,
        due_date=why.today + timedelta(DAYS_TO_PAY),
        step=min(gentle.step, 4),
        guarantor=_guarantor(guarantor),
        visits=visits,
        still_with_plan=_still_with_plan(conn, account_id),
        total_due=total,
        plan_offer=_offer(total),
        previous_statement_date=sent[-1]["dated"] if sent else None,
        pay_code=_pay_code(office, account_id, str(why.today)),
        what_changed=_what_changed(conn, due),
    )


def _pay_code(office: Office, account_id: str, day: str) -> str:
    token = office.cipher.index(f"{account_id} {day}", kind="pay").upper()
    return f"{token[:4]}-{token[4:8]}"


def _guarantor(person: Person) -> PersonFacts:
    name = f"{person.first} {person.last}".strip()
    lines = postal_lines(person.address)
    if not name or not lines or not person.address.zip:
        raise LetterError(
            "The guarantor has no name, or no address with a ZIP code. No letter was "
            "made. Complete the account's address, or hold its bills (R-PAT-05)."
        )
    return PersonFacts(name=name, address_lines=lines)


def _offer(total: Decimal) -> PlanOfferFacts | None:
    offer = plan_offer(total)
    if offer is None:
        return None
    return PlanOfferFacts(monthly=offer.each, months=offer.count, last=offer.last)


def _still_with_plan(conn: Connection, account_id: str) -> tuple[date, ...]:
    """Days of visits whose plan has not decided yet; they are not summed."""
    billed = (ClaimState.PATIENT_BALANCE, ClaimState.PLAN, ClaimState.COLLECTIONS)
    rows = [r for r in claims.of_account(conn, account_id) if r.state.is_open]
    days = {r.service_from for r in rows if r.state not in billed and r.service_from}
    return tuple(sorted(days))


def _what_changed(conn: Connection, due: "Sequence[Due]") -> str | None:
    """Names the visits whose plan took back a decision since they were last billed.

    A patient who hears of another amount is told that the plan changed it (R-REV-02).
    """
    changed = [d.row for d in due if _taken_back(conn, d.row)]
    days = [long_date(row.service_from) for row in changed if row.service_from]
    if not days:
        return None
    visits = "visit" if len(days) == 1 else "visits"
    return (
        f"Your plan changed its decision on your {visits} of {and_list(days)}. "
        "This bill shows the new amounts."
    )


def _taken_back(conn: Connection, row: ClaimRow) -> bool:
    sent = accounts.statements_of_claim(conn, row.id)
    told_on = sent[-1]["dated"] if sent else None
    return any(
        found["status"] == REVERSAL
        and found["posted_on"] is not None
        and (told_on is None or found["posted_on"] >= told_on)
        for found in remittances.of_claim(conn, row.id)
    )


def _visit(conn: Connection, office: Office, row: ClaimRow) -> VisitFacts:
    content = claims.content(conn, office.cipher, row.id)
    money = balances(conn, [row.id])[row.id]
    patient = content.patient_person
    assert row.service_from is not None  # noqa: S101 - READY needs dated lines
    return VisitFacts(
        claim_ref=row.pcn,
        date_of_service=row.service_from,
        patient_name=f"{patient.first} {patient.last}".strip(),
        clinician=clinician_of(content),
        service_words=PLACES.get(content.place_of_service, "visit"),
        reasons=_reasons(conn, row, money),
        plans=_plans(conn, office, row, money),
        **_figures(money),
    )


def _plans(
    conn: Connection, office: Office, row: ClaimRow, money: Balances
) -> tuple[PlanPaidFacts, ...]:
    """What each plan paid, when two or more did and the parts come to the sum."""
    paid: dict[str, Decimal] = {}
    for one in remittances.of_claim(conn, row.id):
        amount = from_cents(one["paid_cents"])
        paid[one["payer_id"]] = paid.get(one["payer_id"], ZERO) + amount
    parts = [(payer_id, amount) for payer_id, amount in paid.items() if amount > ZERO]
    total = sum((amount for _, amount in parts), ZERO)
    if len(parts) < len(("first", "second")) or total != money.paid_payer:
        return ()
    return tuple(
        PlanPaidFacts(plan=_plan_name(office, payer_id, place), paid=amount)
        for place, (payer_id, amount) in enumerate(parts)
    )


def _plan_name(office: Office, payer_id: str, place: int) -> str:
    profile = office.payer(payer_id)
    if profile is not None and profile.is_medicare:
        return "Medicare"
    return "your plan" if place == 0 else SECOND_PLAN


def _figures(money: Balances) -> dict[str, Any]:
    """The visit's row: five figures of the ledger that tie (R-PAT-03)."""
    return {
        "charge": money.charge,
        "plan_discount": money.adjusted - money.written_off,
        "our_discount": money.written_off,
        "plan_paid": money.paid_payer,
        "you_paid": money.paid_patient - money.credit,
        "you_owe": money.patient_due,
    }


def _reasons(
    conn: Connection, row: ClaimRow, money: Balances
) -> tuple[ReasonFacts, ...]:
    """Each kind of patient share, net of reversals; empty when they do not add up.

    They do not when a person moved money by decision, wrote part of the share off, or
    a replacement's remittance tells it once more. Then the bill says the sum alone.
    """
    rows = remittances.of_claim(conn, row.id)
    if not rows:  # nobody but the patient was billed
        return ()
    last = rows[-1]["payer_id"]
    amounts = _shares([r for r in rows if r["payer_id"] == last])
    if sum(amounts.values(), ZERO) != money.patient_due + (
        money.paid_patient - money.credit
    ):
        return ()
    answer = inquiries.answer_on_file(
        conn, payer_id=row.payer_id, member_index=row.member_index, traces=[]
    )
    later = row.payer_order > 1 or last != row.payer_id
    plan = {"plan": SECOND_PLAN} if later else {}
    return tuple(
        _reason(code, amount, answer, money.paid_payer).model_copy(update=plan)
        for code, amount in amounts.items()
    )


def _shares(rows: Sequence[RowMapping]) -> dict[str, Decimal]:
    """PR amounts by reason code of the plan that decided last, without those undone:
    what an earlier plan left was the next plan's."""
    amounts: dict[str, Decimal] = {}
    for found in rows:
        for line in found["detail"].get("lines", []):
            for treated in line["treated"]:
                if treated["treatment"] == "patient":
                    code = treated["code"].split("-")[-1]
                    amounts[code] = amounts.get(code, ZERO) + usd(treated["amount"])
    return {code: amount for code, amount in amounts.items() if amount > ZERO}


def _reason(
    code: str, amount: Decimal, answer: RowMapping | None, plan_paid: Decimal
) -> ReasonFacts:
    kind = KINDS.get(code, "not_covered" if code in NOT_COVERED else "other")
    facts: dict[str, Any] = {"kind": kind, "amount": amount}
    benefits = answer["answer"].get("benefits", []) if answer else []
    if kind == "deductible":
        facts |= _deductible(benefits)
    if kind == "coinsurance":
        facts["percent"] = _percent(benefits, amount, plan_paid)
    return ReasonFacts(**facts)


def _percent(
    benefits: list[dict[str, Any]], amount: Decimal, plan_paid: Decimal
) -> Decimal | None:
    """The share the plan named, when it is what this visit really came to.

    Plans round line by line, so a few cents may lie between.
    """
    named = (b["percent"] for b in benefits if b["code"] == "A" and b["percent"])
    found = next(named, None)
    if found is None:
        return None
    percent = Decimal(found)
    off = percent_of(amount + plan_paid, percent) - amount
    return percent if ZERO < percent < 100 and abs(off) <= ROUNDING else None


def _deductible(benefits: list[dict[str, Any]]) -> dict[str, Any]:
    """The year's deductible and what was met of it, when the plan told us both."""
    found = {
        b["period"]: usd(b["amount"])
        for b in benefits
        if b["code"] == "C" and b["amount"] is not None
    }
    if "23" not in found or "29" not in found:
        return {}
    return {
        "deductible_total": found["23"],
        "deductible_met_before": max(found["23"] - found["29"], ZERO),
    }


def notice_facts(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    why: Because,
    money: Balances,
    *,
    returned: Decimal = ZERO,
) -> NoticeFacts:
    """What a short letter to the guarantor says about one visit today.

    Raises:
        LetterError: there is nobody to send it to; nothing was made (R-PAT-05).
    """
    account = accounts.get(conn, row.account_id)
    content = claims.content(conn, office.cipher, row.id)
    person = content.patient_person
    paid = remittances.payments_of(conn, row.id)
    by_card = bool(paid) and paid[-1]["method"] == "card"
    return NoticeFacts(
        practice=practice_facts(office),
        letter_date=why.today,
        guarantor=_guarantor(accounts.guarantor(office.cipher, account)),
        account_number=account["public_ref"],
        claim_number=row.pcn,
        practice_claim_number=row.practice_number,
        patient_name=f"{person.first} {person.last}".strip().title(),
        date_of_service=row.service_from,
        you_paid=money.paid_patient,
        your_share=money.paid_patient - money.credit + money.patient_due,
        returned=returned,
        returned_to="your card" if by_card else "you by check in the mail",
    )
