"""837: claims, lines and charges, counted."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from claims.money import ZERO
from edi.figures.counting import amount_of, code, money
from edi.interchange import FileKind, Segment, TransactionSet

_SERVICE = {FileKind.X837P: "SV1", FileKind.X837I: "SV2"}
_CHARGE = {"SV1": 2, "SV2": 3}


@dataclass
class _ClaimSum:
    """A CLM with the charges of its lines."""

    charge: Decimal
    lines: int = 0
    total: Decimal = ZERO
    priced: int = 0


@dataclass
class ClaimFigures:
    """837: claims, lines and charges."""

    services: dict[str, Decimal] = field(default_factory=dict)
    """Charges of lines by the segment that holds them."""
    charges: Decimal = ZERO
    claims: int = 0
    numbers: set[str] = field(default_factory=set)
    lines: Counter[str] = field(default_factory=Counter)
    most_lines: int = 0
    adds_up: bool = True
    frequency: Counter[str] = field(default_factory=Counter)
    order: Counter[str] = field(default_factory=Counter)
    levels: Counter[str] = field(default_factory=Counter)
    claim: _ClaimSum | None = None

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        service = _SERVICE[one.kind]
        self.services.setdefault(service, ZERO)
        for segment in one.segments:
            tag = segment.tag
            if tag == "CLM":
                self._claim(segment, component)
            elif tag == "HL":
                self._end()
                self.levels[code(segment.get(3))] += 1
            elif tag == "SBR":
                self.order[code(segment.get(1))] += 1
            elif tag in ("LX", "SVD"):
                self._line(segment)
            elif tag == service:
                self._charge(segment)
        self._end()

    def _claim(self, segment: Segment, component: str) -> None:
        self._end()
        charge = amount_of(segment.get(2))
        self.claim = _ClaimSum(charge)
        self.claims += 1
        self.charges += charge
        self.numbers.add(segment.get(1))
        self.frequency[code(segment.part(5, 3, component))] += 1

    def _line(self, segment: Segment) -> None:
        self.lines[segment.tag] += 1
        if self.claim is not None and segment.tag == "LX":
            self.claim.lines += 1

    def _charge(self, segment: Segment) -> None:
        tag = segment.tag
        charge = amount_of(segment.get(_CHARGE[tag]))
        self.lines[tag] += 1
        self.services[tag] += charge
        if self.claim is not None:
            self.claim.priced += 1
            self.claim.total += charge

    def _end(self) -> None:
        claim, self.claim = self.claim, None
        if claim is not None:
            self.most_lines = max(self.most_lines, claim.lines)
            if claim.priced and claim.total != claim.charge:
                self.adds_up = False

    def result(self) -> dict[str, Any]:
        """Claims, charges and lines."""
        lines: dict[str, Any] = {}
        for tag, charges in self.services.items():
            lines[f"n_{tag.lower()}"] = self.lines[tag]
            lines[f"sum_{tag.lower()}"] = money(charges)
        decided = {"svd": self.lines["SVD"]} if self.lines["SVD"] else {}
        return {
            "clm": self.claims,
            "sum_clm02": money(self.charges),
            "clm01_distinct": len(self.numbers),
            **lines,
            "lx": self.lines["LX"],
            "max_lines_per_claim": self.most_lines,
            "clm02_eq_lines": self.adds_up,
            "freq": dict(self.frequency),
            "sbr01": dict(self.order),
            "hl": dict(self.levels),
            **decided,
        }
