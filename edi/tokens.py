"""Bytes to runs of segments: decoding, and the delimiters of each interchange.

Delimiters are found by counting separators, not by column 106: real files have stripped
or over-long ISA fields, byte order marks and line breaks. A file is taken a piece at a
time, so that no more of it is held than the segment that is being cut.
"""

import codecs
import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from edi.errors import EnvelopeError
from edi.interchange import Delimiters

ISA_ELEMENTS = 16
PIECE = 1 << 16
"""Bytes read at a time."""
_HEAD = 4096
"""Characters that the longest ISA may take."""
_ISA = re.compile(r"ISA(?=[^\w \r\n])")
_BLANK = re.compile(r"[\s\ufeff]*")
_COMPONENTS = ":<>^|\\"
"""What senders use between components: no terminator, whatever follows it."""


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 as the Latin-1 character it then must be."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("x12-latin-1", _as_latin1)


class Tokens:
    """A file's delimiters and, between them, text made of whole segments."""

    def __init__(self, content: bytes | BinaryIO) -> None:
        """``content`` is the file, or a stream of its bytes, which stays open."""
        self._raw = BytesIO(content) if isinstance(content, bytes) else content
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="x12-latin-1")
        self._text = ""
        self._at = 0
        self._ended = False

    def __iter__(self) -> Iterator[Delimiters | str]:
        """Delimiters wherever an interchange begins, then its text in pieces.

        A piece ends with a terminator, with the interchange, or with the file.

        Raises:
            EnvelopeError: the bytes are no X12 interchange.
        """
        self._begin()
        marks = declared(self._text[self._at : self._at + _HEAD])
        yield marks
        search = self._at + len("ISA")
        while self._at < len(self._text):
            cut, follows = self._next(search, marks.segment)
            end = cut if follows else self._whole(marks.segment)
            if end > self._at:
                yield self._text[self._at : end]
                self._at = end
            if follows:
                yield follows
                marks = follows
                search = end + len("ISA")
                continue
            self._fill(len(self._text) - self._at + 1)
            search = self._at

    def _begin(self) -> None:
        """Pass the blanks before the first ISA."""
        self._fill(_HEAD)
        while self._pass_blanks() == len(self._text) and not self._ended:
            self._fill(_HEAD)
        self._fill(_HEAD)
        if not self._text.startswith("ISA", self._at):
            raise EnvelopeError(
                "This is not an X12 file: it does not begin with ISA. Nothing was "
                "read. Check that it is the right file."
            )

    def _pass_blanks(self) -> int:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _fill(self, wanted: int) -> None:
        """Have ``wanted`` characters from here on, unless the file ends before."""
        while len(self._text) - self._at < wanted and not self._ended:
            rest = self._text[self._at :]
            # At least as much again, so that a long segment is not copied too often.
            piece = self._raw.read(max(PIECE, len(rest)))
            self._ended = not piece
            self._text = rest + self._decoder.decode(piece, final=self._ended)
            self._at = 0

    def _whole(self, terminator: str) -> int:
        """Where the last whole segment ends; the file's end is an end as well."""
        if self._ended:
            return len(self._text)
        return self._text.rfind(terminator, self._at) + 1

    def _next(self, search: int, terminator: str) -> tuple[int, Delimiters | None]:
        """Where the next interchange begins in what is held, and its delimiters."""
        found = _ISA.search(self._text, search)
        while found is not None:
            at = found.start()
            if self._begins_segment(at, terminator):
                if at + _HEAD > len(self._text) and not self._ended:
                    before = at - self._at
                    self._fill(before + _HEAD)
                    at = self._at + before
                try:
                    return at, declared(self._text[at : at + _HEAD])
                except EnvelopeError:
                    pass  # an ISA that declares nothing: the reader warns of it
            found = _ISA.search(self._text, at + 1)
        return 0, None

    def _begins_segment(self, at: int, terminator: str) -> bool:
        """Whether position ``at`` follows a terminator or a line break."""
        at -= 1
        ends = f"\r\n{terminator}"
        while at >= self._at and self._text[at] not in ends:
            if not _BLANK.fullmatch(self._text[at]):
                return False
            at -= 1
        return True


def declared(text: str) -> Delimiters:
    """The delimiters that the ISA at the beginning of a text declares.

    Raises:
        EnvelopeError: it declares none that can be used.
    """
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
    if (tail[1].isalpha() or tail[1] in "\r\n") and tail[0] not in _COMPONENTS:
        return "", tail[0]
    return tail[0], tail[1]
