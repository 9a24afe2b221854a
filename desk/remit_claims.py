"""The claims of one remittance: which are asked for, each reversal beside its
correction, and what is on record of those on one page."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from claims.money import ZERO
from desk.remit_outlines import OutlinedClaim
from desk.remits import OUTCOMES
from edi.explain.values import code
from records import claims, remit_list
from records.db import Connection, RowMapping

REVERSAL = "22"
"""CLP02 of a claim whose earlier payment is taken back."""
SIZE = 50
"""Claims of a page; a reversal and its correction count as one and stay together."""
POSTED = ("posted", "linked")
WAITING, TAKEN_BACK = "waiting", "reversed"
CHOICES = {
    "": "All",
    WAITING: "Not posted",
    **OUTCOMES,
    TAKEN_BACK: "Reversals and corrections",
}
"""What ``only`` may ask for. Not posted is all but what posted, in file or by hand."""
OFFERED = ("", WAITING, "unmatched", TAKEN_BACK)

Group = tuple[OutlinedClaim, ...]


def takes_back(one: OutlinedClaim) -> bool:
    """Whether an earlier payment of the claim is taken back."""
    return one.status == REVERSAL


class Paired:
    """Claims in the file's order, each reversal with its correction after it.

    Only what is paired is kept beside them: a set may have thousands of claims.
    """

    def __init__(self, listed: Sequence[OutlinedClaim]) -> None:
        """Pair them, the first reversal of a number with the first other claim."""
        numbers = {one.pcn for one in listed if takes_back(one)}
        waits: dict[tuple[str, bool], deque[OutlinedClaim]] = defaultdict(deque)
        self._twins: dict[int, OutlinedClaim] = {}
        """The other of a pair, by the segment of the one that stands first."""
        second: set[int] = set()
        for one in listed:
            if one.pcn not in numbers:
                continue
            if twins := waits[one.pcn, not takes_back(one)]:
                self._twins[twins.popleft().position] = one
                second.add(one.position)
            else:
                waits[one.pcn, takes_back(one)].append(one)
        self._heads = [one for one in listed if one.position not in second]
        self.count = len(listed)

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._heads)

    def before(self, group: int) -> int:
        """How many claims stand before this group, counted from 0."""
        heads = self._heads[:group]
        return len(heads) + sum(one.position in self._twins for one in heads)

    def groups(self, start: int, stop: int) -> list[Group]:
        """Some of the groups: one claim, or a reversal and its correction."""
        return [self._group(one) for one in self._heads[start:stop]]

    def _group(self, one: OutlinedClaim) -> Group:
        other = self._twins.get(one.position)
        if other is None:
            return (one,)
        return (one, other) if takes_back(one) else (other, one)

    def with_reversal(self) -> list[OutlinedClaim]:
        """Every reversal, and what corrects one, in the order of the groups."""
        back = (one for one in self._heads if self._has_reversal(one))
        return [one for head in back for one in self._group(head)]

    def _has_reversal(self, one: OutlinedClaim) -> bool:
        return takes_back(one) or one.position in self._twins


@dataclass(frozen=True)
class Chosen:
    """The claims that were asked for, and the page of them that is shown."""

    only: str
    counts: Mapping[str, int]
    """How many claims each choice has, by ``only``."""
    count: int
    paid: Decimal
    """Of all that were asked for."""
    page: int
    pages: int
    first: int
    """Place of the page's first claim among those asked for, from 1."""
    groups: Sequence[Group]

    @property
    def last(self) -> int:
        """Place of the page's last claim."""
        return self.first + sum(map(len, self.groups)) - 1

    @classmethod
    def of(
        cls,
        listed: Sequence[OutlinedClaim],
        outcomes: Mapping[int, str],
        only: str,
        page: int,
    ) -> Self:
        """Choose among all claims of a set by how each ended; a page after the last
        is the last."""
        whole = Paired(listed)
        waiting = [c for c in listed if outcomes.get(c.position) not in POSTED]
        back = whole.with_reversal()
        some = {"": listed, WAITING: waiting, TAKEN_BACK: back}.get(only)
        if some is None:
            some = [one for one in listed if outcomes.get(one.position) == only]
        shown = Paired(some) if only else whole
        pages = max(1, -(-len(shown) // SIZE))
        start = (min(page, pages) - 1) * SIZE
        sizes = {"": len(listed), WAITING: len(waiting), TAKEN_BACK: len(back)}
        return cls(
            only=only,
            counts=dict(Counter(outcomes.values())) | sizes,
            count=shown.count,
            paid=sum((one.paid for one in some), ZERO),
            page=min(page, pages),
            pages=pages,
            first=shown.before(start) + 1,
            groups=shown.groups(start, start + SIZE),
        )


@dataclass(frozen=True)
class Line:
    """One CLP as the file says it, how it ended here, and what belongs to it."""

    said: OutlinedClaim
    number: str
    claim_id: str | None
    status: str
    takes_back: bool
    outcome: str
    task: RowMapping | None
    other: RowMapping | None
    """The payment elsewhere that this takes back, or the reversal of this one."""


@dataclass(frozen=True)
class Known:
    """What is on record of the claims of one page of a set."""

    ended: Mapping[int, RowMapping]
    ours: Mapping[str, str]
    """Our claim's id by its number, of a set that has not posted."""
    others: Mapping[str, Sequence[RowMapping]]
    """What other sets said of each claim, first posted first."""
    waits: Mapping[int | None, RowMapping]
    posted_on: date | None

    @classmethod
    def of(cls, conn: Connection, row: RowMapping, groups: Sequence[Group]) -> Self:
        """Look up the claims of these groups and the tasks of the whole set."""
        shown = [one for group in groups for one in group]
        ended = remit_list.claims_of(conn, row["id"], [one.position for one in shown])
        numbers = [] if ended else [one.pcn for one in shown]
        posted = [one["claim_id"] for one in ended if one["claim_id"]]
        others: dict[str, list[RowMapping]] = defaultdict(list)
        for one in remit_list.other_decisions(conn, row["id"], posted):
            others[one["claim_id"]].append(one)
        return cls(
            ended={one["position"]: one for one in ended},
            ours={pcn: one.id for pcn, one in claims.by_pcn(conn, numbers).items()},
            others=others,
            waits=remit_list.tasks_of(conn, row["id"], ended),
            posted_on=row["posted_on"],
        )

    def claim_ids(self) -> list[str]:
        """Every claim of ours that the page names."""
        posted = [row["claim_id"] for row in self.ended.values() if row["claim_id"]]
        return [*posted, *self.ours.values()]

    def line(self, one: OutlinedClaim) -> Line:
        """What to show of a claim."""
        row = self.ended.get(one.position)
        claim_id = row["claim_id"] if row else self.ours.get(one.pcn)
        back = takes_back(one)
        return Line(
            said=one,
            number=(row["pcn"] if row else None) or one.pcn,
            claim_id=claim_id,
            status=code("clp02", one.status) or one.status,
            takes_back=back,
            outcome=row["outcome"] if row else "",
            task=self.waits.get(one.position),
            other=self._taken_back(claim_id) if back else self._taken_by(claim_id),
        )

    def _taken_back(self, claim_id: str | None) -> RowMapping | None:
        """The newest payment before this set."""
        if self.posted_on is None:
            return None
        before = [
            one
            for one in self.others.get(claim_id or "", ())
            if one["status"] != REVERSAL and one["posted_on"] <= self.posted_on
        ]
        return before[-1] if before else None

    def _taken_by(self, claim_id: str | None) -> RowMapping | None:
        """The first reversal after this set."""
        if self.posted_on is None:
            return None
        after = (
            one
            for one in self.others.get(claim_id or "", ())
            if one["status"] == REVERSAL and one["posted_on"] >= self.posted_on
        )
        return next(after, None)
