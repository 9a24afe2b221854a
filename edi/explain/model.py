"""What an explained segment is, and the run of segments that is explained."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from edi.segments import Delimiters, FileKind, Segment

_NO_SEGMENT = Segment(0, "", ())
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Element(BaseModel):
    """One element that is not empty; ``meaning`` is empty for plain text."""

    model_config = _FROZEN

    position: str
    """As in ``CLP03``."""
    name: str
    """Our own short name."""
    value: str
    """As in the file; dots when masked."""
    meaning: str = ""


class Explained(BaseModel):
    """One segment in words.

    ``words`` never holds a patient's name, number, address or birth date; ``raw`` and
    ``elements`` do where ``sensitive`` is true, unless they were masked. ``loop`` is
    the heading of the loop it lies in, the same text for all of its segments; ``depth``
    is 0 to 2. ``hit`` marks a refusal, a denial or an error.
    """

    model_config = _FROZEN

    number: int
    tag: str
    raw: str
    depth: int
    loop: str
    words: str
    elements: tuple[Element, ...]
    sensitive: bool = False
    hit: bool = False


class SumCheck(BaseModel):
    """Whether a line, a claim or a payment of an 835 adds up.

    ``adds_up`` is None when an amount is missing or cannot be read.
    """

    model_config = _FROZEN

    level: str
    position: int
    """Number of the SVC, CLP or BPR segment."""
    sum: str
    """As in ``310.00 - 192.00 - 23.60``."""
    should_be: Decimal | None
    actual: Decimal | None
    adds_up: bool | None
    words: str


@dataclass(frozen=True)
class Passage:
    """Segments of one transaction set, and what it takes to read them.

    ``ordinals`` numbers the claims (270 and 271: people) of the whole set by the
    segment that begins each; ``claims`` says how many there are. ``last`` is the number
    of the set's last segment.
    """

    kind: FileKind
    segments: tuple[Segment, ...]
    delimiters: Delimiters
    component: str
    ordinals: Mapping[int, int] = field(default_factory=dict)
    claims: int = 0
    first: int = 0
    last: int = 0

    @property
    def positions(self) -> frozenset[int]:
        """Places of the segments in their set, ST being 1, as a 999 counts them."""
        return frozenset(s.number - self.first + 1 for s in self.segments)


@dataclass(frozen=True)
class Place:
    """Where a segment lies: heading, indent, whose data, and what it belongs to."""

    loop: str
    depth: int
    patient: bool = False
    head: Segment = _NO_SEGMENT
    """The SVC, CLP, IK3 or other segment that begins its innermost loop."""
    line: int = 0
