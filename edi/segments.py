"""Bytes to segments, and back: delimiters, envelopes, counts, dates and amounts.

Delimiters are found by counting separators, not by column 106: real files have stripped
or over-long ISA fields, byte order marks and line breaks. A wrong count is a warning with
its segment number; only a file that cannot be cut at all is an error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from claims.money import MoneyError, usd
from edi.errors import EdiError, EdiWarning, EnvelopeError, UnwritableError

ISA_ELEMENTS = 16


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


@dataclass(frozen=True)
class Segment:
    """One segment: its number in the file, tag and elements (element 1 first)."""

    number: int
    tag: str
    elements: tuple[str, ...]

    def get(self, position: int) -> str:
        """Element ``position`` (1-based), empty when absent."""
        return self.elements[position - 1] if position <= len(self.elements) else ""

    def part(self, position: int, component: int, separator: str) -> str:
        """Component ``component`` (1-based) of an element, empty when absent."""
        parts = self.get(position).split(separator)
        return parts[component - 1] if component <= len(parts) else ""


@dataclass(frozen=True)
class Delimiters:
    """Element, component, repetition and segment separators of one interchange."""

    element: str
    component: str
    repetition: str
    segment: str


@dataclass(frozen=True)
class TransactionSet:
    """ST to SE, with what its envelope said."""

    kind: FileKind
    control_number: str
    version: str
    segments: tuple[Segment, ...]
    delimiters: Delimiters
    gs06: str = ""
    complete: bool = True


@dataclass(frozen=True)
class Interchange:
    """ISA to IEA."""

    sender: str
    receiver: str
    isa13: str
    date: str
    usage: str
    delimiters: Delimiters
    sets: tuple[TransactionSet, ...]
    ta1: tuple[Segment, ...] = ()


@dataclass
class _Open:
    """An interchange being cut."""

    isa: Segment
    delimiters: Delimiters
    gs: Segment | None = None
    st: list[Segment] = field(default_factory=list)
    sets: list[TransactionSet] = field(default_factory=list)
    ta1: list[Segment] = field(default_factory=list)
    groups: int = 0
    in_group: int = 0


def read(content: bytes) -> tuple[tuple[Interchange, ...], tuple[EdiWarning, ...]]:
    """Every interchange of a file, and what is wrong with its envelopes.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    reader = _Reader()
    text = _text(content)
    for part, delimiters, start in _interchanges(text):
        reader.take(part, delimiters, start)
    reader.finish()
    return tuple(reader.done), tuple(reader.warnings)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.lstrip()


def _interchanges(text: str) -> Iterator[tuple[str, Delimiters, int]]:
    """Each ISA … with its own delimiters and the number of its first segment."""
    if not text.startswith("ISA") or len(text) < ISA_ELEMENTS * 2:
        raise EnvelopeError(
            "This is not an X12 file: it does not begin with ISA. Nothing was read. "
            "Check that it is the right file."
        )
    number = 1
    while text:
        delimiters = _delimiters(text)
        following = text.find(f"{delimiters.segment}ISA{delimiters.element}")
        if following < 0:
            following = _next_isa(text, delimiters)
        end = len(text) if following < 0 else following + 1
        part = text[:end]
        yield part, delimiters, number
        number += sum(1 for s in part.split(delimiters.segment) if s.strip())
        text = text[end:].lstrip("\r\n \t")


def _next_isa(text: str, delimiters: Delimiters) -> int:
    """Another ISA after a line break, as files with CRLF between interchanges have."""
    for mark in ("\r\nISA", "\nISA"):
        found = text.find(f"{delimiters.segment}{mark}")
        if found >= 0:
            return found
    return -1


def _delimiters(text: str) -> Delimiters:
    element = text[3]
    parts = text.split(element, ISA_ELEMENTS)
    if element.isalnum() or len(parts) <= ISA_ELEMENTS:
        raise EnvelopeError(
            "The ISA segment has too few elements. Nothing was read. "
            "Ask the sender for the file again."
        )
    tail = parts[ISA_ELEMENTS]
    if len(tail) < 2:
        raise EnvelopeError("The ISA segment has no end. Nothing was read.")
    component, segment = tail[0], tail[1]
    if segment in "G\r\n" and tail[0] not in ":<>^|":
        component, segment = "", tail[0]
    if component == element or segment == element:
        raise EnvelopeError("The ISA segment declares no usable separators.")
    version = parts[12]
    repetition = parts[11] if version >= "00402" and not parts[11].isalnum() else ""
    return Delimiters(element, component or ":", repetition, segment)


