"""A whole file in words: its envelopes, its sets, and what stands outside them."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from edi.envelopes import Envelopes
from edi.errors import EdiWarning
from edi.explain.model import Explained, Passage
from edi.explain.passage import whole
from edi.interchange import Delimiters, FileKind, Segment, TransactionSet


def explained_file(
    content: bytes | BinaryIO,
    say: Callable[[Passage], tuple[Explained, ...]],
    warnings: list[EdiWarning],
) -> Iterator[Explained]:
    """Every segment of a file in words, one transaction set at a time.

    Args:
        content: the file, or a stream of its bytes.
        say: ``explain`` with the caller's words for reasons.
        warnings: takes what is wrong with the envelopes, at the end.

    Raises:
        EnvelopeError: the bytes are no X12 interchange.
    """
    file = Envelopes(content)
    for found in file:
        if isinstance(found, TransactionSet):
            yield from say(whole(found))
        elif isinstance(found, Segment):
            yield from say(_alone(found, file.marks))
    warnings += file.warnings


def _alone(segment: Segment, marks: Delimiters) -> Passage:
    """A segment of the envelope, or a TA1."""
    kind = FileKind.TA1 if segment.tag == "TA1" else FileKind.UNKNOWN
    number = segment.number
    return Passage(kind, (segment,), marks, marks.component, first=number, last=number)
