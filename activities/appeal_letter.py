"""The facts of an appeal letter, from the claim, the denial and what is on file."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from activities.office import Office
from claims.claim import Claim
from claims.money import ZERO, from_cents, usd
from letters.facts import (
    AppealFacts,
    AuthorizationFacts,
    CitationFacts,
    DenialFacts,
    ExhibitFacts,
    FilingFacts,
    PracticeFacts,
    ServiceLineFacts,
)
from payers.profile import PayerProfile
from policy import appeal as rules
from policy.remittance import words_of
from records import claims, inquiries, remittances, submissions
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

CITED = {
    "APPEAL_197": "authorization",
    "APPEAL_50": "medical_necessity",
    "APPEAL_97": "bundling",
    "APPEAL_29": "timely_filing",
    "APPEAL_22": "coordination",
}


def practice_facts(office: Office) -> PracticeFacts:
    """The sender block of every letter."""
    practice = office.practice
    address = practice.address
    postal = (
        f"{address.zip[:5]}-{address.zip[5:]}" if len(address.zip) == 9 else address.zip
    )
    return PracticeFacts(
        name=practice.name,
        npi=practice.billing_npi,
        tax_id=practice.tax_id,
        address_lines=(address.line1, f"{address.city}, {address.state} {postal}"),
        phone=practice.phone,
        hours=practice.hours,
        signer_name=practice.signer.name,
        signer_title=practice.signer.title,
    )


def appeal_facts(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    appeal: RowMapping,
    why: Because,
    *,
    approver: str,
) -> AppealFacts:
    """What the letter says today; a draft while nobody has approved it."""
    content = claims.content(conn, office.cipher, row.id)
    profile = office.payer(row.payer_id)
    lines = [n for n in claims.lines(conn, row.id) if n["number"] in appeal["lines"]]
    authorization = _authorization(conn, row, content)
    remittance = _last_remittance(conn, row)
    amount, asked = _request(profile, lines)
    person = content.patient_person
    return AppealFacts(
        practice=practice_facts(office),
        payer_name=profile.name if profile else content.payer.name,
        payer_unit="Provider Appeals",
        payer_address_lines=_address(profile),
        letter_date=why.today,
        level=appeal["level"],
        route="mail, copy by fax",
        legal_deadline=appeal["legal_deadline"],
        patient_name=f"{person.first} {person.last}".strip(),
        member_id=content.subscriber.person.member_id,
        claim_number=row.pcn,
        practice_claim_number=row.practice_number,
        payer_claim_number=row.payer_icn or "",
        date_of_service=row.service_from,
        lines=tuple(_line(n) for n in lines),
        denial=_denial(appeal, lines),
        request_amount=amount,
        request_words=asked,
        argument=tuple(_argument(appeal, authorization, lines)),
        evidence=tuple(_exhibits(remittance, authorization, profile, appeal)),
        citation=_citation(profile, appeal),
        authorization=_authorization_facts(authorization),
        filing=_filing(conn, row, appeal, profile),
        reply_by=_reply_by(profile, appeal, why.today),
        approved_by=approver,
    )


def _address(profile: PayerProfile | None) -> tuple[str, ...]:
    if profile is None:
        return ()
    address = profile.appeals.address
    postal = (
        f"{address.zip[:5]}-{address.zip[5:]}" if len(address.zip) == 9 else address.zip
    )
    return (address.line1, f"{address.city}, {address.state} {postal}")


def _line(line: RowMapping) -> ServiceLineFacts:
    denial: dict[str, Any] = line["denial"] or {}
    return ServiceLineFacts(
        number=line["number"],
        code=line["code"],
        modifiers=tuple(m for m in line["modifiers"].split(":") if m),
        charge=from_cents(line["charge_cents"]),
        denied=usd(denial.get("amount", "0")),
        expected=usd(denial["expected"]) if denial.get("expected") else None,
    )


def _denial(appeal: RowMapping, lines: list[RowMapping]) -> DenialFacts:
    first: dict[str, Any] = next((n["denial"] for n in lines if n["denial"]), {}) or {}
    return DenialFacts(
        code=appeal["carc"],
        words=words_of(appeal["carc"]),
        rarcs=tuple(first.get("rarcs", [])),
        notice_date=appeal["notice_on"],
        remit_trace=first.get("trace", ""),
    )


def _request(
    profile: PayerProfile | None, lines: list[RowMapping]
) -> tuple[Decimal, str]:
    """The contract's allowed amount where it has one, else what was billed."""
    total, known = ZERO, True
    for line in lines:
        charge = from_cents(line["charge_cents"])
        rate = profile.fees.rates.get(line["code"]) if profile else None
        known = known and rate is not None
        allowed = (rate * Decimal(line["units"])) if rate is not None else charge
        total += min(allowed, charge).quantize(charge)
    numbers = " and ".join(str(n["number"]) for n in lines)
    what = "allowed amount" if known else "billed amount"
    return total, f"the {what} of line {numbers}"