class _Reader:
    def __init__(self) -> None:
        self.done: list[Interchange] = []
        self.warnings: list[EdiWarning] = []
        self.open: _Open | None = None
        self.count = 0

    def warn(self, number: int, code: str, message: str) -> None:
        self.warnings.append(EdiWarning(number, code, message))

    def take(self, part: str, delimiters: Delimiters, start: int) -> None:
        number = start
        for raw in part.split(delimiters.segment):
            text = raw.strip("\r\n\t ")
            if not text:
                continue
            elements = text.split(delimiters.element)
            self._segment(
                Segment(number, elements[0].strip(), tuple(elements[1:])), delimiters
            )
            number += 1
        self.count = number - start

    def _segment(self, segment: Segment, delimiters: Delimiters) -> None:
        if segment.tag == "ISA":
            self._close_interchange(None)
            self.open = _Open(segment, delimiters)
            return
        state = self.open
        if state is None:
            return
        act = _ENVELOPE.get(segment.tag)
        if act is not None:
            act(self, state, segment)
        elif state.st:
            state.st.append(segment)

    def _gs(self, state: _Open, segment: Segment) -> None:
        state.gs, state.in_group = segment, 0
        state.groups += 1

    def _st(self, state: _Open, segment: Segment) -> None:
        if state.st:
            self.warn(segment.number, "SE", "a transaction set has no end")
            self._close_set(state, complete=False)
        state.st = [segment]

    def _se(self, state: _Open, segment: Segment) -> None:
        if not state.st:
            self.warn(segment.number, "SE", "an end without a beginning")
            return
        state.st.append(segment)
        if segment.get(1) != str(len(state.st)):
            self.warn(segment.number, "SE01", "the segment count is wrong")
        if segment.get(2) != state.st[0].get(2):
            self.warn(segment.number, "SE02", "the control number differs from ST02")
        self._close_set(state, complete=True)

    def _close_set(self, state: _Open, *, complete: bool) -> None:
        head = state.st[0]
        version = head.get(3) or (state.gs.get(8) if state.gs else "")
        state.sets.append(
            TransactionSet(
                kind=kind_of(head.get(1), version, state.st),
                control_number=head.get(2),
                version=version,
                segments=tuple(state.st),
                delimiters=state.delimiters,
                gs06=state.gs.get(6) if state.gs else "",
                complete=complete,
            )
        )
        state.in_group += 1
        state.st = []

    def _ge(self, state: _Open, segment: Segment) -> None:
        if state.st:
            self.warn(segment.number, "SE", "a transaction set has no end")
            self._close_set(state, complete=False)
        if segment.get(1) != str(state.in_group):
            self.warn(segment.number, "GE01", "the number of sets is wrong")
        if state.gs and segment.get(2) != state.gs.get(6):
            self.warn(segment.number, "GE02", "the control number differs from GS06")

    def _ta1(self, state: _Open, segment: Segment) -> None:
        state.ta1.append(segment)

    def _iea(self, state: _Open, segment: Segment) -> None:
        self._close_interchange(segment)

    def _close_interchange(self, end: Segment | None) -> None:
        state = self.open
        if state is None:
            return
        if state.st:
            last = state.st[-1].number
            self.warn(last, "SE", "the file ends inside a transaction set")
            self._close_set(state, complete=False)
        if end is None:
            self.warn(state.isa.number, "IEA", "the interchange has no end")
        else:
            if end.get(1).lstrip("0") != str(state.groups).lstrip("0"):
                self.warn(end.number, "IEA01", "the number of groups is wrong")
            if end.get(2) != state.isa.get(13):
                self.warn(end.number, "IEA02", "the control number differs from ISA13")
        self.done.append(_finished(state))
        self.open = None

    def finish(self) -> None:
        self._close_interchange(None)


_ENVELOPE = {
    "GS": _Reader._gs,
    "ST": _Reader._st,
    "SE": _Reader._se,
    "GE": _Reader._ge,
    "TA1": _Reader._ta1,
    "IEA": _Reader._iea,
}


def _finished(state: _Open) -> Interchange:
    isa = state.isa
    return Interchange(
        sender=isa.get(6).strip(),
        receiver=isa.get(8).strip(),
        isa13=isa.get(13),
        date=isa.get(9),
        usage=isa.get(15),
        delimiters=state.delimiters,
        sets=tuple(state.sets),
        ta1=tuple(state.ta1),
    )


