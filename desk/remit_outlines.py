"""Outlines of the remittances that are being looked at, so that the next page of one is
not read from its file again. The bytes behind a hash never change; nothing in an
outline names a patient."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from typing import NamedTuple, Self

from claims.remittance import ProviderAdjustment, Remittance

KEPT = 4
"""A set of 5,000 claims takes about 4 MB."""


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
        """What a page needs of a set, without its patients, lines and reasons."""
        found = (
            OutlinedClaim(
                c.position, c.pcn, c.status, c.charge, c.paid, c.patient_responsibility
            )
            for c in one.claims
        )
        return cls(one.method, tuple(found), one.provider_adjustments)


class Outlines:
    """The newest few by file and position of the set."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._sets: OrderedDict[tuple[str, int], Outline] = OrderedDict()
        self._lock = Lock()

    def get(self, sha: str, position: int, read: Callable[[], Outline]) -> Outline:
        """The outline of a set; ``read`` is asked when it is not among the kept."""
        key = sha, position
        with self._lock:
            if key in self._sets:
                self._sets.move_to_end(key)
                return self._sets[key]
        found = read()
        with self._lock:
            self._sets[key] = found
            while len(self._sets) > KEPT:
                self._sets.popitem(last=False)
        return found
