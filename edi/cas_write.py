"""CAS of an 837P and an 835: the reasons of a group together, six a segment."""

from collections.abc import Sequence

from claims.adjustment import Adjustment, Group
from edi.errors import UnwritableError
from edi.writer import plain

MAX_REASONS = 6


def cas_segments(adjustments: Sequence[Adjustment]) -> list[list[str]]:
    """CAS elements: the reasons of a group together, six a segment.

    Groups come in the order in which they first appear, because a group that is begun
    again and again would need more segments than the guide allows.

    Raises:
        UnwritableError: group CR, which 5010 does not have (R-ERA-02).
    """
    groups: dict[str, list[Adjustment]] = {}
    for one in adjustments:
        groups.setdefault(one.group, []).append(one)
    if Group.CR in groups:
        raise UnwritableError(
            "CAS01 is CR, which a 5010 file cannot carry. Nothing was written. "
            "Decide which group it belongs to.",
            field="CAS01",
        )
    return [
        [group, *_reasons(listed[at : at + MAX_REASONS])]
        for group, listed in groups.items()
        for at in range(0, len(listed), MAX_REASONS)
    ]


def _reasons(adjustments: Sequence[Adjustment]) -> list[str]:
    return [
        part
        for one in adjustments
        for part in (one.carc, plain(one.amount), one.quantity or "")
    ]
