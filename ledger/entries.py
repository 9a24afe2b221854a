"""Write postings: balanced, once by key, checked against the money identity (R-MON)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select

from claims.decision import MACHINE
from claims.money import cents, from_cents
from ledger.accounts import POSTING, EntryType, account_name
from ledger.balances import balances
from ledger.tables import entry, entry_line

CHUNK = 500


class EntryConflictError(Exception):
    """A key is known with another amount, type or claim; nothing was posted."""


class LedgerIdentityError(Exception):
    """After these entries a claim would not add up; nothing was posted (I2)."""


@dataclass(frozen=True)
class NewEntry:
    """One posting to make. ``amount`` is dollars, always positive (R-MON-01).

    ``key`` makes it happen once; ``source`` is file and segment, or a person.
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


def post(conn: Connection, entries: Sequence[NewEntry], *, posted_at: str) -> int:
    """Post entries in bulk and check every touched claim; how many were new.

    Called twice with the same keys it posts once, because activities retry. It never
    rounds and never plugs.

    Raises:
        EntryConflictError: a key is known with other content.
        LedgerIdentityError: a claim's identity or a bucket's sign would break. Both
            must roll the caller's transaction back.
    """
    if any(e.amount <= 0 for e in entries):
        raise LedgerIdentityError("an entry's amount must be positive; nothing was posted")
    known = _known(conn, [e.key for e in entries])
    fresh = [e for e in entries if not _is_known(e, known)]
    if fresh:
        conn.execute(insert(entry), [_row(e, posted_at) for e in fresh])
        conn.execute(insert(entry_line), [line for e in fresh for line in _lines(e)])
    check(conn, {e.claim_id for e in fresh if e.claim_id})
    return len(fresh)


def _known(conn: Connection, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        query = select(
            entry.c.key, entry.c.type, entry.c.amount_cents, entry.c.claim_id
        ).where(entry.c.key.in_(part))
        found.update({row.key: row for row in conn.execute(query)})
    return found


def _is_known(new: NewEntry, known: dict[str, Any]) -> bool:
    old = known.get(new.key)
    if old is None:
        return False
    same = (new.type.value, cents(new.amount), new.claim_id)
    if same != (old.type, old.amount_cents, old.claim_id):
        raise EntryConflictError(
            f"Entry {new.key} is posted with other content. Nothing was posted. "
            "Reverse the first one instead of posting over it."
        )
    return True


def _row(new: NewEntry, posted_at: str) -> dict[str, Any]:
    return {
        "key": new.key,
        "type": new.type.value,
        "claim_id": new.claim_id,
        "account_id": new.account_id,
        "payer_id": new.payer_id,
        "amount_cents": cents(new.amount),
        "business_date": new.business_date,
        "posted_at": posted_at,
        "source": new.source,
        "ref": new.ref,
        "rule": new.rule,
        "actor": new.actor,
        "memo": new.memo,
        "reverses": new.reverses,
    }


def _lines(new: NewEntry) -> list[dict[str, Any]]:
    debit, credit = POSTING[new.type]
    amount = cents(new.amount)
    return [
        {
            "entry_key": new.key,
            "number": 1,
            "account": account_name(debit, new.payer_id),
            "debit_cents": amount,
            "credit_cents": 0,
        },
        {
            "entry_key": new.key,
            "number": 2,
            "account": account_name(credit, new.payer_id),
            "debit_cents": 0,
            "credit_cents": amount,
        },
    ]


def check(conn: Connection, claim_ids: Iterable[str]) -> None:
    """I2 for these claims: the identity holds and no bucket is below zero.

    Raises:
        LedgerIdentityError: names the claim and the difference.
    """
    for claim_id, money in balances(conn, claim_ids).items():
        if not money.identity_holds():
            raise LedgerIdentityError(
                f"Claim {claim_id} would not add up (difference {money.difference()}). "
                "Nothing was posted."
            )
        if low := money.below_zero():
            raise LedgerIdentityError(
                f"Claim {claim_id} would have {', '.join(low)} below zero. Nothing was "
                "posted."
            )


__all__ = ["NewEntry", "check", "from_cents", "post"]
