"""A reversal belongs to the entry it takes back, and to no other."""

from ledger.accounts import EntryType
from ledger.balances import entries_of
from ledger.entries import post, reverse
from ledger.pairs import taken_back
from records.db import Database
from tests.ledger.making import AT, CLAIM, DAY, make, put

CHARGE, PAID = EntryType.CHARGE, EntryType.PAYER_PAYMENT
BACK = EntryType.PAYER_REVERSAL


def pairs(db: Database) -> list[tuple[int, int]]:
    """Places in the claim's journal: of each reversal, and of what it takes back."""
    with db.reading() as conn:
        rows = entries_of(conn, CLAIM)
    places = {row["id"]: place for place, row in enumerate(rows)}
    return [(places[b], places[a]) for b, a in taken_back(rows).items()]


def test_a_payers_reversal_takes_back_the_newest_entry_of_its_amount(
    db: Database,
) -> None:
    with db.transaction() as conn:
        put(conn, (CHARGE, "300"), (PAID, "50"), (PAID, "80"), (PAID, "50"))
        put(conn, (BACK, "50"))
    assert pairs(db) == [(4, 3)]


def test_an_entry_is_taken_back_once(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (CHARGE, "300"), (PAID, "50"), (PAID, "50"))
        put(conn, (BACK, "50"), (BACK, "50"))
    assert pairs(db) == [(3, 2), (4, 1)]


def test_a_reversal_of_another_amount_or_payer_is_no_pair(db: Database) -> None:
    other = make(BACK, "50", payer_id="P-RIVERBEND")
    with db.transaction() as conn:
        put(conn, (CHARGE, "300"), (PAID, "50"), (PAID, "90"), (BACK, "40"))
        post(conn, [other], posted_at=AT)
    assert pairs(db) == []


def test_what_is_paid_after_a_reversal_takes_nothing_back(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (CHARGE, "300"), (PAID, "50"), (BACK, "50"), (PAID, "50"))
    assert pairs(db) == [(2, 1)]


def test_an_entry_that_a_person_undid_is_paired_by_its_name(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (CHARGE, "300"))
        post(conn, [make(PAID, "50", key="first")], posted_at=AT)
        put(conn, (PAID, "50"))
        reverse(
            conn,
            "first",
            business_date=DAY,
            posted_at=AT,
            source="person ana",
            ref="mistake",
            rule="R-MON-03",
            actor="ana",
        )
    assert pairs(db) == [(3, 1)]
