"""The facts of an appeal letter: from the claim, the denial and what is on file.

Nothing is said that our records do not hold. What is missing stays missing, so that
``letters.check.missing_elements`` can name it and the letter cannot leave (R-APP-03).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from activities.office import Office
from claims.claim import Address, Claim
from claims.money import CENT, ZERO, from_cents, usd
from ledger.balances import balances
from letters.facts import (
    AppealFacts,
    AuthorizationFacts,
    CitationFacts,
    DenialFacts,
    ExhibitFacts,
    FilingFacts,
    PracticeFacts,
    PreviousDecisionFacts,
    ServiceLineFacts,
)
from letters.words import and_list, long_date
from payers.profile import PayerProfile
from policy import appeal as rules
from policy.filing import legal_limit
from policy.remittance import coverage_policy, words_of
from policy.tables import rows
from records import accounts, claims, inquiries, remittances, submissions, users
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
"""Which of the payer's policies (``policy_refs`` of its profile) a letter cites."""
BY_MAIL = "mail"


def practice_facts(office: Office) -> PracticeFacts:
    """The sender block of every letter."""
    practice = office.practice
    return PracticeFacts(
        name=practice.name,
        npi=practice.billing_npi,
        tax_id=_tax_id(practice.tax_id),
        address_lines=postal_lines(practice.address),
        phone=practice.phone,
        hours=practice.hours,
        signer_name=practice.signer.name,
        signer_title=practice.signer.title,
    )


def _tax_id(digits: str) -> str:
    return f"{digits[:2]}-{digits[2:]}" if len(digits) == 9 else digits


def postal_lines(address: Address) -> tuple[str, ...]:
    """An address as an envelope shows it; empty when there is none to write."""
    code = address.zip
    postal = f"{code[:5]}-{code[5:]}" if len(code) == 9 else code
    place = f"{address.city}, {address.state} {postal}".strip(" ,")
    lines = (address.line1.strip(), address.line2.strip(), place)
    return tuple(line for line in lines if line)


def clinician_of(content: Claim) -> str:
    """Who saw the patient, when the claim names a person."""
    provider = content.rendering
    if provider is None or provider.is_organization:
        return ""
    name = f"{provider.first} {provider.last_or_organization}".strip()
    return name.title() if name.isupper() else name


def appeal_facts(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    appeal: RowMapping,
    why: Because,
    *,
    approver: str,
    route: str = "",
    argument: str = "",
) -> AppealFacts:
    """What the letter says today; a draft while nobody has approved it.

    ``route`` and ``argument`` (a paragraph on each line) are a person's words; without
    them it goes by mail and says what our records say.
    """
    content = claims.content(conn, office.cipher, row.id)
    profile = office.payer(row.payer_id)
    lines = [n for n in claims.lines(conn, row.id) if n["number"] in appeal["lines"]]
    approval = _authorization(conn, row, content, lines)
    shown = _exhibits(conn, row, appeal, approval)
    amount, asked = _request(conn, row, profile, lines, appeal)
    return AppealFacts(
        **_addressed(content, profile, appeal["level"]),
        practice=practice_facts(office),
        letter_date=why.today,
        level=appeal["level"],
        level_name=_level_name(profile, appeal["level"]),
        route=route or BY_MAIL,
        legal_deadline=appeal["legal_deadline"],
        **_reference(row, content),
        lines=tuple(_line(n) for n in lines),
        denial=_denial(appeal, lines),
        request_amount=amount,
        request_words=asked,
        argument=_typed(argument) or tuple(_argument(appeal, approval, lines, shown)),
        evidence=tuple(shown),
        citation=_citation(profile, appeal, _denial(appeal, lines).rarcs),
        authorization=approval[1] if approval else None,
        filing=_filing(conn, row, appeal, profile),
        previous=_previous(conn, row, appeal),
        reply_by=_reply_by(profile, appeal, why.today),
        approved_by=_name_of(conn, approver),
    )


