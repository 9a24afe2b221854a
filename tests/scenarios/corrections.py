"""Corrections a story leaves to the reader: from the next send, or its final values.

A story shows each claim as it is in the end; what a person types to get there is the
difference. Field names are the words of the 837P guide (claims/correction.py).
"""

import re
from collections.abc import Callable, Iterable

from claims.claim import Claim, ServiceLine

_CHANGED = re.compile(r"line (\d+) modifier (\w\w)")

_VALUES: dict[str, Callable[[Claim], str]] = {
    "2010AA NM109": lambda c: c.billing.npi,
    "2310A NM109": lambda c: c.referring.npi if c.referring else "",
    "2310B NM109": lambda c: c.rendering.npi if c.rendering else "",
    "2010BA NM109": lambda c: c.subscriber.person.member_id,
    "2010BA NM103": lambda c: c.subscriber.person.last,
    "2300 HI": lambda c: ",".join(c.diagnoses),
    "2300 REF*G1": lambda c: c.prior_auth,
}
_LINE_VALUES: dict[str, Callable[[ServiceLine], str]] = {
    "SV101-2": lambda n: n.code,
    "SV101-3": lambda n: ":".join(n.modifiers),
    "SV102": lambda n: str(n.charge),
    "SV104": lambda n: str(n.units),
    "SV107": lambda n: ":".join(map(str, n.pointers)),
}


def value_of(claim: Claim, field: str) -> str:
    """What a field of the claim says.

    Raises:
        KeyError: a field this module cannot read.
    """
    return _VALUES[field](claim)


def changed(words: Iterable[str]) -> dict[str, str]:
    """Corrections that a send spells out: ``line 2 modifier 25``."""
    found = (_CHANGED.fullmatch(w) for w in words)
    return {f"2400/{m[1]} SV101-3": m[2] for m in found if m}


def differences(old: Claim, new: Claim) -> dict[str, str]:
    """The corrections that make ``old`` say what ``new`` says."""
    found = {}
    if old.diagnoses != new.diagnoses:
        found["2300 HI"] = value_of(new, "2300 HI")
    for before, after in zip(old.lines, new.lines, strict=True):
        for element, read in _LINE_VALUES.items():
            if read(before) != read(after):
                found[f"2400/{after.number} {element}"] = read(after)
    return found
