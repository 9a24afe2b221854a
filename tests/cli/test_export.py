"""``export ledger``: who may, that it is logged, and where it is written."""

from pathlib import Path

import pytest

from records.audit import accesses

from .conftest import Desk


def test_an_auditor_takes_the_ledger_away_and_it_is_logged(
    desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "ledger.beancount"
    said = desk("export", "ledger", "--out", str(out), "--as", "audrey")

    assert said.code == 0
    assert said.out.startswith(f"Wrote {out}: ")
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text().startswith('option "title" "Claimthread ledger"\n')
    with desk.office().reading() as conn:
        read = [a for a in accesses(conn) if a["what"] == "ledger export"]
    assert [(a["actor"], a["subject"]) for a in read] == [("audrey", "beancount")]


def test_csv_goes_to_stdout_with_nothing_else(desk: Desk) -> None:
    said = desk("export", "ledger", "--format", "csv", "--as", "audrey")

    assert said.code == 0
    assert said.out.splitlines()[0].startswith("entry,business_date,posted_at,type,")
    assert said.err == ""


@pytest.mark.parametrize("user", ["cleo", "sam", "olga", "ada"])
def test_nobody_but_an_auditor_exports_the_ledger(desk: Desk, user: str) -> None:
    said = desk("export", "ledger", "--as", user)

    assert (said.code, said.out) == (7, "")
    assert "Nothing was written" in said.err


def test_a_file_that_is_there_is_not_written_over(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "ledger.csv"
    out.write_text("mine")
    said = desk("export", "ledger", "--out", str(out), "--as", "audrey")

    assert said.code == 2
    assert out.read_text() == "mine"
    with desk.office().reading() as conn:
        assert not [a for a in accesses(conn) if a["what"] == "ledger export"]


def test_a_day_that_is_none_is_named(desk: Desk) -> None:
    said = desk("export", "ledger", "--as-of", "2026-02-30", "--as", "audrey")

    assert said.code == 2
    assert "'2026-02-30' is no date" in said.err
