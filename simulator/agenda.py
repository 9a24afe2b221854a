"""What is due when: files to drop, decisions to make, rows for the office."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from simulator.fates import Verdict


@dataclass(frozen=True)
class ReadyFile:
    """An answer that was written when it was planned."""

    partner: str
    kind: str
    payer: str
    content: bytes


@dataclass(frozen=True)
class DecideClaim:
    """A payer decides a claim; no verdict takes an earlier decision back (a void).

    ``taken_after`` is when it keeps back what it had paid too much; None is at once.
    """

    pcn: str
    verdict: Verdict | None
    taken_after: int | None = None


@dataclass(frozen=True)
class TakeBack:
    """A payer keeps money back from its next payment; ``reference`` is PLB03-2."""

    payer: str
    reference: str
    amount: Decimal


@dataclass(frozen=True)
class Replace:
    """A payer sends the claims of an unbalanced remittance again, under a new trace."""

    payer: str
    trace: str


@dataclass(frozen=True)
class OfficeRow:
    """One row of a CSV file of the practice's office."""

    kind: str
    values: Mapping[str, str]


Due = ReadyFile | DecideClaim | TakeBack | Replace | OfficeRow


@dataclass
class Agenda:
    """Things by date, in the order in which they were planned."""

    _heap: list[tuple[date, int, Due]] = field(default_factory=list)
    _count: int = 0

    def add(self, day: date, what: Due) -> None:
        """Plan something."""
        self._count += 1
        heapq.heappush(self._heap, (day, self._count, what))

    def next_day(self) -> date | None:
        """The earliest date with something planned."""
        return self._heap[0][0] if self._heap else None

    def take(self, day: date) -> list[Due]:
        """Everything planned for exactly this date, removed."""
        found: list[Due] = []
        while self._heap and self._heap[0][0] == day:
            found.append(heapq.heappop(self._heap)[2])
        return found
