"""Money is ``Decimal`` dollars with exactly two places (R-MON-01).

Floats are refused at the border, because 0.1 + 0.2 is not a sum a payer accepts.
A percentage is rounded half up to the cent; nothing else in the product rounds.
"""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_LIMIT = Decimal("1e12")
# Decimal() also reads "1_000" and digits of other scripts; no file of ours has those.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.ASCII | re.IGNORECASE)


class MoneyError(ValueError):
    """An amount is not dollars with at most two decimals. Nothing was stored."""


def usd(value: str | int | Decimal) -> Decimal:
    """Read ``value`` as dollars and cents, exactly.

    Raises:
        MoneyError: a float, a non-finite number, text that is no number, or more than
            two decimals (R-BAD-03). Nothing is rounded.
    """
    amount = value if type(value) is Decimal else _parsed(value)
    if not amount.is_finite() or not -_LIMIT < amount < _LIMIT:
        raise MoneyError("an amount is out of range")
    exact = amount.quantize(CENT)
    if exact != amount:
        raise MoneyError("an amount has more than two decimals")
    return exact + ZERO  # -0.00 becomes 0.00


def _parsed(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise MoneyError("an amount must be text or Decimal, never a float")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise MoneyError("an amount is not a number")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise MoneyError("an amount is not a number") from None


def _read(value: Any) -> Decimal:
    return usd(value)


Usd = Annotated[
    Decimal,
    BeforeValidator(_read),
    PlainSerializer(lambda amount: str(amount), return_type=str),
]
"""Dollars with two places: refuses floats, written to JSON as text."""


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """``percent`` of ``amount``, half up to the cent: the only rounding (R-MON-01)."""
    return (amount * percent / 100).quantize(CENT, rounding=ROUND_HALF_UP)


def cents(amount: Decimal) -> int:
    """Dollars as whole cents, as the database stores them.

    Raises:
        MoneyError: the amount has parts of a cent. Nothing is rounded.
    """
    return int(usd(amount).scaleb(2))


def from_cents(value: int) -> Decimal:
    """Whole cents from the database as dollars."""
    return Decimal(value).scaleb(-2).quantize(CENT)


def words(amount: Decimal) -> str:
    """``1234.5`` as ``$1,234.50``; a negative as ``-$12.00``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.2f}"
