"""TA1 and 999: did the interchange arrive, did its sets pass (005010X231A1, R-ACK-01).

An error is kept as ``segment|position|loop|code``, plus ``|element|code`` when it is in
one element: codes and places only, never the bad value (IK404 is not read).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edi.envelopes import Envelopes
from edi.errors import EdiError, EdiWarning
from edi.interchange import FileKind, Segment, TransactionSet
from edi.writer import TERMINATOR, OutboundEnvelope, Writer, isa

VERSION = "005010X231A1"
LOOP_ENTITIES = {
    "1000A": "41",
    "1000B": "40",
    "2010AA": "85",
    "2010AB": "87",
    "2010BA": "IL",
    "2010BB": "PR",
    "2010CA": "QC",
    "2310A": "DN",
    "2310B": "82",
    "2310C": "77",
    "2310D": "DQ",
}
"""NM101 of the name that opens each loop of an 837P."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_CODE = re.compile(r"[A-Za-z0-9]{1,6}")


@dataclass(frozen=True)
class InterchangeAcknowledgment:
    """TA1: A accepted, E accepted with errors, R rejected. ``isa13`` is a number."""

    isa13: str
    code: str
    note: str


@dataclass(frozen=True)
class SetAcknowledgment:
    """One AK2 loop: the set, its IK501 code, where the errors lie, and IK502."""

    st02: str
    code: str
    errors: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class FileAcknowledgment:
    """One 999: the functional group it answers (a number) and its sets."""

    gs06: str
    code: str
    sets: tuple[SetAcknowledgment, ...]
    counts: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """Every error of every set, in words."""
        return tuple(in_words(error) for one in self.sets for error in one.errors)


@dataclass(frozen=True)
class AcknowledgmentFile:
    """TA1s and 999s of a file."""

    interchanges: tuple[InterchangeAcknowledgment, ...]
    files: tuple[FileAcknowledgment, ...]
    warnings: tuple[EdiWarning, ...]


def in_words(error: str) -> str:
    """``DMG|21|2010BA|8|2|8`` as field DMG02 with its place and codes."""
    tag, position, loop, code, element, why = (*error.split("|"), *[""] * 6)[:6]
    where = f" in loop {loop}" if loop else ""
    field = f"{tag}{_field(element)}" if element else f"segment {tag}"
    return f"{field} at segment {position}{where}, error {why or code}"


def segment_of(error: str) -> str:
    """The segment an error names, with its qualifier where the loop tells it:
    ``NM1|8|2010AA|3`` is ``NM1*85``."""
    tag, _, loop = (*error.split("|"), "", "", "")[:3]
    entity = LOOP_ENTITIES.get(loop, "") if tag == "NM1" else ""
    return f"{tag}*{entity}" if entity else tag


def _field(element: str) -> str:
    """``2`` as ``02``, ``5-3`` as ``05-3``."""
    place, _, component = element.partition("-")
    return f"{place:>02}" + (f"-{component}" if component else "")


def read_acknowledgments(content: bytes) -> AcknowledgmentFile:
    """Read every TA1 and 999 of a file; one that names no number is only a warning.

    Raises:
        EdiError: no X12, or neither in it.
    """
    envelopes = Envelopes(content)
    warnings: list[EdiWarning] = []
    ta1: list[InterchangeAcknowledgment] = []
    files: list[FileAcknowledgment] = []
    for found in envelopes:
        answer: InterchangeAcknowledgment | FileAcknowledgment | EdiWarning | None
        answer = None
        if isinstance(found, Segment) and found.tag == "TA1":
            answer = receipt_of(found)
        elif isinstance(found, TransactionSet) and found.kind is FileKind.X999:
            answer = group_of(found)
        if isinstance(answer, InterchangeAcknowledgment):
            ta1.append(answer)
        elif isinstance(answer, FileAcknowledgment):
            files.append(answer)
        elif answer is not None:
            warnings.append(answer)
    if not ta1 and not files:
        raise EdiError(
            "The file holds no TA1 or 999 that can be read. Nothing was read. "
            "Ask the clearinghouse for it again."
        )
    return AcknowledgmentFile(
        tuple(ta1), tuple(files), (*envelopes.warnings, *warnings)
    )


