"""Check and transfer numbers (TRN02): one number may be written with leading zeros.

A bank prints ``0012345`` on a check that a person keys as ``12345``. They are taken for
one number, so that a check is not posted twice; what the second of them is, is asked.
"""

LONGEST = 50
"""Characters of TRN02 at most."""


def bare(trace: str) -> str:
    """The number without leading zeros; one with letters or signs as it is."""
    if not (trace.isascii() and trace.isdigit()):
        return trace
    return trace.lstrip("0") or "0"


def spellings(trace: str) -> tuple[str, ...]:
    """Every way in which this number may stand on file."""
    short = bare(trace)
    if not (short.isascii() and short.isdigit()):
        return (trace,)
    longest = max(LONGEST, len(short))
    return tuple(short.zfill(width) for width in range(len(short), longest + 1))
