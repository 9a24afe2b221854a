"""The hard gate: pyx12 must accept an 837P before it may leave (R-SUB).

A finding names segment and element by number and an error code of the 999, never a
value. The validator does not compare ST03 with GS08, so that is done here. Its maps
take 0.4 s to load, so they are loaded once and kept.
"""

import io
import logging
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pyx12.error_handler
import pyx12.errors
import pyx12.map_if
import pyx12.params
import pyx12.x12n_document

from edi.acks import read_acknowledgments
from edi.envelopes import Envelopes
from edi.errors import EdiError
from edi.interchange import Segment, TransactionSet

UNKNOWN_GUIDE = "the transaction version is not known to the validator"
UNREADABLE = "the validator cannot read the file"
REFUSED = "the validator refused the file"
_ONE_AT_A_TIME = threading.Lock()
_EMPTY_837P = (
    b"ISA*00*          *00*          *ZZ*A              *ZZ*B              "
    b"*260101*0000*^*00501*000000001*0*T*:~"
    b"GS*HC*A*B*20260101*0000*1*X*005010X222A1~ST*837*0001*005010X222A1~"
    b"SE*2*0001~GE*1*1~IEA*1*000000001~"
)


@cache
def _parameters() -> Any:
    """The validator's settings, made with its maps cached and its log silent.

    Its log lines may quote values of the file. It loads each map anew for every file;
    a loaded map is only read, its counters live in the walker.
    """
    logging.getLogger("pyx12").setLevel(logging.CRITICAL + 1)
    pyx12.map_if.load_map_file = cache(pyx12.map_if.load_map_file)
    return pyx12.params.params()


def warm_up() -> None:
    """Load the 837P's map now, so that no batch has to wait for it."""
    findings(_EMPTY_837P)


def findings(content: bytes) -> tuple[str, ...]:
    """What the implementation guide's validator finds; empty means accepted."""
    answer = io.StringIO()
    try:
        source = io.StringIO(content.decode("utf-8-sig"))
        with _ONE_AT_A_TIME:
            accepted = pyx12.x12n_document.x12n_document(
                param=_parameters(),
                src_file=source,
                fd_997=answer,
                fd_html=None,
                fd_xmldoc=None,
            )
    except pyx12.errors.EngineError:
        return (UNKNOWN_GUIDE,)
    # It meets a broken file with whatever its own code stumbles over.
    except Exception:  # noqa: BLE001
        return (UNREADABLE,)
    try:
        other_guide = tuple(_other_guide(content))
    except EdiError:
        return (UNREADABLE,)
    if accepted:
        return other_guide
    return (*_from_999(answer.getvalue()), *other_guide) or (REFUSED,)


def is_of_file(finding: str) -> bool:
    """Whether it lies in the envelope, so that no claim is to blame."""
    return finding.startswith("ST at segment") or finding == UNKNOWN_GUIDE


def _other_guide(content: bytes) -> Iterator[str]:
    """Each 837 whose ST03 names another guide than its group's GS08."""
    guide = ""
    for found in Envelopes(content, only=frozenset()):
        if isinstance(found, Segment) and found.tag == "GS":
            guide = found.get(8)
        elif isinstance(found, TransactionSet):
            head = found.segments[0]
            if head.get(1) == "837" and head.get(3) != guide:
                yield f"ST at segment {head.number} error 8"
                yield "element 3 error 7"


def _from_999(text: str) -> tuple[str, ...]:
    try:
        answered = read_acknowledgments(text.encode()).files
    except EdiError:
        return ()
    found: list[str] = []
    for error in (e for one in answered for s in one.sets for e in s.errors):
        tag, position, loop, code, element, why = (*error.split("|"), "", "")[:6]
        head = " ".join(part for part in (tag, "at segment", position, loop) if part)
        if code and f"{head} error {code}" not in found:
            found.append(f"{head} error {code}")
        if element:
            found.append(f"element {element} error {why}")
    return tuple(found)