def receipt_of(segment: Segment) -> InterchangeAcknowledgment | EdiWarning:
    """A TA1, or why it answers nothing."""
    if not _NUMBER.fullmatch(segment.get(1)):
        return EdiWarning(segment.number, "TA101", "names no number")
    answer = (segment.get(1), segment.get(4), segment.get(5))
    return InterchangeAcknowledgment(*answer)


def group_of(one: TransactionSet) -> FileAcknowledgment | EdiWarning:
    """A 999, or why it answers nothing."""
    answered = _file(one)
    if not _NUMBER.fullmatch(answered.gs06):
        return EdiWarning(one.segments[0].number, "AK102", "names no number")
    return answered


class _Sets:
    """AK2 loops being read."""

    def __init__(self, component: str) -> None:
        self.component = component
        self.sets: list[SetAcknowledgment] = []
        self.st02: str | None = None
        self.errors: list[str] = []

    def begin(self, st02: str) -> None:
        self.st02, self.errors = st02, []

    def segment_error(self, elements: Sequence[str]) -> None:
        tag, position, loop, code = (*elements, "", "", "", "")[:4]
        self.errors.append(
            "|".join(_safe(part) for part in (tag, position, loop, code))
        )

    def element_error(self, elements: Sequence[str]) -> None:
        place, _, code = (*elements, "", "", "")[:3]
        place = "-".join(_safe(part) for part in place.split(self.component)[:2])
        last = self.errors[-1] if self.errors else "|||"
        head = last.split("|")[:4]
        if self.errors and last.count("|") == 3:
            self.errors.pop()
        self.errors.append("|".join([*head, place, _safe(code)]))

    def end(self, code: str) -> None:
        if self.st02 is not None:
            found = SetAcknowledgment(self.st02, code, tuple(self.errors))
            self.sets.append(found)
        self.st02 = None


def _safe(part: str) -> str:
    """A code or number; anything else could be a value and is left out."""
    part = part.strip()
    return part if _CODE.fullmatch(part) else ""


def _file(found: TransactionSet) -> FileAcknowledgment:
    gs06, code = "", ""
    counts: tuple[str, ...] = ()
    sets = _Sets(found.delimiters.component)
    for segment in found.segments:
        if segment.tag == "AK1":
            gs06 = segment.get(2).strip()
        elif segment.tag == "AK2":
            sets.begin(segment.get(2))
        elif segment.tag == "IK3":
            sets.segment_error(segment.elements)
        elif segment.tag == "IK4":
            sets.element_error(segment.elements)
        elif segment.tag == "IK5":
            sets.end(segment.get(1))
        elif segment.tag == "AK9":
            code, counts = segment.get(1), segment.elements[1:4]
    return FileAcknowledgment(gs06, code, tuple(sets.sets), counts)


def write_999(
    envelope: OutboundEnvelope,
    *,
    gs06: str,
    code: str,
    sets: Sequence[SetAcknowledgment],
    version: str = "005010X222A1",
    group: str = "HC",
    st01: str = "837",
) -> bytes:
    """A 999 for one functional group (of 837s unless told otherwise)."""
    out = Writer()
    out.add("AK1", group, gs06, version)
    for one in sets:
        out.add("AK2", st01, one.st02, version)
        for error in one.errors:
            add_error(out, error)
        out.add("IK5", one.code, one.why or ("5" if one.code == "R" else ""))
    accepted = sum(one.code in ("A", "E") for one in sets)
    out.add("AK9", code, str(len(sets)), str(len(sets)), str(accepted))
    return out.interchange(envelope, code="FA", st01="999", version=VERSION)


def add_error(out: Writer, error: str) -> None:
    """IK3 and IK4 of one error of a set."""
    tag, position, loop, kind, element, why = (*error.split("|"), *[""] * 6)[:6]
    out.add("IK3", tag, position, loop, kind or "8")
    if element:
        out.add("IK4", out.composite(*element.split("-")), "", why)


def write_ta1(envelope: OutboundEnvelope, *, isa13: str, code: str, note: str) -> bytes:
    """An interchange that holds only a TA1."""
    out = Writer()
    out.add("TA1", isa13, envelope.day[2:], envelope.hour, code, note)
    out.add("IEA", "0", f"{envelope.isa13:09d}")
    return (isa(envelope) + TERMINATOR + out.since(0)).encode("ascii")
