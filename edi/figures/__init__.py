"""What a file holds, counted: claims, dollars, codes (`starter.py edi inspect`).

Counted from the segments themselves, not from the models, so that what a reader leaves
out is still in the figures. Money is text with two decimals; a code is counted under
its own name, unless it can be none.
"""

from collections import Counter
from typing import Any

from edi.figures.answers import (
    AcknowledgmentFigures,
    CoverageFigures,
    CoverageQuestionFigures,
    StatusFigures,
    StatusQuestionFigures,
    receipt,
)
from edi.figures.claims import ClaimFigures
from edi.figures.counting import Figures
from edi.figures.remittances import RemittanceFigures
from edi.interchange import FileKind, TransactionSet

__all__ = ["FileFigures", "receipt"]


_FAMILIES: dict[FileKind, type[Figures]] = {
    FileKind.X837P: ClaimFigures,
    FileKind.X837I: ClaimFigures,
    FileKind.X835: RemittanceFigures,
    FileKind.X999: AcknowledgmentFigures,
    FileKind.X277CA: StatusFigures,
    FileKind.X277: StatusFigures,
    FileKind.X276: StatusQuestionFigures,
    FileKind.X271: CoverageFigures,
    FileKind.X270: CoverageQuestionFigures,
}


class FileFigures:
    """Counts a file, the kinds of one family together."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._counters: dict[type[Figures], Figures] = {}

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set; ``component`` separates its composites."""
        family = _FAMILIES.get(one.kind)
        if family is not None:
            self._counters.setdefault(family, family()).take(one, component)

    def result(self) -> dict[str, Any]:
        """The figures of every family; levels, which several have, are summed."""
        found: dict[str, Any] = {}
        levels: Counter[str] = Counter()
        for counter in self._counters.values():
            result = counter.result()
            levels.update(result.get("hl", {}))
            found |= result
        return {**found, "hl": dict(levels)} if levels else found
