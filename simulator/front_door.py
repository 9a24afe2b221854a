"""The clearinghouse's own checks: TA1, 999, and what a 277CA rejects."""

import re
from collections.abc import Callable, Sequence

from claims.claim import Claim
from edi.acks import SetAcknowledgment
from edi.errors import EdiWarning
from edi.gate import findings
from edi.segments import Interchange

_TA1_NOTES = {"IEA01": "021", "IEA02": "001", "IEA": "023"}
_FINDING = re.compile(r"^(\w+) at segment (\d+) (\S*) ?error (\d+)$")


def interchange_error(
    seen: set[tuple[str, str, str]], one: Interchange, warnings: Sequence[EdiWarning]
) -> str | None:
    """The TA1 note code of a broken or repeated interchange; None when it is fine."""
    key = (one.sender, one.receiver, one.isa13)
    if key in seen:
        return "025"
    seen.add(key)
    return next((_TA1_NOTES[w.code] for w in warnings if w.code in _TA1_NOTES), None)


def check_sets(content: bytes, one: Interchange) -> tuple[str, list[SetAcknowledgment]]:
    """The 999's AK9 code and its sets, judged by the guide's validator."""
    errors = tuple(_place(text) for text in findings(content))
    code = "R" if errors else "A"
    placed = tuple(e for e in errors if e)
    return code, [SetAcknowledgment(s.control_number, code, placed) for s in one.sets]


def _place(finding: str) -> str:
    match = _FINDING.match(finding)
    return "|".join(match.groups()) if match else ""


def _luhn(npi: str) -> bool:
    digits = [int(c) for c in "80840" + npi] if npi.isdecimal() else [1]
    doubled = [d * 2 for d in digits[-2::-2]]
    total = sum(digits[-1::-2]) + sum(d // 10 + d % 10 for d in doubled)
    return len(npi) == 10 and total % 10 == 0


def _bad_npi(claim: Claim) -> bool:
    named = (claim.billing, claim.rendering, claim.referring, claim.supervising)
    return any(p is not None and not _luhn(p.npi) for p in named)


_CHECKS: tuple[tuple[str, Callable[[Claim], bool]], ...] = (
    ("A7:178", lambda claim: claim.charge != claim.line_total),
    ("A7:562", _bad_npi),
    ("A7:500", lambda claim: not re.fullmatch(r"\d{9}", claim.billing.address.zip)),
    ("A7:164", lambda claim: not claim.subscriber.person.member_id),
)


def rejection(claim: Claim) -> str | None:
    """Category and status of what is wrong with a claim; None when it may pass."""
    return next((status for status, wrong in _CHECKS if wrong(claim)), None)


FIELDS: dict[str, Callable[[Claim], object]] = {
    "2310A NM109": lambda c: c.referring and c.referring.npi,
    "2310B NM109": lambda c: c.rendering and c.rendering.npi,
    "2300 REF*G1": lambda c: c.prior_auth,
    "2300 HI": lambda c: c.diagnoses,
    "2400 SV101-3": lambda c: [line.modifiers for line in c.lines],
}
"""The fields a payer can ask to have changed."""


def is_fixed(name: str, old: Claim, new: Claim) -> bool:
    """Whether a replacement changed the named field."""
    value = FIELDS[name]
    return value(old) != value(new)
