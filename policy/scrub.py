"""The edits: every failure at once, each with field, reason and fix (R-SCR-01)."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from claims.claim import Claim, Provider
from claims.money import ZERO
from payers.code_sets import PER_LINE, CodeSets
from payers.profile import PayerProfile
from policy import sendable
from policy.authorization import codes_needing
from policy.filing import legal_limit


class Finding(BaseModel):
    """One failed edit. An error stops the claim; a warning may be released."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edit: str
    rule: str
    severity: str = Field(pattern="^(error|warning)$")
    field: str
    reason: str
    fix: str


class ScrubContext(BaseModel):
    """What the edits must know besides the claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payer: PayerProfile | None
    today: date
    duplicates: tuple[str, ...] = Field((), description="our numbers of like claims")
    authorization_waived: bool = False
    codes: CodeSets = CodeSets()
    overridden: tuple[str, ...] = Field((), description="warnings a coder released")


Edit = Callable[[Claim, ScrubContext], Iterator[tuple[str, str, str]]]
"""Yields (field, reason, fix) for every failure."""

_CODE = re.compile(r"[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}")
_ICD = re.compile(r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}")
_MODIFIER = re.compile(r"[0-9A-Z]{2}")
_NINE = re.compile(r"[0-9]{9}")


def npi_is_valid(npi: str) -> bool:
    """Ten digits whose Luhn sum with prefix 80840 fits (CMS NPI standard)."""
    if not (len(npi) == 10 and npi.isascii() and npi.isdecimal()):
        return False
    total = 0
    for place, char in enumerate(reversed("80840" + npi)):
        value = int(char) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _npis(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """Every named provider has a valid NPI; a facility may have none."""
    named: list[tuple[str, Provider | None]] = [
        ("2010AA NM109", claim.billing),
        ("2310B NM109", claim.rendering),
        ("2310A NM109", claim.referring),
        ("2310D NM109", claim.supervising),
    ]
    if claim.facility and claim.facility.npi:
        named.append(("2310C NM109", claim.facility))
    for line in claim.lines:
        named.append((f"2420A/{line.number} NM109", line.rendering))
        named.append((f"2420E/{line.number} NM109", line.ordering))
    for field, provider in named:
        if provider is not None and not npi_is_valid(provider.npi):
            yield (
                field,
                "the NPI is not valid",
                "Enter the ten-digit NPI of the register.",
            )


def _billing(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The billing provider has taxonomy, tax id and a nine-digit ZIP."""
    if not claim.billing.taxonomy:
        yield (
            "2000A PRV03",
            "the billing taxonomy is missing",
            "Enter the taxonomy code.",
        )
    if not _NINE.fullmatch(claim.billing.tax_id):
        yield "2010AA REF*EI", "the tax id is not nine digits", "Enter the tax id."
    if not _NINE.fullmatch(claim.billing.address.zip):
        yield "2010AA N403", "the billing ZIP is not nine digits", "Enter ZIP+4."


