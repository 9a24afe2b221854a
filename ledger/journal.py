"""A claim's postings with their debit and credit lines, as they stand in the books."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, select

from ledger.accounts import EFFECT, EntryType
from ledger.balances import entries_of
from ledger.tables import entry, entry_line


class Posting(NamedTuple):
    """One entry, its lines, and the cents by which it moved each bucket."""

    entry: RowMapping
    lines: tuple[RowMapping, ...]
    effect: Mapping[str, int]


def postings_of(conn: Connection, claim_id: str) -> list[Posting]:
    """Every posting of a claim in the order they were made."""
    query = (
        select(entry_line)
        .join(entry, entry.c.id == entry_line.c.entry_id)
        .where(entry.c.claim_id == claim_id)
        .order_by(entry_line.c.entry_id, entry_line.c.n)
    )
    lines: dict[int, list[RowMapping]] = {}
    for line in conn.execute(query).mappings():
        lines.setdefault(line["entry_id"], []).append(line)
    return [
        Posting(row, tuple(lines.get(row["id"], ())), _effect(row))
        for row in entries_of(conn, claim_id)
    ]


def _effect(row: RowMapping) -> dict[str, int]:
    moved = row["amount_cents"] * row["direction"]
    effect = EFFECT[EntryType(row["entry_type"])]
    return {bucket.value: sign * moved for bucket, sign in effect.items()}
