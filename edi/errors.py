"""Errors and warnings of X12 files. Neither carries a value from the file.

EdiError
├── EnvelopeError        not X12, or the interchange cannot be cut into segments
└── UnwritableError      a claim cannot be written as an 837P
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class EdiWarning:
    """Something a reader noticed and read past: where, and what, without values."""

    segment: int
    code: str
    message: str


class EdiError(ValueError):
    """The file or part of it cannot be read; nothing of it was used."""

    def __init__(self, message: str, *, segment: int = 0, field: str = "") -> None:
        """Keep the position so that a reject can name segment and field."""
        super().__init__(message)
        self.segment = segment
        self.field = field


class EnvelopeError(EdiError):
    """Not an X12 interchange, or one that cannot be cut into segments."""


class UnwritableError(EdiError):
    """A claim holds text or values that an 837P cannot carry. Nothing was written."""
