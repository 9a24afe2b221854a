"""271 in: what a plan says of its members (005010X279A1, R-ELG); 270 in as well."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.money import Usd
from edi.errors import EdiWarning
from edi.levels import is_below
from edi.loops import Loop
from edi.segments import (
    FileKind,
    Segment,
    TransactionSet,
    each_set,
    maybe_amount,
    maybe_date,
)
from edi.writer import plain
from edi.x270_write import CALENDAR_YEAR, REMAINING, WHOLE_PLAN

ACTIVE, INACTIVE = frozenset("12345"), frozenset("678")
_SUBJECTS = ("IL", "03")
_PLAN_DATES = ("346", "291", "356", "307")
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Benefit(BaseModel):
    """One EB segment."""

    model_config = _FROZEN

    code: str = Field(description="EB01")
    coverage_level: str = Field("", description="EB02: IND, FAM …")
    service_type: str = Field("", description="EB03 as the file has it")
    period: str = Field("", description="EB06: 23 year, 29 remaining, 27 visit")
    amount: Usd | None = Field(None, description="EB07")
    percent: str | None = Field(None, description="EB08 0.2 as 20")
    service_types: tuple[str, ...] = Field((), description="EB03, each repetition")


class EligibilityAnswer(BaseModel):
    """One person's answer in a 271, or the source's refusal to answer at all."""

    model_config = _FROZEN

    position: int = Field(description="segment number of the HL, or of the AAA above")
    trace: str = Field("", description="TRN02 of our 270")
    member_id: str = ""
    last_name: str = ""
    first_name: str = ""
    payer_edi_id: str = ""
    service_date: date | None = Field(None, description="DTP*472")
    plan_begins: date | None = None
    plan_ends: date | None = None
    aaa: tuple[str, ...] = Field((), description="AAA03 reject reasons")
    benefits: tuple[Benefit, ...] = ()
    batch_ref: str = Field("", description="BHT03 of our 270, with a source's refusal")

    @property
    def active(self) -> bool | None:
        """EB01 1-5 active, 6-8 inactive; None when it does not say (R-ELG-02).

        What the plan says of itself (service type 30 or none) counts before what it
        says of single service types.
        """
        if self.aaa:
            return None
        said = [b for b in self.benefits if b.code in ACTIVE | INACTIVE]
        plan = [b for b in said if WHOLE_PLAN in b.service_types or not b.service_types]
        codes = {b.code for b in plan or said}
        if not codes or (codes & ACTIVE and codes & INACTIVE):
            return None
        return bool(codes & ACTIVE)

    @property
    def deductible(self) -> Usd | None:
        """Individual deductible of the year (EB*C, period 23)."""
        return self._amount("C", CALENDAR_YEAR)

    @property
    def deductible_remaining(self) -> Usd | None:
        """What is left of it (EB*C, period 29)."""
        return self._amount("C", REMAINING)

    @property
    def coinsurance_percent(self) -> str | None:
        """The patient's share (EB*A), ``20`` for a fifth."""
        found = (b.percent for b in self._of("A") if b.percent is not None)
        return next(found, None)

    @property
    def copay(self) -> Usd | None:
        """Copayment (EB*B)."""
        return next((b.amount for b in self._of("B") if b.amount is not None), None)

    def _amount(self, code: str, period: str) -> Usd | None:
        found = (b for b in self._of(code) if b.period == period)
        return next((b.amount for b in found if b.amount is not None), None)

    def _of(self, code: str) -> list[Benefit]:
        """Benefits of a code, those of the individual first."""
        found = [b for b in self.benefits if b.code == code]
        return sorted(found, key=lambda b: b.coverage_level not in ("IND", ""))


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
    warnings: list[EdiWarning] = []
    found = each_set(content, FileKind.X271, warnings=warnings)
    answers = [a for one in found for a in _AnswerReader(one).run()]
    return EligibilityFile(tuple(answers), tuple(warnings))


@dataclass
class _Level:
    """One HL 22 or 23: its own segments, and its EB segments."""

    code: str
    loop: Loop
    payer: str
    subscriber: "_Level | None" = None
    benefits: list[Segment] = field(default_factory=list)
    in_benefits: bool = False

    def take(self, segment: Segment) -> None:
        """File a segment; what follows the first EB describes a benefit."""
        if segment.tag == "EB":
            self.in_benefits = True
            self.benefits.append(segment)
        elif segment.tag == "AAA" or not self.in_benefits:
            self.loop.take(segment)

    @property
    def speaks(self) -> bool:
        """Whether it answers anything itself."""
        return bool(self.benefits) or self.loop.has("AAA")

    @property
    def trace(self) -> str:
        """Our trace: its own, or its subscriber's."""
        own = self.loop.first("TRN", "2").get(2)
        return own or (self.subscriber.trace if self.subscriber else "")


