"""Whether a remittance adds up: billed less adjustments is paid, per line and claim."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from edi.explain_words import procedure
from edi.segments import Segment, maybe_amount

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Balance:
    """One sum of an 835: the amounts in dollars, and what we say of it."""

    level: str
    billed: Decimal
    adjusted: tuple[Decimal, ...]
    paid: Decimal

    @property
    def due(self) -> Decimal:
        """Billed less every adjustment: what should have been paid."""
        return self.billed - sum(self.adjusted, ZERO)

    @property
    def adds_up(self) -> bool:
        """Whether this much was paid."""
        return self.due == self.paid

    @property
    def words(self) -> str:
        """``310.00 = 94.40 paid + 192.00 + 23.60 adjusted: adds up``."""
        more = "".join(f" + {amount:,.2f}" for amount in self.adjusted)
        end = "adds up"
        if not self.adds_up:
            end = f"does not add up, off by {abs(self.due - self.paid):,.2f}"
        adjusted = f"{more} adjusted" if more else ""
        return f"{self.billed:,.2f} = {self.paid:,.2f} paid{adjusted}: {end}"


@dataclass
class _Sum:
    level: str
    billed: Decimal
    paid: Decimal
    adjusted: list[Decimal] = field(default_factory=list)

    def done(self) -> Balance:
        return Balance(self.level, self.billed, tuple(self.adjusted), self.paid)


def balances(segments: Sequence[Segment], mark: str = ":") -> tuple[Balance, ...]:
    """The sum of each service line and each claim of an 835, in the file's order."""
    found: list[_Sum] = []
    claim = line = None
    for segment in segments:
        if segment.tag == "CLP":
            claim, line = _sum(segment, f"Claim {segment.get(1)}", 3), None
            found.append(claim)
        elif segment.tag == "SVC":
            name = procedure(segment.get(1).split(mark)) or segment.get(1)
            line = _sum(segment, f"Line {name}", 2)
            found.append(line)
        elif segment.tag == "CAS" and claim is not None:
            amounts = _amounts(segment)
            claim.adjusted += amounts
            if line is not None:
                line.adjusted += amounts
    return tuple(one.done() for one in found)


def _sum(segment: Segment, level: str, at: int) -> _Sum:
    billed, paid = maybe_amount(segment.get(at)), maybe_amount(segment.get(at + 1))
    return _Sum(level, billed or ZERO, paid or ZERO)


def _amounts(segment: Segment) -> list[Decimal]:
    found = (
        maybe_amount(segment.get(at)) for at in range(3, len(segment.elements) + 1, 3)
    )
    return [amount for amount in found if amount is not None]
