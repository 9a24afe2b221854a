"""Pair bank deposits with what they pay: by trace, then by who pays and how much.

The second pass pairs only what is the single candidate both ways, within three business
days and in the account that this payer pays into; whatever could be two things stays
open and names its candidates (R-ERA-09).

A deposit below zero is money the bank took back: a refund of ours that was cashed, or
another deposit that it undoes, if nothing else has that one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from claims.calendar import business_days_between

DAYS_APART = 3
"""Business days between a deposit and its remittance that are not late."""


@dataclass(frozen=True)
class Side:
    """A deposit, or money that a deposit is expected for.

    ``key`` is ``deposit:REF``, ``835:PAYER:TRACE`` or ``receipt:REF``; ``party`` is a
    payer's id, or ``patient:METHOD``; "" when the bank does not say. ``parts`` are the
    receipts that one deposit of a day is made of. ``paired_with``: known already.
    ``account``: the last digits of the bank account, "" when it is not said.
    """

    key: str
    day: date
    cents: int
    trace: str = ""
    party: str = ""
    parts: tuple[str, ...] = ()
    paired_with: str = ""
    account: str = ""

    @property
    def is_refund(self) -> bool:
        """Money that leaves by itself: no deposit is awaited for it."""
        return self.key.startswith("refund:")


@dataclass(frozen=True)
class Pair:
    """A deposit, what it pays, and by what they were found: trace or amount; or
    ``returned``: what it undoes."""

    deposit: Side
    expected: Side
    how: str


@dataclass(frozen=True)
class Paired:
    """The pairs, and both sides that are left, each with its candidates' keys."""

    pairs: tuple[Pair, ...]
    open: tuple[tuple[Side, tuple[str, ...]], ...]


def pair(deposits: Sequence[Side], expected: Sequence[Side]) -> Paired:
    """Pair what is certain; nothing is in two pairs, nothing is left out."""
    pairs = _known(deposits, expected)
    left, right = _rest(deposits, expected, pairs)
    pairs += _single(left, right, _same_trace, "trace")
    left, right = _rest(deposits, expected, pairs)
    # Receipts of one day and method lie in one deposit, unless one says otherwise.
    right = _batches(right)
    home = _homes(pairs)
    pairs += _single(left, right, lambda d, e: _same_money(d, e, home), "amount")
    left, right = _rest(left, right, pairs)
    back, left = [d for d in left if d.cents < 0], [d for d in left if d.cents > 0]
    undone = _single(back, left, _undoes, "returned")
    pairs += undone
    left, right = _rest([*left, *back], right, pairs)
    open_left = [(d, tuple(_candidates(d, right, deposits))) for d in left]
    open_right = [
        (e, tuple(d.key for d in left if _alike(d, e)))
        for e in right
        if not e.is_refund
    ]
    return Paired(tuple(pairs), (*open_left, *open_right))


def _homes(pairs: Iterable[Pair]) -> dict[str, str]:
    """The account into which each party pays, where it is one; by trace, so certain."""
    found: dict[str, set[str]] = {}
    for one in pairs:
        found.setdefault(one.expected.party, set()).add(one.deposit.account)
    return {party: min(some) for party, some in found.items() if len(some) == 1}


def _candidates(
    one: Side, expected: Sequence[Side], deposits: Sequence[Side]
) -> Iterator[str]:
    yield from (e.key for e in expected if _alike(one, e))
    if one.cents < 0:
        yield from (d.key for d in deposits if _undoes(one, d))


def _known(deposits: Sequence[Side], expected: Sequence[Side]) -> list[Pair]:
    by_key = {e.key: e for e in expected}
    found, taken = [], set()
    for one in deposits:
        if one.paired_with in by_key and one.paired_with not in taken:
            taken.add(one.paired_with)
            found.append(Pair(one, by_key[one.paired_with], "trace"))
    return found


def _rest(
    deposits: Sequence[Side], expected: Sequence[Side], pairs: Iterable[Pair]
) -> tuple[list[Side], list[Side]]:
    taken = {p.deposit.key for p in pairs}
    taken |= {key for p in pairs for key in (p.expected.key, *p.expected.parts)}
    return (
        [d for d in deposits if d.key not in taken],
        [e for e in expected if e.key not in taken],
    )


def _single(
    left: Sequence[Side],
    right: Sequence[Side],
    fits: Callable[[Side, Side], bool],
    how: str,
) -> list[Pair]:
    found = []
    for one in left:
        mine = [e for e in right if fits(one, e)]
        if len(mine) == 1 and [d for d in left if fits(d, mine[0])] == [one]:
            found.append(Pair(one, mine[0], how))
    return found


def _same_trace(deposit: Side, expected: Side) -> bool:
    same = deposit.trace == expected.trace and deposit.cents == expected.cents
    return bool(deposit.trace) and same


def _same_money(
    deposit: Side, expected: Side, home: Mapping[str, str] = MappingProxyType({})
) -> bool:
    account = home.get(expected.party, "")
    if expected.is_refund:
        whose = expected.party in ("", deposit.party)
    else:
        whose = deposit.party == expected.party != ""
    return (
        whose
        and deposit.cents == expected.cents
        and _near(deposit, expected)
        and (not (account and deposit.account) or account == deposit.account)
    )


def _near(one: Side, other: Side) -> bool:
    first, last = sorted((one.day, other.day))
    return business_days_between(first, last) <= DAYS_APART


def _undoes(back: Side, deposit: Side) -> bool:
    """The bank takes this deposit back, of the same account, soon after."""
    return (
        deposit.cents == -back.cents
        and deposit.account == back.account
        and back.trace in ("", deposit.trace)
        and back.day >= deposit.day
        and _near(back, deposit)
    )


def _alike(deposit: Side, expected: Side) -> bool:
    """Worth a person's look: the same trace, money within days, or the same payer's
    trace with another amount."""
    traced = bool(deposit.trace) and deposit.trace == expected.trace
    return traced or _same_money(deposit, expected)


def _batches(expected: Sequence[Side]) -> list[Side]:
    """Receipts together by day and method; anything else as it is."""
    groups: dict[tuple[date, str], list[Side]] = {}
    made = []
    for one in expected:
        if one.party.startswith("patient:"):
            groups.setdefault((one.day, one.party), []).append(one)
        else:
            made.append(one)
    for (day, party), some in groups.items():
        if len(some) == 1:
            made.append(some[0])
            continue
        made.append(
            Side(
                key=f"receipts:{day}:{party.partition(':')[2]}",
                day=day,
                cents=sum(s.cents for s in some),
                party=party,
                parts=tuple(s.key for s in some),
            )
        )
    return made