class _AnswerReader:
    """One transaction set of a 271."""

    def __init__(self, one: TransactionSet) -> None:
        self.one = one
        self.payer = ""
        self.reference = ""
        self.levels: list[_Level] = []
        self.current: _Level | None = None
        self.subscriber: _Level | None = None
        self.refusals: list[EligibilityAnswer] = []

    def run(self) -> list[EligibilityAnswer]:
        for segment in self.one.segments:
            if segment.tag == "HL":
                self._hl(segment)
            elif self.current is not None:
                self.current.take(segment)
            else:
                self._above(segment)
        parents = {id(level.subscriber) for level in self.levels if level.subscriber}
        people = [
            level
            for level in self.levels
            # A subscriber who only leads to a dependent is no answer of its own.
            if level.speaks or id(level) not in parents
        ]
        return self.refusals + [self._answer(level) for level in people]

    def _hl(self, segment: Segment) -> None:
        code = segment.get(3)
        self.current = None
        if code == "20":  # a new plan: nothing of the one before counts
            self.payer, self.subscriber = "", None
        elif code == "22":
            self._begin(_Level(code, Loop(segment), self.payer))
            self.subscriber = self.current
        elif code == "23":
            above = self.subscriber
            if above is not None and not is_below(segment, above.loop.head):
                above = None
            self._begin(_Level(code, Loop(segment), self.payer, above))

    def _begin(self, level: _Level) -> None:
        self.current = level
        self.levels.append(level)

    def _above(self, segment: Segment) -> None:
        if segment.tag == "BHT":
            self.reference = segment.get(3)
        elif segment.tag == "NM1" and not self.payer:
            self.payer = segment.get(9)
        elif segment.tag == "AAA":
            self.refusals.append(
                EligibilityAnswer(
                    position=segment.number,
                    payer_edi_id=self.payer,
                    aaa=(segment.get(3),),
                    batch_ref=self.reference,
                )
            )

    def _answer(self, level: _Level) -> EligibilityAnswer:
        loop = level.loop
        names = [loop.names[e].head for e in _SUBJECTS if e in loop.names]
        named = names[0] if names else Segment(0, "NM1", ())
        above = level.subscriber.loop.name("IL") if level.subscriber else None
        member = named.get(9) or (above.head.get(9) if above else "")
        begins, ends = _plan_days(loop)
        repetition = self.one.delimiters.repetition
        return EligibilityAnswer(
            position=loop.head.number,
            trace=level.trace,
            member_id=member,
            last_name=named.get(3),
            first_name=named.get(4),
            payer_edi_id=level.payer,
            service_date=maybe_date(loop.first("DTP", "472").get(3)),
            plan_begins=begins,
            plan_ends=ends,
            aaa=tuple(s.get(3) for s in loop.all("AAA")),
            benefits=tuple(_benefit(s, repetition) for s in level.benefits),
        )


def _plan_days(loop: Loop) -> tuple[date | None, date | None]:
    """First and last day of the plan; a range or two dates."""
    texts = (loop.first("DTP", code).get(3) for code in _PLAN_DATES)
    text = next((t for t in texts if t), "")
    ends = loop.first("DTP", "347").get(3) or loop.first("DTP", "357").get(3)
    last = text[9:] if "-" in text else ends
    return maybe_date(text), maybe_date(last)


def _benefit(segment: Segment, repetition: str) -> Benefit:
    text = segment.get(3)
    kinds = text.split(repetition) if repetition else [text]
    amount, share = maybe_amount(segment.get(7)), _percent(segment.get(8))
    if share is None and segment.get(1) == "A" and amount is not None and amount < 1:
        # Some plans write the share one element early (e2_271_active.edi).
        amount, share = None, _percent(segment.get(7))
    return Benefit(
        code=segment.get(1),
        coverage_level=segment.get(2),
        service_type=text,
        service_types=tuple(kind for kind in kinds if kind),
        period=segment.get(6),
        amount=amount,
        percent=share,
    )


def _percent(text: str) -> str | None:
    """EB08 0.2 as ``20``."""
    if not text or not text.isascii() or not text.replace(".", "", 1).isdecimal():
        return None
    return plain(Decimal(text) * 100) if len(text) <= 10 else None


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
    found = each_set(content, FileKind.X270, warnings=[])
    return tuple(asked for one in found for asked in _asked(one))


def _asked(one: TransactionSet) -> Iterator[AskedEligibility]:
    payer, level, subscriber = "", Loop(), Loop()
    for segment in one.segments:
        if segment.tag == "HL":
            yield from _question(level, subscriber, payer)
            level = Loop(segment)
            if segment.get(3) in ("20", "22"):
                subscriber = level
        elif segment.tag == "NM1" and segment.get(1) == "PR":
            payer = segment.get(9)
        else:
            level.take(segment)
    yield from _question(level, subscriber, payer)


def _question(level: Loop, subscriber: Loop, payer: str) -> Iterator[AskedEligibility]:
    trn, empty = level.first("TRN"), Loop()
    if not trn.tag or level.head.get(3) not in ("22", "23"):
        return
    named = (level.name("IL") or level.name("03") or empty).head
    above = subscriber if is_below(level.head, subscriber.head) else empty
    holder = (above.name("IL") or empty).head
    day = level.first("DTP", "291").get(3) or level.first("DTP", "472").get(3)
    yield AskedEligibility(
        trace=trn.get(2),
        member_id=named.get(9) or holder.get(9),
        payer_edi_id=payer,
        service_date=maybe_date(day),
        last_name=named.get(3),
        first_name=named.get(4),
    )
