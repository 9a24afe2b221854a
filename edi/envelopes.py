"""Runs of segments to transaction sets, and what is wrong with their envelopes.

A wrong count is a warning with its segment number; only a file that cannot be cut at
all is an error (R-BAD-01). One set is held at a time.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from edi.errors import EdiWarning
from edi.interchange import (
    Delimiters,
    FileKind,
    Interchange,
    InterchangeHeader,
    Run,
    Segment,
    TransactionSet,
    segments_of,
)
from edi.runs import BLANKS, boundary, even, joined, picked
from edi.tokens import Tokens

MOST_WARNINGS = 1000
"""Listed of one file; the last one says how many more there were."""
_COUNT = re.compile(r"[0-9]{1,9}")
_BY_ST01 = {
    "835": FileKind.X835,
    "999": FileKind.X999,
    "276": FileKind.X276,
    "270": FileKind.X270,
    "271": FileKind.X271,
}

Found = Segment | TransactionSet | Interchange


@dataclass
class _Open:
    """An interchange being cut."""

    header: InterchangeHeader
    delimiters: Delimiters
    gs: Segment | None = None
    st: Segment | None = None
    body: list[Segment | Run] = field(default_factory=list)
    """What is kept of the set after its ST."""
    length: int = 0
    """Segments of the set so far, ST among them."""
    ta1: list[Segment] = field(default_factory=list)
    groups: int = 0
    in_group: set[str] = field(default_factory=set)
    sets: int = 0
    """Closed in the group so far."""


class Envelopes:
    """Reads one file: iterate once, then look at ``warnings``."""

    def __init__(
        self, content: bytes | BinaryIO, *, only: frozenset[str] | None = None
    ) -> None:
        """``content`` is the file, or a stream of its bytes; a set keeps ``only`` the
        segments with these tags, and its end."""
        self._tokens = Tokens(content)
        self._only = only
        self.marks = Delimiters("", "", "", "")
        """Delimiters of the interchange being read."""
        self._open: _Open | None = None
        self._out: list[Found] = []
        self._unlisted = 0
        self.warnings: list[EdiWarning] = []
        self.errors: Counter[str] = Counter()
        """How often each envelope error was found, by name: ``SE01``, ``no IEA``."""
        self.segments = 0
        """How many were cut so far."""
        self.interchanges = 0
        """How many began with an ISA so far."""

    def __iter__(self) -> Iterator[Found]:
        """What the file holds, in its order.

        Each set as it ends, each interchange (without its sets) as it ends, and the
        segments outside sets: ISA, GS, TA1, GE, IEA and what should not be there.

        Raises:
            EnvelopeError: the bytes are no X12 interchange.
        """
        for token in self._tokens:
            if isinstance(token, Delimiters):
                self._finish()
                self.marks = token
                continue
            yield from self._cut(even(token, self.marks.segment))
        self._finish()
        yield from self._out
        if self._unlisted:
            words = f"{self._unlisted} more warnings are not listed"
            self.warnings.append(EdiWarning(self.segments, "", words))

    def _cut(self, text: str) -> Iterator[Found]:
        """What whole segments give, each after a terminator."""
        terminator, find = self.marks.segment, boundary(self.marks).search
        at = 1
        while at < len(text):
            if self._open is not None and self._open.st is not None:
                odd = find(text, at - 1)
                end = odd.start() + 1 if odd else len(text)
                if end > at:
                    self._run(self._open, text[at - 1 : end - 1])
                    at = end
                    continue
            end = text.index(terminator, at)
            if raw := text[at:end].strip(BLANKS):
                self._take(raw)
                yield from self._out
                self._out.clear()
            at = end + 1

    def _run(self, state: _Open, text: str) -> None:
        """Plain segments inside a set."""
        run = Run(self.segments + 1, text.count(self.marks.segment), text)
        self.segments += run.count
        state.length += run.count
        if self._only is None:
            state.body.append(run)
        else:
            state.body += picked(run, self._only, self.marks)

    def _warn(self, number: int, code: str, message: str, error: str = "") -> None:
        self.errors[error or code] += 1
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(EdiWarning(number, code, message))
        else:
            self._unlisted += 1

    def _take(self, text: str) -> None:
        self.segments += 1
        elements = text.split(self.marks.element)
        tag = elements[0].strip()
        act = _ENVELOPE.get(tag)
        state = self._open
        if act is None and state is not None and state.st is not None:
            state.length += 1
            if self._only is None or tag in self._only:
                state.body.append(Segment(self.segments, tag, tuple(elements[1:])))
            return
        segment = Segment(self.segments, tag, tuple(elements[1:]))
        if state is None:
            self._first(segment, len(text) + 1)
        elif act is None:
            self._warn(
                segment.number,
                "ST",
                "a segment outside a transaction set",
                "outside ST",
            )
            self._out.append(segment)
        else:
            act(self, state, segment)

    def _first(self, segment: Segment, length: int) -> None:
        """The ISA of an interchange, or what follows the end of one."""
        if segment.tag == "ISA":
            self.interchanges += 1
            self._open = _Open(_header(segment, length), self.marks)
            self._out.append(segment)
        elif segment.tag in ("GS", "ST") and self._last is not None:
            words = "a group or set after the end of its interchange"
            self._warn(segment.number, segment.tag, words, "after IEA")
            self._open = _Open(self._last, self.marks)
            _ENVELOPE[segment.tag](self, self._open, segment)
        else:
            words = "a segment after the end of its interchange"
            self._warn(segment.number, "IEA", words, "after IEA")
            self._out.append(segment)

    def _gs(self, state: _Open, segment: Segment) -> None:
        self._end_group(state, segment.number)
        state.gs, state.in_group, state.sets = segment, set(), 0
        state.groups += 1
        self._out.append(segment)

    def _st(self, state: _Open, segment: Segment) -> None:
        self._end_set(state, segment.number)
        if segment.get(2) in state.in_group:
            self._warn(
                segment.number,
                "ST02",
                "a control number is used twice",
                "ST02 repeated",
            )
        state.st, state.body, state.length = segment, [], 1

    def _se(self, state: _Open, segment: Segment) -> None:
        if state.st is None:
            self._warn(
                segment.number, "SE", "an end without a beginning", "SE without ST"
            )
            self._out.append(segment)
            return
        state.body.append(segment)
        state.length += 1
        if not _counts(segment.get(1), state.length):
            self._warn(segment.number, "SE01", "the segment count is wrong")
        if segment.get(2) != state.st.get(2):
            words = "the control number differs from ST02"
            self._warn(segment.number, "SE02", words)
        self._close_set(state, state.st, complete=True)

    def _end_set(self, state: _Open, number: int) -> None:
        """Close a set whose SE never came."""
        if state.st is not None:
            self._warn(number, "SE", "a transaction set has no end", "ST without SE")
            self._close_set(state, state.st, complete=False)

    def _close_set(self, state: _Open, st: Segment, *, complete: bool) -> None:
        gs = state.gs
        version = st.get(3) or (gs.get(8) if gs else "")
        one = TransactionSet(
            kind=kind_of(st.get(1), version, segments_of(state.body, self.marks)),
            control_number=st.get(2),
            version=version,
            st=st,
            body=tuple(joined(state.body)),
            delimiters=state.delimiters,
            header=state.header,
            gs06=gs.get(6) if gs else "",
            complete=complete,
            repeated=st.get(2) in state.in_group,
        )
        self._out.append(one)
        state.in_group.add(st.get(2))
        state.sets += 1
        state.st, state.body = None, []

    def _ge(self, state: _Open, segment: Segment) -> None:
        self._end_set(state, segment.number)
        self._out.append(segment)
        if state.gs is None:
            self._warn(
                segment.number, "GE", "an end without a beginning", "GE without GS"
            )
            return
        if not _counts(segment.get(1), state.sets):
            self._warn(segment.number, "GE01", "the number of sets is wrong")
        if segment.get(2) != state.gs.get(6):
            words = "the control number differs from GS06"
            self._warn(segment.number, "GE02", words)
        state.gs = None

    def _ta1(self, state: _Open, segment: Segment) -> None:
        state.ta1.append(segment)
        self._out.append(segment)

    def _iea(self, state: _Open, segment: Segment) -> None:
        self._end_group(state, segment.number)
        # A TA1 stands outside any group, and senders count it or not.
        if not state.ta1 and not _counts(segment.get(1), state.groups):
            self._warn(segment.number, "IEA01", "the number of groups is wrong")
        if segment.get(2).strip() != state.header.isa13.strip():
            words = "the control number differs from ISA13"
            self._warn(segment.number, "IEA02", words)
        self._out.append(segment)
        self._close(state)

    def _isa(self, state: _Open, segment: Segment) -> None:
        self._warn(
            segment.number, "ISA", "an interchange begins inside another", "ISA inside"
        )
        self._out.append(segment)

    def _end_group(self, state: _Open, number: int) -> None:
        self._end_set(state, number)
        if state.gs is not None:
            self._warn(number, "GE", "a group has no end", "GS without GE")
            state.gs = None

    def _close(self, state: _Open) -> None:
        found = Interchange(
            header=state.header,
            delimiters=state.delimiters,
            sets=(),
            ta1=tuple(state.ta1),
            groups=state.groups,
        )
        self._out.append(found)
        self._open, self._last = None, state.header

    def _finish(self) -> None:
        """Close what the file, or the next interchange, left open."""
        state = self._open
        if state is not None:
            self._end_group(state, self.segments)
            self._warn(self.segments, "IEA", "the interchange has no end", "no IEA")
            self._close(state)

    _last: InterchangeHeader | None = None


_ENVELOPE = {
    "ISA": Envelopes._isa,
    "GS": Envelopes._gs,
    "ST": Envelopes._st,
    "SE": Envelopes._se,
    "GE": Envelopes._ge,
    "TA1": Envelopes._ta1,
    "IEA": Envelopes._iea,
}


def _counts(text: str, count: int) -> bool:
    """Whether a trailer's count says ``count``."""
    return bool(_COUNT.fullmatch(text.strip())) and int(text) == count


def _header(isa: Segment, length: int) -> InterchangeHeader:
    return InterchangeHeader(
        sender=isa.get(6).strip(),
        receiver=isa.get(8).strip(),
        isa13=isa.get(13),
        date=isa.get(9),
        usage=isa.get(15),
        version=isa.get(12),
        length=length,
    )


def kind_of(st01: str, version: str, segments: Iterable[Segment]) -> FileKind:
    """The transaction, told by ST01 and its guide."""
    if st01 == "837":
        return _claims(version)
    if st01 == "277":
        bht = next((s for s in segments if s.tag == "BHT"), None)
        claim_ack = "X214" in version or (bht is not None and bht.get(1) == "0085")
        return FileKind.X277CA if claim_ack else FileKind.X277
    return _BY_ST01.get(st01, FileKind.UNKNOWN)


def _claims(version: str) -> FileKind:
    """Professional unless the guide says institutional; dental is not read here."""
    if "X223" in version or "X096" in version:
        return FileKind.X837I
    if "X224" in version or "X097" in version:
        return FileKind.UNKNOWN
    return FileKind.X837P
