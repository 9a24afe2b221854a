"""A task's evidence in words: what a person is shown beside the form."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from desk.words import day, reason_code, usd
from policy.status import in_words

_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_MONEY = re.compile(r"-?\d+\.\d\d")
_STATUS = re.compile(r"[A-Z]\d+[A-Z]?:\d+")
_NAME = re.compile(r"[A-Z]+(_[A-Z0-9]+)+")
_CODES = ("carc", "group")
_OF_EDIT = ("edit", "field", "fix", "reason")


@dataclass(frozen=True)
class Fact:
    """One thing on file about a task."""

    label: str
    value: str


def facts(evidence: Mapping[str, Any]) -> list[Fact]:
    """Every value of the evidence once, codes together with their words."""
    found = []
    if carc := str(evidence.get("carc", "")):
        group = str(evidence.get("group", ""))
        found.append(Fact("Reason", reason_code(group, carc)))
    told = (*_CODES, "edits", *(_OF_EDIT if evidence.get("edits") else ()))
    for name, value in sorted(evidence.items()):
        if name not in told and f"{name}_on" not in evidence:
            found += _of(name, value)
    return found


def edits(evidence: Mapping[str, Any]) -> list[dict[str, str]]:
    """The edits that failed: which field, why, and how to fix it."""
    names = ("edit", "field", "reason", "fix")
    found = evidence.get("edits", [])
    return [{n: str(e.get(n, "")) for n in names} for e in found]


def _of(name: str, value: Any) -> Iterator[Fact]:
    label = name.replace("_", " ")
    label = label[:1].upper() + label[1:]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, one in enumerate(value, start=1):
            yield Fact(f"{label} {number}", said(one))
    elif value not in ("", None, [], {}):
        yield Fact(label, said(value))


def said(value: Any) -> str:
    """A value of any shape as one line; a status code with its words."""
    if isinstance(value, Mapping):
        parts = (f"{k.replace('_', ' ')} {said(v)}" for k, v in value.items() if v)
        return ", ".join(parts)
    if isinstance(value, list):
        return ", ".join(map(said, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return dated(_worded(str(value)))


def _worded(text: str) -> str:
    """Dollars; a code with its words: of the payer's status, or the name of a step."""
    if _MONEY.fullmatch(text):
        return usd(Decimal(text))
    if _STATUS.fullmatch(text) and (words := in_words(text)):
        return f"{text} · {words}"
    return text.replace("_", " ").lower() if _NAME.fullmatch(text) else text


def dated(text: str) -> str:
    """Text with its stored dates as people write them."""
    return _DAY.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    try:
        return day(date.fromisoformat(found[0]))
    except ValueError:  # 2026-02-30 of somebody's hand
        return found[0]
