"""The exported ledger: Beancount's own checker accepts it, and CSV sums to the cent."""

import csv
import io
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from activities.ledger_export import (
    COLUMNS,
    account_in_beancount,
    beancount,
    csv_lines,
)
from ledger.accounts import BY_PEOPLE, POSTING, EntryType
from ledger.balances import trial_balance
from ledger.entries import opposite, post
from ledger.tables import METADATA
from ledger.whole_journal import PAGE
from records.db import Connection, Database, make_engine
from tests.ledger.making import AT, DAY, make

E = EntryType
Check = Callable[[str], str]


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()


@pytest.fixture
def bean_check(
    repo_root: Path, tmp_path: Path, missing: Callable[[str], None]
) -> Check:
    """What ``bean-check`` complains of, "" for nothing."""
    program = repo_root / ".venv" / "beancount" / "bin" / "bean-check"
    if not program.exists():
        missing("bean-check is not installed (make install-beancount).")

    def run(text: str) -> str:
        path = tmp_path / "ledger.beancount"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [program, "--no-cache", path],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == (1 if done.stderr else 0)
        return done.stderr

    return run


def everything(conn: Connection) -> None:
    """Every type of entry on two days, one of them undone."""
    claim = [
        make(E.CHARGE, "900.00", key="k:charge", memo='said "no" \\ at\nonce'),
        make(E.CHARGE_SELF_PAY, "100.00", business_date=DAY + timedelta(1)),
        make(E.PAYER_PAYMENT, "400.10", memo="=1+1"),
        make(E.CONTRACTUAL_ADJ, "99.90"),
        make(E.TRANSFER_TO_PATIENT, "50.00", key="k:share"),
        make(E.PATIENT_PREPAYMENT, "20.00"),
        make(E.APPLY_PREPAYMENT, "20.00"),
    ]
    done = {new.type for new in claim} | {E.CHARGE_VOID, E.CREDIT_MOVED_OUT}
    kinds = [k for k in E if k not in done and k not in BY_PEOPLE]
    practice = [
        make(kind, "7.01", payer_id="P-EAST_2", business_date=DAY + timedelta(2))
        for kind in kinds
        if make_is_of_the_practice(kind)
    ]
    post(conn, claim + practice, posted_at=AT)
    undo = opposite(
        conn, "k:share", business_date=DAY, source="ana", ref="r", rule="R-MON-03"
    )
    post(conn, [undo], posted_at=AT)


def make_is_of_the_practice(kind: EntryType) -> bool:
    return make(kind, "1.00").claim_id is None


def test_bean_check_accepts_the_whole_ledger(db: Database, bean_check: Check) -> None:
    with db.transaction() as conn:
        everything(conn)
        text = "".join(beancount(conn))

    assert bean_check(text) == ""
    assert text.count("\n  entry: ") == 8 + sum(map(make_is_of_the_practice, E))
    assert " balance Assets:InsuranceReceivable:P-NORTHLAKE 400.00 ~ 0.00 USD\n" in text
    assert "  reverses: 5\n" in text


def test_a_changed_amount_is_found_by_bean_check(
    db: Database, bean_check: Check
) -> None:
    with db.transaction() as conn:
        everything(conn)
        text = "".join(beancount(conn))

    assert bean_check(text.replace("  400.10 USD", "  400.11 USD", 1)) != ""
    both = re.sub(r"(  -?)400\.10 USD", r"\g<1>400.11 USD", text)
    assert both.count("400.11") == 2
    assert "Balance failed" in bean_check(both)


def test_an_empty_ledger_is_a_file_that_holds(db: Database, bean_check: Check) -> None:
    with db.reading() as conn:
        text = "".join(beancount(conn))
        assert "".join(csv_lines(conn)) == ",".join(COLUMNS) + "\n"

    assert bean_check(text) == ""


def test_csv_sums_to_the_trial_balance(db: Database) -> None:
    with db.transaction() as conn:
        everything(conn)
        rows = list(csv.DictReader(io.StringIO("".join(csv_lines(conn)))))
        wanted = trial_balance(conn)

    sums: dict[str, Decimal] = {}
    for row in rows:
        moved = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        sums[row["account"]] = sums.get(row["account"], Decimal(0)) + moved
    assert sums == wanted
    assert {row["memo"] for row in rows} >= {"'=1+1"}


def test_an_export_as_of_a_day_holds_that_day_alone(
    db: Database, bean_check: Check
) -> None:
    with db.transaction() as conn:
        everything(conn)
        text = "".join(beancount(conn, as_of=DAY))
        rows = list(csv.DictReader("".join(csv_lines(conn, as_of=DAY)).splitlines()))

    assert bean_check(text) == ""
    assert {row["business_date"] for row in rows} == {str(DAY)}
    assert "P-EAST" not in text


def test_a_journal_longer_than_a_page_is_whole(db: Database) -> None:
    more = [make(E.INTEREST_RECEIVED, "0.01") for _ in range(2 * PAGE + 1)]
    with db.transaction() as conn:
        post(conn, more, posted_at=AT)
        found = list(csv_lines(conn))

    assert len(found) == 1 + 2 * len(more)


def test_every_account_has_a_name_that_beancount_takes() -> None:
    allowed = re.compile(
        r"(Assets|Liabilities|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+"
    )
    kinds = {kind for pair in POSTING.values() for kind in pair}
    for kind in kinds:
        assert allowed.fullmatch(account_in_beancount(kind))
        assert allowed.fullmatch(account_in_beancount(f"{kind}:north lake_2"))
    assert account_in_beancount("cash") == "Assets:Cash"
