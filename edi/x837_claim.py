"""837P, one claim: a CLM (2300) with its other payers (2320) and lines (2400)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from claims.claim import Claim, OtherPayer, Subscriber
from claims.money import ZERO
from edi.elements import maybe_amount, maybe_date, read_amount, read_date
from edi.errors import EdiError
from edi.interchange import Segment
from edi.levels import is_below
from edi.loops import Loop
from edi.x837_line import Line, maybe_qualified, positive, read_adjustments
from edi.x837_parties import billing, pay_to, payer, person, provider, subscriber

MAX_DIAGNOSES = 12
CLAIM_DATES = {
    "431": "onset_date",
    "454": "initial_treatment_date",
    "439": "accident_date",
    "435": "admission_date",
}
_DIAGNOSIS = ("ABK", "ABF", "BK", "BF")
_KNOWN_CLAIM = frozenset(
    {"HI", "N3", "N4", "DMG", "PRV", "PER"}
    | {f"DTP*{code}" for code in CLAIM_DATES}
    | {"AMT*F5", "REF*F8", "REF*G1", "REF*9F", "REF*X4", "REF*EA", "REF*D9", "NTE"}
)
_KNOWN_LINE = frozenset(
    {"SV1", "DTP*472", "REF*6R", "REF*G1", "NTE", "LIN", "CTP", "PRV", "N3", "N4"}
)
_KNOWN_OTHER = frozenset(
    {"CAS", "AMT*D", "AMT*EAF", "AMT*A8", "OI", "N3", "N4", "DTP*573", "REF*F8"}
)
_KNOWN_NAMES = frozenset({"82", "DN", "77", "DQ", "IL", "PR", "DK"})
_QUALIFIED = ("DTP", "REF", "AMT")
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")


@dataclass(frozen=True)
class ClaimReject:
    """A claim that cannot be read: where and why, without a patient's data.

    ``pcn`` is CLM01. Charge, lines and line total say what was left out, as far as it
    could be read, so that accepted and rejected together make up the file.
    """

    position: int
    pcn: str
    segment: str
    field: str
    reason: str
    charge: Decimal | None = None
    frequency: str = "1"
    lines: int = 0
    line_total: Decimal = ZERO
    at: int = 0
    """Number of the segment that cannot be read; ``position`` is the CLM's."""


@dataclass(frozen=True)
class Levels:
    """The HL levels that a claim stands under, and how its set separates components.

    ``doubt`` is an HL that names another parent than the level above it.
    """

    component: str
    billing: Loop = field(default_factory=Loop)
    subscriber: Loop = field(default_factory=Loop)
    patient: Loop | None = None
    doubt: Segment | None = None

    def below(self, loop: Loop) -> "Levels":
        """The levels with one more; one that tells of no claim is passed by."""
        code = loop.head.get(3)
        if code == "20":
            return Levels(self.component, billing=loop)
        if code == "22":
            doubt = _doubt(loop.head, self.billing)
            return replace(self, subscriber=loop, patient=None, doubt=doubt)
        if code == "23":
            doubt = self.doubt or _doubt(loop.head, self.subscriber)
            return replace(self, patient=loop, doubt=doubt)
        return self


def _doubt(hl: Segment, above: Loop) -> Segment | None:
    """The HL when it names another level than the one it stands below."""
    return None if is_below(hl, above.head) else hl


