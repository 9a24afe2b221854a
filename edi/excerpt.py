"""The segments of one claim out of a file with many (minimum necessary).

A transaction set is cut into its loops: HL, and in them CLM or TRN; in an 835 LX and in
it CLP. A loop is kept when it names one of the wanted references or holds one of the
wanted segments; with it the levels above it and the set's own head and end.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from edi.segments import FileKind, Segment, TransactionSet, every_set

_QUOTES = frozenset({"IK4", "CTX"})
_LEVELS: dict[FileKind, tuple[str, ...]] = {
    FileKind.X837P: ("HL", "CLM"),
    FileKind.X837I: ("HL", "CLM"),
    FileKind.X835: ("LX", "CLP", "PLB"),
    FileKind.X277CA: ("HL", "TRN"),
    FileKind.X277: ("HL", "TRN"),
    FileKind.X276: ("HL", "TRN"),
    FileKind.X271: ("HL",),
    FileKind.X270: ("HL",),
}
"""Tags that begin a loop: the outer one first. A PLB names other claims."""


@dataclass(frozen=True)
class Excerpt:
    """Segments kept, as text; ``whole`` when nothing of another claim was there."""

    text: str
    kept: int
    left_out: int

    @property
    def whole(self) -> bool:
        """Whether every segment of the file was kept."""
        return self.left_out == 0


@dataclass
class _Loop:
    parent: "_Loop | None" = None
    segments: list[Segment] = field(default_factory=list)
    kept: bool = False

    def keep(self) -> None:
        """This loop and every level above it."""
        loop: _Loop | None = self
        while loop is not None:
            loop.kept, loop = True, loop.parent


def excerpt(
    content: bytes, references: Collection[str], numbers: Collection[int] = ()
) -> Excerpt:
    """What a file says about the claim with these references and segment numbers.

    References are CLM01, CLP01, TRN02 and REF*EJ.

    Raises:
        EnvelopeError: the bytes are no X12.
    """
    lines: list[str] = []
    kept = left_out = 0
    for one in every_set(content):
        loops = _loops(one, set(references), set(numbers))
        found = [s for loop in loops if loop.kept for s in loop.segments]
        kept += len(found)
        left_out += len(one.segments) - len(found)
        if any(loop.kept and loop.parent for loop in loops):
            lines += [_head(one), *(_line(one, s) for s in found), ""]
    return Excerpt("\n".join(lines), kept, left_out)


def kept(
    content: bytes, references: Collection[str], numbers: Collection[int] = ()
) -> list[tuple[TransactionSet, list[Segment]]]:
    """Each set that names the claim, with the segments an excerpt keeps of it.

    Raises:
        EnvelopeError: the bytes are no X12.
    """
    found: list[tuple[TransactionSet, list[Segment]]] = []
    for one in every_set(content):
        loops = _loops(one, set(references), set(numbers))
        if any(loop.kept and loop.parent for loop in loops):
            mine = [s for loop in loops if loop.kept for s in loop.segments]
            found.append((one, mine))
    return found


def segments_about(
    one: TransactionSet, references: Collection[str]
) -> tuple[Segment, ...]:
    """A set's segments about a claim with their levels; none when it names none."""
    loops = _loops(one, set(references), set())
    if not any(loop.kept and loop.parent for loop in loops):
        return ()
    return tuple(s for loop in loops if loop.kept for s in loop.segments)


def _loops(one: TransactionSet, references: set[str], numbers: set[int]) -> list[_Loop]:
    """The set's loops, those that are wanted kept with the levels above them."""
    if one.kind is FileKind.X999:
        return _receipt(one)
    levels = _LEVELS.get(one.kind, ())
    top = _Loop(kept=bool(levels))
    loops, levels_by_id, outer = [top], {"": top}, top
    for segment in one.segments:
        if segment.tag == "SE":
            loops.append(_Loop(kept=bool(levels)))
        elif segment.tag in levels[:1]:
            outer = _Loop(_above(segment, levels_by_id, top))
            levels_by_id[segment.get(1)] = outer
            loops.append(outer)
        elif segment.tag in levels[1:] and outer is not top:
            loops.append(_Loop(outer))
        elif segment.tag in levels[1:]:
            loops.append(_Loop(top))
        loops[-1].segments.append(segment)
    for loop in loops:
        if loop.parent and _is_wanted(loop.segments, references, numbers):
            loop.keep()
    return loops


def _receipt(one: TransactionSet) -> list[_Loop]:
    """A 999 names no claim: it is about a whole file of ours. All of it is kept but the
    copies of bad elements (IK4) and their place, which may quote another patient."""
    top = _Loop()
    told, quoted = _Loop(top, kept=True), _Loop(top)
    for segment in one.segments:
        (quoted if segment.tag in _QUOTES else told).segments.append(segment)
    return [told, quoted]


def _above(segment: Segment, levels: dict[str, _Loop], top: _Loop) -> _Loop:
    return levels.get(segment.get(2), top) if segment.tag == "HL" else top


def _is_wanted(
    segments: list[Segment], references: set[str], numbers: set[int]
) -> bool:
    return any(
        s.number in numbers or (s.tag != "PLB" and _reference(s) in references)
        for s in segments
    )


def _reference(segment: Segment) -> str:
    if segment.tag in ("CLM", "CLP"):
        return segment.get(1)
    if segment.tag == "TRN" or (segment.tag == "REF" and segment.get(1) == "EJ"):
        return segment.get(2)
    return ""


def _head(one: TransactionSet) -> str:
    return (
        f"# {one.kind} {one.control_number} of interchange {one.header.isa13} from "
        f"{one.header.sender} to {one.header.receiver}: number and text of each segment"
    )


def _line(one: TransactionSet, segment: Segment) -> str:
    text = one.delimiters.element.join([segment.tag, *segment.elements])
    return f"{segment.number}\t{text}{one.delimiters.segment}"
