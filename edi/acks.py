"""TA1 and 999: did the interchange arrive, did its sets pass (005010X231A1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from edi.errors import EdiError, EdiWarning
from edi.segments import (
    Delimiters,
    FileKind,
    OutboundEnvelope,
    Segment,
    TransactionSet,
    Writer,
    read,
)

VERSION = "005010X231A1"


@dataclass(frozen=True)
class InterchangeAcknowledgment:
    """TA1: A accepted, E accepted with errors, R rejected."""

    isa13: str
    code: str
    note: str


@dataclass(frozen=True)
class SetAcknowledgment:
    """One AK2 loop: the set and its IK5 code."""

    st02: str
    code: str
    errors: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileAcknowledgment:
    """One 999: the functional group it answers and what became of its sets."""

    gs06: str
    code: str
    sets: tuple[SetAcknowledgment, ...]
    errors: tuple[str, ...]
    counts: tuple[str, ...] = ()


@dataclass(frozen=True)
class AcknowledgmentFile:
    """TA1s and 999s of a file."""

    interchanges: tuple[InterchangeAcknowledgment, ...]
    files: tuple[FileAcknowledgment, ...]
    warnings: tuple[EdiWarning, ...]


def read_acknowledgments(content: bytes) -> AcknowledgmentFile:
    """Read every TA1 and 999 of a file.

    Raises:
        EdiError: no X12, or neither in it.
    """
    interchanges, warnings = read(content)
    ta1 = [
        InterchangeAcknowledgment(s.get(1), s.get(4), s.get(5))
        for one in interchanges
        for s in one.ta1
    ]
    files = [
        _file(found)
        for one in interchanges
        for found in one.sets
        if found.kind is FileKind.X999
    ]
    if not ta1 and not files:
        raise EdiError("The file holds no TA1 or 999. Nothing was read.")
    return AcknowledgmentFile(tuple(ta1), tuple(files), warnings)


def _file(found: TransactionSet) -> FileAcknowledgment:
    gs06, code = "", ""
    counts: tuple[str, ...] = ()
    sets: list[SetAcknowledgment] = []
    errors: list[str] = []
    current: list[str] = []
    st02 = ""
    for segment in found.segments:
        if segment.tag == "AK1":
            gs06 = segment.get(2)
        elif segment.tag == "AK2":
            st02, current = segment.get(2), []
        elif segment.tag in ("IK3", "IK4"):
            current.append(_place(segment, found.delimiters))
        elif segment.tag == "IK5":
            sets.append(SetAcknowledgment(st02, segment.get(1), tuple(current)))
            errors += current
        elif segment.tag == "AK9":
            code, counts = segment.get(1), segment.elements[1:4]
    return FileAcknowledgment(gs06, code, tuple(sets), tuple(errors), counts)


def _place(segment: Segment, delimiters: Delimiters) -> str:
    """Position of an error in words, without the bad value (IK403 is left out)."""
    if segment.tag == "IK3":
        loop = f" in loop {segment.get(3)}" if segment.get(3) else ""
        return f"segment {segment.get(1)} at {segment.get(2)}{loop}, error {segment.get(4)}"
    place = segment.get(1).replace(delimiters.component, "-")
    return f"element {place}, error {segment.get(3)}"


def write_999(
    envelope: OutboundEnvelope,
    *,
    gs06: str,
    code: str,
    sets: Sequence[SetAcknowledgment],
    version: str = "005010X222A1",
) -> bytes:
    """A 999 for one functional group of 837s."""
    out = Writer()
    out.add("AK1", "HC", gs06, version)
    for one in sets:
        out.add("AK2", "837", one.st02, version)
        for error in one.errors:
            tag, position, loop, kind = (error.split("|") + ["", "", "", ""])[:4]
            out.add("IK3", tag, position, loop, kind)
        out.add("IK5", one.code, *(["5"] if one.code == "R" else []))
    accepted = sum(one.code in ("A", "E") for one in sets)
    out.add("AK9", code, str(len(sets)), str(len(sets)), str(accepted))
    return out.interchange(envelope, code="FA", st01="999", version=VERSION)


def write_ta1(envelope: OutboundEnvelope, *, isa13: str, code: str, note: str) -> bytes:
    """An interchange that holds only a TA1."""
    day, hour = f"{envelope.created:%y%m%d}", f"{envelope.created:%H%M}"
    isa = Writer().interchange(envelope, code="FA", st01="999", version=VERSION)
    head = isa.decode().split("~")[0]
    ta1 = f"TA1*{isa13}*{day}*{hour}*{code}*{note}"
    return f"{head}~{ta1}~IEA*0*{envelope.isa13:09d}~".encode()
