"""Where a segment stands: the heading of its loop, its depth, and whose it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edi.explain_words import code, procedure
from edi.segments import FileKind, Segment

_PEOPLE = frozenset({"IL", "QC", "03", "74", "GB", "QD", "E1", "GD", "S1", "S3"})
_ENVELOPE = frozenset({"ISA", "GS", "GE", "IEA", "TA1", "ST", "SE"})
_ENDS_PERSON = frozenset({"CLM", "CLP", "SVC", "LX", "HL", "N1", "TRN"})


@dataclass(frozen=True)
class Place:
    """Loop heading, depth 0 to 2, and whether the segment is about a person."""

    loop: str
    depth: int
    person: bool


@dataclass
class _State:
    kind: FileKind
    mark: str
    claims: int
    loop: str = "Header"
    depth: int = 0
    claim: int = 0
    line: int = 0
    person: bool = False

    def take(self, segment: Segment) -> Place:
        tag = segment.tag
        if tag in _ENDS_PERSON:
            self.person = False
        if tag == "NM1":
            self.person = segment.get(1) in _PEOPLE
        begin = _BEGINS.get(tag)
        if begin is not None and begin(self, segment):
            return Place(self.loop, self.depth, self.person)
        return Place(self.loop, self._below(tag), self.person)

    def _below(self, tag: str) -> int:
        if self.loop in ("Header", "End", "Envelope") or tag in _ENVELOPE:
            return 0
        return min(self.depth + 1, 2)

    def envelope(self, segment: Segment) -> bool:
        head = segment.tag == "ST"
        self.loop = "Header" if head else "Envelope"
        if segment.tag == "SE":
            self.loop = "End"
        if head and self.kind is FileKind.X835:
            self.loop = "Payment · header"
        self.depth = 0
        return True

    def level(self, segment: Segment) -> bool:
        self.loop = code("level", segment.get(3)) or "Level"
        self.depth, self.line = 0, 0
        return True

    def party(self, segment: Segment) -> bool:
        if self.kind is not FileKind.X835:
            return False
        self.loop, self.depth = code("entity", segment.get(1)) or "Party", 0
        return True

    def begin_claim(self, segment: Segment) -> bool:
        self.claim, self.line = self.claim + 1, 0
        number = segment.get(1)
        self.loop = f"Claim {self.claim} of {self.claims} · {number}"
        self.depth = 0
        return True

    def line_number(self, _: Segment) -> bool:
        if self.kind is FileKind.X835:
            self.loop, self.depth = "Claims", 0
        else:
            self.line += 1
            self.loop, self.depth = f"Claim {self.claim} · service line {self.line}", 1
        return True

    def service(self, segment: Segment) -> bool:
        self.line += 1
        name = procedure(segment.get(1).split(self.mark)) or segment.get(1)
        head = f"Claim {self.claim} · " if self.claim else ""
        self.loop, self.depth = f"{head}line {self.line} · {name}", 1
        return True

    def answered_set(self, segment: Segment) -> bool:
        self.loop, self.depth = f"Set {segment.get(2)}", 0
        return True

    def group_end(self, _: Segment) -> bool:
        self.loop, self.depth = "Group", 0
        return True

    def outside(self, _: Segment) -> bool:
        self.loop, self.depth = "Outside the claims", 0
        return True


_BEGINS = {
    **dict.fromkeys(_ENVELOPE, _State.envelope),
    "HL": _State.level,
    "N1": _State.party,
    "CLM": _State.begin_claim,
    "CLP": _State.begin_claim,
    "LX": _State.line_number,
    "SVC": _State.service,
    "AK2": _State.answered_set,
    "AK9": _State.group_end,
    "PLB": _State.outside,
}


def places(
    segments: Sequence[Segment], kind: FileKind, mark: str = ":"
) -> Iterator[Place]:
    """The place of each segment, in order."""
    claims = sum(segment.tag in ("CLM", "CLP") for segment in segments)
    state = _State(kind, mark, claims)
    for segment in segments:
        yield state.take(segment)
