"""The nouns of an X12 file: segments, transaction sets, interchanges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class FileKind(StrEnum):
    """Transactions this product reads or writes."""

    X837P = "837P"
    X837I = "837I"
    X835 = "835"
    X999 = "999"
    TA1 = "TA1"
    X277CA = "277CA"
    X277 = "277"
    X276 = "276"
    X271 = "271"
    X270 = "270"
    UNKNOWN = "UNKNOWN"


class Segment(NamedTuple):
    """One segment: its number in the file, tag and elements (element 1 first)."""

    number: int
    tag: str
    elements: tuple[str, ...]

    def get(self, position: int) -> str:
        """Element ``position`` (1-based), empty when absent."""
        return self.elements[position - 1] if position <= len(self.elements) else ""

    def parts(self, position: int, separator: str, count: int) -> tuple[str, ...]:
        """``count`` components of an element, empty where absent."""
        found = self.get(position).split(separator)
        return (*found[:count], *[""] * (count - len(found)))

    def part(self, position: int, component: int, separator: str) -> str:
        """Component ``component`` (1-based) of an element, empty when absent."""
        return self.parts(position, separator, component)[component - 1]


@dataclass(frozen=True)
class Delimiters:
    """Element, component, repetition and segment separators of one interchange."""

    element: str
    component: str
    repetition: str
    segment: str


@dataclass(frozen=True)
class Run:
    """Segments that follow one another, as text that is not cut yet.

    A terminator stands before each and their tags begin right behind it; there are no
    blanks around them, and none is of an envelope. ``number`` is that of the first.
    """

    number: int
    count: int
    text: str

    def cut(self, marks: Delimiters) -> Iterator[Segment]:
        """Its segments."""
        _, *raws = self.text.split(marks.segment)
        for number, raw in enumerate(raws, start=self.number):
            tag, *elements = raw.split(marks.element)
            yield Segment(number, tag, tuple(elements))


def segments_of(body: Iterable[Segment | Run], marks: Delimiters) -> Iterator[Segment]:
    """A set's segments, one by one."""
    for part in body:
        if isinstance(part, Run):
            yield from part.cut(marks)
        else:
            yield part


@dataclass(frozen=True)
class InterchangeHeader:
    """What the ISA says: who sent it to whom, its number, date (YYMMDD) and usage.

    ``version`` is ISA12; ``length`` counts its characters with the terminator, 106 in
    a file that keeps to the fixed widths.
    """

    sender: str
    receiver: str
    isa13: str
    date: str
    usage: str
    version: str = ""
    length: int = 0


@dataclass(frozen=True)
class TransactionSet:
    """ST to SE, with what its envelope said.

    Not ``complete`` when SE is missing; ``repeated`` when its control number was used
    before in the same group (R-BAD-03). ``body`` is what follows ST; who needs single
    segments takes ``segments``, which are cut when they are first asked for.
    """

    kind: FileKind
    control_number: str
    version: str
    st: Segment
    body: tuple[Segment | Run, ...]
    delimiters: Delimiters
    header: InterchangeHeader
    gs06: str = ""
    complete: bool = True
    repeated: bool = False

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """ST to SE, or to the last one that came."""
        return (self.st, *segments_of(self.body, self.delimiters))

    @property
    def run(self) -> Run | None:
        """Everything between ST and SE, when it is in one piece."""
        between = self.body[:-1] if self.complete else self.body
        first = between[0] if len(between) == 1 else None
        return first if isinstance(first, Run) else None

    @property
    def last(self) -> int:
        """The number of the last segment."""
        end = self.body[-1] if self.body else self.st
        return end.number + end.count - 1 if isinstance(end, Run) else end.number


@dataclass(frozen=True)
class Interchange:
    """ISA to IEA."""

    header: InterchangeHeader
    delimiters: Delimiters
    sets: tuple[TransactionSet, ...]
    ta1: tuple[Segment, ...] = ()
    groups: int = 0

    @property
    def sender(self) -> str:
        """ISA06 without padding."""
        return self.header.sender

    @property
    def receiver(self) -> str:
        """ISA08 without padding."""
        return self.header.receiver

    @property
    def isa13(self) -> str:
        """Interchange control number as it stands in the file."""
        return self.header.isa13
