"""Blocks and frame -> a tagged PDF (PDF/UA-1), by Typst.

The text reaches Typst as data (one JSON input), never as Typst source: a name cannot
become markup, because nothing parses it. Only fonts inside the typst package are used
and the only date is the letter's, so the same letter gives the same bytes everywhere.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typst

from letters.blocks import Block, Box, Document
from letters.frame import Frame
from letters.words import TOGETHER

LAYOUT = Path(__file__).parent / "layout"
STANDARD = "ua-1"


def to_pdf(frame: Frame, document: Document) -> bytes:
    """The PDF's bytes: US Letter, address placed for a window envelope."""
    return bytes(_compile(frame, document, format="pdf", pdf_standards=[STANDARD]))


def to_png(frame: Frame, document: Document, *, ppi: float = 72.0) -> list[bytes]:
    """A picture of each page, for people who check the layout."""
    made = _compile(frame, document, format="png", ppi=ppi)
    return [bytes(page) for page in made] if isinstance(made, list) else [bytes(made)]


def _compile(frame: Frame, document: Document, **output: Any) -> Any:
    return typst.compile(
        str(LAYOUT / f"{frame.kind}.typ"),
        root=str(LAYOUT),
        ignore_system_fonts=True,
        sys_inputs={"letter": _data(frame, document)},
        **output,
    )


def _data(frame: Frame, document: Document) -> str:
    dated = frame.dated
    return json.dumps(
        {
            **asdict(frame),
            "together": TOGETHER,
            "dated": [dated.year, dated.month, dated.day],
            "body": [_block(block) for block in document.body],
            "close": [[asdict(run) for run in part] for part in document.close],
        }
    )


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Box):
        return {"is": "box", "blocks": [_block(part) for part in block.blocks]}
    return {"is": type(block).__name__.lower(), **asdict(block)}
