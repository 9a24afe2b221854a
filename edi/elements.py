"""Elements to values: dates, amounts and quantities (R-BAD-02, R-BAD-03)."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache

from claims.money import MoneyError, usd
from edi.errors import EdiError
from edi.interchange import Segment
from edi.writer import plain

_AMOUNT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_USUAL = re.compile(r"-?[1-9][0-9]{0,9}(?:\.[0-9]{1,2})?")
_D8 = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def maybe_date(text: str) -> date | None:
    """A D8 date or the first day of an RD8 range; None when it is none."""
    found = _D8.match(text)
    if found is None or text[8:9] not in ("", "-") or len(text) > len("-") + 16:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def read_date(text: str, segment: Segment, name: str) -> date:
    """A D8 date, or the first day of an RD8 range.

    Raises:
        EdiError: no such day; names segment and field.
    """
    found = maybe_date(text)
    if found is None:
        what = "is not a date" if text else "is missing"
        raise EdiError(f"{name} {what}", segment=segment.number, field=name)
    return found


def read_range(text: str, segment: Segment, name: str) -> tuple[date, date | None]:
    """First day, and the last one when the text is an RD8 range.

    Raises:
        EdiError: no such day, or a range that ends before it begins.
    """
    first = read_date(text, segment, name)
    if "-" not in text:
        return first, None
    last = read_date(text[9:], segment, name)
    if last < first:
        raise EdiError(
            f"{name} ends before it begins", segment=segment.number, field=name
        )
    return first, last


def read_amount(text: str, segment: Segment, name: str) -> Decimal:
    """An amount in dollars with at most two decimals (R-BAD-03).

    Raises:
        EdiError: missing or not an amount; names segment and field.
    """
    try:
        return _amount(text)
    except MoneyError as error:
        problem = str(error).removeprefix("an amount ") if text else "is missing"
    raise EdiError(f"{name} {problem}", segment=segment.number, field=name)


def dollars(text: str) -> Decimal:
    """The same without a place to name.

    Raises:
        MoneyError: not an amount, or one with parts of a cent.
    """
    if _USUAL.fullmatch(text):
        whole, _, part = text.partition(".")
        return Decimal(f"{whole}.{part:0<2}")
    if not _AMOUNT.fullmatch(text):
        raise MoneyError("an amount is not an amount")
    return usd(text)


_amount = lru_cache(maxsize=4096)(dollars)
"""Prices come again and again in a file."""


def read_quantity(text: str, segment: Segment, name: str) -> Decimal:
    """A number of units, minutes or a drug's quantity.

    Raises:
        EdiError: missing or not a number; names segment and field.
    """
    if not _AMOUNT.fullmatch(text) or len(text) > 20:
        what = "is not a number" if text else "is missing"
        raise EdiError(f"{name} {what}", segment=segment.number, field=name)
    return Decimal(plain(Decimal(text)))


def maybe_amount(text: str) -> Decimal | None:
    """An amount, None when it is none."""
    try:
        return _amount(text)
    except MoneyError:
        return None
