"""837P in: claims as a practice system writes them (005010X222A1, R-BAD-01, R-BAD-02).

Reading follows HL levels and loops by their leading segments, tolerates unknown levels
and segments, and rejects one claim at a time with segment, field and reason: read =
claims + rejects. A claim without lines or without HI is no reject; the edits catch it.
What ``Claim`` has no place for is named in a warning, because it will not be sent on.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from claims.adjustment import Adjustment
from claims.claim import (
    Address,
    Claim,
    LineDecision,
    OtherPayer,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import ZERO
from edi.errors import EdiError, EdiWarning
from edi.loops import Loop
from edi.segments import (
    FileKind,
    InterchangeHeader,
    Segment,
    TransactionSet,
    component_separator,
    maybe_amount,
    maybe_date,
    read_amount,
    read_date,
    read_quantity,
    read_range,
    sets_of,
)

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
class ReadClaim:
    """A claim and the number of its CLM segment."""

    position: int
    claim: Claim


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


@dataclass(frozen=True)
class ClaimFile:
    """What an 837P holds: read = claims + rejects."""

    claims: tuple[ReadClaim, ...]
    rejects: tuple[ClaimReject, ...]
    warnings: tuple[EdiWarning, ...]
    header: InterchangeHeader


def read_claims(content: bytes) -> ClaimFile:
    """Read every claim of an 837P.

    Raises:
        EdiError: no X12, or no professional claims in it (an 837I is named as such).
    """
    found, warnings = sets_of(content, FileKind.X837P, FileKind.X837I)
    professional = [one for one in found if one.kind is FileKind.X837P]
    if not professional:
        raise EdiError(
            "This is an institutional claim file (837I). Nothing was read. Only "
            "professional claims (837P) can be followed here."
        )
    readers = [_SetReader(one) for one in professional]
    for reader in readers:
        reader.run()
        warnings += reader.warnings
    others = [r for one in found if one not in professional for r in _refused(one)]
    return ClaimFile(
        tuple(c for reader in readers for c in reader.claims),
        (*(r for reader in readers for r in reader.rejects), *others),
        tuple(warnings),
        professional[0].header,
    )


def _refused(one: TransactionSet) -> Iterator[ClaimReject]:
    """Every claim of an institutional set (837I) beside professional ones."""
    sep = one.delimiters.component
    for clm in (s for s in one.segments if s.tag == "CLM"):
        yield ClaimReject(
            position=clm.number,
            pcn=clm.get(1),
            segment=f"ST at segment {one.segments[0].number}",
            field="ST03",
            reason="an institutional claim (837I) is not followed here",
            charge=maybe_amount(clm.get(2)),
            frequency=clm.part(5, 3, sep) or "1",
        )


class _SetReader:
    """One transaction set, segment by segment."""

    def __init__(self, one: TransactionSet) -> None:
        self.set = one
        self.sep, warning = component_separator(one)
        self.warnings = [warning] if warning else []
        self.claims: list[ReadClaim] = []
        self.rejects: list[ClaimReject] = []
        self.billing = Loop()
        self.subscriber = Loop()
        self.patient: Loop | None = None
        self.above = Loop()
        self.draft: _Draft | None = None
        self.unused: Counter[str] = Counter()
        self.unused_at: dict[str, int] = {}

    def run(self) -> None:
        for segment in self.set.segments[1:]:
            if segment.tag == "HL":
                self._close()
                self._level(segment)
            elif segment.tag == "CLM":
                self._close()
                self.draft = _Draft(segment, self)
            elif segment.tag == "SE":
                break
            elif self.draft is not None:
                self.draft.take(segment)
            else:
                self.above.take(segment)
        self._close(whole=self.set.complete)
        for what, count in self.unused.items():
            words = f"{what} is not taken over ({count} times in this set)"
            self.warnings.append(EdiWarning(self.unused_at[what], what, words))

    def _level(self, segment: Segment) -> None:
        """A new billing provider, subscriber or patient; other levels are passed by."""
        code = segment.get(3)
        self.above = Loop(segment)
        if code == "20":
            self.billing, self.subscriber, self.patient = self.above, Loop(), None
        elif code == "22":
            self.subscriber, self.patient = self.above, None
        elif code == "23":
            self.patient = self.above

    def _close(self, *, whole: bool = True) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        try:
            self._trust(draft, whole=whole)
            claim = draft.finish()
        except EdiError as error:
            self.rejects.append(draft.reject(error))
        else:
            self.claims.append(ReadClaim(draft.clm.number, claim))
            self._count_unused(draft)

    def _trust(self, draft: "_Draft", *, whole: bool) -> None:
        """Refuse what belongs to a set that is cut off or numbered twice (R-BAD-03)."""
        if not whole:
            raise EdiError(
                "the file ends inside this claim",
                segment=draft.last.number,
                field="SE",
            )
        if self.set.repeated:
            raise EdiError(
                "ST02 is used twice in its group",
                segment=self.set.segments[0].number,
                field="ST02",
            )

    def _count_unused(self, draft: "_Draft") -> None:
        for segment, what in draft.unused():
            self.unused[what] += 1
            self.unused_at.setdefault(what, segment.number)


class _Draft:
    """One CLM and everything below it."""

    def __init__(self, clm: Segment, reader: _SetReader) -> None:
        self.clm = self.last = clm
        self.billing = reader.billing
        self.subscriber = reader.subscriber
        self.patient = reader.patient
        self.sep = reader.sep
        self.loop = Loop(clm)
        self.others: list[Loop] = []
        self.lines: list[_Line] = []

    def take(self, segment: Segment) -> None:
        """File a segment in the claim, its newest other payer, or its newest line."""
        self.last = segment
        if segment.tag == "LX":
            self.lines.append(_Line(Loop(segment)))
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
            charge=_positive(clm, 2, "CLM02"),
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
            billing=_billing(self.billing),
            pay_to=_pay_to(self.billing),
            subscriber=self._subscriber(),
            patient=_person(self.patient, "QC") if self.patient else None,
            payer=_payer(self.subscriber),
            rendering=_provider(names.name("82")),
            referring=_provider(names.name("DN")),
            supervising=_provider(names.name("DQ")),
            facility=_provider(names.name("77")),
            other_payers=tuple(_other_payer(loop) for loop in self.others),
            lines=tuple(
                line.finish(place, self.sep)
                for place, line in enumerate(self.lines, start=1)
            ),
        )

    def _subscriber(self) -> Subscriber:
        relationship = self.patient.first("PAT").get(1) if self.patient else None
        return _subscriber(self.subscriber, self.subscriber.first("SBR"), relationship)

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


def _positive(segment: Segment, position: int, name: str) -> Decimal:
    """A charge; a negative one is refused (R-BAD-03)."""
    amount = read_amount(segment.get(position), segment, name)
    if amount < ZERO:
        raise EdiError(f"{name} is negative", segment=segment.number, field=name)
    return amount


def _person(loop: Loop, entity: str) -> Person:
    """A subscriber or patient; an unreadable DMG02 is refused, an absent one not."""
    found = loop.name(entity) or Loop()
    nm1 = found.head
    # Some senders put DMG before NM1: the level's own is as good.
    dmg = found.first("DMG") if found.has("DMG") else loop.first("DMG")
    birth = read_date(dmg.get(2), dmg, "DMG02") if dmg.get(2) else None
    return Person(
        last=nm1.get(3),
        first=nm1.get(4),
        middle=nm1.get(5),
        suffix=nm1.get(7),
        member_id=nm1.get(9),
        is_organization=nm1.get(2) == "2",
        birth_date=birth,
        sex=dmg.get(3),
        address=found.address(),
    )


def _provider(found: Loop | None, taxonomy: str = "") -> Provider | None:
    if found is None:
        return None
    nm1 = found.head
    contact, phone = found.phone()
    return Provider(
        last_or_organization=nm1.get(3),
        first=nm1.get(4),
        middle=nm1.get(5),
        suffix=nm1.get(7),
        npi=nm1.get(9) if nm1.get(8) == "XX" else "",
        is_organization=nm1.get(2) == "2",
        taxonomy=found.first("PRV").get(3) or taxonomy,
        address=found.address(),
        contact_name=contact if phone else "",
        phone=phone,
    )


def _billing(level: Loop) -> Provider:
    found = level.name("85")
    provider = _provider(found, level.first("PRV").get(3))
    if provider is None or found is None:
        return Provider(last_or_organization="")
    tax = next((r for r in found.all("REF") if r.get(1) in ("EI", "SY")), None)
    if tax is None:
        return provider
    return provider.model_copy(update={"tax_id": tax.get(2), "tax_id_kind": tax.get(1)})


def _pay_to(level: Loop) -> Address | None:
    found = level.name("87")
    return found.address() if found and (found.has("N3") or found.has("N4")) else None


def _payer(level: Loop) -> Payer:
    found = level.name("PR") or Loop()
    nm1 = found.head
    return Payer(name=nm1.get(3), edi_id=nm1.get(9), address=found.address())


def _subscriber(level: Loop, sbr: Segment, relationship: str | None) -> Subscriber:
    return Subscriber(
        sequence=sbr.get(1),
        relationship=sbr.get(2) if relationship is None else relationship,
        group_number=sbr.get(3),
        group_name=sbr.get(4),
        insurance_type=sbr.get(5),
        filing_indicator=sbr.get(9),
        person=_person(level, "IL"),
    )


def _maybe(loop: Loop, tag: str, qualifier: str) -> Decimal | None:
    segment = loop.first(tag, qualifier)
    if not segment.get(2):
        return None
    return read_amount(segment.get(2), segment, f"{tag}*{qualifier}")


def _other_payer(loop: Loop) -> OtherPayer:
    oi = loop.first("OI")
    return OtherPayer(
        subscriber=_subscriber(loop, loop.head, None),
        payer=_payer(loop),
        paid=_maybe(loop, "AMT", "D"),
        remaining_patient=_maybe(loop, "AMT", "EAF"),
        non_covered=_maybe(loop, "AMT", "A8"),
        adjustments=read_adjustments(loop.all("CAS")),
        benefits_assigned=oi.get(3),
        release=oi.get(6),
        icn=loop.ref("F8"),
        decided_on=maybe_date(loop.first("DTP", "573").get(3)),
    )


def read_adjustments(segments: list[Segment]) -> tuple[Adjustment, ...]:
    """Every reason of CAS segments, up to six each.

    Raises:
        EdiError: an amount cannot be read.
    """
    return tuple(
        Adjustment(
            group=segment.get(1),
            carc=segment.get(place),
            amount=read_amount(segment.get(place + 1), segment, f"CAS{place + 1:02d}"),
            quantity=segment.get(place + 2) or None,
        )
        for segment in segments
        for place in range(2, 20, 3)
        if segment.get(place) or segment.get(place + 1)
    )


@dataclass
class _Line:
    """One LX with its 2400 segments and the decisions (2430) below it."""

    loop: Loop
    decisions: list[Loop] = field(default_factory=list)

    def take(self, segment: Segment) -> None:
        """File a segment in the newest decision, or in the line."""
        if segment.tag == "SVD":
            self.decisions.append(Loop(segment))
        elif self.decisions and segment.tag in ("CAS", "DTP", "AMT"):
            self.decisions[-1].take(segment)
        else:
            self.loop.take(segment)

    def finish(self, place: int, sep: str) -> ServiceLine:
        """The line.

        Raises:
            EdiError: code, charge, units or date cannot be read.
        """
        loop, sv1 = self.loop, self.loop.first("SV1")
        if not sv1.tag:
            raise EdiError("SV1 is missing", segment=loop.head.number, field="SV1")
        kind, code, *rest = sv1.parts(1, sep, 7)
        first, last = self._days()
        return ServiceLine(
            number=place,
            code_kind=kind or "HC",
            code=code,
            modifiers=tuple(m for m in rest[:4] if m),
            description=rest[4],
            charge=_positive(sv1, 2, "SV102"),
            unit_kind=sv1.get(3) or "UN",
            units=read_quantity(sv1.get(4), sv1, "SV104"),
            place_of_service=sv1.get(5),
            pointers=_pointers(sv1, sep),
            emergency=sv1.get(9) == "Y",
            service_from=first,
            service_to=last,
            line_ref=loop.ref("6R"),
            prior_auth=loop.ref("G1"),
            rendering=_provider(loop.name("82")),
            ordering=_provider(loop.name("DK")),
            note=loop.first("NTE").get(2),
            **self._drug(sep),
            decisions=tuple(_decision(d, sep) for d in self.decisions),
        )

    def _days(self) -> tuple[date, date | None]:
        segment = self.loop.first("DTP", "472")
        place = segment if segment.tag else self.loop.head
        return read_range(segment.get(3), place, "DTP*472")

    def _drug(self, sep: str) -> dict[str, Any]:
        lin, ctp = self.loop.first("LIN"), self.loop.first("CTP")
        if not lin.tag:
            return {}
        quantity = read_quantity(ctp.get(4), ctp, "CTP04") if ctp.get(4) else None
        unit = ctp.part(5, 1, sep)
        return {"ndc": lin.get(3), "ndc_quantity": quantity, "ndc_unit": unit}


def _pointers(sv1: Segment, sep: str) -> tuple[int, ...]:
    found = [part for part in sv1.get(7).split(sep) if part]
    if not all(part.isascii() and part.isdecimal() and len(part) < 3 for part in found):
        raise EdiError("SV107 is not a number", segment=sv1.number, field="SV107")
    return tuple(int(part) for part in found)


def _decision(loop: Loop, sep: str) -> LineDecision:
    svd = loop.head
    parts = svd.parts(3, sep, 6)
    return LineDecision(
        payer_edi_id=svd.get(1),
        paid=read_amount(svd.get(2), svd, "SVD02"),
        code=parts[1],
        modifiers=tuple(m for m in parts[2:] if m),
        units=read_quantity(svd.get(5) or "1", svd, "SVD05"),
        adjustments=read_adjustments(loop.all("CAS")),
        decided_on=maybe_date(loop.first("DTP", "573").get(3)),
        remaining_patient=_maybe(loop, "AMT", "EAF"),
    )
