"""X12 segments in plain words of our own: what a clerk reads beside the raw text.

Pure: words of reason codes come in as a function. A segment or a code that we do not
know is shown as it stands, and says so.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edi.explain_loops import Place, places
from edi.explain_words import Reasons, code, meaning, named, segments, usd
from edi.segments import FileKind, Segment

_SLOT = re.compile(r"\{([0-9]+)\}")
_GAPS = re.compile(r"\s+([,.;:])|(?<=[,:]) (?=[,.])")
_FREE = frozenset({("CO", "45"), ("PR", "1"), ("PR", "2"), ("PR", "3")})
"""Adjustments that are no refusal: contract discount and the patient's share."""
_REFUSED = frozenset({"A3", "A4", "A6", "A7", "A8", "F2"})
_PERSONAL = frozenset(
    {"0F", "0K", "1W", "28", "34", "49", "EA", "F6", "HI", "IG", "MRN", "NQ", "SY"}
)
"""REF01 of numbers that name a person."""
_ALWAYS_SENSITIVE = frozenset({"DMG", "MSG", "NTE", "PAT", "INS"})


@dataclass(frozen=True)
class Element:
    """One element: ``CLP03``, our name, the value, and what it means (or empty)."""

    position: str
    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Explained:
    """One segment. ``sensitive``: names a patient. ``hit``: carries a refusal."""

    number: int
    tag: str
    raw: str
    depth: int
    loop: str
    words: str
    elements: tuple[Element, ...]
    sensitive: bool
    hit: bool


def explain(
    found: Sequence[Segment],
    kind: FileKind,
    reasons: Reasons = lambda _list, _code: "",
    *,
    element: str = "*",
    component: str = ":",
) -> tuple[Explained, ...]:
    """Each segment with its loop, a sentence and the meaning of its elements.

    ``reasons`` gives the words of CARC and RARC codes; ``element`` and ``component``
    are the separators of the file.
    """
    return tuple(
        _explained(segment, place, reasons, element, component)
        for segment, place in zip(found, places(found, kind, component), strict=True)
    )


def _explained(
    segment: Segment, place: Place, reasons: Reasons, mark: str, component: str
) -> Explained:
    elements = tuple(_elements(segment, component, reasons))
    return Explained(
        number=segment.number,
        tag=segment.tag,
        raw=mark.join([segment.tag, *segment.elements]),
        depth=place.depth,
        loop=place.loop,
        words=_words(segment, elements),
        elements=elements,
        sensitive=_is_sensitive(segment, person=place.person),
        hit=_is_hit(segment, component),
    )


def _elements(segment: Segment, mark: str, reasons: Reasons) -> Iterable[Element]:
    known = segments().get(segment.tag, {})
    for at, value in enumerate(segment.elements, 1):
        if not value.strip():
            continue
        name, _, kind = known.get(str(at), "Not explained").partition("|")
        means = meaning(kind, value, mark, reasons)
        if segment.tag == "CAS" and at > 1:
            name, means = _cas(segment, at, reasons)
        yield Element(f"{segment.tag}{at:02}", name, value.strip(), means)


def _cas(segment: Segment, at: int, reasons: Reasons) -> tuple[str, str]:
    """Name and meaning of one place in the triples reason, amount, units."""
    value = segment.get(at)
    if at % 3 == 2:
        code_ = f"{segment.get(1)}-{value}"
        return "Reason", named(code_, reasons("CARC", value))
    return ("Amount", usd(value)) if at % 3 == 0 else ("Units", "")


def _words(segment: Segment, elements: tuple[Element, ...]) -> str:
    known = segments().get(segment.tag)
    if known is None:
        tag = segment.tag or "without a name"
        return f"A segment {tag} that we do not explain"
    said = {int(e.position[-2:]): e.meaning or e.value for e in elements}
    words = known["words"]
    if segment.tag == "CAS":
        return _cas_words(segment, said)
    if "{*}" in words:
        words = words.replace("{*}", "; ".join(said.values()) or "none")
    filled = _SLOT.sub(lambda found: said.get(int(found[1]), ""), words)
    return _GAPS.sub(r"\1", " ".join(filled.split())).strip(" ,;:") or segment.tag


def _cas_words(segment: Segment, said: dict[int, str]) -> str:
    parts = [
        f"{said[at]}: {said.get(at + 1, 'no amount')}"
        for at in range(2, len(segment.elements) + 1, 3)
        if at in said
    ]
    who = "the patient's" if segment.get(1) == "PR" else "not paid"
    return f"{'; '.join(parts)} {who}" if parts else "An adjustment without a reason"


def _is_sensitive(segment: Segment, *, person: bool) -> bool:
    if segment.tag in _ALWAYS_SENSITIVE:
        return True
    if segment.tag == "REF":
        return person or segment.get(1) in _PERSONAL
    return person and segment.tag in ("NM1", "N1", "N2", "N3", "N4", "PER")


def _is_hit(segment: Segment, mark: str) -> bool:
    tag, first = segment.tag, segment.get(1)
    if tag == "CAS":
        given = [segment.get(at) for at in range(2, len(segment.elements) + 1, 3)]
        return any(carc and (first, carc) not in _FREE for carc in given)
    if tag == "STC":
        at_all = (segment.part(at, 1, mark) for at in (1, 10, 11))
        return any(category in _REFUSED for category in at_all)
    if tag in ("IK5", "AK5", "AK9"):
        return first != "A"
    if tag == "TA1":
        return segment.get(4) != "A"
    if tag == "CLP":
        return segment.get(2) == "4"
    return tag in ("IK3", "IK4", "AK3", "AK4", "AAA")


def kind_name(kind: FileKind) -> str:
    """``835 remittance``: what a clerk calls a transaction."""
    return f"{kind} {code('transaction', kind)}".strip()
