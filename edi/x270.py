"""270 and 271: ask a plan about coverage, and its answers (005010X279A1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from claims.claim import Person, Provider
from claims.money import MoneyError, Usd, usd
from edi.errors import EdiWarning
from edi.segments import (
    FileKind,
    OutboundEnvelope,
    Segment,
    TransactionSet,
    Writer,
    maybe_date,
    plain,
    sets_of,
)

VERSION = "005010X279A1"
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
    """One 270 for one plan."""
    out = Writer()
    day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
    first = inquiries[0]
    out.add("BHT", "0022", "13", envelope.batch_ref, day, hour)
    out.add("HL", "1", "", "20", "1")
    out.add("NM1", "PR", "2", first.payer_name, "", "", "", "", "PI", first.payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    name = first.provider
    out.add("NM1", "1P", "2", name.last_or_organization, "", "", "", "", "XX", name.npi)
    level = 2
    for inquiry in inquiries:
        level = _inquiry(out, level, inquiry)
    return out.interchange(envelope, code="HS", st01="270", version=VERSION)


def _inquiry(out: Writer, level: int, asked: EligibilityInquiry) -> int:
    level += 1
    dependent = asked.dependent is not None
    out.add("HL", str(level), "2", "22", "1" if dependent else "0")
    trn = ("TRN", "1", asked.trace, "9CLAIMTHRD")
    if not dependent:
        out.add(*trn)
    person = asked.subscriber
    out.add("NM1", "IL", "1", person.last, person.first, "", "", "", "MI", person.member_id)
    if not dependent:
        _born(out, person)
    if asked.dependent is not None:
        level += 1
        out.add("HL", str(level), str(level - 1), "23", "0")
        out.add(*trn)
        out.add("NM1", "03", "1", asked.dependent.last, asked.dependent.first)
        _born(out, asked.dependent)
    out.add("DTP", "291", "D8", f"{asked.service_date:%Y%m%d}")
    out.add("EQ", "30")
    return level


def _born(out: Writer, person: Person) -> None:
    if person.birth_date:
        out.add("DMG", "D8", f"{person.birth_date:%Y%m%d}")


class Benefit(BaseModel):
    """One EB segment."""

    model_config = _FROZEN

    code: str = Field(description="EB01")
    coverage_level: str = ""
    service_type: str = ""
    period: str = Field("", description="EB06: 23 year, 29 remaining, 27 visit")
    amount: Usd | None = None
    percent: str | None = None


class EligibilityAnswer(BaseModel):
    """One person's answer in a 271."""

    model_config = _FROZEN

    position: int
    trace: str = ""
    member_id: str = ""
    last_name: str = ""
    first_name: str = ""
    payer_edi_id: str = ""
    service_date: date | None = None
    plan_begins: date | None = None
    plan_ends: date | None = None
    aaa: tuple[str, ...] = Field((), description="AAA03 reject reasons")
    benefits: tuple[Benefit, ...] = ()

    @property
    def active(self) -> bool | None:
        """EB01 1-5 active, 6-8 inactive; None when it does not say (R-ELG-02)."""
        codes = {b.code for b in self.benefits}
        if self.aaa or not codes & set("12345678"):
            return False if self.aaa else None
        return not codes & set("678")


@dataclass(frozen=True)
class EligibilityFile:
    """The answers of a 271."""

    answers: tuple[EligibilityAnswer, ...]
    warnings: tuple[EdiWarning, ...]


def read_eligibility_answers(content: bytes) -> EligibilityFile:
    """Read every person's answer of a 271.

    Raises:
        EdiError: no X12, or no 271 in it.
    """
    found, warnings = sets_of(content, FileKind.X271)
    answers = [a for one in found for a in _answers(one)]
    return EligibilityFile(tuple(answers), tuple(warnings))


@dataclass
class _Person:
    head: Segment
    segments: list[Segment]


def _answers(one: TransactionSet) -> list[EligibilityAnswer]:
    payer = ""
    above: list[Segment] = []
    current: _Person | None = None
    people: list[_Person] = []
    for segment in one.segments:
        if segment.tag == "HL":
            current = None
            if segment.get(3) in ("22", "23"):
                if segment.get(3) == "23" and people and not _says(people[-1]):
                    above = people.pop().segments
                current = _Person(segment, list(above) if segment.get(3) == "23" else [])
                people.append(current)
        elif segment.tag == "NM1" and segment.get(1) == "PR" and current is None:
            payer = segment.get(9)
        elif current is not None:
            current.segments.append(segment)
        elif segment.tag == "AAA":
            people.append(_Person(segment, [segment]))
    return [_answer(one, p, payer) for p in people]


def _says(person: _Person) -> bool:
    return any(s.tag in ("EB", "AAA") for s in person.segments)


