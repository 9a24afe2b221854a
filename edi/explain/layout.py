"""Which loop a segment lies in: its heading, its indent, and whose data it holds.

Loops are followed by their leading segments only, as the readers do, so that a file out
of the guide's order still gets headings.
"""

from collections.abc import Callable, Iterable, Iterator

from edi.explain.model import Passage, Place
from edi.explain.values import Here, code, level, short_procedure
from edi.segments import FileKind, Segment

PATIENTS = frozenset({"IL", "QC", "03", "74", "GB", "QD", "GD", "LR", "E1"})
"""NM101 of a patient, an insured person or someone who acts for them."""
_ENDS = frozenset({"41", "40"})
"""Sender and receiver, above every level."""
_PEOPLE = frozenset({"22", "23", "PT"})
_STATUS = frozenset({FileKind.X277CA, FileKind.X277, FileKind.X276})
_COVERAGE = frozenset({FileKind.X270, FileKind.X271})
_CLAIMS = frozenset({FileKind.X837P, FileKind.X837I})
_NO_SEGMENT = Segment(0, "", ())
_ENVELOPE = frozenset({"ISA", "GS", "GE", "IEA"})
_ENDS_NAME = frozenset({"HL", "CLM", "CLP", "SBR", "LX", "N1", "EB", "TRN", "SVC"})
_HEADER = {
    FileKind.X835: "Payment",
    FileKind.X999: "Answer to our file",
    FileKind.TA1: "Receipt for our envelope",
}
_PAYER = ("PR", "Subscriber")
"""The payer named below a subscriber: a part of its own."""


def claim_heads(kind: FileKind, segments: Iterable[Segment]) -> Iterator[int]:
    """Number of the segment that begins each claim (270 and 271: each person)."""
    about = ""
    for segment in segments:
        if segment.tag == "HL":
            about = segment.get(3)
        if _begins_claim(kind, segment, about):
            yield segment.number


def _begins_claim(kind: FileKind, segment: Segment, about: str) -> bool:
    tag = segment.tag
    if kind in _CLAIMS:
        return tag == "CLM"
    if kind is FileKind.X835:
        return tag == "CLP"
    if kind in _STATUS:
        return tag == "TRN" and about in _PEOPLE
    return kind in _COVERAGE and tag == "HL" and about in _PEOPLE


class Walk:
    """Gives each segment of a passage its place, in file order."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self.loop = _HEADER.get(passage.kind, "Head of the file")
        self.depth = 0
        self.claim = ""
        self.line = self.plan = 0
        self.head = _NO_SEGMENT
        self.patient = False
        self._act = self._acts()

    def place(self, segment: Segment) -> Place:
        """The place of the next segment."""
        if segment.tag in _ENDS_NAME:
            self.patient = False
        if segment.tag == "NM1":
            entity = segment.get(1).strip()
            # Someone we have no word for may be a patient too.
            self.patient = entity in PATIENTS or not code("entity", entity)
        depth = self._depth(segment)
        return Place(self.loop, depth, self.patient, self.head, self.line)

    def _depth(self, segment: Segment) -> int:
        """Open the loop that a segment begins; the segment's own depth."""
        tag = segment.tag
        if tag in _ENVELOPE:
            return self._open("Envelope", 0, _NO_SEGMENT, below=0)
        if tag == "SE":
            return self._open("End", 0, _NO_SEGMENT, below=0)
        act = self._act.get(tag)
        return self.depth if act is None else act(segment)

    def _open(self, loop: str, depth: int, head: Segment, *, below: int) -> int:
        self.loop, self.depth, self.head = loop, below, head
        return depth

    def _acts(self) -> dict[str, Callable[[Segment], int]]:
        kind = self.passage.kind
        if kind in _CLAIMS:
            return {
                "HL": self._level,
                "NM1": self._name,
                "CLM": self._claim,
                "SBR": self._plan,
                "LX": self._line_of_claim,
            }
        if kind is FileKind.X835:
            return {
                "N1": self._party,
                "LX": self._group,
                "CLP": self._claim,
                "SVC": self._service,
                "PLB": self._outside,
            }
        if kind in _STATUS:
            return {"HL": self._level, "TRN": self._trace, "SVC": self._service}
        if kind in _COVERAGE:
            return {"HL": self._level, "EB": self._benefit}
        return {
            "AK2": self._set,
            "IK3": self._error,
            "IK5": lambda _: 1,
            "AK9": lambda s: self._open("Verdict on the group", 0, s, below=0),
        }

    def _level(self, segment: Segment) -> int:
        self.claim, self.line = "", 0
        words = level(self.passage.kind, segment.get(3).strip()) or "Another level"
        if segment.number in self.passage.ordinals and self.passage.claims > 1:
            words = f"{words} {self._of(segment)}"
        return self._open(words, 0, segment, below=1)

    def _of(self, segment: Segment) -> str:
        return f"{self.passage.ordinals[segment.number]} of {self.passage.claims}"

    def _name(self, segment: Segment) -> int:
        """A name above the claims opens a part of its own, but for the level's own."""
        entity = segment.get(1).strip()
        if not self.claim and (
            entity in _ENDS | {"87", "PE"} or (entity, self.loop) == _PAYER
        ):
            return self._open(
                code("entity", entity), int(entity not in _ENDS), segment, below=1
            )
        return self.depth

    def _claim(self, segment: Segment) -> int:
        self.line = self.plan = 0
        ordinal = self.passage.ordinals.get(segment.number)
        self.claim = f"Claim {ordinal}" if ordinal else "Claim"
        of = f" of {self.passage.claims}" if ordinal else ""
        return self._open(
            f"{self.claim}{of} · {segment.get(1).strip()}", 0, segment, below=1
        )

    def _plan(self, segment: Segment) -> int:
        if not self.claim:
            return self.depth
        self.plan += 1
        loop = f"{self.claim} · other plan {self.plan}"
        return self._open(loop, 1, segment, below=2)

    def _line_of_claim(self, segment: Segment) -> int:
        self.line += 1
        loop = f"{self.claim or 'Claim'} · line {self.line}"
        return self._open(loop, 1, segment, below=2)

    def _party(self, segment: Segment) -> int:
        words = code("entity", segment.get(1)) or "Another party"
        return self._open(words, 0, segment, below=1)

    def _group(self, segment: Segment) -> int:
        self.claim, self.line = "", 0
        loop = f"Group of claims {segment.get(1).strip()}".rstrip()
        return self._open(loop, 0, segment, below=1)

    def _service(self, segment: Segment) -> int:
        self.line += 1
        here = Here(segment, self.passage, Place("", 0), {}, {})
        loop = f"{self.claim or 'Claim'} · line {self.line} · "
        return self._open(loop + short_procedure(here, 1), 1, segment, below=2)

    def _outside(self, segment: Segment) -> int:
        return self._open("Changes outside the claims", 0, segment, below=0)

    def _trace(self, segment: Segment) -> int:
        if segment.number not in self.passage.ordinals:
            return self.depth
        self.line = 0
        self.claim = f"Claim {self.passage.ordinals[segment.number]}"
        loop = f"Claim {self._of(segment)} · {segment.get(2).strip()}"
        return self._open(loop, 0, segment, below=1)

    def _benefit(self, segment: Segment) -> int:
        self.depth, self.head = 2, segment
        return 1

    def _set(self, segment: Segment) -> int:
        loop = f"Our set {segment.get(2).strip()}"
        return self._open(loop, 0, segment, below=1)

    def _error(self, segment: Segment) -> int:
        self.depth, self.head = 2, segment
        return 1
