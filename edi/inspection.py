"""What one file is, what it holds in figures, and what is wrong with it.

The figures have the names and types of the sample set's oracles. A file is read once,
one transaction set at a time.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast

from edi.acks import group_of, receipt_of
from edi.envelopes import MOST_WARNINGS, Envelopes
from edi.errors import EdiWarning
from edi.figures import FileFigures, receipt
from edi.interchange import (
    Delimiters,
    FileKind,
    Interchange,
    Segment,
    TransactionSet,
)
from edi.levels import level_warnings
from edi.segments import component_separator
from edi.x835_read import read_set
from edi.x837_read import read_claim_set

FIXED_ISA = 106
"""Characters of an ISA that keeps to its fixed widths, with the terminator."""
_BOM = b"\xef\xbb\xbf"
_NO_REPETITION = "-"


@dataclass(frozen=True)
class Inspection:
    """One file.

    ``transaction`` and ``version`` name each kind and each guide in it once, joined by
    ``+``. ``figures`` are the oracle's, by the same names.
    """

    transaction: str
    version: str
    figures: dict[str, Any]
    warnings: tuple[EdiWarning, ...]


def inspect(content: bytes | BinaryIO) -> Inspection:
    """Read a file and count it.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    raw = BytesIO(content) if isinstance(content, bytes) else content
    return _Inspector(raw).run()


class _Measured:
    """A stream whose bytes are counted and hashed as they are read."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.first = b""

    def read(self, size: int) -> bytes:
        piece = self._raw.read(size)
        self._digest.update(piece)
        self.bytes += len(piece)
        self.first = (self.first + piece[: len(_BOM)])[: len(_BOM)]
        return piece

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class _Inspector:
    def __init__(self, raw: BinaryIO) -> None:
        self.source = _Measured(raw)
        # Nothing but read() is called of it.
        self.file = Envelopes(cast("BinaryIO", self.source))
        self.figures = FileFigures()
        self.names: dict[str, None] = {}
        self.versions: dict[str, None] = {}
        self.delimiters: dict[str, None] = {}
        self.lengths: dict[int, None] = {}
        self.groups = self.sets = 0
        self.receipts: list[dict[str, str]] = []
        self.warnings: list[EdiWarning] = []
        self.traces: set[tuple[str, str]] = set()
        self.claims: set[str] = set()

    def run(self) -> Inspection:
        for found in self.file:
            if isinstance(found, TransactionSet):
                self._set(found)
            elif isinstance(found, Interchange):
                self._interchange(found)
            elif found.tag == "TA1":
                self.receipts.append(receipt(found))
                if isinstance(answer := receipt_of(found), EdiWarning):
                    self._warn([answer])
        return Inspection(
            transaction="+".join(self.names),
            version="+".join(self.versions),
            figures={**self._envelope(), **self.figures.result()},
            warnings=tuple(sorted(self._warnings(), key=lambda w: w.segment)),
        )

    def _set(self, one: TransactionSet) -> None:
        self.sets += 1
        self.names[named(one)] = None
        self.versions[one.version] = None
        component, _ = component_separator(one)
        self.figures.take(one, component)
        found = [*level_warnings(one), *_not_used(one), *self._of_reader(one)]
        self._warn(found)

    def _warn(self, found: Sequence[EdiWarning]) -> None:
        self.warnings += found[: MOST_WARNINGS - len(self.warnings)]

    def _of_reader(self, one: TransactionSet) -> Iterator[EdiWarning]:
        """What the reader of the kind finds wrong, and what it would leave out."""
        if one.kind is FileKind.X835:
            read = read_set(one, self.traces)
            yield from read.warnings
            if read.problem and one.complete and not one.repeated:
                words = f"{read.problem.message}: the set cannot be posted"
                yield EdiWarning(read.problem.segment, read.problem.code, words)
        elif one.kind in (FileKind.X837P, FileKind.X837I):
            claims = read_claim_set(one, self.claims)
            yield from claims.warnings
            for reject in claims.rejects if claims.professional else ():
                words = f"{reject.reason}: the claim cannot be taken in"
                yield EdiWarning(reject.at, reject.field, words)
        elif warning := component_separator(one)[1]:
            yield warning
        if one.kind is FileKind.X999 and isinstance(found := group_of(one), EdiWarning):
            yield found

    def _interchange(self, found: Interchange) -> None:
        self.groups += found.groups
        self.delimiters[in_words(found.delimiters)] = None
        if found.header.length != FIXED_ISA:
            self.lengths[found.header.length] = None
        if found.ta1:
            self.names["TA1"] = None
            self.versions[f"ISA12 {found.header.version}"] = None

    def _warnings(self) -> Iterator[EdiWarning]:
        yield from self.file.warnings
        yield from self.warnings

    def _envelope(self) -> dict[str, Any]:
        notes = ["BOM"] if self.source.first == _BOM else []
        notes += [f"ISA length {length}" for length in self.lengths]
        errors = dict(self.file.errors)
        return {
            **({"ta1": self.receipts} if self.receipts else {}),
            "isa": self.file.interchanges,
            "gs": self.groups,
            "st": self.sets,
            "segments": self.file.segments,
            "delims": list(self.delimiters),
            **({"notes": notes} if notes else {}),
            "envelope_ok": not errors,
            **({"envelope_errors": errors} if errors else {}),
            "bytes": self.source.bytes,
            "sha256": self.source.sha256,
        }


def in_words(marks: Delimiters) -> str:
    """Element, component, repetition, a blank, terminator; no repetition is ``-``."""
    repetition = marks.repetition or _NO_REPETITION
    text = f"{marks.element}{marks.component}{repetition} {marks.segment}"
    return text.encode("unicode_escape").decode("ascii")


def named(one: TransactionSet) -> str:
    """The kind of a set, or its number when nothing here reads it: ``278``."""
    if one.kind is not FileKind.UNKNOWN:
        return one.kind.value
    st01 = one.segments[0].get(1)
    known = st01.isascii() and st01.isdecimal() and len(st01) == len("837")
    return st01 if known else FileKind.UNKNOWN.value


def _not_used(one: TransactionSet) -> Iterator[EdiWarning]:
    """What is recognised and goes no further."""
    st: Segment = one.segments[0]
    if one.kind is FileKind.X837I:
        words = "institutional claims (837I) are read, and refused for submission"
        yield EdiWarning(st.number, "ST03", words)
    elif one.kind is FileKind.UNKNOWN:
        words = "the transaction is recognised, and nothing here reads it"
        yield EdiWarning(st.number, "ST01", words)