class Draft:
    """One CLM and everything below it."""

    def __init__(self, clm: Segment, levels: Levels) -> None:
        self.clm = self.last = clm
        self.levels = levels
        self.sep = levels.component
        self.loop = Loop(clm)
        self.others: list[Loop] = []
        self.lines: list[Line] = []

    def take(self, segment: Segment) -> None:
        """File a segment in the claim, its newest other payer, or its newest line."""
        self.last = segment
        if segment.tag == "LX":
            self.lines.append(Line(Loop(segment)))
        elif self.lines:
            self.lines[-1].take(segment)
        elif segment.tag == "SBR":
            self.others.append(Loop(segment))
        elif self.others and segment.tag != "HI":
            self.others[-1].take(segment)
        else:
            self.loop.take(segment)

    def reject(self, error: EdiError) -> ClaimReject:
        """The claim as a reject, with the dollars it would have brought."""
        amounts = [line.loop.first("SV1") for line in self.lines]
        charges = [maybe_amount(sv1.get(2)) for sv1 in amounts if sv1.tag]
        return ClaimReject(
            position=self.clm.number,
            pcn=self.clm.get(1),
            segment=f"{_tag_of(error.field)} at segment {error.segment}",
            field=error.field,
            reason=str(error),
            charge=maybe_amount(self.clm.get(2)),
            frequency=self.clm.part(5, 3, self.sep) or "1",
            lines=len(charges),
            line_total=sum((c for c in charges if c is not None), ZERO),
            at=error.segment,
        )

    def finish(self) -> Claim:
        """The claim.

        Raises:
            EdiError: a mandatory value cannot be read.
        """
        clm = self.clm
        if not clm.get(1):
            raise EdiError("CLM01 is missing", segment=clm.number, field="CLM01")
        names = self.loop
        return Claim(
            pcn=clm.get(1),
            charge=positive(clm, 2, "CLM02"),
            place_of_service=clm.part(5, 1, self.sep),
            frequency=clm.part(5, 3, self.sep) or "1",
            provider_signature=clm.get(6),
            accept_assignment=clm.get(7),
            assign_benefits=clm.get(8),
            release=clm.get(9),
            signature_source=clm.get(10),
            delay_reason=clm.get(20),
            **self._accident(),
            **self._dates(),
            **self._references(),
            diagnoses=self._diagnoses(),
            billing=billing(self.levels.billing),
            pay_to=pay_to(self.levels.billing),
            subscriber=self._subscriber(),
            patient=person(self.levels.patient, "QC") if self.levels.patient else None,
            payer=payer(self.levels.subscriber),
            rendering=provider(names.name("82")),
            referring=provider(names.name("DN")),
            supervising=provider(names.name("DQ")),
            facility=provider(names.name("77")),
            other_payers=tuple(_other_payer(loop) for loop in self.others),
            lines=tuple(
                line.finish(place, self.sep)
                for place, line in enumerate(self.lines, start=1)
            ),
        )

    def _subscriber(self) -> Subscriber:
        relationship = (
            self.levels.patient.first("PAT").get(1) if self.levels.patient else None
        )
        return subscriber(
            self.levels.subscriber, self.levels.subscriber.first("SBR"), relationship
        )

    def _accident(self) -> dict[str, Any]:
        parts = self.clm.parts(11, self.sep, 4)
        causes = tuple(part for part in parts[:3] if part)
        return {"accident": causes, "accident_state": parts[3]}

    def _dates(self) -> dict[str, Any]:
        found = {}
        for code, name in CLAIM_DATES.items():
            segment = self.loop.first("DTP", code)
            if segment.tag:
                found[name] = read_date(segment.get(3), segment, f"DTP*{code}")
        return found

    def _references(self) -> dict[str, Any]:
        loop = self.loop
        nte, paid = loop.first("NTE"), loop.first("AMT", "F5")
        amount = read_amount(paid.get(2), paid, "AMT*F5") if paid.get(2) else None
        return {
            "payer_icn": loop.ref("F8"),
            "prior_auth": loop.ref("G1"),
            "referral": loop.ref("9F"),
            "clia": loop.ref("X4"),
            "medical_record": loop.ref("EA"),
            "note": nte.get(2),
            "note_kind": nte.get(1) if nte.get(2) else "ADD",
            "patient_paid": amount,
        }

    def _diagnoses(self) -> tuple[str, ...]:
        found = []
        for segment in self.loop.all("HI"):
            for element in segment.elements:
                kind, code, *_ = (*element.split(self.sep), "")
                if kind in _DIAGNOSIS and code:
                    found.append(code.replace(".", ""))
        if len(found) > MAX_DIAGNOSES:
            raise EdiError(
                f"more than {MAX_DIAGNOSES} diagnoses",
                segment=self.loop.first("HI").number,
                field="HI",
            )
        return tuple(found)

    def unused(self) -> Iterator[tuple[Segment, str]]:
        """Segments that ``Claim`` has no place for."""
        yield from _unused(self.loop, _KNOWN_CLAIM)
        for loop in self.others:
            yield from _unused(loop, _KNOWN_OTHER)
        for line in self.lines:
            yield from _unused(line.loop, _KNOWN_LINE)


def _tag_of(name: str) -> str:
    """``DMG`` of DMG02, ``DTP`` of DTP*472, ``HI`` of HI."""
    head = name.split("*")[0]
    return head[:-2] if head[-2:].isdecimal() else head


def _unused(loop: Loop, known: frozenset[str]) -> Iterator[tuple[Segment, str]]:
    for segment in loop.segments():
        qualified = segment.tag in _QUALIFIED
        what = f"{segment.tag}*{segment.get(1)}" if qualified else segment.tag
        if what not in known:
            # Only tags and codes may be named: anything else could be a value.
            safe = segment.get(1).isalnum() and len(segment.get(1)) <= 3
            tag = segment.tag if _TAG.fullmatch(segment.tag) else "a segment"
            yield segment, what if qualified and safe else tag
    for entity, name in loop.names.items():
        if entity not in _KNOWN_NAMES:
            yield name.head, f"NM1*{entity}" if len(entity) <= 2 else "NM1"


def _other_payer(loop: Loop) -> OtherPayer:
    oi = loop.first("OI")
    return OtherPayer(
        subscriber=subscriber(loop, loop.head, None),
        payer=payer(loop),
        paid=maybe_qualified(loop, "AMT", "D"),
        remaining_patient=maybe_qualified(loop, "AMT", "EAF"),
        non_covered=maybe_qualified(loop, "AMT", "A8"),
        adjustments=read_adjustments(loop.all("CAS")),
        benefits_assigned=oi.get(3),
        release=oi.get(6),
        icn=loop.ref("F8"),
        decided_on=maybe_date(loop.first("DTP", "573").get(3)),
    )