def _addressed(
    content: Claim, profile: PayerProfile | None, level: int
) -> dict[str, Any]:
    decides = rules.level_shown(profile, level).get("to") if profile else None
    return {
        "payer_name": profile.name if profile else content.payer.name,
        "payer_unit": str(decides) if decides and level > 1 else "Provider Appeals",
        "payer_address_lines": postal_lines(profile.appeals.address) if profile else (),
    }


def _reference(row: ClaimRow, content: Claim) -> dict[str, Any]:
    person = content.patient_person
    return {
        "patient_name": f"{person.first} {person.last}".strip(),
        "member_id": content.subscriber.person.member_id,
        "claim_number": row.pcn,
        "practice_claim_number": row.practice_number,
        "payer_claim_number": row.payer_icn or "",
        "date_of_service": row.service_from,
        "clinician": clinician_of(content),
    }


def _level_name(profile: PayerProfile | None, level: int) -> str:
    """What the law calls this level (redetermination); a contract only numbers it."""
    if profile is None or profile.appeals.ladder == "contract_generic":
        return ""
    ladder = rows(rules.TABLE, "ladders", "id")[profile.appeals.ladder]
    return next((str(n["name"]) for n in ladder["levels"] if n["n"] == level), "")


def _name_of(conn: Connection, approver: str) -> str:
    """The person's name as people write it, never a sign-in name where we know it."""
    found = users.get_user(conn, approver) if approver else None
    return found.display_name if found else approver


# --- what was billed, denied and is asked for ----------------------------------------


def _denied(line: RowMapping) -> dict[str, Any]:
    found: dict[str, Any] = line["denial"] or {}
    return found


def _line(line: RowMapping) -> ServiceLineFacts:
    denial = _denied(line)
    expected = usd(denial["expected"]) if denial.get("expected") else None
    short = usd(denial.get("shortfall", "0"))
    return ServiceLineFacts(
        number=line["number"],
        code=line["code"],
        modifiers=tuple(m for m in line["modifiers"].split(":") if m),
        charge=from_cents(line["charge_cents"]),
        denied=usd(denial.get("amount", "0")) if not short else ZERO,
        expected=expected,
        allowed=expected - short if expected is not None and short else None,
    )


def _denial(appeal: RowMapping, lines: list[RowMapping]) -> DenialFacts:
    first = next((_denied(n) for n in lines if n["denial"]), {})
    return DenialFacts(
        code=appeal["carc"],
        words=words_of(appeal["carc"]),
        rarcs=tuple(first.get("rarcs", [])),
        notice_date=appeal["notice_on"],
        remit_trace=first.get("trace", ""),
    )


def _request(
    conn: Connection,
    row: ClaimRow,
    profile: PayerProfile | None,
    lines: list[RowMapping],
    appeal: RowMapping,
) -> tuple[Decimal, str]:
    """The contract's allowed amount, else what was billed; never more than is open.

    An underpaid claim asks for what is missing alone (R-UND-03).
    """
    numbers = [str(n["number"]) for n in lines]
    which = f"line{'s' * (len(numbers) > 1)} {and_list(numbers)}" if numbers else ""
    still_open = balances(conn, [row.id])[row.id].insurer_open
    short = sum((usd(_denied(n).get("shortfall", "0")) for n in lines), ZERO)
    if appeal["template"] == "UNDERPAYMENT":
        return min(short or still_open, still_open), f"allowed short on {which}"
    priced = [_contract_price(profile, n) for n in lines]
    charges = [from_cents(n["charge_cents"]) for n in lines]
    total = sum(
        (charge if price is None else min(price, charge))
        for price, charge in zip(priced, charges, strict=True)
    )
    what = "billed" if None in priced else "allowed"
    return min(usd(total), still_open), f"the {what} amount of {which}"