def _answer(one: TransactionSet, person: _Person, payer: str) -> EligibilityAnswer:
    named = [s for s in person.segments if s.tag == "NM1" and s.get(1) in ("IL", "03")]
    member = next((s.get(9) for s in named if s.get(9)), "")
    trace = next(
        (s.get(2) for s in person.segments if s.tag == "TRN" and s.get(1) == "2"), ""
    )
    dates = {s.get(1): s.get(3) for s in person.segments if s.tag == "DTP"}
    plan = dates.get("346") or dates.get("291") or ""
    return EligibilityAnswer(
        position=person.head.number,
        trace=trace,
        member_id=member,
        last_name=named[-1].get(3) if named else "",
        first_name=named[-1].get(4) if named else "",
        payer_edi_id=payer,
        service_date=maybe_date(dates.get("472", "")),
        plan_begins=maybe_date(plan),
        plan_ends=maybe_date(plan[9:]) if "-" in plan else maybe_date(dates.get("347", "")),
        aaa=tuple(s.get(3) for s in person.segments if s.tag == "AAA"),
        benefits=tuple(_benefit(s) for s in person.segments if s.tag == "EB"),
    )


def _benefit(segment: Segment) -> Benefit:
    try:
        amount = usd(segment.get(7)) if segment.get(7) else None
    except MoneyError:
        amount = None
    return Benefit(
        code=segment.get(1),
        coverage_level=segment.get(2),
        service_type=segment.get(3),
        period=segment.get(6),
        amount=amount,
        percent=_percent(segment.get(8)),
    )


def _percent(text: str) -> str | None:
    """EB08 0.2 as ``20``."""
    try:
        value = Decimal(text) * 100
    except InvalidOperation:
        return None
    return plain(value) if value.is_finite() else None


class AskedEligibility(BaseModel):
    """What a 270 asks, as its receiver reads it."""

    model_config = _FROZEN

    trace: str
    member_id: str = ""
    payer_edi_id: str = ""
    service_date: date | None = None
    last_name: str = ""
    first_name: str = ""


def read_eligibility_inquiries(content: bytes) -> tuple[AskedEligibility, ...]:
    """The questions of a 270.

    Raises:
        EdiError: no X12, or no 270 in it.
    """
    asked: list[AskedEligibility] = []
    for one in sets_of(content, FileKind.X270)[0]:
        payer = ""
        values: dict[str, Any] = {}
        for segment in [*one.segments, Segment(0, "HL", ("", "", "22"))]:
            if segment.tag == "HL":
                if values.get("trace"):
                    asked.append(AskedEligibility(**values))
                    values = {}
                if segment.get(3) == "22":
                    values = {"payer_edi_id": payer}
            elif segment.tag == "NM1" and segment.get(1) == "PR":
                payer = segment.get(9)
            elif segment.tag == "NM1" and segment.get(1) in ("IL", "03"):
                values["last_name"], values["first_name"] = segment.get(3), segment.get(4)
                values["member_id"] = segment.get(9) or values.get("member_id", "")
            elif segment.tag == "TRN":
                values["trace"] = segment.get(2)
            elif segment.tag == "DTP" and segment.get(1) == "291":
                values["service_date"] = maybe_date(segment.get(3))
    return tuple(asked)


class CoverageAnswer(BaseModel):
    """What a plan says in a 271 about one person."""

    model_config = _FROZEN

    trace: str
    member_id: str
    last_name: str = "MEMBER"
    first_name: str = ""
    eb01: str = Field("1", description="1 active, 6 inactive; empty with aaa")
    aaa: str = ""
    plan_begins: date | None = None
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
    """A 271 with one subscriber level per answer."""
    out = Writer()
    day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
    out.add("BHT", "0022", "11", envelope.batch_ref, day, hour)
    out.add("HL", "1", "", "20", "1")
    out.add("NM1", "PR", "2", payer_name, "", "", "", "", "PI", payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.add("NM1", "1P", "2", "PROVIDER", "", "", "", "", "XX", provider_npi)
    for number, answer in enumerate(answers, start=3):
        out.add("HL", str(number), "2", "22", "0")
        out.add("TRN", "2", answer.trace, "9CLAIMTHRD")
        out.add("NM1", "IL", "1", answer.last_name, answer.first_name, "", "", "", "MI", answer.member_id)
        _write_coverage(out, answer)
    return out.interchange(envelope, code="HB", st01="271", version=VERSION)


def _write_coverage(out: Writer, answer: CoverageAnswer) -> None:
    if answer.aaa:
        out.add("AAA", "N", "", answer.aaa, "C")
        return
    if answer.plan_begins:
        out.add("DTP", "346", "D8", f"{answer.plan_begins:%Y%m%d}")
    out.add("EB", answer.eb01, "", "30", "", "PLAN")
    if answer.deductible is not None:
        out.add("EB", "C", "IND", "30", "", "", "23", plain(answer.deductible))
    if answer.deductible_remaining is not None:
        out.add("EB", "C", "IND", "30", "", "", "29", plain(answer.deductible_remaining))
    if answer.coinsurance_percent is not None:
        share = Decimal(answer.coinsurance_percent) / 100
        out.add("EB", "A", "IND", "98", "", "", "", "", plain(share))
