"""How figures are counted and said: codes, money, long lists."""

import re
from decimal import Decimal
from typing import Any, Protocol

from claims.money import ZERO
from edi.elements import maybe_amount
from edi.interchange import TransactionSet

MOST_LISTED = 20
"""Values shown one by one; of more only their number."""
_CODE = re.compile(r"[A-Za-z0-9:. -]{0,15}")
_NO_CODE = "other"


class Figures(Protocol):
    """Counts the sets of one kind."""

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set; ``component`` separates its composites."""

    def result(self) -> dict[str, Any]:
        """The figures by name."""


def code(text: str) -> str:
    """A code or a number as it is; what can be none is not repeated."""
    return text if _CODE.fullmatch(text) else _NO_CODE


def money(amount: Decimal) -> str:
    """``1234.50``."""
    return f"{amount:.2f}"


def amount_of(text: str) -> Decimal:
    """An amount, zero when there is none that can be read."""
    return maybe_amount(text) or ZERO


def listed(values: list[str], count: int) -> list[str] | str:
    """The values, or how many there are when they are too many to list."""
    return values if count <= MOST_LISTED else f"{count} values"
