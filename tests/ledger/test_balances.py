"""Balances of claims, totals of the practice, and the checks that find errors."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert

from ledger.accounts import EntryType
from ledger.balances import (
    Balances,
    balances,
    balances_as_of,
    identity_breaches,
    payer_cash,
    practice_entries,
    totals,
    trial_balance,
    unapplied,
)
from ledger.entries import post
from ledger.tables import entry, entry_line
from ledger.whole_journal import journal
from records.db import Database
from tests.ledger.making import AT, CLAIM, DAY, PAYER, make, put

E = EntryType


def usd(text: str) -> Decimal:
    return Decimal(text)


def test_a_claim_without_entries_is_all_zero(db: Database) -> None:
    with db.reading() as conn:
        assert balances(conn, ["nobody"]) == {"nobody": Balances()}
        assert balances(conn, []) == {}


def test_balances_of_many_claims_are_kept_apart(db: Database) -> None:
    with db.transaction() as conn:
        many = [make(E.CHARGE, f"{n}.00", claim=f"claim-{n}") for n in range(1, 1201)]
        post(conn, many, posted_at=AT)
    with db.reading() as conn:
        found = balances(conn, [f"claim-{n}" for n in range(1, 1201)])

    assert all(found[f"claim-{n}"].charge == n for n in range(1, 1201))


def test_a_balance_as_of_a_day_ends_with_that_day(db: Database) -> None:
    paid = replace(make(E.PAYER_PAYMENT, "50.00"), business_date=DAY + timedelta(9))
    with db.transaction() as conn:
        post(conn, [make(E.CHARGE, "80.00"), paid], posted_at=AT)
    with db.reading() as conn:
        before = balances_as_of(conn, CLAIM, DAY - timedelta(1))
        eve = balances_as_of(conn, CLAIM, DAY + timedelta(8))
        day = balances_as_of(conn, CLAIM, DAY + timedelta(9))

    assert before == Balances()
    assert (eve.insurer_open, day.insurer_open) == (usd("80.00"), usd("30.00"))


def test_totals_tell_write_offs_from_adjustments_and_add_up(db: Database) -> None:
    with db.transaction() as conn:
        put(
            conn,
            (E.CHARGE, "200.00"),
            (E.PATIENT_PREPAYMENT, "15.00"),
            (E.PAYER_PAYMENT, "90.00"),
            (E.CONTRACTUAL_ADJ, "40.00"),
            (E.TRANSFER_TO_PATIENT, "30.00"),
            (E.APPLY_PREPAYMENT, "10.00"),
            (E.WRITE_OFF_SMALL, "4.00"),
            (E.WRITE_OFF_TIMELY, "6.00"),
        )
        put(conn, (E.DEPOSIT, "90.00"))
    with db.reading() as conn:
        found = totals(conn)

    assert found.model_dump() == {
        "billed": "200.00",
        "paid": "90.00",
        "patient_paid": "15.00",
        "adjusted": "40.00",
        "written_off": "10.00",
        "insurer_open": "34.00",
        "patient_due": "16.00",
        "credit": "5.00",
    }
    assert found.open == usd("45.00")
    assert found.adds_up()
    assert not found.model_copy(update={"billed": usd("200.01")}).adds_up()


def test_a_payers_deposits_are_explained_by_its_remittances(db: Database) -> None:
    with db.transaction() as conn:
        put(
            conn,
            (E.CHARGE, "300.00"),
            (E.PAYER_PAYMENT, "100.00"),
            (E.PAYER_REVERSAL, "40.00"),
            (E.PAYER_PAYMENT, "70.00"),
            (E.INTEREST_RECEIVED, "1.25"),
            (E.RECOUPMENT_DUE, "40.00"),
            (E.RECOUPMENT_TAKEN, "40.00"),
            (E.UNAPPLIED_PAYER_CASH, "20.00"),
            (E.PLB_FEE, "0.75"),
            (E.CREDIT_OPEN_PAYER, "5.00"),
            (E.REFUND_PAYER, "5.00"),
        )
        other = replace(make(E.DEPOSIT, "999.00"), payer_id="P-OTHER")
        post(conn, [other], posted_at=AT)
    with db.reading() as conn:
        missing = payer_cash(conn, PAYER)
    assert (missing.claims_net, missing.interest) == (usd("130.00"), usd("1.25"))
    assert missing.other == usd("19.25")
    assert missing.difference() == usd("-150.50")

    with db.transaction() as conn:
        put(conn, (E.DEPOSIT, "150.50"))
        assert payer_cash(conn, PAYER).difference() == usd("0.00")
        accounts = trial_balance(conn)
        assert accounts[f"payer_clearing:{PAYER}"] == usd("0.00")
        assert accounts["cash"] == usd("1149.50")
        assert sum(accounts.values()) == 0
        assert len(practice_entries(conn)) == 7
        assert len(list(journal(conn))) == 13


def test_unapplied_cash_goes_down_when_it_finds_its_claim(db: Database) -> None:
    with db.transaction() as conn:
        assert unapplied(conn) == usd("0.00")
        put(conn, (E.UNAPPLIED_PAYER_CASH, "50.00"))
        assert unapplied(conn) == usd("50.00")
        put(conn, (E.UNAPPLIED_PAYER_CASH_APPLIED, "20.00"))
        assert unapplied(conn) == usd("30.00")


def insert_entry(
    db: Database, kind: EntryType, lines: list[tuple[str, int, int]]
) -> None:
    """An entry past ``post``, as a defect or a stranger's tool would write it."""
    row = {
        "id": 77,
        "key": "stranger",
        "entry_type": kind,
        "direction": 1,
        "claim_id": CLAIM,
        "amount_cents": 5000,
        "business_date": date(2026, 3, 2),
        "posted_at": AT,
        "seq": 1,
        "source": "s",
        "ref": "r",
        "rule": "R",
        "actor": "a",
        "memo": "",
    }
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
        assert identity_breaches(conn) == []
        conn.execute(insert(entry), [row])
        for n, (account, debit, credit) in enumerate(lines, 1):
            line = {"debit_cents": debit, "credit_cents": credit}
            values = {"entry_id": 77, "n": n, "account": account, **line}
            conn.execute(insert(entry_line), [values])


OPEN = f"insurance_receivable:{PAYER}"
CLEARING = f"payer_clearing:{PAYER}"


@pytest.mark.parametrize(
    ("kind", "lines", "difference", "says"),
    [
        (E.PAYER_PAYMENT, [], "50.00", "paid_payer differs"),
        (E.PAYER_PAYMENT, [(CLEARING, 5000, 0)], "50.00", "debits differ"),
        (
            E.PAYER_PAYMENT,
            [("patient_cash", 5000, 0), (OPEN, 0, 5000)],
            "50.00",
            "paid_patient differs",
        ),
        (
            E.TRANSFER_TO_INSURER,
            [(OPEN, 5000, 0), ("patient_receivable", 0, 5000)],
            "0.00",
            "patient_due is below zero",
        ),
    ],
    ids=["no lines", "one line", "wrong account", "below zero"],
)
def test_a_claim_whose_books_are_wrong_is_found(
    db: Database,
    kind: EntryType,
    lines: list[tuple[str, int, int]],
    difference: str,
    says: str,
) -> None:
    insert_entry(db, kind, lines)
    with db.reading() as conn:
        (breach,) = identity_breaches(conn)

    assert (breach.claim_id, breach.difference) == (CLAIM, usd(difference))
    assert says in breach.why
