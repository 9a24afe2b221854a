"""The facts of a patient statement: from the ledger, the remittances and the 271."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from activities.appeal_letter import practice_facts
from activities.office import Office
from claims.claim import ClaimState, Person
from claims.money import ZERO, usd
from ledger.balances import balances
from letters.facts import (
    PersonFacts,
    PlanOfferFacts,
    ReasonFacts,
    StatementFacts,
    VisitFacts,
)
from policy.statements import plan_offer
from records import accounts, claims, inquiries, remittances
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

if TYPE_CHECKING:
    from activities.patient import Due

DAYS_TO_PAY = 30
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
    """What one statement of an account says today."""
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
        still_with_plan=tuple(_still_with_plan(conn, account_id)),
        total_due=total,
        plan_offer=_offer(total),
        previous_statement_date=sent[-1]["dated"] if sent else None,
        pay_code=_pay_code(office, account_id, str(why.today)),
    )


def _pay_code(office: Office, account_id: str, day: str) -> str:
    token = office.cipher.index(f"{account_id} {day}", kind="pay").upper()
    return f"{token[:4]}-{token[4:8]}"


def _guarantor(person: Person) -> PersonFacts:
    address = person.address
    postal = address.zip
    if len(postal) == 9:
        postal = f"{postal[:5]}-{postal[5:]}"
    lines = [address.line1, address.line2, f"{address.city}, {address.state} {postal}"]
    return PersonFacts(
        name=f"{person.first} {person.last}".strip(),
        address_lines=tuple(n for n in lines if n.strip(" ,")),
    )


def _offer(total: Decimal) -> PlanOfferFacts | None:
    offer = plan_offer(total)
    if offer is None:
        return None
    return PlanOfferFacts(monthly=offer.each, months=offer.count, last=offer.last)


def _still_with_plan(conn: Connection, account_id: str) -> list[Any]:
    """Visits of the account whose plan has not decided yet."""
    billed = (ClaimState.PATIENT_BALANCE, ClaimState.PLAN, ClaimState.COLLECTIONS)
    rows = [r for r in claims.of_account(conn, account_id) if r.state.is_open]
    return sorted(
        r.service_from for r in rows if r.state not in billed and r.service_from
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
        clinician=_clinician(content.rendering),
        service_words=PLACES.get(content.place_of_service, "visit"),
        charge=money.charge,
        plan_discount=money.adjusted,
        plan_paid=money.paid_payer,
        you_paid=money.paid_patient - money.credit,
        you_owe=money.patient_due,
        reasons=tuple(_reasons(conn, row)),
    )


def _clinician(provider: Any) -> str:
    if provider is None or provider.is_organization:
        return ""
    return f"{provider.first.title()} {provider.last_or_organization.title()}".strip()


def _reasons(conn: Connection, row: ClaimRow) -> list[ReasonFacts]:
    """Each kind of patient share, net of reversals, in the plan's own numbers."""
    amounts: dict[str, Decimal] = {}
    for found in remittances.of_claim(conn, row.id):
        for line in found["detail"].get("lines", []):
            for treated in line["treated"]:
                if treated["treatment"] == "patient":
                    code = treated["code"].split("-")[-1]
                    amounts[code] = amounts.get(code, ZERO) + usd(treated["amount"])
    answer = inquiries.answer_on_file(
        conn, payer_id=row.payer_id, member_index=row.member_index, traces=[]
    )
    return [_reason(c, a, answer) for c, a in amounts.items() if a > ZERO]


def _reason(code: str, amount: Decimal, answer: RowMapping | None) -> ReasonFacts:
    kind = KINDS.get(code, "not_covered" if code in NOT_COVERED else "other")
    facts: dict[str, Any] = {"kind": kind, "amount": amount}
    benefits = answer["answer"].get("benefits", []) if answer else []
    if kind == "deductible":
        facts |= _deductible(benefits)
    if kind == "coinsurance":
        percent = next(
            (b["percent"] for b in benefits if b["code"] == "A" and b["percent"]), None
        )
        facts["percent"] = Decimal(percent) if percent else None
    if kind == "other":
        facts["words"] = "Your plan says this part is yours to pay."
    return ReasonFacts(**facts)


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
