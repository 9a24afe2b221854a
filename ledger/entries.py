"""Write postings: balanced, once by key, checked against the money identity (R-MON).

Everything here runs in the caller's transaction; an error must roll it back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from claims.decision import MACHINE
from claims.money import cents, from_cents, usd
from ledger.accounts import (
    BY_PEOPLE,
    EFFECT,
    OPPOSITE,
    POSTING,
    EntryType,
    account_name,
    needs_payer,
)
from ledger.balances import unsound
from ledger.tables import entry, entry_line
from records.db import insert_many, one_of, upsert_ignore

_LONGEST = {"key": 255, "source": 200, "ref": 80, "rule": 16, "actor": 64}


class LedgerError(Exception):
    """A posting was refused. Nothing of it may be committed."""


class BadEntryError(LedgerError):
    """An entry contradicts itself or the rules of money; it was not made."""


class EntryConflictError(LedgerError):
    """A key is taken by another entry; nothing was posted."""


class UnknownEntryError(LedgerError):
    """No entry has this key; nothing was reversed."""


class LedgerIdentityError(LedgerError):
    """After these entries a claim would not add up; nothing was posted (I2)."""

    def __init__(
        self, claim_id: str, difference: Decimal, below_zero: Sequence[str] = ()
    ) -> None:
        """Name the claim, by how many dollars it is off, and its negative buckets."""
        self.claim_id = claim_id
        self.difference = difference
        self.below_zero = tuple(below_zero)
        what = f"would have {', '.join(below_zero)} below zero"
        if difference:
            what = f"would not add up (difference {difference})"
        super().__init__(
            f"Claim {claim_id} {what}. Nothing was posted. Look at its entries, then "
            "post the amounts that its buckets allow."
        )


@dataclass(frozen=True)
class NewEntry:
    """One posting to make. ``amount`` is dollars, always positive (R-MON-01).

    ``key`` makes it happen once; ``source`` is file and segment, or a person. Claim
    entries name their claim, practice entries none (R-MON-07). ``direction`` -1 undoes
    a type that has no opposite; only ``opposite`` sets it.

    Raises:
        BadEntryError: a part is missing, too long or does not fit the others.
        MoneyError: the amount is a float, not finite, or has part of a cent.
    """

    key: str
    type: EntryType
    amount: Decimal
    business_date: date
    source: str
    ref: str
    rule: str
    claim_id: str | None = None
    account_id: str | None = None
    payer_id: str | None = None
    actor: str = MACHINE
    memo: str = ""
    reverses: int | None = None
    direction: int = 1

    def __post_init__(self) -> None:
        """Refuse what could not be posted."""
        if wrong := self._wrong():
            raise BadEntryError(
                f"The entry {self.type} {wrong}. It was not made. Correct the caller."
            )

    def _wrong(self) -> str:
        for name, longest in _LONGEST.items():
            if not 0 < len(getattr(self, name)) <= longest:
                return f"needs a {name} of 1 to {longest} characters"
        if usd(self.amount) <= 0:
            return "needs an amount above zero (R-MON-01)"
        if (self.type in EFFECT) != (self.claim_id is not None):
            return "needs a claim" if self.type in EFFECT else "cannot name a claim"
        if self.payer_id is None and needs_payer(self.type):
            return "needs a payer"
        if self.type in BY_PEOPLE and self.actor == MACHINE:
            return "is a person's decision, never the machine's (R-MON-05, R-WOF-01)"
        undoing = self.direction == -1 and self.reverses is not None
        if self.direction != 1 and (not undoing or self.type in OPPOSITE):
            return "cannot go backwards: use opposite()"
        return ""


@dataclass(frozen=True)
class PostResult:
    """How many entries were new and how many had been posted before."""

    posted: int
    known: int


def post(
    conn: Connection, entries: Sequence[NewEntry], *, posted_at: str
) -> PostResult:
    """Post entries in bulk, one balanced posting each, and check every touched claim.

    Called twice with the same keys it posts once, because activities retry. It never
    rounds and never plugs. ``posted_at`` is an instant by ``records.instants``.

    Raises:
        EntryConflictError: a key is known with other content, or given twice.
        LedgerIdentityError: a claim's identity or a bucket's sign would break. Both
            must roll the caller's transaction back.
    """
    wanted = _by_key(entries)
    ids = dict(zip(wanted, _take_ids(conn, len(wanted)), strict=True))
    rows = [
        _row(new, ids[key], seq, posted_at)
        for seq, (key, new) in enumerate(wanted.items(), 1)
    ]
    # Two posters with the same keys wait for each other in the order of the keys.
    rows.sort(key=lambda row: str(row["key"]))
    inserted = upsert_ignore(conn, entry, rows, key=["key"])
    known = set() if inserted == len(wanted) else _known(conn, wanted, ids)
    fresh = [new for key, new in wanted.items() if key not in known]
    if fresh:
        lines = [line for new in fresh for line in _lines(new, ids[new.key])]
        insert_many(conn, entry_line, lines)
    check(conn, {new.claim_id for new in fresh if new.claim_id})
    return PostResult(posted=len(fresh), known=len(entries) - len(fresh))


def _by_key(entries: Sequence[NewEntry]) -> dict[str, NewEntry]:
    wanted: dict[str, NewEntry] = {}
    for new in entries:
        # Equal content is no excuse: a line may be adjusted twice by the same amount,
        # and to take the second for a repetition would lose it.
        if new.key in wanted:
            raise EntryConflictError(
                f"Two entries of one posting have the key {new.key}. Nothing was "
                "posted. Give each its own: add the position of its element."
            )
        wanted[new.key] = new
    return wanted


def _content(new: NewEntry) -> tuple[str, int, int, str | None]:
    return new.type.value, cents(new.amount), new.direction, new.claim_id


def _conflict(key: str) -> EntryConflictError:
    return EntryConflictError(
        f"Entry {key} is posted with other content. Nothing was posted. "
        "Reverse the first one instead of posting over it."
    )


def _take_ids(conn: Connection, count: int) -> Sequence[int]:
    """Numbers for new entries, so that entries and lines go in without asking back."""
    if conn.dialect.name == "postgresql":
        number = func.nextval(func.pg_get_serial_sequence("entry", "id"))
        series = func.generate_series(1, count).table_valued("value")
        return list(conn.execute(select(number).select_from(series)).scalars())
    # Safe because a write transaction on SQLite is the only one.
    last = conn.execute(select(func.coalesce(func.max(entry.c.id), 0))).scalar_one()
    return range(last + 1, last + count + 1)


def _known(
    conn: Connection, wanted: dict[str, NewEntry], ids: dict[str, int]
) -> set[str]:
    """The keys that somebody else has posted, with the same content."""
    columns = (entry.c.entry_type, entry.c.amount_cents, entry.c.direction)
    query = select(entry.c.id, entry.c.key, *columns, entry.c.claim_id)
    known = set()
    for id_, key, *content in conn.execute(query.where(one_of(conn, entry.c.key, ids))):
        if id_ == ids[key]:
            continue
        if tuple(content) != _content(wanted[key]):
            raise _conflict(key)
        known.add(key)
    return known


def _row(new: NewEntry, id_: int, seq: int, posted_at: str) -> dict[str, Any]:
    return {
        "id": id_,
        "key": new.key,
        "entry_type": new.type.value,
        "direction": new.direction,
        "claim_id": new.claim_id,
        "account_id": new.account_id,
        "payer_id": new.payer_id,
        "amount_cents": cents(new.amount),
        "business_date": new.business_date,
        "posted_at": posted_at,
        "seq": seq,
        "source": new.source,
        "ref": new.ref,
        "rule": new.rule,
        "actor": new.actor,
        "memo": new.memo,
        "reverses": new.reverses,
    }


def _lines(new: NewEntry, id_: int) -> tuple[dict[str, Any], dict[str, Any]]:
    debit, credit = POSTING[new.type][:: new.direction]
    amount = cents(new.amount)
    return (
        {
            "entry_id": id_,
            "n": 1,
            "account": account_name(debit, new.payer_id),
            "debit_cents": amount,
            "credit_cents": 0,
        },
        {
            "entry_id": id_,
            "n": 2,
            "account": account_name(credit, new.payer_id),
            "debit_cents": 0,
            "credit_cents": amount,
        },
    )


def check(conn: Connection, claim_ids: Iterable[str]) -> None:
    """I2 for these claims: the identity holds and no bucket is below zero.

    Raises:
        LedgerIdentityError: names the claim, the difference and the buckets.
    """
    for claim_id, money in unsound(conn, claim_ids):
        raise LedgerIdentityError(claim_id, money.difference(), money.below_zero())


def opposite(
    conn: Connection,
    key: str,
    *,
    business_date: date,
    source: str,
    ref: str,
    rule: str,
    actor: str = MACHINE,
    memo: str = "",
) -> NewEntry:
    """The entry that undoes the one with this key and names it (R-MON-03).

    For callers that post more with it, such as CREDIT_OPEN_PATIENT (R-MON-02).

    Raises:
        UnknownEntryError: no entry has this key.
    """
    first = entry_of(conn, key)
    kind = EntryType(first["entry_type"])
    return NewEntry(
        key=f"reverse:{first['id']}",
        type=OPPOSITE.get(kind, kind),
        amount=from_cents(first["amount_cents"]),
        business_date=business_date,
        source=source,
        ref=ref,
        rule=rule,
        claim_id=first["claim_id"],
        account_id=first["account_id"],
        payer_id=first["payer_id"],
        actor=actor,
        memo=memo or f"undoes entry {first['id']}",
        reverses=first["id"],
        direction=1 if kind in OPPOSITE else -first["direction"],
    )


def entry_of(conn: Connection, key: str) -> RowMapping:
    """The entry with this key.

    Raises:
        UnknownEntryError: no entry has this key.
    """
    query = select(entry).where(entry.c.key == key)
    found = conn.execute(query).mappings().first()
    if found is None:
        raise UnknownEntryError(
            f"No entry has the key {key}. Nothing was reversed. Look it up in the "
            "claim's entries."
        )
    return found


def reverse(
    conn: Connection,
    key: str,
    *,
    business_date: date,
    posted_at: str,
    source: str,
    ref: str,
    rule: str,
    actor: str = MACHINE,
    memo: str = "",
) -> PostResult:
    """Post the opposite of one entry, once: a second call finds it posted.

    Raises:
        UnknownEntryError: no entry has this key.
        LedgerIdentityError: the claim's money has moved on, so that a bucket would be
            below zero; post ``opposite`` together with what mends it.
    """
    undoing = opposite(
        conn,
        key,
        business_date=business_date,
        source=source,
        ref=ref,
        rule=rule,
        actor=actor,
        memo=memo,
    )
    return post(conn, [undoing], posted_at=posted_at)


__all__ = [
    "BadEntryError",
    "EntryConflictError",
    "LedgerError",
    "LedgerIdentityError",
    "NewEntry",
    "PostResult",
    "UnknownEntryError",
    "check",
    "entry_of",
    "opposite",
    "post",
    "reverse",
]
