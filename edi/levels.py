"""Do the HL levels of a transaction set hang together (R-BAD-01)?

Readers follow levels in file order and never walk from child to parent, so that no
chain can lead them in a circle; a level that names another parent than the file's order
gives it is named here.
"""

from collections.abc import Iterator

from edi.errors import EdiWarning
from edi.interchange import Segment, TransactionSet

TOP = "20"


def is_below(level: Segment, above: Segment) -> bool:
    """Whether an HL stands below the one read before it, unless it names another."""
    named, stands = level.get(2), above.get(1)
    return not named or not stands or named == stands


def level_warnings(one: TransactionSet) -> list[EdiWarning]:
    """Levels that are numbered twice, name no parent, or name one that is not above."""
    seen: set[str] = set()
    path: list[str] = []
    found: list[EdiWarning] = []
    for segment in one.segments:
        if segment.tag == "HL":
            found += _level(segment, seen, path)
            _descend(segment, path)
            seen.add(segment.get(1))
    return found


def _level(segment: Segment, seen: set[str], path: list[str]) -> Iterator[EdiWarning]:
    number, above = segment.get(1), segment.get(2)
    if not number:
        yield EdiWarning(segment.number, "HL01", "the level has no number")
    elif number in seen:
        words = "the level's number is used twice: the chain of levels begins again"
        yield EdiWarning(segment.number, "HL01", words)
    if not above and segment.get(3) != TOP:
        yield EdiWarning(segment.number, "HL02", "names no level above it")
    elif above and above not in path:
        which = "has ended" if above in seen else "did not come before it"
        words = f"names a level that {which}: it is read in the file's order"
        yield EdiWarning(segment.number, "HL02", words)


def _descend(segment: Segment, path: list[str]) -> None:
    """Make ``path`` the levels from the top down to this one."""
    above = segment.get(2)
    if not above and segment.get(3) == TOP:
        path.clear()
    elif above in path:
        del path[path.index(above) + 1 :]
    path.append(segment.get(1))
