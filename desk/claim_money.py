"""The Money tab: the claim's double entries with the true running balance."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from starlette.responses import Response

from activities.story import ENTRIES
from claims.money import from_cents
from desk.claim_frame import frame, show
from desk.visit import Visit
from ledger.journal import Posting, postings_of

ACCOUNTS = {
    "insurance_receivable": "Open with plan",
    "patient_receivable": "Patient owes",
    "refunds_payable": "Credit",
}
"""The accounts whose sum is the claim's balance."""


class Entry(NamedTuple):
    """One line on an account of the balance, and the balance after it."""

    id: int
    words: str
    account: str
    debit: Decimal
    credit: Decimal
    balance: Decimal
    reverses: int | None
    first: bool


def money_page(visit: Visit) -> Response:
    """Entries grouped by posting, where the balance sits, and whether it adds up."""
    found = frame(visit, "money")
    with visit.desk.office.reading() as conn:
        postings = postings_of(conn, found.row.id)
    groups, balance = [], Decimal(0)
    for key, same in groupby(postings, key=_group):
        entries = list(_entries(list(same), balance))
        balance = entries[-1].balance if entries else balance
        groups.append((key, entries))
    return show(
        visit, "claim_money.html.j2", "Money", found, groups=groups, balance=balance
    )


def _group(posting: Posting) -> tuple[object, str, str]:
    row = posting.entry
    return row["business_date"], str(row["source"]), str(row["rule"])


def _entries(postings: list[Posting], balance: Decimal) -> Iterator[Entry]:
    for row, lines, _ in postings:
        kind = str(row["entry_type"])
        words = ENTRIES.get(kind, kind.replace("_", " ").capitalize())
        first = True
        for line in lines:
            account = ACCOUNTS.get(line["account"].partition(":")[0])
            if account is None:
                continue
            debit = from_cents(line["debit_cents"])
            credit = from_cents(line["credit_cents"])
            balance += debit - credit
            undone = row["reverses"]
            yield Entry(
                row["id"], words, account, debit, credit, balance, undone, first
            )
            first = False
