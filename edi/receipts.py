"""What we answer to an interchange we received: a TA1 when it asks for one, and a 999
for each of its functional groups (005010X231A1, X12.5).

Read again from the file's envelopes, one set at a time: a wrong count or number is
noted (E), because our readers take the good parts; a set of which nothing could be
used is refused (R). Groups of acknowledgments (FA) are not answered, so that two
partners never answer each other for ever.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from edi.acks import VERSION, SetAcknowledgment, add_error
from edi.envelopes import Envelopes
from edi.errors import EdiWarning
from edi.interchange import FileKind, Interchange, Segment, TransactionSet
from edi.writer import TERMINATOR, OutboundEnvelope, Writer, interchange, isa

ACKNOWLEDGMENTS = "FA"
"""GS01 of a group that only acknowledges."""
_SET_ERRORS = {"SE": "2", "SE02": "3", "SE01": "4", "ST02": "23"}
_GROUP_ERRORS = {"GE": "3", "GE02": "4", "GE01": "5"}
_NOTES = {"IEA02": "001", "IEA01": "021", "IEA": "023"}
NOT_SUPPORTED, SEGMENT_ERROR = "1", "5"
_NUMBER = re.compile(r"[0-9]{1,9}")
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")


@dataclass(frozen=True)
class Refused:
    """What of a file was not used: the whole of it, or claims by segment number."""

    whole: bool = False
    kinds: frozenset[FileKind] = frozenset()
    """Transactions that nothing is done with here."""
    claims: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    """Segment number of each claim that could not be read -> the wrong segment, by tag
    and number."""


@dataclass
class GroupReceipt:
    """One functional group, as a 999 answers it."""

    head: Segment
    sets: list[tuple[str, str, SetAcknowledgment]] = field(default_factory=list)
    """ST01, ST03 and the answer of each set."""
    errors: list[str] = field(default_factory=list)
    """AK905 and following."""
    included: int | None = None
    """GE01."""

    @property
    def code(self) -> str:
        """AK901: all accepted, accepted with errors, some refused, all refused."""
        codes = {answer.code for _, _, answer in self.sets}
        if codes <= {"R"}:
            return "R"
        if "R" in codes:
            return "P"
        return "E" if "E" in codes or self.errors else "A"


@dataclass
class Receipt:
    """One interchange: who sent it, and what is answered."""

    head: Segment
    groups: list[GroupReceipt] = field(default_factory=list)
    note: str = "000"
    """TA105."""

    @property
    def sender(self) -> str:
        """ISA06, to whom the answer goes."""
        return self.head.get(6).strip()

    @property
    def receiver(self) -> str:
        """ISA08, under which name they know us."""
        return self.head.get(8).strip()

    @property
    def wants_ta1(self) -> bool:
        """ISA14."""
        return self.head.get(14).strip() == "1"

    @property
    def kind(self) -> FileKind | None:
        """What the answer is; None when the interchange needs none."""
        if any(_can_be_named(group) for group in self.groups):
            return FileKind.X999
        return FileKind.TA1 if self.wants_ta1 else None


def receipts(content: bytes, refused: Refused) -> list[Receipt]:
    """What to answer to each interchange of a file, in its order.

    Raises:
        EnvelopeError: the bytes are no X12 interchange, so nobody can be answered.
    """
    return list(_Reader(content, refused))


class _Reader:
    """Envelopes being turned into receipts."""

    def __init__(self, content: bytes, refused: Refused) -> None:
        self.file = Envelopes(content)
        self.refused = refused
        self.told = 0
        self.head: Segment | None = None
        self.groups: list[GroupReceipt] = []

    def __iter__(self) -> Iterator[Receipt]:
        for found in self.file:
            if isinstance(found, TransactionSet):
                self._set(found)
            elif isinstance(found, Interchange):
                yield from self._end()
            else:
                self._segment(found)

    def _segment(self, found: Segment) -> None:
        if found.tag == "ISA" and not self.groups:
            self.head = found
        elif found.tag == "GS":
            self._group_errors()
            self.groups.append(GroupReceipt(found))
        elif found.tag == "GE" and self.groups:
            count = found.get(1).strip()
            self.groups[-1].included = int(count) if _NUMBER.fullmatch(count) else None
            self._group_errors()

    def _new(self) -> list[EdiWarning]:
        """Warnings since we looked last."""
        found = self.file.warnings[self.told :]
        self.told = len(self.file.warnings)
        return found

    def _group_errors(self) -> None:
        codes = [_GROUP_ERRORS[w.code] for w in self._new() if w.code in _GROUP_ERRORS]
        if self.groups:
            self.groups[-1].errors += codes

    def _set(self, one: TransactionSet) -> None:
        wrong = [_SET_ERRORS[w.code] for w in self._new() if w.code in _SET_ERRORS]
        if not self.groups:
            return
        head = one.st
        answer = self._answer(one, wrong)
        self.groups[-1].sets.append((head.get(1), head.get(3), answer))

    def _answer(self, one: TransactionSet, wrong: Sequence[str]) -> SetAcknowledgment:
        number = one.control_number
        if one.kind in self.refused.kinds:
            return SetAcknowledgment(number, "R", why=NOT_SUPPORTED)
        if one.repeated:
            return SetAcknowledgment(number, "R", why=_SET_ERRORS["ST02"])
        if self.refused.whole:
            return SetAcknowledgment(number, "R", why=(*wrong, SEGMENT_ERROR)[0])
        first = one.st.number
        # Cut into segments only where there is a claim to look for.
        segments = one.segments if self.refused.claims else ()
        claims = [s.number for s in segments if s.tag == "CLM"]
        bad = {n: self.refused.claims[n] for n in claims if n in self.refused.claims}
        errors = tuple(
            f"{tag}|{at - first + 1}||8"
            for tag, at in sorted(set(bad.values()), key=lambda wrong: wrong[1])
            if _TAG.fullmatch(tag) and at >= first
        )
        why = (*wrong, *([SEGMENT_ERROR] if bad else []))
        if not why:
            return SetAcknowledgment(number, "A")
        code = "R" if bad and len(bad) == len(claims) else "E"
        return SetAcknowledgment(number, code, errors, why=why[0])

    def _end(self) -> Iterator[Receipt]:
        new = self._new()
        if self.groups:
            self.groups[-1].errors += [
                _GROUP_ERRORS[w.code] for w in new if w.code in _GROUP_ERRORS
            ]
        if self.head is not None:
            note = next((_NOTES[w.code] for w in new if w.code in _NOTES), "000")
            answered = [g for g in self.groups if g.head.get(1) != ACKNOWLEDGMENTS]
            yield Receipt(self.head, answered, note)
        self.head, self.groups = None, []


def _can_be_named(group: GroupReceipt) -> bool:
    return bool(_NUMBER.fullmatch(group.head.get(6).strip())) and bool(group.sets)


def write_receipt(receipt: Receipt, envelope: OutboundEnvelope) -> bytes:
    """The interchange that answers: its TA1 when it was asked for, and its 999s.

    Raises:
        UnwritableError: what they call themselves or their sets cannot be written
            back, so they cannot be answered. Nothing was written.
    """
    sets = [_group(group) for group in receipt.groups if _can_be_named(group)]
    ta1 = _ta1(receipt) if receipt.wants_ta1 else ""
    if not sets:
        end = f"IEA*0*{envelope.isa13:09d}{TERMINATOR}"
        return (isa(envelope) + TERMINATOR + ta1 + end).encode("ascii")
    whole = interchange(
        envelope, sets, code=ACKNOWLEDGMENTS, st01="999", version=VERSION
    ).decode("ascii")
    head, _, rest = whole.partition(TERMINATOR)
    # A TA1 stands between the ISA and the first group.
    return (head + TERMINATOR + ta1 + rest).encode("ascii")


def _ta1(receipt: Receipt) -> str:
    out, head = Writer(), receipt.head
    code = "A" if receipt.note == "000" else "E"
    out.add(
        *("TA1", head.get(13).strip(), head.get(9).strip(), head.get(10).strip()),
        *(code, receipt.note),
    )
    return out.segments[0]


def _group(group: GroupReceipt) -> Writer:
    out, head = Writer(), group.head
    out.add("AK1", head.get(1), head.get(6).strip(), head.get(8))
    for st01, st03, answer in group.sets:
        out.add("AK2", st01, answer.st02, st03)
        for error in answer.errors:
            add_error(out, error)
        out.add("IK5", answer.code, answer.why)
    received = len(group.sets)
    included = received if group.included is None else group.included
    accepted = sum(answer.code in ("A", "E") for _, _, answer in group.sets)
    counts = (str(included), str(received), str(accepted))
    out.add("AK9", group.code, *counts, *group.errors[:5])
    return out
