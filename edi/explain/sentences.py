"""One sentence for a segment that a tired clerk understands.

Most sentences are templates of edi/codes/segments; those of several cases are functions
here (names, dates, numbers, claims) and in money.py and answers.py. No sentence holds
what ``hidden`` names.
"""

import re
from collections.abc import Callable

from edi.explain import answers, money
from edi.explain.hidden import hidden
from edi.explain.layout import PATIENTS
from edi.explain.values import (
    NO_WORDS,
    Here,
    code,
    known,
    lower,
    said_procedure,
    upper,
    where_done,
)
from edi.segments import FileKind

_PLACE = re.compile(r"\{(\d+)(?:\|(\d+))?(l?)\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_INCOMING = frozenset({FileKind.X835, FileKind.X277, FileKind.X277CA, FileKind.X271})
_UNKNOWN = "We have no words for this segment. It was kept as it came"


def sentence(here: Here) -> str:
    """What the segment says, in one sentence without a patient's data."""
    about = known().get(here.segment.tag)
    if about is None:
        return _UNKNOWN
    act = _SENTENCES.get(here.segment.tag)
    text = act(here) if act else _filled(here, about.words)
    return text or about.name


def _filled(here: Here, template: str) -> str:
    """The template with its elements; empty when one that it needs is empty."""
    text = _OPTIONAL.sub(lambda found: _fill(here, found[1]), template)
    return upper(_fill(here, text))


def _fill(here: Here, text: str) -> str:
    """A piece of a template, empty when an element in it is empty."""
    missing = False

    def put(found: re.Match[str]) -> str:
        nonlocal missing
        shown = here.shown(int(found[1])) or here.shown(int(found[2] or found[1]))
        missing = missing or not shown
        return lower(shown) if found[3] else shown

    filled = _PLACE.sub(put, text)
    return "" if missing else filled


def _nm1(here: Here) -> str:
    entity = here.get(1)
    if entity in PATIENTS:
        return _person(here, entity)
    who = code("entity", entity)
    if not who:
        return f"Someone named by code {entity}"
    name = " ".join(part for part in (here.get(4), here.get(3)) if part)
    kind = lower(code("number", here.get(8))) or "number"
    number = f"{kind} {here.get(9)}" if here.get(9) else ""
    told = ", ".join(part for part in (name, number) if part)
    return f"{who}: {told}" if told else who


def _person(here: Here, entity: str) -> str:
    if entity == "74":
        return "The plan knows other data about the patient"
    who = f"The {lower(code('entity', entity))}"
    knows = "the plan knows them" if here.passage.kind in _INCOMING else "we sent them"
    return f"{who}, as {knows}"


def _n1(here: Here) -> str:
    who = code("entity", here.get(1)) or f"Someone named by code {here.get(1)}"
    return f"{who}: {here.get(2)}" if here.get(2) else who


def _per(here: Here) -> str:
    who = here.shown(1) or "Contact"
    if hidden(here.segment, here.place, here.passage.kind):
        return "How to reach the person above"
    ways = [
        f"{lower(here.shown(n))} {here.get(n + 1)}"
        for n in (3, 5, 7)
        if here.get(n + 1)
    ]
    told = ", ".join(part for part in (here.get(2), *ways) if part)
    return f"{who}: {told}" if told else who


def _ref(here: Here) -> str:
    which = code("reference", here.get(1)) or f"A number of kind {here.get(1)}"
    secret = hidden(here.segment, here.place, here.passage.kind)
    if secret or not here.get(2):
        return which
    return f"{which}: {here.get(2)}"


def _dated(position: int) -> Callable[[Here], str]:
    def told(here: Here) -> str:
        which = code("day", here.get(1)) or f"A date of kind {here.get(1)}"
        shown = here.shown(position)
        return f"{which}: {shown}" if shown else which

    return told


def _amt(here: Here) -> str:
    which = code("amount", here.get(1)) or f"An amount of kind {here.get(1)}"
    if here.place.line:
        which += f" for line {here.place.line}"
    return f"{which}: {here.shown(2)}" if here.get(2) else which


def _qty(here: Here) -> str:
    which = code("count", here.get(1)) or f"A count of kind {here.get(1)}"
    return f"{which}: {here.get(2)}" if here.get(2) else which


def _trn(here: Here) -> str:
    kind, number = here.passage.kind, here.get(2)
    if kind is FileKind.X835:
        return f"Trace number {number}: the bank line carries the same"
    if here.segment.number in here.passage.ordinals:
        asks = kind is FileKind.X276
        return f"We ask about {number}" if asks else f"The answer about {number}"
    return f"Trace number {number}"


def _clm(here: Here) -> str:
    frequency = here.parts(5, 3)[2]
    told = [
        f"Our claim {here.get(1)}: {here.shown(2) or 'no amount'} billed",
        lower(where_done(here)) if here.get(5) else "",
        lower(code("frequency", frequency)),
    ]
    return ", ".join(part for part in told if part)


def _hi(here: Here) -> str:
    count = len(here.segment.elements)
    told = [here.meaning(n) for n in range(1, min(count, 12) + 1) if here.get(n)]
    return upper(", ".join(lower(one) for one in told if one not in ("", NO_WORDS)))


def _sv1(here: Here) -> str:
    units = here.get(4)
    unit = "unit" if units == "1" else "units"
    kind = unit if here.get(3) in ("UN", "") else lower(here.shown(3))
    count = f", {units} {kind}" if units else ""
    service = f"Line {here.place.line or 1}, {said_procedure(here, 1)}"
    return f"{service}: billed {here.shown(2)}{count}"


def _hl(here: Here) -> str:
    above = f", under level {here.get(2)}" if here.get(2) else ""
    return f"{here.place.loop}: level {here.get(1)} of the file begins{above}"


def _lx(here: Here) -> str:
    if here.passage.kind is FileKind.X835:
        return "A group of claims begins"
    return f"Service line {here.get(1) or here.place.line} begins"


_SENTENCES: dict[str, Callable[[Here], str]] = {
    "NM1": _nm1,
    "N1": _n1,
    "PER": _per,
    "REF": _ref,
    "DTM": _dated(2),
    "DTP": _dated(3),
    "AMT": _amt,
    "QTY": _qty,
    "TRN": _trn,
    "CLM": _clm,
    "HI": _hi,
    "SV1": _sv1,
    "HL": _hl,
    "LX": _lx,
    **money.SENTENCES,
    **answers.SENTENCES,
}
