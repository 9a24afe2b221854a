"""Elements in words: codes by the lists in edi/codes, dates, amounts, composites."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from claims.money import words as dollars
from edi.explain.model import Passage, Place
from edi.segments import FileKind, Segment, maybe_amount, maybe_date

_CODES = Path(__file__).resolve().parent.parent / "codes"
_DIAGNOSES = frozenset({"ABK", "ABF", "ABJ", "ABN", "APR"})
_LEVELS = {"20": "Billing provider", "22": "Subscriber", "23": "Patient"}
NO_WORDS = "A code we have no words for"


@cache
def _lists() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in sorted(_CODES.glob("*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True)
class Known:
    """A segment we have words for; ``elements`` is name and kind by position."""

    name: str
    words: str = ""
    elements: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@cache
def known() -> dict[str, Known]:
    """Every segment we have words for, by tag."""
    found: dict[str, Known] = {}
    for path in sorted((_CODES / "segments").glob("*.toml")):
        for tag, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            name, words = row.pop("name"), row.pop("words", "")
            found[tag] = Known(name, words, _elements(row))
    return found


def _elements(row: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for places, text in row.items():
        name, _, kind = text.partition(" | ")
        for part in places.split():
            first, _, last = part.partition("-")
            for place in range(int(first), int(last or first) + 1):
                found[place] = (name, kind)
    return found


def code(listed: str, value: str) -> str:
    """The words of a code, empty when the list has none."""
    return _lists()[listed].get(value.strip(), "")


def day_words(day: date) -> str:
    """``14 Jan 2026``."""
    return f"{day.day} {day:%b %Y}"


def lower(text: str) -> str:
    """The text as it continues a sentence: ``Billed`` as ``billed``, NPI as it is."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def upper(text: str) -> str:
    """The text as it begins a sentence."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Here:
    """One segment where it stands, with the words the caller has for reasons."""

    segment: Segment
    passage: Passage
    place: Place
    reason_words: Mapping[str, str]
    status_words: Mapping[str, str]

    def get(self, position: int) -> str:
        """The element without padding."""
        return self.segment.get(position).strip()

    def parts(self, position: int, count: int) -> tuple[str, ...]:
        """Components of an element, empty where absent."""
        found = self.segment.parts(position, self.passage.component, count)
        return tuple(part.strip() for part in found)

    def meaning(self, position: int) -> str:
        """The element in words; empty when it is plain text or empty."""
        about = known().get(self.segment.tag, Known("")).elements.get(position)
        value = self.get(position)
        if about is None or not about[1] or not value:
            return ""
        act = _KINDS.get(about[1])
        return act(self, position) if act else self._listed(about[1], position)

    def shown(self, position: int) -> str:
        """What a sentence says of the element: its meaning, else its value."""
        meaning = self.meaning(position)
        return self.get(position) if meaning in ("", NO_WORDS) else meaning

    def _listed(self, listed: str, position: int) -> str:
        value = self.get(position)
        mark = self.passage.delimiters.repetition
        values = value.split(mark) if mark else [value]
        found = [code(listed, one.split(self.passage.component)[0]) for one in values]
        known_ones = [words for words in found if words]
        more = len(found) - len(known_ones)
        if not known_ones:
            return NO_WORDS
        known_ones[1:] = [lower(words) for words in known_ones[1:]]
        return ", ".join(known_ones) + (f" and {more} more" if more else "")

    def reason(self, value: str) -> str:
        """The caller's words for a CARC or RARC, empty without."""
        return upper(self.reason_words.get(value, "").strip())


def _amount(here: Here, position: int) -> str:
    amount = maybe_amount(here.get(position))
    return "Not an amount" if amount is None else dollars(amount)


def _date(here: Here, position: int) -> str:
    text = here.get(position)
    if len(text) == 6 and text.isascii() and text.isdecimal():
        text = f"20{text}"
    first = maybe_date(text)
    if first is None:
        return _moment(text)
    last = maybe_date(text[9:]) if "-" in text else None
    if last is None or last == first:
        return day_words(first)
    return f"{day_words(first)} to {day_words(last)}"


def _moment(text: str) -> str:
    """A day with a time behind it (DT), else no date."""
    day = maybe_date(text[:8]) if len(text) in (12, 14) else None
    if day is None:
        return "Not a date"
    return f"{day_words(day)}, {text[8:10]}:{text[10:12]}"


def _time(here: Here, position: int) -> str:
    text = here.get(position)
    whole = text.isascii() and text.isdecimal() and len(text) >= 4
    return f"{text[:2]}:{text[2:4]}" if whole else "Not a time"


