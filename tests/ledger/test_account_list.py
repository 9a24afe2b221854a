"""Accounts: a list has the accounts it names, and its sums are those of all pages."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from claims.money import cents
from ledger.account_list import Only, Sums, listing
from ledger.balances import balances
from ledger.entries import LedgerIdentityError, NewEntry, post
from records.db import Database, RowMapping
from records.tables import account, claim
from tests.ledger.making import AT
from tests.ledger.test_aging import CLAIMS, add, new_entries

ACCOUNTS = ("acc-1", "acc-2", "acc-3")
PARTS = {
    Only.INSURANCE: "insurer_open",
    Only.PATIENT: "patient_due",
    Only.CREDIT: "credit",
}


def lay_out(conn: Connection, entries: list[NewEntry]) -> None:
    """Two claims on the first account, one on the second, none on the third."""
    for id_ in ACCOUNTS:
        add(conn, account, id=id_)
    for id_, owner in zip(CLAIMS, (0, 0, 1), strict=False):
        add(conn, claim, id=id_, pcn=id_, account_id=ACCOUNTS[owner])
    for n, one in enumerate(entries):
        new = replace(one, claim_id=one.claim_id and CLAIMS[n % 3])
        with_this = conn.begin_nested()
        try:
            post(conn, [new], posted_at=AT)
        except LedgerIdentityError:
            with_this.rollback()
        else:
            with_this.commit()


def plain(conn: Connection) -> dict[str, dict[str, int]]:
    """Cents open on each account, added up claim by claim."""
    money = balances(conn, CLAIMS[:3])
    sums = {id_: dict.fromkeys(PARTS, 0) for id_ in ACCOUNTS}
    for id_, owner in zip(CLAIMS, (0, 0, 1), strict=False):
        for part, bucket in PARTS.items():
            sums[ACCOUNTS[owner]][part] += cents(getattr(money[id_], bucket))
    return {id_: {k.value: v for k, v in of.items()} for id_, of in sums.items()}


def all_pages(conn: Connection, only: Only) -> tuple[list[RowMapping], Sums]:
    found: list[RowMapping] = []
    after = ""
    while True:
        rows, sums = listing(conn, only, after=after, limit=1)
        if not rows:
            return found, sums
        found += rows
        after = rows[-1]["public_ref"]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(posted=st.lists(new_entries, max_size=15))
def test_every_list_has_its_accounts_and_their_plain_sum(
    db: Database, posted: list[NewEntry]
) -> None:
    with db.transaction() as conn:
        lay_out(conn, posted)
        wanted = plain(conn)
        for only in (Only.ALL, *PARTS):
            rows, sums = all_pages(conn, only)
            names = [i for i, of in wanted.items() if only is Only.ALL or of[only] > 0]
            assert sorted(row["id"] for row in rows) == sorted(names)
            for row in rows:
                assert {p: row[p] for p in PARTS} == wanted[row["id"]]
            total = {p: sum(wanted[i][p] for i in names) for p in PARTS}
            assert sums == Sums(len(names), *total.values())
        conn.rollback()  # The next example starts with an empty ledger.
