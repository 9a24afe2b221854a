"""What a file holds, counted: claims, dollars, codes (`starter.py edi inspect`).

Counted from the segments themselves, not from the models, so that what a reader leaves
out is still in the figures. Money is text with two decimals; a code is counted under
its own name, unless it can be none.
"""

from edi.figures.answers import (
    AcknowledgmentFigures,
    CoverageFigures,
    QuestionFigures,
    StatusFigures,
    receipt,
)
from edi.figures.claims import ClaimFigures
from edi.figures.counting import Figures
from edi.figures.remittances import RemittanceFigures
from edi.interchange import FileKind

__all__ = ["Figures", "figures_for", "receipt"]


def figures_for(kind: FileKind) -> Figures | None:
    """A new counter for a kind, None when nothing of it is counted."""
    if kind in (FileKind.X837P, FileKind.X837I):
        return ClaimFigures("SV1" if kind is FileKind.X837P else "SV2")
    if kind in (FileKind.X277CA, FileKind.X277):
        return StatusFigures(counts_quantities=kind is FileKind.X277CA)
    if kind in (FileKind.X270, FileKind.X276):
        return QuestionFigures(kind)
    makers: dict[FileKind, type[Figures]] = {
        FileKind.X835: RemittanceFigures,
        FileKind.X999: AcknowledgmentFigures,
        FileKind.X271: CoverageFigures,
    }
    return makers[kind]() if kind in makers else None
