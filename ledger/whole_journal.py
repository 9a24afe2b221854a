"""The journal as an auditor takes it away: every entry with its lines, in order.

Read in pages inside one ``Database.reading()``, so that a journal of any length is of
one instant and never in memory as a whole.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, select

from claims.money import from_cents
from ledger.tables import entry, entry_line
from records.tables import claim

PAGE = 2000


class Line(NamedTuple):
    """A debit or a credit of an account, in dollars; one of the two is zero."""

    account: str
    debit: Decimal
    credit: Decimal


class Posting(NamedTuple):
    """An entry, our number of its claim ("" for the practice's own), and its lines."""

    entry: RowMapping
    pcn: str
    lines: tuple[Line, ...]


def journal(conn: Connection, *, as_of: date | None = None) -> Iterator[Posting]:
    """Every posting up to the end of a business day, in the order it was made.

    Lines are those that are stored, whatever the entry's type says: what is missing
    there is missing here.
    """
    after = 0
    while page := _page(conn, after, as_of):
        yield from page
        after = page[-1].entry["id"]


def _page(conn: Connection, after: int, as_of: date | None) -> list[Posting]:
    some = select(entry.c.id).where(entry.c.id > after)
    if as_of is not None:
        some = some.where(entry.c.business_date <= as_of)
    wanted = some.order_by(entry.c.id).limit(PAGE).subquery()
    lines = (entry_line.c.account, entry_line.c.debit_cents, entry_line.c.credit_cents)
    query = (
        select(entry, func.coalesce(claim.c.pcn, "").label("pcn"), *lines)
        .join(wanted, wanted.c.id == entry.c.id)
        .outerjoin(entry_line, entry_line.c.entry_id == entry.c.id)
        .outerjoin(claim, claim.c.id == entry.c.claim_id)
        .order_by(entry.c.id, entry_line.c.n)
    )
    rows = conn.execute(query).mappings()
    return [_posting(list(same)) for _, same in groupby(rows, lambda row: row["id"])]


def _posting(rows: list[RowMapping]) -> Posting:
    lines = tuple(
        Line(r["account"], from_cents(r["debit_cents"]), from_cents(r["credit_cents"]))
        for r in rows
        if r["account"] is not None
    )
    return Posting(rows[0], rows[0]["pcn"], lines)


def first_days(conn: Connection, *, as_of: date | None = None) -> dict[str, date]:
    """The first business day of each account."""
    query = (
        select(entry_line.c.account, func.min(entry.c.business_date).label("day"))
        .join(entry, entry.c.id == entry_line.c.entry_id)
        .group_by(entry_line.c.account)
        .order_by(entry_line.c.account)
    )
    if as_of is not None:
        query = query.where(entry.c.business_date <= as_of)
    return {row.account: row.day for row in conn.execute(query)}
