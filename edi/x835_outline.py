"""What one 835 says of each claim in its CLP, without patients, lines and reasons.

A page of a remittance shows no more than that. A set of 5,000 claims is read in a tenth
of the time that all of it takes, and may be kept: nothing in it names a patient.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Self

from claims.remittance import ProviderAdjustment, Remittance
from edi.envelopes import Envelopes
from edi.errors import EdiError
from edi.interchange import FileKind, Segment, TransactionSet
from edi.segments import component_separator, read_amount
from edi.x835_read import read_plb

_TAGS = frozenset({"BPR", "CLP", "SVC", "PLB"})
"""SVC shows which separator the set uses inside composites."""


class OutlinedClaim(NamedTuple):
    """One CLP: its segment's number, CLP01, CLP02, CLP03, CLP04, CLP05."""

    position: int
    pcn: str
    status: str
    charge: Decimal
    paid: Decimal
    patient: Decimal


@dataclass(frozen=True)
class Outline:
    """One transaction set: BPR04, its claims and provider-level adjustments."""

    method: str
    claims: tuple[OutlinedClaim, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]

    @classmethod
    def of(cls, one: Remittance) -> Self:
        """The outline of a set that was read whole."""
        found = (
            OutlinedClaim(
                c.position, c.pcn, c.status, c.charge, c.paid, c.patient_responsibility
            )
            for c in one.claims
        )
        return cls(one.method, tuple(found), one.provider_adjustments)


def outline_at(content: bytes, position: int) -> Outline:
    """The outline of the set whose ST is this segment of the file.

    Raises:
        EdiError: no X12, no 835 there, or an amount cannot be read.
    """
    for found in Envelopes(content, only=_TAGS):
        if isinstance(found, TransactionSet) and found.segments[0].number == position:
            if found.kind is not FileKind.X835:
                break
            return _outline(found)
    raise EdiError(
        "The file has no remittance at this segment. Nothing was read.",
        segment=position,
        field="ST",
    )


def _outline(one: TransactionSet) -> Outline:
    by_tag: dict[str, list[Segment]] = {tag: [] for tag in _TAGS}
    for segment in one.segments:
        by_tag.setdefault(segment.tag, []).append(segment)
    separator, _ = component_separator(one)
    return Outline(
        method=by_tag["BPR"][0].get(4) if by_tag["BPR"] else "",
        claims=tuple(_claim(clp) for clp in by_tag["CLP"]),
        provider_adjustments=tuple(read_plb(by_tag["PLB"], separator)),
    )


def _claim(clp: Segment) -> OutlinedClaim:
    return OutlinedClaim(
        position=clp.number,
        pcn=clp.get(1),
        status=clp.get(2),
        charge=read_amount(clp.get(3), clp, "CLP03"),
        paid=read_amount(clp.get(4), clp, "CLP04"),
        patient=read_amount(clp.get(5) or "0", clp, "CLP05"),
    )
