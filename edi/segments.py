"""A file as interchanges, transaction sets and segments (R-BAD-01, R-BAD-02).

``read`` gives a whole file; ``each_set`` gives its sets one at a time, so that memory
stays in proportion to one of them.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import BinaryIO

from edi.elements import (
    maybe_amount,
    maybe_date,
    read_amount,
    read_date,
    read_quantity,
    read_range,
)
from edi.envelopes import Envelopes
from edi.errors import EdiError, EdiWarning
from edi.interchange import (
    Delimiters,
    FileKind,
    Interchange,
    InterchangeHeader,
    Segment,
    TransactionSet,
)
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
    "each_set",
    "every_set",
    "maybe_amount",
    "maybe_date",
    "plain",
    "read",
    "read_amount",
    "read_date",
    "read_quantity",
    "read_range",
]

_TELLS_KIND = frozenset({"BHT"})
_QUALIFIERS = {
    "SVC": "(?:HC|AD|ER|HP|IV|N4|NU|WK)",
    "SV1": "(?:HC|ER|IV|WK)",
    "HI": "(?:ABK|ABF|BK|BF)",
    "STC": "[A-Z][0-9]{1,2}",
}
_MARK = r"([^\w\s.-])"
_QUALIFIED = {tag: re.compile(text + _MARK) for tag, text in _QUALIFIERS.items()}


def read(content: bytes) -> tuple[tuple[Interchange, ...], tuple[EdiWarning, ...]]:
    """Every interchange of a file, and what is wrong with its envelopes.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    file = Envelopes(content)
    done: list[Interchange] = []
    sets: list[TransactionSet] = []
    for found in file:
        if isinstance(found, TransactionSet):
            sets.append(found)
        elif isinstance(found, Interchange):
            done.append(replace(found, sets=tuple(sets)))
            sets = []
    return tuple(done), tuple(file.warnings)


def detect(content: bytes) -> tuple[FileKind, ...]:
    """The kinds of transaction in a file, in order, each once.

    Raises:
        EnvelopeError: no X12 interchange.
    """
    kinds: dict[FileKind, None] = {}
    waiting: list[FileKind] = []
    for found in Envelopes(content, only=_TELLS_KIND):
        if isinstance(found, TransactionSet):
            waiting.append(found.kind)
        elif isinstance(found, Interchange):
            first = [FileKind.TA1] if found.ta1 else []
            kinds |= dict.fromkeys(first + waiting)
            waiting = []
    return tuple(kinds)


def every_set(content: bytes | BinaryIO) -> Iterator[TransactionSet]:
    """Each set of a file, whatever its kind, one at a time.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    for found in Envelopes(content):
        if isinstance(found, TransactionSet):
            yield found


def each_set(
    content: bytes | BinaryIO, *kinds: FileKind, warnings: list[EdiWarning]
) -> Iterator[TransactionSet]:
    """Sets of the wanted kinds, one at a time; at the end come the file's warnings.

    Raises:
        EdiError: none of the file's sets is of these kinds.
    """
    file, any_of_them = Envelopes(content), False
    for found in file:
        if isinstance(found, TransactionSet) and found.kind in kinds:
            any_of_them = True
            yield found
    if not any_of_them:
        names = ", ".join(kinds)
        raise EdiError(
            f"The file holds no {names} transaction. Nothing was read. "
            "Check that it is the right file."
        )
    warnings += file.warnings


def component_separator(one: TransactionSet) -> tuple[str, EdiWarning | None]:
    """The separator the set really uses inside composites.

    Some senders declare one in ISA16 and write another. Only procedure, diagnosis and
    status codes are looked at: there the first part shows where it must stand.
    """
    declared = one.delimiters.component
    if one.run is not None:
        first = _first_use(one.delimiters).search(one.run.text)
        if first is not None and first[1] == declared:
            return declared, None
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


@lru_cache(maxsize=64)
def _first_use(marks: Delimiters) -> re.Pattern[str]:
    """A component separator of any kind, behind the first part of a code."""
    element, end = re.escape(marks.element), re.escape(marks.segment)
    kinds = "|".join(tag + element + text for tag, text in _QUALIFIERS.items())
    return re.compile(f"{end}(?:{kinds}){_MARK}")
