"""835 provider-level adjustments by ``plb_reasons.yaml`` (R-PLB-01), and the claim that
one names."""

import re
from collections.abc import Iterable
from typing import Any

from policy.tables import rows

TABLE = "plb_reasons"
CARRIED_DAYS = 60
"""A balance that a payer carried out and not in again by then is asked about
(R-PLB-03)."""
SHORTEST = 4
"""A shorter number among other text may be anything."""
LONGEST = 50
"""Characters of PLB03-2 at most; what is behind them is not looked at."""
_PART = re.compile(r"[0-9A-Za-z]+")


def get(code: str) -> dict[str, Any] | None:
    """The entries and the task of a PLB code; None for one the table does not have."""
    return rows(TABLE, "plb", "code").get(code)


def entry_word(code: str, *, lowers_payment: bool) -> str | None:
    """The entry of the table for a code and the sign of its amount."""
    row = get(code)
    return str(row["ledger_pos" if lowers_payment else "ledger_neg"]) if row else None


def meaning(code: str) -> str:
    """Our words for a code; empty for one the table does not have."""
    row = get(code)
    return re.split(r"[;:(]", str(row["meaning"]))[0].strip() if row else ""


def numbers_in(reference: str) -> set[str]:
    """What in PLB03-2 may be a claim's number: with text behind it, between words, or
    with a member's number joined to its end, as payers write it."""
    reference = reference[:LONGEST]
    runs = {reference[start:end] for start, end in _runs(reference)}
    return {*runs, *_beginnings(reference)}


def named(reference: str, known: Iterable[tuple[str, str]]) -> set[str]:
    """Ids of the claims that the reference names; ``known`` are numbers and claims.

    A number that stands by itself wins over one that only begins a longer word; of two
    at one place, the longer one wins.
    """
    reference = reference[:LONGEST]
    found = list(known)
    given = {number for number, _ in found}
    runs = [(a, b) for a, b in _runs(reference) if reference[a:b] in given]
    longest = [run for run in runs if not any(_is_inside(run, other) for other in runs)]
    numbers = {reference[start:end] for start, end in longest}
    if not numbers:
        numbers = {max(given, key=len, default="")}
    return {claim_id for number, claim_id in found if number in numbers}


def _runs(reference: str) -> list[tuple[int, int]]:
    """Where whole words stand, one or several: a number may have hyphens."""
    words = list(_PART.finditer(reference))
    runs = [
        (first.start(), last.end())
        for place, first in enumerate(words)
        for last in words[place:]
    ]
    alone = len(words) == 1
    return [(start, end) for start, end in runs if alone or end - start >= SHORTEST]


def _is_inside(run: tuple[int, int], other: tuple[int, int]) -> bool:
    return run != other and other[0] <= run[0] and run[1] <= other[1]


def _beginnings(reference: str) -> set[str]:
    text = reference.strip()
    return {text[:end] for end in range(SHORTEST, len(text))}