def _totals(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The total charge is the sum of the lines."""
    if claim.charge != claim.line_total:
        yield (
            "2300 CLM02",
            "the total differs from the lines",
            "Correct total or lines.",
        )


def _counts(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """At most 12 diagnoses, 50 lines (or the payer's limit), 10 other payers."""
    limit = context.payer.capabilities.max_lines if context.payer else 50
    if len(claim.diagnoses) > 12:
        yield "2300 HI", "more than 12 diagnoses", "Keep the 12 that matter."
    if len(claim.lines) > min(limit, 50):
        yield "2400", f"more than {min(limit, 50)} lines", "Split the claim."
    if len(claim.other_payers) > 10:
        yield "2320", "more than 10 other payers", "Remove some."


def _pointers(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """Each line points to one to four diagnoses of the claim."""
    count = len(claim.diagnoses)
    for line in claim.lines:
        bad = not line.pointers or len(line.pointers) > 4
        if bad or any(not 1 <= p <= count for p in line.pointers):
            field = f"2400/{line.number} SV107"
            yield field, "a pointer names no diagnosis", "Point to 1-4 diagnoses."


def _frequency(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """A replacement or void names the payer's claim, and the payer takes it."""
    if claim.frequency not in ("1", "7", "8"):
        yield "2300 CLM05-3", "the frequency is not 1, 7 or 8", "Enter 1, 7 or 8."
    if claim.frequency in ("7", "8"):
        if not claim.payer_icn:
            yield "2300 REF*F8", "the payer's claim number is missing", "Enter it."
        if context.payer and not _takes(context.payer, claim.frequency):
            what = "replacements" if claim.frequency == "7" else "voids"
            fix = "Send a new claim." if claim.frequency == "7" else "Call the payer."
            yield "2300 CLM05-3", f"this payer takes no {what}", fix


def _takes(payer: PayerProfile, frequency: str) -> bool:
    able = payer.capabilities
    return able.frequency_7 if frequency == "7" else able.frequency_8


def _subscriber(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The subscriber has a member number and a name."""
    person = claim.subscriber.person
    if not person.member_id:
        yield "2010BA NM109", "the member number is missing", "Enter it from the card."
    if not person.last:
        yield "2010BA NM103", "the subscriber's name is missing", "Enter the name."


def _patient(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The patient has a birth date, not after the visit, and a sex."""
    loop = "2010CA" if claim.patient else "2010BA"
    person = claim.patient_person
    if person.birth_date is None:
        yield f"{loop} DMG02", "the birth date is missing", "Enter the birth date."
    if person.sex not in ("F", "M", "U"):
        yield f"{loop} DMG03", "the sex is missing", "Enter F, M or U."
    first = claim.service_from
    if person.birth_date and first and person.birth_date > first:
        yield (
            f"{loop} DMG02",
            "born after the date of service",
            "Correct the birth date.",
        )


def _dates(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """No service lies in the future or ends before it begins."""
    for line in claim.lines:
        field = f"2400/{line.number} DTP472"
        last = line.service_to or line.service_from
        if last > context.today:
            yield field, "the service lies in the future", "Correct the date."
        if last < line.service_from:
            yield field, "the service ends before it begins", "Correct the dates."


def _authorization(
    claim: Claim, context: ScrubContext
) -> Iterator[tuple[str, str, str]]:
    """A code that needs an authorization has a number."""
    if context.payer is None or context.authorization_waived or claim.prior_auth:
        return
    for code in codes_needing(context.payer, claim):
        yield "2300 REF*G1", f"code {code} needs an authorization", "Enter the number."


def _payer(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """We have a profile of the payer."""
    if context.payer is None:
        fix = "Correct the payer id, or add a profile for this payer."
        yield "2010BB NM109", "we have no profile of this payer", fix


def _duplicate(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The same service is not on another open or paid claim."""
    for number in context.duplicates:
        fix = "Explain with modifier 76, 77, 59 or 91, or void one of them."
        yield "2400 SV101", f"same service as claim {number}", fix


def _limit(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """A first claim is inside the payer's filing limit."""
    first, last = claim.service_from, claim.service_to
    if context.payer is None or first is None or last is None:
        return
    if (
        claim.frequency == "1"
        and legal_limit(context.payer, first, last) < context.today
    ):
        fix = "Send it with proof of earlier filing, or ask for a timely write-off."
        yield "2400 DTP472", "the filing limit has passed", fix


def _charges(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """No charge is negative and every line has units."""
    for line in claim.lines:
        if line.charge < ZERO:
            yield f"2400/{line.number} SV102", "the charge is negative", "Correct it."
        if line.units <= 0:
            yield (
                f"2400/{line.number} SV104",
                "the units are not above zero",
                "Correct them.",
            )


def _codes(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """Procedure codes and modifiers have the right form."""
    for line in claim.lines:
        if not _CODE.fullmatch(line.code):
            yield (
                f"2400/{line.number} SV101-2",
                "not a CPT or HCPCS code",
                "Correct it.",
            )
        if any(not _MODIFIER.fullmatch(m) for m in line.modifiers):
            yield (
                f"2400/{line.number} SV101-3",
                "not a modifier",
                "Two characters each.",
            )


def _diagnoses(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """There is a diagnosis, and each has the form of ICD-10-CM."""
    if not claim.diagnoses:
        yield "2300 HI", "no diagnosis", "Enter at least one ICD-10-CM code."
    for place, code in enumerate(claim.diagnoses, start=1):
        if not _ICD.fullmatch(code):
            yield f"2300 HI{place:02d}", "not an ICD-10-CM code", "Correct the code."


def _valid_diagnoses(
    claim: Claim, context: ScrubContext
) -> Iterator[tuple[str, str, str]]:
    """Each diagnosis is valid on the day of every service that points to it."""
    for place, code in enumerate(claim.diagnoses, start=1):
        pointing = [n.service_from for n in claim.lines if place in n.pointers]
        days = pointing or [n.service_from for n in claim.lines]
        if not all(context.codes.is_valid(code, day) for day in days):
            fix = "Enter the code that is valid on that day."
            yield f"2300 HI{place:02d}", f"{code} is not valid on the date", fix


def _units(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """More units than are likely: per line, or of the day (R-SCR-06)."""
    for line in claim.lines:
        limit = context.codes.limit(line.code)
        if limit is None:
            continue
        same_day = [
            other.units
            for other in claim.lines
            if (other.code, other.service_from) == (line.code, line.service_from)
        ]
        units = line.units if limit.mai == PER_LINE else sum(same_day)
        if units > limit.max_units:
            said = f"{units} units where {limit.max_units} are likely"
            yield f"2400/{line.number} SV104", said, "Correct the units."


def _lines(claim: Claim, _: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The claim has at least one service line."""
    if not claim.lines:
        yield "2400 LX", "the claim has no service line", "Enter at least one line."


def _old_birth(claim: Claim, context: ScrubContext) -> Iterator[tuple[str, str, str]]:
    """The patient is not over 120 years old."""
    born = claim.patient_person.birth_date
    if born and context.today - born > timedelta(120 * 366):
        yield "2010BA DMG02", "the patient would be over 120", "Check the birth date."


EDITS: dict[str, tuple[str, str, Edit]] = {
    "E-101": ("R-SCR-02", "error", _npis),
    "E-102": ("R-SCR-02", "error", _billing),
    "E-103": ("R-SCR-03", "error", _totals),
    "E-104": ("R-SCR-03", "error", _counts),
    "E-105": ("R-SCR-04", "error", _pointers),
    "E-106": ("R-SUB-01", "error", _frequency),
    "E-107": ("R-SCR-08", "error", _subscriber),
    "E-108": ("R-SCR-08", "error", _patient),
    "E-109": ("R-SCR-08", "error", _dates),
    "E-110": ("R-SCR-09", "error", _authorization),
    "E-111": ("R-SCR-01", "error", _payer),
    "E-112": ("R-SCR-10", "error", _duplicate),
    "E-113": ("R-FIL-06", "error", _limit),
    "E-114": ("R-BAD-03", "error", _charges),
    "E-115": ("R-SCR-07", "error", _codes),
    "E-116": ("R-SCR-07", "error", _diagnoses),
    "E-117": ("R-SCR-03", "error", _lines),
    "E-118": ("R-SCR-07", "error", _valid_diagnoses),
    "E-119": ("R-SCR-06", "error", _units),
    "E-120": ("R-SCR-08", "error", sendable.relationship),
    "E-121": ("R-BAD-02", "error", sendable.plain),
    "W-201": ("R-SCR-08", "warning", _old_birth),
}
"""Number -> (rule, severity, edit)."""


def scrub(claim: Claim, context: ScrubContext) -> tuple[Finding, ...]:
    """Run every edit; all failures at once, in the order of their numbers."""
    return tuple(
        Finding(
            edit=number,
            rule=rule,
            severity=severity,
            field=field,
            reason=reason,
            fix=fix,
        )
        for number, (rule, severity, edit) in EDITS.items()
        if severity == "error" or number not in context.overridden
        for field, reason, fix in edit(claim, context)
    )
