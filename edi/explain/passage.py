"""What of a file is explained: a whole set, or only what is said about one claim."""

from collections.abc import Collection, Iterable, Iterator

from edi.errors import EdiError
from edi.excerpt import segments_about
from edi.explain.layout import claim_heads
from edi.explain.model import Passage
from edi.segments import (
    FileKind,
    Interchange,
    Segment,
    TransactionSet,
    component_separator,
)

_OF_A_PERSON = frozenset({"HL", "NM1", "N3", "N4", "DMG", "REF"})
_COVERAGE = frozenset({FileKind.X270, FileKind.X271})


def whole(one: TransactionSet) -> Passage:
    """Every segment of a set."""
    return _passage(one, one.segments)


def receipts(interchange: Interchange) -> Passage:
    """The TA1s of an interchange."""
    marks, found = interchange.delimiters, interchange.ta1
    first = found[0].number if found else 0
    last = found[-1].number if found else 0
    return Passage(FileKind.TA1, found, marks, marks.component, first=first, last=last)


def claim_segments(
    kind: FileKind,
    interchanges: Iterable[Interchange],
    reference: str,
    *,
    positions: Collection[int] | None = None,
) -> list[Passage]:
    """What a file says about one claim, one passage for each set that speaks of it.

    With the claim come the levels above it (sender, payer, provider, its subscriber),
    never another patient. An 835 that takes a decision back and decides anew gives
    both.

    Args:
        kind: which sets to look at.
        interchanges: the file, as ``edi.segments.read`` gives it.
        reference: CLM01, CLP01 or REF*EJ; for 270 and 271, or a 276 without REF*EJ,
            our TRN02; for a 999 the ST02 and for a TA1 the ISA13 of what we sent.
        positions: for a 999, ``Passage.positions`` of the claim in the set we sent:
            errors elsewhere in it are left out. Without, the copies of bad values
            (IK404) are left out, because they may be another patient's.

    Raises:
        EdiError: no reference was given.
    """
    if not reference.strip():
        raise EdiError("No claim number was given. Nothing was looked for.")
    found: list[Passage] = []
    for interchange in interchanges:
        if kind is FileKind.TA1:
            found += _receipt(interchange, reference)
        for one in (s for s in interchange.sets if s.kind is kind):
            segments = tuple(_about(one, reference, positions))
            if segments:
                found.append(_passage(one, segments))
    return found


def part(one: TransactionSet, segments: Iterable[Segment]) -> Passage:
    """These segments of a set, as ``edi.excerpt.kept`` found them."""
    return _passage(one, tuple(segments))


def _passage(one: TransactionSet, segments: tuple[Segment, ...]) -> Passage:
    heads = list(claim_heads(one.kind, one.segments))
    return Passage(
        kind=one.kind,
        segments=segments,
        delimiters=one.delimiters,
        component=component_separator(one)[0],
        ordinals={number: ordinal for ordinal, number in enumerate(heads, start=1)},
        claims=len(heads),
        first=one.segments[0].number,
        last=one.segments[-1].number,
    )


def _receipt(interchange: Interchange, reference: str) -> Iterator[Passage]:
    passage = receipts(interchange)
    ours = tuple(s for s in passage.segments if _same(s.get(1), reference))
    if ours:
        yield Passage(
            *(FileKind.TA1, ours, passage.delimiters, passage.component),
            first=passage.first,
            last=passage.last,
        )


def _same(number: str, other: str) -> bool:
    return number.strip().lstrip("0") == other.strip().lstrip("0")


def _about(
    one: TransactionSet, reference: str, positions: Collection[int] | None
) -> Iterator[Segment]:
    if one.kind is FileKind.X999:
        return _answer(one, reference, positions)
    found = segments_about(one, (reference,))
    return _without_family(found) if one.kind in _COVERAGE else iter(found)


def _without_family(segments: tuple[Segment, ...]) -> Iterator[Segment]:
    """A 270 or 271 without what it says of the subscriber above the dependent."""
    dependents = {s.get(2) for s in segments if s.tag == "HL" and s.get(3) == "23"}
    above = False
    for segment in segments:
        if segment.tag in ("HL", "SE"):
            above = segment.get(3) == "22" and segment.get(1) in dependents
        if not above or segment.tag in _OF_A_PERSON:
            yield segment


def _answer(
    one: TransactionSet, reference: str, positions: Collection[int] | None
) -> Iterator[Segment]:
    """The AK2 loop of a set of ours, with the head and the verdict of the 999."""
    sets = [s for s in one.segments if s.tag == "AK2" and _same(s.get(2), reference)]
    if not sets:
        return
    ours, wanted = True, True
    for segment in one.segments:
        if segment.tag == "AK2":
            ours, wanted = segment in sets, True
        elif segment.tag in ("AK9", "SE"):
            ours = wanted = True
        elif segment.tag == "IK3":
            wanted = positions is None or _number(segment.get(2)) in positions
        elif segment.tag == "IK5":
            wanted = True
        if ours and wanted:
            yield _without_copy(segment) if positions is None else segment


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _without_copy(segment: Segment) -> Segment:
    if segment.tag != "IK4":
        return segment
    return Segment(segment.number, segment.tag, segment.elements[:3])
