"""Which elements hold a patient's name, number, address or birth date."""

from edi.explain.model import Place
from edi.explain.values import known
from edi.segments import FileKind, Segment

_EVERY = range(1, 100)
_OF_A_PERSON: dict[str, frozenset[int]] = {
    "NM1": frozenset({3, 4, 5, 6, 7, 9, 10, 11, 12}),
    "N3": frozenset(_EVERY),
    "N4": frozenset(_EVERY),
    "PER": frozenset({2, 4, 6, 8}),
}
"""When they describe a patient or an insured person."""
_ALWAYS: dict[str, frozenset[int]] = {
    "DMG": frozenset(range(2, 100)),
    "PAT": frozenset({6, 8}),
    "INS": frozenset({12}),
    "SBR": frozenset({3, 4}),
    "NTE": frozenset({2}),  # free text may name anyone
    "K3": frozenset({1}),
    "MSG": frozenset({1}),
    "IK4": frozenset({4}),  # a copy of what stood in our claim
}
_PERSONAL = frozenset(
    {"0F", "18", "1L", "1W", "28", "3H", "49", "6P", "EA", "F6", "HI", "IG"}
    | {"MRN", "NQ", "SY", "Y4"}
)
"""REF01 of numbers that lead to a person."""
_OURS = frozenset({"EJ", "TJ"})
_LONG = 22
"""A PLB reference longer than this has a Medicare number behind the payer's own."""
_COVERAGE = frozenset({FileKind.X270, FileKind.X271})


def hidden(segment: Segment, place: Place, kind: FileKind) -> frozenset[int]:
    """Positions of the filled elements that identify a patient.

    A segment we do not know may hold anything, so all of it counts.
    """
    wanted = _positions(segment, place, kind)
    return frozenset(n for n in wanted if segment.get(n).strip())


def _positions(segment: Segment, place: Place, kind: FileKind) -> frozenset[int]:
    tag = segment.tag
    if tag not in known():
        return frozenset(_EVERY)
    if tag == "PLB":
        return frozenset(n for n in range(3, 14, 2) if len(segment.get(n)) > _LONG)
    if tag == "REF":
        which = segment.get(1).strip()
        person = place.patient and kind in _COVERAGE and which not in _OURS
        return frozenset({2, 3}) if person or which in _PERSONAL else frozenset()
    # In an 835 a PER inside a claim is the payer's office, never the patient's.
    if place.patient and not (tag == "PER" and kind is FileKind.X835):
        return _OF_A_PERSON.get(tag, _ALWAYS.get(tag, frozenset()))
    return _ALWAYS.get(tag, frozenset())
