"""The sums of a daily close (R-DAY-01), and the items that make up its difference.

Deposits stand against posted payer cash, unapplied payer cash, patient cash, refunds
and chargebacks. Every line belongs to one item, so the items always add up to the
difference: nothing is left that has no name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from activities.close_pairs import Paired, Side
from claims.calendar import (
    add_business_days,
    business_day_from,
    business_days_between,
)
from ledger.day_cash import PATIENT, PAYER, REFUNDS, UNAPPLIED_CASH

DEPOSITS = "deposits"
PARTS = (DEPOSITS, PAYER, UNAPPLIED_CASH, PATIENT, REFUNDS)
LATE_AFTER = 4
"""Business days after which money without its other half is late (R-ERA-09)."""


class Line(NamedTuple):
    """Cents of one thing in one part, and the business day they belong to."""

    of: date
    part: str
    key: str
    cents: int


@dataclass(frozen=True)
class Item:
    """Something that makes deposits and postings differ. ``cents`` above zero: the
    bank has more. ``explained``: both halves are known. ``waiting``: they are not, and
    the other is not late; neither of the two: a person must say what it is."""

    keys: tuple[str, ...]
    cents: int
    words: str
    explained: bool
    of: date
    waiting: bool = False


def totals(lines: Iterable[Line]) -> dict[str, int]:
    """Cents of each part, and their ``difference``: zero on a day that closes."""
    sums = dict.fromkeys(PARTS, 0)
    for line in lines:
        sums[line.part] += line.cents
    posted = sum(sums[part] for part in PARTS if part != DEPOSITS)
    return {**sums, "difference": sums[DEPOSITS] - posted}


def belonging(
    now: Iterable[tuple[date, str, str, int]], counted: Iterable[Line]
) -> list[Line]:
    """What no close has counted yet: (business date, part, key, cents) less what has
    been. A date that is no business day belongs to the next one."""
    left: dict[tuple[date, str, str], int] = {}
    for day, part, key, cents in now:
        at = (business_day_from(day), part, key)
        left[at] = left.get(at, 0) + cents
    for line in counted:
        at = (line.of, line.part, line.key)
        left[at] = left.get(at, 0) - line.cents
    return [Line(*at, cents) for at, cents in sorted(left.items()) if cents]


def by_account(
    lines: Iterable[Line], paired: Paired, accounts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Deposits and what was posted for them, by bank account; in "" is what no account
    has yet. ``accounts``: of deposits by key. The differences add up to the day's."""
    group = _groups(paired)
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        keys = group.get(line.key, (line.key,))
        account = next((accounts[k] for k in keys if accounts.get(k)), "")
        side = DEPOSITS if line.part == DEPOSITS else "posted"
        of = sums.setdefault(account, {DEPOSITS: 0, "posted": 0})
        of[side] += line.cents
    return [
        {"account": account, **of, "difference": of[DEPOSITS] - of["posted"]}
        for account, of in sorted(sums.items())
    ]


def items(lines: Iterable[Line], paired: Paired, day: date) -> list[Item]:
    """What makes the difference of ``day``, each by name; they add up to it."""
    group = _groups(paired)
    days = _days(paired)
    sums: dict[tuple[str, ...], int] = {}
    dates: dict[tuple[str, ...], date] = {}
    for line in lines:
        keys = group.get(line.key, (line.key,))
        sign = 1 if line.part == DEPOSITS else -1
        sums[keys] = sums.get(keys, 0) + sign * line.cents
        dates[keys] = max(line.of, dates.get(keys, line.of))
    return [
        _item(keys, cents, days, day, dates[keys])
        for keys, cents in sorted(sums.items())
        if cents
    ]


def _groups(paired: Paired) -> dict[str, tuple[str, ...]]:
    """Which keys belong together: a pair, or receipts of one day."""
    found: dict[str, tuple[str, ...]] = {}
    for one in paired.pairs:
        keys = (one.deposit.key, *(one.expected.parts or (one.expected.key,)))
        found |= dict.fromkeys(keys, keys)
    for side, _ in paired.open:
        keys = side.parts or (side.key,)
        found |= dict.fromkeys(keys, keys)
    return found


def _days(paired: Paired) -> Mapping[str, date]:
    """When each open side became known; those in pairs are not in it."""
    return {k: s.day for s, _ in paired.open for k in (s.key, *s.parts)}


def _item(
    keys: tuple[str, ...], cents: int, days: Mapping[str, date], day: date, of: date
) -> Item:
    if keys[0].startswith("refund:"):
        return Item(keys, cents, "a refund; it leaves by itself", True, of)
    if keys[0] in days:
        return _open_item(keys, cents, days[keys[0]], day, of)
    if len(keys) > 1:
        return Item(keys, cents, "its other half is of another day", True, of)
    return Item(keys, cents, "posted without a record that money came", False, of)


def _open_item(
    keys: tuple[str, ...], cents: int, since: date, day: date, of: date
) -> Item:
    """Half of the money: it waits until it is late, and that explains nothing."""
    kind = "posted, the money has not come"
    if keys[0].startswith("deposit:"):
        if cents < 0:
            words = "taken back or corrected by the bank, nothing here says why"
            return Item(keys, cents, words, False, of)
        kind = "money without a remittance or receipt"
    due = late_on(since)
    if due <= day:
        return Item(keys, cents, f"{kind}; late since {due}", False, of)
    age = business_days_between(since, day)
    plural = "" if age == 1 else "s"
    waited = f"waiting {age} business day{plural}" if age else "new that day"
    words = f"{kind}; {waited}, late on {due}"
    return Item(keys, cents, words, False, of, waiting=True)


def late_on(day: date) -> date:
    """The day on which money known since ``day`` is late without its other half."""
    return add_business_days(day, LATE_AFTER)


def turned_late(paired: Paired, after: date | None, day: date) -> list[Side]:
    """Open sides that became late after the close before, until ``day``; what a bank
    took back was to be explained on its own day."""
    return [
        side
        for side, _ in paired.open
        if side.cents > 0
        and late_on(side.day) <= day
        and (after is None or late_on(side.day) > after)
    ]