def kind_of(st01: str, version: str, segments: Sequence[Segment]) -> FileKind:
    """The transaction, told by ST01 and its guide."""
    if st01 == "837":
        return FileKind.X837I if "X223" in version else FileKind.X837P
    if st01 == "277":
        bht = next((s for s in segments if s.tag == "BHT"), None)
        claim_ack = "X214" in version or (bht is not None and bht.get(1) == "0085")
        return FileKind.X277CA if claim_ack else FileKind.X277
    known = {"835": FileKind.X835, "999": FileKind.X999, "276": FileKind.X276}
    known |= {"270": FileKind.X270, "271": FileKind.X271}
    return known.get(st01, FileKind.UNKNOWN)


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
    """Transaction sets of the wanted kinds.

    Raises:
        EdiError: none of the file's sets is of these kinds.
    """
    interchanges, warnings = read(content)
    found = [one for i in interchanges for one in i.sets if one.kind in kinds]
    if not found:
        names = ", ".join(kinds)
        raise EdiError(f"The file holds no {names} transaction. Nothing was read.")
    return found, list(warnings)


def read_date(text: str, segment: Segment, name: str) -> date:
    """A D8 date, or the first day of an RD8 range.

    Raises:
        EdiError: no such day; names segment and field.
    """
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date
    except ValueError:
        raise EdiError(
            f"{name} is not a date", segment=segment.number, field=name
        ) from None


def maybe_date(text: str) -> date | None:
    """A D8 date, None when it is none."""
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date
    except ValueError:
        return None


def read_amount(text: str, segment: Segment, name: str) -> Decimal:
    """An amount in dollars.

    Raises:
        EdiError: not an amount; names segment and field.
    """
    try:
        return usd(text)
    except MoneyError:
        raise EdiError(
            f"{name} is not an amount", segment=segment.number, field=name
        ) from None


def plain(amount: Decimal) -> str:
    """An amount or quantity as X12 writes it: no exponent, no trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class OutboundEnvelope:
    """ISA, GS and ST of an interchange we write."""

    sender_id: str
    receiver_id: str
    isa13: int
    gs06: int
    created: datetime
    st02: str = "0001"
    batch_ref: str = "BATCH"
    submitter_name: str = "SUBMITTER"
    contact_name: str = "BILLING"
    contact_phone: str = ""
    receiver_name: str = "RECEIVER"
    usage: str = "P"


class Writer:
    """Collects segments of one transaction set; text never breaks the envelope."""

    def __init__(self, delimiters: Delimiters = Delimiters("*", ":", "^", "~")) -> None:
        """``* : ^ ~`` unless told otherwise."""
        self.delimiters = delimiters
        self.segments: list[str] = []

    def clean(self, text: str) -> str:
        """Text for an element: delimiters become spaces, control characters refused.

        Raises:
            UnwritableError: control characters in a name or note.
        """
        marks = self.delimiters
        for mark in (marks.element, marks.component, marks.repetition, marks.segment):
            text = text.replace(mark, " ")
        text = " ".join(text.split())
        if not text.isprintable():
            raise UnwritableError("a text holds control characters; nothing was written")
        return text

    def composite(self, *parts: str) -> str:
        """Components joined, trailing empty ones left out."""
        cleaned = [self.clean(p) for p in parts]
        while cleaned and not cleaned[-1]:
            cleaned.pop()
        return self.delimiters.component.join(cleaned)

    def add(self, tag: str, *elements: str, composites: Sequence[int] = ()) -> None:
        """One segment; trailing empty elements are left out."""
        values = [
            value if place in composites else self.clean(value)
            for place, value in enumerate(elements, start=1)
        ]
        while values and not values[-1]:
            values.pop()
        self.segments.append(self.delimiters.element.join([tag, *values]))

    def interchange(
        self, envelope: OutboundEnvelope, *, code: str, st01: str, version: str
    ) -> bytes:
        """The whole file: ISA, GS, ST, what was added, SE, GE, IEA."""
        marks = self.delimiters
        day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
        isa = [
            "ISA", "00", " " * 10, "00", " " * 10, "ZZ", f"{envelope.sender_id:<15.15}",
            "ZZ", f"{envelope.receiver_id:<15.15}", day[2:], hour, marks.repetition,
            "00501", f"{envelope.isa13:09d}", "0", envelope.usage, marks.component,
        ]  # fmt: skip
        gs = [
            "GS", code, envelope.sender_id, envelope.receiver_id, day, hour,
            str(envelope.gs06), "X", version,
        ]  # fmt: skip
        st = ["ST", st01, envelope.st02]
        if st01 != "835":
            st.append(version)
        body = [marks.element.join(st), *self.segments]
        body.append(marks.element.join(["SE", str(len(body) + 1), envelope.st02]))
        tail = [f"GE{marks.element}1{marks.element}{envelope.gs06}"]
        tail.append(f"IEA{marks.element}1{marks.element}{envelope.isa13:09d}")
        lines = [marks.element.join(isa), marks.element.join(gs), *body, *tail]
        return "".join(line + marks.segment for line in lines).encode()
