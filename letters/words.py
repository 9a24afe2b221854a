"""Dates, amounts and lists in the words of a letter. English, no system locale."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from claims.money import words as money_words

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December",
)  # fmt: skip
TOGETHER = rf"\d{{1,2}} (?:{'|'.join(MONTHS)})(?: \d{{4}})?|\bDr\. \w+|\bpage \d+"
"""Words that stay on one line: a date, a clinician's title, a page's number."""
MINUS = "\N{MINUS SIGN}"


def long_date(day: date) -> str:
    """``12 May 2026``: reads one way only, everywhere."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def day_and_month(day: date) -> str:
    """``12 May``, where the year is plain."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def month(day: date) -> str:
    """``November``."""
    return MONTHS[day.month - 1]


def money(amount: Decimal) -> str:
    """``$1,234.50``; a negative amount with a true minus sign."""
    return money_words(amount).replace("-", MINUS)


def less(amount: Decimal) -> str:
    """An amount that is taken away: ``80.00`` with a minus sign before the dollar sign,
    zero without one."""
    return money(-amount) if amount else money(amount)


def percent(value: Decimal) -> str:
    """``20.00`` as ``20%``, ``12.5`` as ``12.5%``."""
    return f"{value.normalize():f}%"


def and_list(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


def capital(text: str) -> str:
    """``text`` with a capital, to open a sentence."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """``text`` with a full stop, to close a sentence; nothing stays nothing."""
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def sentence(text: str) -> str:
    """``text`` with a capital and a full stop."""
    return capital(ended(text))
