"""Which of our lines a remittance's line is about, and how the payer decided it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from claims.remittance import RemittanceClaim, RemittanceLine
from payers.profile import PayerProfile
from policy import remittance as rules
from policy.remittance import LineOutcome

Decided = list[tuple[int | None, RemittanceLine, LineOutcome]]
"""The number of our line (None when none matches), what was said, what it means."""


class BilledLine(Protocol):
    """A line as it was billed, in what a remittance's line is matched by."""

    @property
    def number(self) -> int:
        """LX01."""

    @property
    def line_ref(self) -> str:
        """REF*6R."""

    @property
    def code(self) -> str:
        """SV101-2."""

    @property
    def modifiers(self) -> tuple[str, ...]:
        """SV101-3 to -6."""

    @property
    def charge(self) -> Decimal:
        """SV102."""

    @property
    def units(self) -> Decimal:
        """SV104."""


def decide_lines(
    found: RemittanceClaim,
    ours: Sequence[BilledLine],
    profile: PayerProfile | None,
    *,
    primary: bool,
) -> Decided:
    """Every line of a decided claim with our line and what the rules make of it."""
    decided: Decided = []
    for line in found.lines:
        match = _match(line, ours)
        result = rules.outcome(
            line,
            profile=profile,
            units=match.units if match else Decimal(line.units or 1),
            primary=primary,
            claim_rarcs=found.rarcs,
        )
        decided.append((match.number if match else None, line, result))
    return decided


def decided_by(trace: str, line: RemittanceLine) -> str:
    """Who decided a line: the remittance and the segment."""
    return f"835 {trace} segment {line.position}"


def _match(line: RemittanceLine, ours: Sequence[BilledLine]) -> BilledLine | None:
    """Our line: by REF*6R, else code, modifiers and charge, else code and charge."""
    if line.line_ref:
        for one in ours:
            if one.line_ref == line.line_ref:
                return one
    like = [one for one in ours if one.code == line.code]
    exact = [one for one in like if one.charge == line.charge]
    exact = [one for one in exact if one.modifiers == line.modifiers]
    same_charge = [one for one in like if one.charge == abs(line.charge)]
    return next(iter(exact or same_charge or like), None)
