"""Edits on what an 837P can carry at all: who the patient is, and plain characters.

The guide's validator sees the form of a file. It does not see a subscriber who is not
the patient while nobody else is named, and a value that would break the envelope is
refused by the writer only when the batch leaves. Both are found here, before READY.
"""

from collections.abc import Iterator

from claims.claim import Claim, OtherPayer, Person, Provider, ServiceLine
from edi.errors import UnwritableError
from edi.writer import plain_text

SELF = "18"
_REASON = "it holds a character that X12 cannot carry"
_FIX = "Write it in plain letters and digits."
Failure = tuple[str, str, str]


def relationship(claim: Claim, _: object) -> Iterator[Failure]:
    """The subscriber is the patient (SBR02 18), or the patient is named (2000C)."""
    related = claim.subscriber.relationship
    if claim.patient is None and related != SELF:
        yield (
            "2000B SBR02",
            "the subscriber is not the patient, and no patient is named",
            "Enter 18 when they are one person; else send the claim with its patient.",
        )
    if claim.patient is not None and related in ("", SELF):
        yield (
            "2000C PAT01",
            "the patient's relationship to the subscriber is missing",
            "Enter 01 spouse, 19 child or G8 other.",
        )
    for place, other in enumerate(claim.other_payers, start=1):
        if not other.subscriber.relationship:
            yield (
                f"2320/{place} SBR02",
                "the relationship to that plan's subscriber is missing",
                "Send the claim with it.",
            )


def plain(claim: Claim, _: object) -> Iterator[Failure]:
    """Names have a plain form, and identifiers hold no delimiter."""
    for field, value in _texts(claim):
        if _spelled(value) is None:
            yield field, _REASON, _FIX
    for field, value in _identifiers(claim):
        if _spelled(value) != value.strip():
            yield field, _REASON, _FIX


def _spelled(value: str) -> str | None:
    """The value as an 837P writes it; None when it cannot."""
    try:
        return plain_text(value)
    except UnwritableError:
        return None


def _texts(claim: Claim) -> Iterator[tuple[str, str]]:
    yield from _person("2010BA", claim.subscriber.person)
    yield "2000B SBR03", claim.subscriber.group_number
    yield "2000B SBR04", claim.subscriber.group_name
    if claim.patient is not None:
        yield from _person("2010CA", claim.patient)
    yield "2010BB NM103", claim.payer.name
    for loop, provider in _providers(claim):
        yield f"{loop} NM103", provider.last_or_organization
        yield f"{loop} NM104", provider.first
        yield f"{loop} N301", provider.address.line1
        yield f"{loop} N401", provider.address.city
    yield "2300 NTE02", claim.note
    for line in claim.lines:
        yield f"2400/{line.number} SV101-7", line.description
        yield f"2400/{line.number} NTE02", line.note
    for place, other in enumerate(claim.other_payers, start=1):
        yield from _person(f"2330A/{place}", other.subscriber.person)
        yield f"2330B/{place} NM103", other.payer.name


def _person(loop: str, person: Person) -> Iterator[tuple[str, str]]:
    yield f"{loop} NM103", person.last
    yield f"{loop} NM104", person.first
    yield f"{loop} N301", person.address.line1
    yield f"{loop} N401", person.address.city


def _providers(claim: Claim) -> Iterator[tuple[str, Provider]]:
    named = (
        ("2010AA", claim.billing),
        ("2310A", claim.referring),
        ("2310B", claim.rendering),
        ("2310C", claim.facility),
        ("2310D", claim.supervising),
    )
    for loop, provider in named:
        if provider is not None:
            yield loop, provider


def _identifiers(claim: Claim) -> Iterator[tuple[str, str]]:
    yield "2010BA NM109", claim.subscriber.person.member_id
    yield "2010BB NM109", claim.payer.edi_id
    yield "2300 CLM01", claim.pcn
    yield "2300 CLM05-1", claim.place_of_service
    yield "2300 REF*F8", claim.payer_icn
    yield "2300 REF*G1", claim.prior_auth
    yield "2300 REF*9F", claim.referral
    yield "2300 REF*X4", claim.clia
    yield "2300 REF*EA", claim.medical_record
    for line in claim.lines:
        yield from _of_line(line)
    for place, other in enumerate(claim.other_payers, start=1):
        yield from _of_other(place, other)


def _of_line(line: ServiceLine) -> Iterator[tuple[str, str]]:
    yield f"2400/{line.number} REF*G1", line.prior_auth
    yield f"2400/{line.number} REF*6R", line.line_ref
    yield f"2410/{line.number} LIN03", line.ndc


def _of_other(place: int, other: OtherPayer) -> Iterator[tuple[str, str]]:
    yield f"2330A/{place} NM109", other.subscriber.person.member_id
    yield f"2330B/{place} NM109", other.payer.edi_id
    yield f"2330B/{place} REF*F8", other.icn