def _contract_price(profile: PayerProfile | None, line: RowMapping) -> Decimal | None:
    if expected := _denied(line).get("expected"):
        return usd(expected)
    rate = profile.fees.rates.get(line["code"]) if profile else None
    if rate is None:
        return None
    return (rate * Decimal(line["units"])).quantize(CENT, rounding=ROUND_HALF_UP)


# --- why the decision is wrong -------------------------------------------------------

Approval = tuple[str, AuthorizationFacts]
"""The document that holds an authorization, and what it says."""


def _authorization(
    conn: Connection, row: ClaimRow, content: Claim, lines: list[RowMapping]
) -> Approval | None:
    """The approval whose number the claim carries, if it covers the code and day."""
    day = row.service_from
    found = [
        a
        for a in inquiries.authorizations(
            conn, payer_id=row.payer_id, member_index=row.member_index
        )
        if content.prior_auth
        and a["number"] == content.prior_auth
        and a["status"] == "approved"
        and a["code"] in {n["code"] for n in lines}
        and (day is None or a["valid_from"] <= day <= a["valid_to"])
    ]
    if not found:
        return None
    facts = AuthorizationFacts(
        number=found[0]["number"],
        codes=tuple(sorted({a["code"] for a in found})),
        valid_from=max(a["valid_from"] for a in found),
        valid_to=min(a["valid_to"] for a in found),
    )
    return found[0]["source"].split(" ")[0], facts


def _typed(argument: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in argument.splitlines() if line.strip())


def _argument(
    appeal: RowMapping,
    approval: Approval | None,
    lines: list[RowMapping],
    shown: list[ExhibitFacts],
) -> list[str]:
    """One paragraph from our records; the template adds what its kind can show."""
    codes = and_list([n["code"] for n in lines]) if lines else "this claim"
    named = [e.letter for e in shown if approval and e.sha256 == approval[0]]
    enclosed = f"the approval letter is enclosed (exhibit {''.join(named)})"
    match appeal["template"]:
        case "APPEAL_197" if approval is not None:
            return [f"The claim carries this number, and {enclosed}"]
        case "APPEAL_29":
            return []  # only proof of the date counts, and it stands in the template
        case "UNDERPAYMENT":
            return [
                "Our contract sets the price of each code. Your payment used another"
            ]
    if appeal["template"] == "APPEAL_97" and (marked := _marked_apart(lines)):
        return [marked]
    if approval is not None:
        facts = approval[1]
        return [
            f"You approved this service before the visit: authorization {facts.number}"
            f" covers {and_list(facts.codes)}; {enclosed}"
        ]
    verb = "were" if len(lines) > 1 else "was"
    return [
        f"What we billed as {codes} {verb} ordered, done and documented on the date of "
        f"service. Your reason, {appeal['carc']}, does not fit it"
    ]


def _marked_apart(lines: list[RowMapping]) -> str:
    marked = [n for n in lines if n["modifiers"].strip(":")]
    if not marked:
        return ""
    said = [
        f"line {n['number']} carries modifier "
        f"{and_list([m for m in n['modifiers'].split(':') if m])}"
        for n in marked
    ]
    return f"{and_list(said)}: it is not part of the other service of that day"


def _filing(
    conn: Connection, row: ClaimRow, appeal: RowMapping, profile: PayerProfile | None
) -> FilingFacts | None:
    """The first acceptance on file, when it was inside the limit (R-FIL-03)."""
    proven = _first_accepted(conn, row)
    if appeal["template"] != "APPEAL_29" or profile is None or proven is None:
        return None
    if row.service_from is None:
        return None
    limit = legal_limit(profile, row.service_from, row.service_to or row.service_from)
    if proven["accepted_on"] > limit:
        return None
    number = proven["payer_icn"] or row.payer_icn or "not given"
    return FilingFacts(
        first_accepted=proven["accepted_on"],
        limit=limit,
        proof=(
            f"your 277CA of {long_date(proven['accepted_on'])} accepts it under your "
            f"claim number {number}"
        ),
    )


