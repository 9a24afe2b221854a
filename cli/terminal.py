"""How the command line speaks: data to stdout, messages to stderr, 100 columns wide.

Dates are ISO in tables, money is right-aligned with two decimals. With ``--json`` a
command prints one object, or one object a line for a list.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

WIDTH = 100
GAP = "  "
LEAST = 14
"""Characters a column keeps, however wide the others are."""


@dataclass(frozen=True)
class Terminal:
    """Where a command's words go."""

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str) -> None:
        """A message to the person; stdout stays clean."""
        if not self.quiet:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def show(self, text: str) -> None:
        """Data for the person."""
        if not self.as_json:
            sys.stdout.write(text + "\n")

    def emit(self, value: Any) -> None:
        """One JSON object on a line of its own."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")


def plain(value: Any) -> Any:
    """What JSON can say: amounts and dates as text."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(v) for v in value]
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def dollars(amount: Decimal | None) -> str:
    """``1,234.50``; nothing for no amount."""
    return "" if amount is None else f"{amount:,.2f}"


@dataclass(frozen=True)
class Column:
    """One column: its heading, whether numbers align right, what gives way for width.

    ``wrap`` goes on in the next line, ``clip`` ends with an ellipsis.
    """

    title: str
    right: bool = False
    wrap: bool = False
    clip: bool = False
    least: int = 0


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> str:
    """Aligned rows under their headings; the wrapping column takes what is left."""
    cells = [["" if v is None else str(v) for v in row] for row in rows]
    widths = [
        max([len(c.title), c.least, *(len(r[i]) for r in cells)])
        for i, c in enumerate(columns)
    ]
    for i, column in enumerate(columns):
        if column.wrap or column.clip:
            others = sum(widths) - widths[i] + len(GAP) * (len(columns) - 1)
            widths[i] = max(LEAST, min(widths[i], WIDTH - others))
    lines = [_line([c.title for c in columns], columns, widths)]
    for row in cells:
        lines += _wrapped(row, columns, widths)
    return "\n".join(lines)


def _wrapped(
    row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]
) -> list[str]:
    parts = [
        _folded(text, width) if column.wrap else [_clipped(text, width)]
        for text, column, width in zip(row, columns, widths, strict=True)
    ]
    height = max(len(part) for part in parts)
    return [
        _line([p[i] if i < len(p) else "" for p in parts], columns, widths)
        for i in range(height)
    ]


def _folded(text: str, width: int) -> list[str]:
    # At spaces only: a file's name or a code is copied as one piece.
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _clipped(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _line(row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    parts = [
        text.rjust(width) if column.right else text.ljust(width)
        for text, column, width in zip(row, columns, widths, strict=True)
    ]
    return GAP.join(parts).rstrip()


def paragraph(text: str, indent: str = "") -> str:
    """Text wrapped to the width of the terminal."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
