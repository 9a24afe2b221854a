"""A loop of an X12 transaction: its own segments by tag, and its NM1 loops by entity.

Both 837P and 276/270 readers follow loops by their leading segments only, so a segment
out of the guide's order is still found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from claims.claim import Address
from edi.segments import Segment

_OF_A_NAME = frozenset({"N3", "N4", "DMG", "PRV", "PER", "REF"})
_NO_SEGMENT = Segment(0, "", ())


@dataclass
class Loop:
    """Segments below one leading segment."""

    head: Segment = _NO_SEGMENT
    tags: dict[str, list[Segment]] = field(default_factory=dict)
    names: dict[str, "Loop"] = field(default_factory=dict)
    _name: "Loop | None" = None

    def take(self, segment: Segment) -> None:
        """File a segment here and, when it describes a name, under that name."""
        if segment.tag == "NM1":
            self._name = Loop(segment)
            self.names.setdefault(segment.get(1), self._name)
            return
        self.tags.setdefault(segment.tag, []).append(segment)
        if self._name is not None and segment.tag in _OF_A_NAME:
            self._name.tags.setdefault(segment.tag, []).append(segment)

    def all(self, tag: str) -> list[Segment]:
        """Every segment of a tag, in file order."""
        return self.tags.get(tag, [])

    def first(self, tag: str, qualifier: str = "") -> Segment:
        """The first segment of a tag (and element 1), an empty one when absent."""
        for segment in self.tags.get(tag, ()):
            if not qualifier or segment.get(1) == qualifier:
                return segment
        return _NO_SEGMENT

    def has(self, tag: str, qualifier: str = "") -> bool:
        """Whether such a segment is there."""
        return bool(self.first(tag, qualifier).tag)

    def ref(self, qualifier: str) -> str:
        """REF02 of a qualifier, empty when absent."""
        return self.first("REF", qualifier).get(2)

    def name(self, entity: str) -> "Loop | None":
        """The NM1 loop of an entity."""
        return self.names.get(entity)

    def address(self) -> Address:
        """N3 and N4 of this loop."""
        n3, n4 = self.first("N3"), self.first("N4")
        country = n4.get(4)
        return Address(
            line1=n3.get(1),
            line2=n3.get(2),
            city=n4.get(1),
            state=n4.get(2),
            zip=n4.get(3),
            country="" if country in ("US", "USA") else country,
        )

    def phone(self) -> tuple[str, str]:
        """Contact name and telephone of the first PER."""
        per = self.first("PER")
        pairs = {per.get(n): per.get(n + 1) for n in (7, 5, 3)}
        return per.get(2), pairs.get("TE", "")

    def segments(self) -> Iterator[Segment]:
        """Everything filed here, by tag."""
        for listed in self.tags.values():
            yield from listed
