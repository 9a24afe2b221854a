"""Entries for ledger tests: every field that a test does not name has a plain value."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count

from sqlalchemy import Connection

from ledger.accounts import BY_PEOPLE, EFFECT, EntryType
from ledger.balances import Balances, balances
from ledger.entries import NewEntry, PostResult, post

DAY = date(2026, 3, 2)
AT = "2026-03-02T14:00:00.000000Z"
CLAIM = "claim-1"
PAYER = "P-NORTHLAKE"
_numbers = count(1)


def make(
    kind: EntryType, amount: str, *, key: str = "", claim: str = CLAIM, **more: object
) -> NewEntry:
    """An entry of this type on CLAIM, or on none if it is the practice's."""
    by_person = kind in BY_PEOPLE
    new = NewEntry(
        key=key or f"test:{next(_numbers)}",
        type=kind,
        amount=Decimal(amount),
        business_date=DAY,
        source="person ana" if by_person else "0a1b2c segment 12",
        ref="TRN 8801",
        rule="R-MON-03",
        claim_id=claim if kind in EFFECT else None,
        payer_id=PAYER,
        actor="ana" if by_person else "machine",
    )
    return replace(new, **more)  # type: ignore[arg-type]  # a test names the fields


def put(conn: Connection, *parts: tuple[EntryType, str]) -> PostResult:
    """Post these entries on CLAIM."""
    entries = [make(kind, amount) for kind, amount in parts]
    return post(conn, entries, posted_at=AT)


def money(conn: Connection, claim: str = CLAIM) -> Balances:
    """A claim's buckets."""
    return balances(conn, [claim])[claim]
