"""Logs without patients: an exception's type and place are written, never its words.

The SDK logs every failed activity and workflow task with its exception, and that may
quote what it choked on: a validation error its input, a driver its parameters.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO
from uuid import uuid4

_LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)


class WordlessFormatter(logging.Formatter):
    """Formats an exception as the places it came through and its type."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the base class's name
        """File, line and function of each frame; of the chain, only the types."""
        kinds: list[str] = []
        error = ei[1]
        while error is not None:
            kinds.append(type(error).__qualname__)
            error = error.__cause__ or error.__context__
        frames = traceback.extract_tb(ei[2])
        places = [
            f'  File "{f.filename}", line {f.lineno}, in {f.name}' for f in frames
        ]
        return "\n".join([*places, " from ".join(kinds)])


def install(level: int, stream: TextIO | None = None) -> logging.Handler:
    """Make the root logger write so, in place of what it had."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(WordlessFormatter(_LINE))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    return handler


def record_bug(error: BaseException, folder: Path) -> str:
    """Write where the program broke, without any value it held; the reference id."""
    reference = uuid4().hex[:8]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{f.filename}:{f.lineno} in {f.name}" for f in frames]
    entry = [f"{datetime.now(UTC).isoformat()} {reference} {type(error).__name__}"]
    log = folder / "errors.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with log.open("a") as out:
            # Not the message: a database error repeats the values of its row.
            out.write("\n  ".join(entry + lines) + "\n")
    except OSError:
        return f"{reference} ({type(error).__name__}; {log} cannot be written)"
    return f"{reference} ({type(error).__name__}; see {log})"
