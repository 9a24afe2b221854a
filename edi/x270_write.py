"""270 out: ask a plan about coverage (005010X279A1, R-ELG); 271 out for tests."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.claim import Person, Provider
from claims.money import Usd
from edi.errors import UnwritableError
from edi.writer import OutboundEnvelope, Writer, d8, plain

VERSION = "005010X279A1"
OURS = "9CLAIMTHRD"
WHOLE_PLAN = "30"
CALENDAR_YEAR, REMAINING = "23", "29"
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class EligibilityInquiry(BaseModel):
    """One person on one date of service."""

    model_config = _FROZEN

    trace: str
    payer_name: str
    payer_edi_id: str
    provider: Provider
    subscriber: Person
    dependent: Person | None = None
    service_date: date


def write_eligibility_inquiries(
    inquiries: Sequence[EligibilityInquiry], envelope: OutboundEnvelope
) -> bytes:
    """One 270 for one plan.

    Raises:
        UnwritableError: no questions, more than one plan, or a value that X12 cannot
            carry. Nothing was written.
    """
    if len({inquiry.payer_edi_id for inquiry in inquiries}) != 1:
        raise UnwritableError("A 270 asks one plan. Nothing was written.")
    out, first = Writer(), inquiries[0]
    out.add("BHT", "0022", "13", envelope.batch_ref, envelope.day, envelope.hour)
    out.add("HL", "1", "", "20", "1")
    out.name("PR", "2", first.payer_name, qualifier="PI", code=first.payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    asking = first.provider
    out.name(
        *("1P", "2" if asking.is_organization else "1"),
        *(asking.last_or_organization, asking.first),
        qualifier="XX",
        code=asking.npi,
    )
    level = 2
    for inquiry in inquiries:
        level = _inquiry(out, level, inquiry)
    return out.interchange(envelope, code="HS", st01="270", version=VERSION)


def _inquiry(out: Writer, level: int, asked: EligibilityInquiry) -> int:
    level += 1
    person, dependent = asked.subscriber, asked.dependent
    out.add("HL", str(level), "2", "22", "1" if dependent else "0")
    if dependent is None:
        out.add("TRN", "1", asked.trace, OURS)
    out.name(
        "IL", "1", person.last, person.first, qualifier="MI", code=person.member_id
    )
    if dependent is None:
        _born(out, person)
    else:
        level += 1
        out.add("HL", str(level), str(level - 1), "23", "0")
        out.add("TRN", "1", asked.trace, OURS)
        out.name("03", "1", dependent.last, dependent.first)
        _born(out, dependent)
    out.add("DTP", "291", "D8", d8(asked.service_date))
    out.add("EQ", WHOLE_PLAN)
    return level


def _born(out: Writer, person: Person) -> None:
    if person.birth_date:
        out.add("DMG", "D8", d8(person.birth_date))


class CoverageAnswer(BaseModel):
    """What a plan says in a 271 about one person."""

    model_config = _FROZEN

    trace: str
    member_id: str
    last_name: str = "MEMBER"
    first_name: str = ""
    eb01: str = Field("1", description="1 active, 6 inactive; empty with aaa")
    aaa: str = Field("", description="AAA03; nothing else is said then")
    plan_begins: date | None = None
    plan_ends: date | None = None
    service_date: date | None = None
    deductible: Usd | None = None
    deductible_remaining: Usd | None = None
    coinsurance_percent: str | None = None


def write_eligibility_answers(
    answers: Sequence[CoverageAnswer],
    envelope: OutboundEnvelope,
    *,
    payer_name: str,
    payer_edi_id: str,
    provider_npi: str,
) -> bytes:
    """A 271 with one subscriber level per answer.

    Raises:
        UnwritableError: a value that X12 cannot carry. Nothing was written.
    """
    out = Writer()
    out.add("BHT", "0022", "11", envelope.batch_ref, envelope.day, envelope.hour)
    out.add("HL", "1", "", "20", "1")
    out.name("PR", "2", payer_name, qualifier="PI", code=payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.name("1P", "2", "PROVIDER", qualifier="XX", code=provider_npi)
    for number, answer in enumerate(answers, start=3):
        out.add("HL", str(number), "2", "22", "0")
        out.add("TRN", "2", answer.trace, OURS)
        out.name(
            *("IL", "1", answer.last_name, answer.first_name),
            qualifier="MI",
            code=answer.member_id,
        )
        _write_coverage(out, answer)
    return out.interchange(envelope, code="HB", st01="271", version=VERSION)


def _write_coverage(out: Writer, answer: CoverageAnswer) -> None:
    if answer.aaa:
        out.add("AAA", "N", "", answer.aaa, "C")
        return
    for code, day in (
        ("472", answer.service_date),
        ("346", answer.plan_begins),
        ("347", answer.plan_ends),
    ):
        if day:
            out.add("DTP", code, "D8", d8(day))
    out.add("EB", answer.eb01, "", WHOLE_PLAN, "", "PLAN")
    for period, amount in (
        (CALENDAR_YEAR, answer.deductible),
        (REMAINING, answer.deductible_remaining),
    ):
        if amount is not None:
            out.add("EB", "C", "IND", WHOLE_PLAN, "", "", period, plain(amount))
    if answer.coinsurance_percent is not None:
        share = plain(Decimal(answer.coinsurance_percent) / 100)
        out.add("EB", "A", "IND", "98", "", "", "", "", share)
