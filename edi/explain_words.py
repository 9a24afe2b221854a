"""Codes of X12 in our own words, from the TOML files of ``edi/words``."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from edi.segments import maybe_amount, maybe_date

MINUS = "\N{MINUS SIGN}"
FOLDER = Path(__file__).parent / "words"
Reasons = Callable[[str, str], str]
"""Words of a reason (``"CARC"``) or remark (``"RARC"``) code; empty when not known."""


@cache
def codes() -> dict[str, dict[str, str]]:
    """Each table of codes by its name."""
    found: dict[str, dict[str, str]] = {}
    for name in ("names", "claims", "answers", "coverage"):
        found |= tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    return found


@cache
def segments() -> dict[str, dict[str, str]]:
    """Each tag: its sentence under ``words``, and ``name|kind`` of its elements."""
    return tomllib.loads((FOLDER / "segments.toml").read_text("utf-8"))


def code(table: str, value: str) -> str:
    """Our words for a code, empty when the table does not have it."""
    return codes().get(table, {}).get(value, "")


def usd(text: str) -> str:
    """``$1,204.50``; empty when it is no amount."""
    found = maybe_amount(text)
    if found is None:
        return ""
    return f"{MINUS if found < 0 else ''}${abs(found):,.2f}"


def day(text: str) -> str:
    """``14 Jan 2026``, or two of them for a range; empty when it is no date."""
    first, last = maybe_date(text), maybe_date(text[9:])
    if first is None:
        return ""
    words = f"{first.day} {first:%b %Y}"
    return f"{words} to {last.day} {last:%b %Y}" if last else words


def meaning(kind: str, value: str, mark: str, reasons: Reasons) -> str:
    """What an element's value means; empty when we have nothing to add.

    ``mark`` separates the components of a composite.
    """
    if not value:
        return ""
    composite = _COMPOSITES.get(kind)
    if composite is not None:
        return composite(value.split(mark))
    if kind in ("usd", "day"):
        return usd(value) if kind == "usd" else day(value)
    if kind == "remark":
        return named(value, reasons("RARC", value))
    return code(kind, value)


def named(value: str, words: str) -> str:
    """``CO-45 · words``; the code alone when there are none."""
    return f"{value} · {words}" if words else value


def procedure(parts: list[str]) -> str:
    """``20610-RT`` of a composite with its qualifier."""
    return "-".join(part for part in parts[1:6] if part)


def _diagnosis(parts: list[str]) -> str:
    value = parts[1] if len(parts) > 1 else ""
    return f"{code('diagnosis', parts[0]) or 'Code'} {value}".strip()


def _status(parts: list[str]) -> str:
    category, status, entity = [*parts, "", "", ""][:3]
    words = code("category", category) or f"Status {category}"
    about = code("status", status) or (f"detail {status}" if status else "")
    who = code("entity", entity)
    return (
        f"{words}; {about}" * bool(about)
        + words * (not about)
        + (f" ({who})" if who else "")
    )


def _place_frequency(parts: list[str]) -> str:
    place, _, frequency = [*parts, "", "", ""][:3]
    found = [code("place", place), code("frequency", frequency)]
    return ", ".join(word for word in found if word)


def _plb(parts: list[str]) -> str:
    about = parts[1] if len(parts) > 1 else ""
    return f"{code('provider_change', parts[0]) or parts[0]} {about}".strip()


_COMPOSITES: dict[str, Callable[[list[str]], str]] = {
    "procedure": procedure,
    "diagnosis": _diagnosis,
    "status": _status,
    "place_frequency": _place_frequency,
    "plb": _plb,
    "unit": lambda parts: code("unit", parts[0]),
}
