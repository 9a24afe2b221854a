"""837P, one service line: 2400 with the decisions of other payers (2430) below it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from claims.adjustment import Adjustment
from claims.checked import maker
from claims.claim import LineDecision, ServiceLine
from claims.money import ZERO
from edi.elements import (
    maybe_date,
    read_amount,
    read_quantity,
    read_range,
)
from edi.errors import EdiError
from edi.interchange import Segment
from edi.loops import Loop
from edi.x837_parties import provider

_adjustment = maker(Adjustment)


def positive(segment: Segment, position: int, name: str) -> Decimal:
    """A charge; a negative one is refused (R-BAD-03)."""
    amount = read_amount(segment.get(position), segment, name)
    if amount < ZERO:
        raise EdiError(f"{name} is negative", segment=segment.number, field=name)
    return amount


def maybe_qualified(loop: Loop, tag: str, qualifier: str) -> Decimal | None:
    segment = loop.first(tag, qualifier)
    if not segment.get(2):
        return None
    return read_amount(segment.get(2), segment, f"{tag}*{qualifier}")


def read_adjustments(segments: list[Segment]) -> tuple[Adjustment, ...]:
    """Every reason of CAS segments, up to six each.

    Raises:
        EdiError: an amount cannot be read.
    """
    return tuple(
        _adjustment(
            {
                "group": segment.get(1),
                "carc": segment.get(place),
                "amount": read_amount(
                    segment.get(place + 1), segment, f"CAS{place + 1:02d}"
                ),
                "quantity": segment.get(place + 2) or None,
            }
        )
        for segment in segments
        for place in range(2, min(20, len(segment.elements) + 2), 3)
        if segment.get(place) or segment.get(place + 1)
    )


@dataclass
class Line:
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
            charge=positive(sv1, 2, "SV102"),
            unit_kind=sv1.get(3) or "UN",
            units=read_quantity(sv1.get(4), sv1, "SV104"),
            place_of_service=sv1.get(5),
            pointers=_pointers(sv1, sep),
            emergency=sv1.get(9) == "Y",
            service_from=first,
            service_to=last,
            line_ref=loop.ref("6R"),
            prior_auth=loop.ref("G1"),
            rendering=provider(loop.name("82")),
            ordering=provider(loop.name("DK")),
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
        remaining_patient=maybe_qualified(loop, "AMT", "EAF"),
    )
