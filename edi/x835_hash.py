"""What tells that two 835s say the same (R-ERA-06)."""

from hashlib import sha256

from edi.interchange import Delimiters, Run, Segment, TransactionSet

_ELEMENT, _COMPONENT, _END = "\x1d", "\x1f", "\x1e"


def content_hash(one: TransactionSet, component: str) -> str:
    """SHA-256 of ST..SE in canonical delimiters, without control numbers (R-ERA-06).

    ST02, SE01 and SE02 are left out, so that the same content hashes alike in another
    envelope, other delimiters, another encoding or another padding.
    """
    run = one.run
    between = _at_once(run, one.delimiters, component) if run is not None else None
    if between is None:
        between = b"".join(_canonical(s, component) for s in one.segments[1:])
    elif one.complete:
        between += f"SE{_END}".encode()
    return sha256(_canonical(one.st, component) + between).hexdigest()


def _canonical(segment: Segment, component: str) -> bytes:
    elements = segment.elements
    if segment.tag in ("ST", "SE"):
        elements = elements[: segment.tag == "ST"]
    text = _ELEMENT.join([segment.tag, *elements]).rstrip(_ELEMENT)
    return (text.replace(component, _COMPONENT) + _END).encode()


def _at_once(run: Run, marks: Delimiters, component: str) -> bytes | None:
    """The same of many segments; None when a delimiter cannot be told from a value."""
    old = component + marks.element + marks.segment
    if not old.isascii() or any(c in run.text for c in (_ELEMENT, _COMPONENT, _END)):
        return None
    element, end = _ELEMENT.encode(), _END.encode()
    new = bytes.maketrans(old.encode(), _COMPONENT.encode() + element + end)
    # A terminator stands before each segment; here it follows.
    text = run.text[1:].encode().translate(new) + end
    if element + end in text:
        text = end.join(each.rstrip(element) for each in text.split(end))
    return text
