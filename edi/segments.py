"""Bytes to segments: delimiters, envelopes, counts, dates and amounts (R-BAD-01, -02).

Delimiters are found by counting separators, not by column 106: real files have stripped
or over-long ISA fields, byte order marks and line breaks. A wrong count is a warning
with its segment number; only a file that cannot be cut at all is an error.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from claims.money import MoneyError, usd
from edi.errors import EdiError, EdiWarning, EnvelopeError
from edi.writer import OutboundEnvelope, Writer, plain

__all__ = [
    "Delimiters",
    "FileKind",
    "Interchange",
    "InterchangeHeader",
    "OutboundEnvelope",
    "Segment",
    "TransactionSet",
    "Writer",
    "component_separator",
    "detect",
    "maybe_amount",
    "maybe_date",
    "plain",
    "read",
    "read_amount",
    "read_date",
    "read_quantity",
    "read_range",
    "sets_of",
]

ISA_ELEMENTS = 16
_ISA = re.compile(r"ISA(?=[^\w\s])")
_AMOUNT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_D8 = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_COUNT = re.compile(r"[0-9]{1,9}")
_QUALIFIED = {
    "SVC": re.compile(r"(?:HC|AD|ER|HP|IV|N4|NU|WK)([^\w\s.-])"),
    "SV1": re.compile(r"(?:HC|ER|IV|WK)([^\w\s.-])"),
    "HI": re.compile(r"(?:ABK|ABF|BK|BF)([^\w\s.-])"),
}


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
class InterchangeHeader:
    """What the ISA says: who sent it to whom, its number, date (YYMMDD) and usage."""

    sender: str
    receiver: str
    isa13: str
    date: str
    usage: str


@dataclass(frozen=True)
class TransactionSet:
    """ST to SE, with what its envelope said.

    Not ``complete`` when SE is missing; ``repeated`` when its control number was used
    before in the same group (R-BAD-03).
    """

    kind: FileKind
    control_number: str
    version: str
    segments: tuple[Segment, ...]
    delimiters: Delimiters
    header: InterchangeHeader
    gs06: str = ""
    complete: bool = True
    repeated: bool = False


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


def read(content: bytes) -> tuple[tuple[Interchange, ...], tuple[EdiWarning, ...]]:
    """Every interchange of a file, and what is wrong with its envelopes.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    reader = _Reader()
    number = 1
    for part in _interchanges(_text(content)):
        number = reader.take(part, number)
    reader.finish()
    return tuple(reader.done), tuple(reader.warnings)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.lstrip()
    if not text.startswith("ISA"):
        raise EnvelopeError(
            "This is not an X12 file: it does not begin with ISA. Nothing was read. "
            "Check that it is the right file."
        )
    return text


def _interchanges(text: str) -> Iterator[str]:
    """Each ISA with what follows it, cut where another ISA begins a segment."""
    start = 0
    terminator = _delimiters(text[:4096]).segment
    for found in _ISA.finditer(text, 3):
        at = found.start()
        if not _begins_segment(text, at, terminator):
            continue
        try:
            terminator = _delimiters(text[at : at + 4096]).segment
        except EnvelopeError:
            continue  # an ISA that declares nothing: the reader warns of it
        yield text[start:at]
        start = at
    yield text[start:]


def _begins_segment(text: str, at: int, terminator: str) -> bool:
    """Whether position ``at`` follows a terminator or a line break."""
    at -= 1
    while at > 0 and text[at].isspace() and text[at] not in f"\r\n{terminator}":
        at -= 1
    return text[at] == terminator or text[at] in "\r\n"


def _delimiters(text: str) -> Delimiters:
    element = text[3:4]
    parts = text.split(element, ISA_ELEMENTS) if element else []
    if not element or element.isalnum() or len(parts) <= ISA_ELEMENTS:
        raise EnvelopeError(
            "The ISA segment has too few elements. Nothing was read. "
            "Ask the sender for the file again."
        )
    component, segment = _last_marks(parts[ISA_ELEMENTS])
    marks = [element, segment, *([component] if component else [])]
    if len(set(marks)) < len(marks) or any(m.isalnum() or m == " " for m in marks):
        raise EnvelopeError(
            "The ISA segment declares no usable separators. Nothing was read. "
            "Ask the sender for the file again."
        )
    repetition = parts[11] if len(parts[11]) == 1 and parts[12] >= "00402" else ""
    if repetition.isalnum():
        repetition = ""
    return Delimiters(element, component or ":", repetition, segment)


def _last_marks(tail: str) -> tuple[str, str]:
    """ISA16 and the terminator; ISA16 is empty in some files."""
    if len(tail) < 2:
        raise EnvelopeError(
            "The ISA segment has no end. Nothing was read. "
            "Ask the sender for the file again."
        )
    if tail[1] in "G\r\n" and tail[0] not in ":<>^|\\":
        return "", tail[0]
    return tail[0], tail[1]


