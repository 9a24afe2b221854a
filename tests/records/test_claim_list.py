"""The claims list on both databases: undated claims last, no claim lost or twice."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from records import claim_list
from records.claim_list import NO_DATE, Page, Wanted
from records.db import Database
from records.queue_filters import Work
from records.tables import account, claim

TODAY = date(2026, 5, 11)
DUE = (3, None, 1, 3, None, 2, 3)
"""Days from TODAY of each claim's next step."""


@pytest.fixture
def listed(db: Database) -> Database:
    rows = [
        {
            "id": f"claim-{number}",
            "pcn": f"C{number}",
            "practice_number": f"P{number}",
            "identity_index": str(number),
            "content_hash": "",
            "content_enc": b"sealed",
            "account_id": "a",
            "payer_id": "P-ONE" if number % 2 else "P-TWO",
            "member_index": "",
            "billing_npi": "",
            "charge_cents": 100 * 10**number,
            "opened_on": TODAY,
            "state": "DENIED" if days is not None else "CLOSED",
            "state_since": TODAY,
            "next_due": None if days is None else TODAY + timedelta(days),
            "next_owner": None if days is None else "task" if days == 3 else "claim",
        }
        for number, days in enumerate(DUE)
    ]
    with db.transaction() as conn:
        one = {"id": "a", "public_ref": "A", "guarantor_index": "g"}
        conn.execute(insert(account).values(guarantor_enc=b"", **one))
        conn.execute(insert(claim), rows)
    return db


def page(
    db: Database, wanted: Wanted, after: tuple[date, str] | None = None, size: int = 50
) -> Page:
    with db.reading() as conn:
        return claim_list.page(conn, wanted, Work(()), after=after, size=size)


def numbers(found: Page) -> list[str]:
    return [one.row.pcn for one in found.rows]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
def test_pages_go_by_next_date_then_number_with_undated_claims_last(
    listed: Database, size: int
) -> None:
    seen: list[str] = []
    after, more = None, True
    while more:
        found = page(listed, Wanted(show="all"), after, size)
        assert (found.count, found.billed_cents) == (7, 111_111_100)
        seen += numbers(found)
        last, more = found.rows[-1].row, found.more
        after = (last.next_due or NO_DATE, last.pcn)
    assert seen == ["C2", "C5", "C0", "C3", "C6", "C1", "C4"]


def test_behind_the_last_claim_the_totals_are_those_of_every_match(
    listed: Database,
) -> None:
    found = page(listed, Wanted(show="all"), (NO_DATE, "ZZZ"))
    assert (found.rows, found.count, found.billed_cents) == ((), 7, 111_111_100)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), ["C2", "C5", "C0", "C3", "C6"]),
        (Wanted(show="closed"), ["C1", "C4"]),
        (Wanted(show="all", payers=("P-ONE",)), ["C5", "C3", "C1"]),
        (Wanted(waits_for="task"), ["C0", "C3", "C6"]),
        (Wanted(late_on=TODAY + timedelta(2)), ["C2"]),
        (Wanted(due_by=TODAY + timedelta(2)), ["C2", "C5"]),
        (Wanted(states=("DENIED",), payers=("P-TWO",)), ["C2", "C0", "C6"]),
        (Wanted(show="closed", late_on=TODAY + timedelta(9)), []),
    ],
)
def test_each_filter_narrows_the_rows_and_their_count_alike(
    listed: Database, wanted: Wanted, expected: list[str]
) -> None:
    found = page(listed, wanted)
    assert numbers(found) == expected
    assert found.count == len(expected)
