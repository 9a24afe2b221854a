"""The hard gate: pyx12 must accept an 837P before it may leave (R-SUB).

Loading its maps costs 0.4 s, so they stay warm. A finding names segment and element by
number, never a value.
"""

import io
import logging
from functools import cache
from typing import Any

import pyx12.error_handler
import pyx12.errors
import pyx12.params
import pyx12.x12n_document


@cache
def _parameters() -> Any:
    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    return pyx12.params.params()


def findings(content: bytes) -> tuple[str, ...]:
    """What the implementation guide's validator finds; empty means accepted."""
    parameters = _parameters()
    source = io.StringIO(content.decode("utf-8-sig"))
    answer = io.StringIO()
    try:
        accepted = pyx12.x12n_document.x12n_document(
            param=parameters,
            src_file=source,
            fd_997=answer,
            fd_html=None,
            fd_xmldoc=None,
        )
    except pyx12.errors.EngineError:
        return ("the transaction version is not known to the validator",)
    if accepted:
        return ()
    return _from_999(answer.getvalue()) or ("the validator refused the file",)


def _from_999(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for segment in text.replace("\n", "").split("~"):
        parts = segment.split("*")
        if parts[0] in ("IK3", "AK3") and len(parts) > 2:
            loop = parts[3] if len(parts) > 3 else ""
            code = parts[4] if len(parts) > 4 else ""
            found.append(f"{parts[1]} at segment {parts[2]} {loop} error {code}".strip())
        elif parts[0] in ("IK4", "AK4") and len(parts) > 3:
            found.append(f"element {parts[1]} error {parts[3]}")
        elif parts[0] in ("IK5", "AK5") and len(parts) > 2:
            found.append(f"set error {', '.join(parts[2:])}")
    return tuple(found)