@dataclass
class _Open:
    """An interchange being cut."""

    header: InterchangeHeader
    number: int
    delimiters: Delimiters
    gs: Segment | None = None
    st: list[Segment] = field(default_factory=list)
    sets: list[TransactionSet] = field(default_factory=list)
    ta1: list[Segment] = field(default_factory=list)
    groups: int = 0
    in_group: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.done: list[Interchange] = []
        self.warnings: list[EdiWarning] = []

    def warn(self, number: int, code: str, message: str) -> None:
        self.warnings.append(EdiWarning(number, code, message))

    def take(self, part: str, number: int) -> int:
        """Cut one interchange; the number of the segment after it."""
        marks = _delimiters(part[:4096])
        element = marks.element
        state: _Open | None = None
        for raw in part.split(marks.segment):
            text = raw.strip()
            if not text:
                continue
            tag, *elements = text.split(element)
            segment = Segment(number, tag.strip(), tuple(elements))
            if state is None:
                self.state = state = _Open(_header(segment), number, marks)
            else:
                self._segment(state, segment)
            number += 1
        self.finish()
        return number

    def _segment(self, state: _Open, segment: Segment) -> None:
        act = _ENVELOPE.get(segment.tag)
        if act is not None:
            act(self, state, segment)
        elif state.st:
            state.st.append(segment)
        else:
            self.warn(segment.number, "ST", "a segment outside a transaction set")

    def _gs(self, state: _Open, segment: Segment) -> None:
        self._end_set(state, segment.number)
        if state.gs is not None:
            self.warn(segment.number, "GE", "a group has no end")
        state.gs, state.in_group = segment, []
        state.groups += 1

    def _st(self, state: _Open, segment: Segment) -> None:
        self._end_set(state, segment.number)
        if segment.get(2) in state.in_group:
            self.warn(segment.number, "ST02", "a control number is used twice")
        state.st = [segment]

    def _se(self, state: _Open, segment: Segment) -> None:
        if not state.st:
            self.warn(segment.number, "SE", "an end without a beginning")
            return
        state.st.append(segment)
        if not _counts(segment.get(1), len(state.st)):
            self.warn(segment.number, "SE01", "the segment count is wrong")
        if segment.get(2) != state.st[0].get(2):
            self.warn(segment.number, "SE02", "the control number differs from ST02")
        self._close_set(state, complete=True)

    def _end_set(self, state: _Open, number: int) -> None:
        """Close a set whose SE never came."""
        if state.st:
            self.warn(number, "SE", "a transaction set has no end")
            self._close_set(state, complete=False)

    def _close_set(self, state: _Open, *, complete: bool) -> None:
        head = state.st[0]
        gs = state.gs
        version = head.get(3) or (gs.get(8) if gs else "")
        state.sets.append(
            TransactionSet(
                kind=_kind_of(head.get(1), version, state.st),
                control_number=head.get(2),
                version=version,
                segments=tuple(state.st),
                delimiters=state.delimiters,
                header=state.header,
                gs06=gs.get(6) if gs else "",
                complete=complete,
                repeated=head.get(2) in state.in_group,
            )
        )
        state.in_group.append(head.get(2))
        state.st = []

    def _ge(self, state: _Open, segment: Segment) -> None:
        self._end_set(state, segment.number)
        if state.gs is None:
            self.warn(segment.number, "GE", "an end without a beginning")
            return
        if not _counts(segment.get(1), len(state.in_group)):
            self.warn(segment.number, "GE01", "the number of sets is wrong")
        if segment.get(2) != state.gs.get(6):
            self.warn(segment.number, "GE02", "the control number differs from GS06")
        state.gs = None

    def _ta1(self, state: _Open, segment: Segment) -> None:
        state.ta1.append(segment)

    def _iea(self, state: _Open, segment: Segment) -> None:
        self._end_group(state, segment.number)
        # A TA1 stands outside any group, and senders count it or not.
        if not state.ta1 and not _counts(segment.get(1), state.groups):
            self.warn(segment.number, "IEA01", "the number of groups is wrong")
        if segment.get(2).strip() != state.header.isa13.strip():
            self.warn(segment.number, "IEA02", "the control number differs from ISA13")
        self._close(state)

    def _isa(self, state: _Open, segment: Segment) -> None:
        self.warn(segment.number, "ISA", "an interchange begins inside another")

    def _end_group(self, state: _Open, number: int) -> None:
        self._end_set(state, number)
        if state.gs is not None:
            self.warn(number, "GE", "a group has no end")
            state.gs = None

    def _close(self, state: _Open) -> None:
        self.done.append(
            Interchange(
                header=state.header,
                delimiters=state.delimiters,
                sets=tuple(state.sets),
                ta1=tuple(state.ta1),
                groups=state.groups,
            )
        )
        self.state = None

    def finish(self) -> None:
        """Close what the file left open."""
        state = self.state
        if state is not None:
            self._end_group(state, state.number)
            self.warn(state.number, "IEA", "the interchange has no end")
            self._close(state)

    state: _Open | None = None


_ENVELOPE = {
    "ISA": _Reader._isa,
    "GS": _Reader._gs,
    "ST": _Reader._st,
    "SE": _Reader._se,
    "GE": _Reader._ge,
    "TA1": _Reader._ta1,
    "IEA": _Reader._iea,
}