def _first_accepted(conn: Connection, row: ClaimRow) -> RowMapping | None:
    proven = [s for s in submissions.of_claim(conn, row.id) if s["accepted_on"]]
    return min(proven, key=lambda s: s["accepted_on"]) if proven else None


def _citation(
    profile: PayerProfile | None, appeal: RowMapping, rarcs: Sequence[str]
) -> CitationFacts | None:
    """Only a stored document may be cited; none on file means none in the letter."""
    if profile is None:
        return None
    if appeal["template"] == "UNDERPAYMENT" and profile.fees.schedule:
        text = (
            f"fee schedule {profile.fees.schedule} of our contract, in force since "
            f"{long_date(profile.effective_from)}"
        )
        return CitationFacts(text=text, document_id=profile.fees.schedule)
    if appeal["template"] == "APPEAL_29" and "timely_filing" not in (
        profile.appeals.policy_refs
    ):
        text = (
            f"the filing clause of our contract, {profile.filing.limit_days} days, in "
            f"force since {long_date(profile.effective_from)}"
        )
        return CitationFacts(text=text, document_id=f"{profile.payer_id}-FILING")
    if named := coverage_policy(rarcs):
        text = f"the local coverage determination that remark {named.split()[-1]} names"
        return CitationFacts(text=text, document_id=named)
    found = profile.appeals.policy_refs.get(CITED.get(appeal["template"], ""))
    return CitationFacts(text=found.text, document_id=found.document) if found else None


# --- what is enclosed, what came before ----------------------------------------------


def _exhibits(
    conn: Connection, row: ClaimRow, appeal: RowMapping, approval: Approval | None
) -> list[ExhibitFacts]:
    """Each stored document that the letter leans on, lettered in its order."""
    found: list[tuple[str, str, bool]] = []
    if remitted := _denied_by(conn, row, appeal):
        found.append(("your notice of denial", remitted["file_sha256"], False))
    if approval is not None:
        found.append((f"approval letter {approval[1].number}", approval[0], False))
    proven = _first_accepted(conn, row)
    if appeal["template"] == "APPEAL_29" and proven and proven["proof_file"]:
        found.append(("your 277CA report of acceptance", proven["proof_file"], False))
    before = _level_before(conn, row, appeal)
    if before and before["decision_file"]:
        title = f"your decision of level {before['level']}"
        found.append((title, before["decision_file"], True))
    return [
        ExhibitFacts(letter=chr(65 + n), title=title, pages=1, sha256=sha, new=new)
        for n, (title, sha, new) in enumerate(found)
    ]


def _denied_by(
    conn: Connection, row: ClaimRow, appeal: RowMapping
) -> RowMapping | None:
    """The newest posted remittance up to the notice that is appealed."""
    found = [
        r for r in remittances.of_claim(conn, row.id) if r["outcome"] != "information"
    ]
    dated = [r for r in found if r["payment_date"] == appeal["notice_on"]]
    newest = dated or found
    return newest[-1] if newest else None


def _level_before(
    conn: Connection, row: ClaimRow, appeal: RowMapping
) -> RowMapping | None:
    earlier = [
        a
        for a in accounts.appeals_of(conn, row.id)
        if a["level"] < appeal["level"] and a["decided_on"] is not None
    ]
    return earlier[-1] if earlier else None


def _previous(
    conn: Connection, row: ClaimRow, appeal: RowMapping
) -> PreviousDecisionFacts | None:
    before = _level_before(conn, row, appeal)
    if before is None:
        return None
    return PreviousDecisionFacts(
        level=before["level"],
        decided_on=before["decided_on"],
    )


def _reply_by(profile: PayerProfile | None, appeal: RowMapping, today: date) -> date:
    days = rules.decide_within(profile, level=appeal["level"]) if profile else 60
    return today + timedelta(days)