def _share(here: Here, position: int) -> str:
    return share_words(here.get(position))


def share_words(text: str) -> str:
    """``0.2`` as ``20%``."""
    digits = text.replace(".", "", 1)
    if not digits.isascii() or not digits.isdecimal() or len(text) > 10:
        return "Not a share"
    whole, _, part = text.partition(".")
    part = (part + "00")[: max(2, len(part))]
    percent = f"{whole}{part[:2]}".lstrip("0") or "0"
    rest = part[2:].rstrip("0")
    return f"{percent}.{rest}%" if rest else f"{percent}%"


def procedure(here: Here, position: int) -> str:
    """``HC:99214:25`` as ``99214, modifier 25``."""
    kind, number, *modifiers = here.parts(position, 6)
    told = [code("modifier", m) or f"modifier {m}" for m in modifiers if m]
    name = number or kind
    if number and kind not in ("HC", "AD", ""):
        name = f"{lower(code('procedure', kind)) or kind} {number}"
    return f"{name}, {', '.join(told)}" if told else name


def said_procedure(here: Here, position: int) -> str:
    """``HC:99214:25`` as ``99214 with modifier 25``, as a sentence says it."""
    name, *modifiers = short_procedure(here, position).split("-")
    return f"{name} with modifier {', '.join(modifiers)}" if modifiers else name


def short_procedure(here: Here, position: int) -> str:
    """``HC:99214:25`` as ``99214-25``."""
    kind, number, *modifiers = here.parts(position, 6)
    return "-".join([number or kind, *(m for m in modifiers if m)])


def _facility(here: Here, position: int) -> str:
    sent = code("frequency", here.parts(position, 3)[2])
    return f"{where_done(here)}. {sent}" if sent else where_done(here)


def where_done(here: Here) -> str:
    """The place of a CLM; an institutional one has a type of bill instead."""
    place, kind, frequency = here.parts(5, 3)
    if kind == "A":
        return f"Type of bill {place}{frequency}"
    return code("place", place) or f"Place {place}"


def level(kind: FileKind, value: str) -> str:
    """What an HL level is about: in an 837 the top one is the billing provider."""
    ours = _LEVELS.get(value) if kind in (FileKind.X837P, FileKind.X837I) else None
    return ours or code("level", value)


def _level(here: Here, position: int) -> str:
    return level(here.passage.kind, here.get(position)) or NO_WORDS


def diagnosis(here: Here, position: int) -> str:
    """``ABK:E119`` as ``Main diagnosis E11.9``."""
    kind, number = here.parts(position, 2)
    if kind in _DIAGNOSES and "." not in number and len(number) > 3:
        number = f"{number[:3]}.{number[3:]}"
    return f"{code('diagnosis', kind) or f'Code of list {kind}'} {number}".strip()


def _pointer(here: Here, position: int) -> str:
    found = [part for part in here.parts(position, 4) if part]
    return f"Diagnosis {', '.join(found)} of the claim"


def status(here: Here, position: int) -> str:
    """``A7:33:IL`` as category, detail and whom it is about."""
    category, detail, entity = here.parts(position, 3)
    told = code("category", category) or f"Status group {category}"
    more = here.status_words.get(detail, "").strip() or code("status", detail)
    told += f" · {more or f'detail {detail}'}" if detail else ""
    about = code("entity", entity) or entity
    return f"{told} ({lower(about)})" if about else told


def _provider_change(here: Here, position: int) -> str:
    kind, number = here.parts(position, 2)
    words = upper(code("provider_change", kind)) or NO_WORDS
    return f"{words}, for {number}" if number else words


def _reason(here: Here, position: int) -> str:
    return here.reason(here.get(position)) or "No words for this reason"


def _remark(here: Here, position: int) -> str:
    return here.reason(here.get(position)) or "No words for this remark"


def _ending(here: Here, position: int) -> str:
    return f"Ends in {here.get(position)[-4:]}"


def _below(here: Here, position: int) -> str:
    return {"0": "No", "1": "Yes"}.get(here.get(position), NO_WORDS)


_KINDS: dict[str, Callable[[Here, int], str]] = {
    "$": _amount,
    "date": _date,
    "time": _time,
    "share": _share,
    "procedure": procedure,
    "facility": _facility,
    "diagnosis": diagnosis,
    "pointer": _pointer,
    "status": status,
    "provider_change": _provider_change,
    "reason": _reason,
    "remark": _remark,
    "ending": _ending,
    "below": _below,
    "level": _level,
}