def _counts(text: str, count: int) -> bool:
    """Whether a trailer's count says ``count``."""
    return bool(_COUNT.fullmatch(text.strip())) and int(text) == count


def _header(isa: Segment) -> InterchangeHeader:
    return InterchangeHeader(
        sender=isa.get(6).strip(),
        receiver=isa.get(8).strip(),
        isa13=isa.get(13),
        date=isa.get(9),
        usage=isa.get(15),
    )


_BY_ST01 = {
    "835": FileKind.X835,
    "999": FileKind.X999,
    "276": FileKind.X276,
    "270": FileKind.X270,
    "271": FileKind.X271,
}


def _kind_of(st01: str, version: str, segments: Iterable[Segment]) -> FileKind:
    """The transaction, told by ST01 and its guide."""
    if st01 == "837":
        return FileKind.X837I if "X223" in version else FileKind.X837P
    if st01 == "277":
        bht = next((s for s in segments if s.tag == "BHT"), None)
        claim_ack = "X214" in version or (bht is not None and bht.get(1) == "0085")
        return FileKind.X277CA if claim_ack else FileKind.X277
    return _BY_ST01.get(st01, FileKind.UNKNOWN)


def detect(content: bytes) -> tuple[FileKind, ...]:
    """The kinds of transaction in a file, in order, each once.

    Raises:
        EnvelopeError: no X12 interchange.
    """
    found: list[FileKind] = []
    for interchange in read(content)[0]:
        found += [FileKind.TA1] * bool(interchange.ta1)
        found += [one.kind for one in interchange.sets]
    return tuple(dict.fromkeys(found))


def sets_of(
    content: bytes, *kinds: FileKind
) -> tuple[list[TransactionSet], list[EdiWarning]]:
    """Transaction sets of the wanted kinds, and the warnings of the whole file.

    Raises:
        EdiError: none of the file's sets is of these kinds.
    """
    interchanges, warnings = read(content)
    found = [one for i in interchanges for one in i.sets if one.kind in kinds]
    if not found:
        names = ", ".join(kinds)
        raise EdiError(
            f"The file holds no {names} transaction. Nothing was read. "
            "Check that it is the right file."
        )
    return found, list(warnings)


def component_separator(one: TransactionSet) -> tuple[str, EdiWarning | None]:
    """The separator the set really uses inside composites.

    Some senders declare one in ISA16 and write another. Only procedure and diagnosis
    codes are looked at: there the qualifier shows where the separator must stand.
    """
    declared = one.delimiters.component
    used: dict[str, Segment] = {}
    for segment in one.segments:
        pattern = _QUALIFIED.get(segment.tag)
        found = pattern.match(segment.get(1)) if pattern else None
        if found is not None:
            used.setdefault(found[1], segment)
    if not used or declared in used or len(used) > 1:
        return declared, None
    (mark, segment), *_ = used.items()
    words = "ISA16 declares another component separator than the set uses"
    return mark, EdiWarning(segment.number, "ISA16", words)


def maybe_date(text: str) -> date | None:
    """A D8 date or the first day of an RD8 range; None when it is none."""
    found = _D8.match(text)
    if found is None or text[8:9] not in ("", "-") or len(text) > len("-") + 16:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def read_date(text: str, segment: Segment, name: str) -> date:
    """A D8 date, or the first day of an RD8 range.

    Raises:
        EdiError: no such day; names segment and field.
    """
    found = maybe_date(text)
    if found is None:
        what = "is not a date" if text else "is missing"
        raise EdiError(f"{name} {what}", segment=segment.number, field=name)
    return found


def read_range(text: str, segment: Segment, name: str) -> tuple[date, date | None]:
    """First day, and the last one when the text is an RD8 range.

    Raises:
        EdiError: no such day, or a range that ends before it begins.
    """
    first = read_date(text, segment, name)
    if "-" not in text:
        return first, None
    last = read_date(text[9:], segment, name)
    if last < first:
        raise EdiError(
            f"{name} ends before it begins", segment=segment.number, field=name
        )
    return first, last


def read_amount(text: str, segment: Segment, name: str) -> Decimal:
    """An amount in dollars with at most two decimals (R-BAD-03).

    Raises:
        EdiError: missing or not an amount; names segment and field.
    """
    if _AMOUNT.fullmatch(text):
        try:
            return usd(text)
        except MoneyError as error:
            problem = str(error).removeprefix("an amount ")
    else:
        problem = "is not an amount" if text else "is missing"
    raise EdiError(f"{name} {problem}", segment=segment.number, field=name)


def read_quantity(text: str, segment: Segment, name: str) -> Decimal:
    """A number of units, minutes or a drug's quantity.

    Raises:
        EdiError: missing or not a number; names segment and field.
    """
    if not _AMOUNT.fullmatch(text) or len(text) > 20:
        what = "is not a number" if text else "is missing"
        raise EdiError(f"{name} {what}", segment=segment.number, field=name)
    return Decimal(plain(Decimal(text)))


def maybe_amount(text: str) -> Decimal | None:
    """An amount, None when it is none."""
    try:
        return usd(text) if _AMOUNT.fullmatch(text) else None
    except MoneyError:
        return None