def _authorization(
    conn: Connection, row: ClaimRow, content: Claim
) -> RowMapping | None:
    found = inquiries.authorizations(
        conn, payer_id=row.payer_id, member_index=row.member_index
    )
    ours = [a for a in found if a["number"] == content.prior_auth]
    return ours[0] if ours else None


def _authorization_facts(found: RowMapping | None) -> AuthorizationFacts | None:
    if found is None:
        return None
    return AuthorizationFacts(
        number=found["number"],
        codes=(found["code"],),
        valid_from=found["valid_from"],
        valid_to=found["valid_to"],
    )


def _last_remittance(conn: Connection, row: ClaimRow) -> RowMapping | None:
    found = remittances.of_claim(conn, row.id)
    return found[-1] if found else None


def _argument(
    appeal: RowMapping, authorization: RowMapping | None, lines: list[RowMapping]
) -> list[str]:
    if authorization is not None:
        return [
            f"Your authorization {authorization['number']} was in force on the date of "
            f"service and covers code {authorization['code']}. The approval letter is "
            "enclosed."
        ]
    codes = ", ".join(n["code"] for n in lines)
    return [
        f"The service billed as {codes} was ordered, done and documented as the "
        "enclosed "
        f"records show. The reason you gave ({appeal['carc']}) does not apply to it."
    ]


def _exhibits(
    remittance: RowMapping | None,
    authorization: RowMapping | None,
    profile: PayerProfile | None,
    appeal: RowMapping,
) -> list[ExhibitFacts]:
    found: list[tuple[str, str]] = []
    if remittance is not None:
        found.append(("Your notice of denial (remittance)", remittance["file_sha256"]))
    if authorization is not None:
        sha = authorization["source"].split(" ")[0]
        found.append(("Approval letter of the authorization", sha))
    return [
        ExhibitFacts(letter=chr(65 + n), title=title, pages=1, sha256=sha)
        for n, (title, sha) in enumerate(found)
    ]


def _citation(profile: PayerProfile | None, appeal: RowMapping) -> CitationFacts | None:
    """Only a stored document may be cited; none on file means none in the letter."""
    if profile is None:
        return None
    if appeal["template"] == "UNDERPAYMENT" and profile.fees.schedule:
        text = f"Fee schedule {profile.fees.schedule} of our contract"
        return CitationFacts(text=text, document_id=profile.fees.schedule)
    found = profile.appeals.policy_refs.get(CITED.get(appeal["template"], ""))
    return CitationFacts(text=found.text, document_id=found.document) if found else None


def _filing(
    conn: Connection, row: ClaimRow, appeal: RowMapping, profile: PayerProfile | None
) -> FilingFacts | None:
    if appeal["template"] != "APPEAL_29" or profile is None:
        return None
    proven = [s for s in submissions.of_claim(conn, row.id) if s["accepted_on"]]
    if not proven or row.service_from is None:
        return None
    from policy.filing import legal_limit

    limit = legal_limit(profile, row.service_from, row.service_to or row.service_from)
    proof = f"277CA A2, payer claim number {proven[0]['payer_icn'] or 'not given'}"
    return FilingFacts(
        first_accepted=proven[0]["accepted_on"], limit=limit, proof=proof
    )


def _reply_by(profile: PayerProfile | None, appeal: RowMapping, today: date) -> date:
    days = rules.decide_within(profile, level=appeal["level"]) if profile else 60
    return today + timedelta(days)
