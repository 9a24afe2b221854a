"""What a left-out row says where it is wrong, without saying it: its shape and a code.

Values are never stored with a reject, because any of them may name a patient. They are
looked up in the kept file when somebody asks, and leave here as shapes alone.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from activities import csv_files
from edi.errors import EdiError
from edi.segments import FileKind, Segment, each_set

MOST = 24
_CODES = (
    ("missing", "missing"),
    ("future", "future"),
    ("decimals", "decimals"),
    ("date", "date"),
    ("amount", "amount"),
    ("negative", "sign"),
    ("zero", "sign"),
    ("number of cells", "cells"),
    ("whole number", "number"),
    ("too long", "length"),
    ("none of the words", "word"),
    ("control character", "character"),
    ("other content", "conflict"),
    ("differs", "conflict"),
    ("not known", "unknown"),
    ("not followed", "kind"),
    ("twice", "twice"),
    ("ends inside", "cut-off"),
)
"""The first of these that a reason has in it gives its code."""
_PLACE = re.compile(r"at segment (\d+)$")
_ELEMENT = re.compile(r"^[A-Z][A-Z0-9]{1,2}(\d\d)$")
_QUALIFIED = {"DTP": 3, "AMT": 2, "REF": 2}


def shape(value: str) -> str:
    """``9999-99-99`` for a date, ``Xxxxx`` for a name; at most ``MOST`` characters."""
    plain = "".join(map(_masked, value.strip()))
    return plain if len(plain) <= MOST else f"{plain[: MOST - 1]}…"


def _masked(one: str) -> str:
    if one.isalpha():
        return "X" if one.isupper() else "x"
    if one.isnumeric():
        return "9"
    return one if one.isascii() and one.isprintable() else "?"


def code_of(reason: str) -> str:
    """One word for each part of a reason, for programs that sort rejects."""
    found = [
        next((code for has, code in _CODES if has in part), "refused")
        for part in reason.split("; ")
    ]
    return " ".join(dict.fromkeys(found))


def shapes(
    content: bytes, kind: str, rejects: Iterable[Mapping[str, object]]
) -> list[str]:
    """The shape of each reject's value; "" where the place has none."""
    listed = list(rejects)
    if kind in csv_files.KINDS:
        table = _table(content)
        return [
            _of_row(table, int(str(r["position"])), str(r["field"])) for r in listed
        ]
    segments = _segments(content) if listed else {}
    return [_of_element(segments, str(r["segment"]), str(r["field"])) for r in listed]


def _table(content: bytes) -> Sequence[Sequence[str]]:
    try:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error):
        return []


def _of_row(table: Sequence[Sequence[str]], number: int, field: str) -> str:
    if not 0 < number <= len(table):
        return ""
    cells = dict(zip(map(str.strip, table[0]), table[number - 1], strict=False))
    return ", ".join(shape(cells[name]) for name in field.split(", ") if name in cells)


def _segments(content: bytes) -> dict[int, Segment]:
    try:
        found = list(each_set(content, FileKind.X837P, FileKind.X837I, warnings=[]))
    except EdiError:
        return {}
    return {segment.number: segment for one in found for segment in one.segments}


def _of_element(segments: Mapping[int, Segment], place: str, field: str) -> str:
    at, element = _PLACE.search(place), _ELEMENT.match(field)
    segment = segments.get(int(at[1])) if at else None
    position = int(element[1]) if element else _QUALIFIED.get(field.partition("*")[0])
    return shape(segment.get(position)) if segment and position else ""
