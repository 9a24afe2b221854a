"""``import``, ``files`` and ``start claim`` without a server: the counting law."""

import json
from pathlib import Path

import pytest

from records import claims, files, remittances

from .conftest import Desk

DEPOSITS = (
    "deposit_ref,date,amount,method,trace_no,originator,payer_name,account_last4\n"
    "D-1,2026-01-20,100.00,ach,TRACE1,,,\n"
    "D-2,2026-01-21,not-money,ach,TRACE2,,,\n"
    "D-3,2026-01-22,7.50,check,,,,\n"
)
EOB = (
    "payer_id,trace_no,pay_date,pay_amount,claim_ref,dos_from,code,billed,paid\n"
    "P-NORTHLAKE,CHK-1,2026-01-20,80.00,NOBODY,2026-01-05,99213,80.00,80.00\n"
)


def counts(text: str) -> dict[str, int]:
    """The counts of the one file a ``--json`` import printed."""
    found: dict[str, int] = json.loads(text.splitlines()[0])["counts"]
    return found


def test_a_check_only_counts_and_stores_nothing(empty: Desk, charges: Path) -> None:
    empty("init")
    said = empty("import", "--check-only", "--json", str(charges))

    assert said.code == 0
    found = counts(said.out)
    assert (found["read"], found["accepted"], found["held"]) == (50, 49, 1)
    office = empty.office()
    with office.reading() as conn:
        assert claims.every(conn) == []
        assert files.listing(conn) == []
    office.db.close()


def test_the_same_file_again_is_unchanged(desk: Desk, charges: Path) -> None:
    said = desk("import", "--json", str(charges))

    found = counts(said.out)
    assert said.code == 0
    assert (found["read"], found["accepted"], found["unchanged"]) == (50, 0, 50)


def test_without_a_server_the_next_sweep_starts_the_claims(
    empty: Desk, charges: Path
) -> None:
    empty("init")
    said = empty("import", str(charges))

    assert said.code == 0
    assert "read 50 = accepted 49 + unchanged 0 + held 1 + rejected 0" in said.out
    assert "the next sweep starts it (50 claims wait)" in said.err


def test_a_changed_claim_is_rejected_by_name_and_the_rest_go_on(
    desk: Desk, charges: Path, tmp_path: Path
) -> None:
    """Another charge for a known claim is a correction, not a second claim."""
    text = charges.read_text()
    start = text.index("CLM*HP260001*")
    segment = text[start : text.index("~", start)]
    parts = segment.split("*")
    parts[5] = parts[5].replace("11:B", "12:B")
    changed = tmp_path / "changed.837"
    changed.write_text(text.replace(segment, "*".join(parts)))

    said = desk("import", str(changed))

    assert said.code == 3
    assert "read 50 = accepted 0 + unchanged 49 + held 0 + rejected 1" in said.out
    assert "HP260001" in said.out
    assert "CLM01" in said.out
    assert "send a replacement" in " ".join(said.out.split())


def test_rows_of_a_csv_add_up_and_bad_ones_are_named(
    desk: Desk, tmp_path: Path
) -> None:
    deposits = tmp_path / "deposits.csv"
    deposits.write_text(DEPOSITS)
    first = desk("import", "--json", str(deposits))
    again = desk("import", "--json", str(deposits))

    found = counts(first.out)
    assert (first.code, again.code) == (3, 3)
    assert found["read"] == 3
    assert (found["accepted"], found["unchanged"], found["rejected"]) == (2, 0, 1)
    assert json.loads(first.out)["rejects"][0]["segment"] == "row 3"
    assert json.loads(first.out)["rejects"][0]["field"] == "amount"
    assert "not-money" not in first.out + first.err
    assert counts(again.out)["unchanged"] == 2


def test_rows_known_from_another_file_are_unchanged(desk: Desk, tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("".join(DEPOSITS.splitlines(keepends=True)[:2]))
    second.write_text(DEPOSITS)
    desk("import", str(first))
    found = counts(desk("import", "--json", str(second)).out)

    assert (found["accepted"], found["unchanged"], found["rejected"]) == (1, 1, 1)


def test_a_csv_can_be_checked_without_taking_it(desk: Desk, tmp_path: Path) -> None:
    deposits = tmp_path / "deposits.csv"
    deposits.write_text(DEPOSITS)
    said = desk("import", "--check-only", str(deposits))

    assert said.code == 3
    assert "read 3 = accepted 2 + unchanged 0 + held 0 + rejected 1" in said.out
    assert "deposits.csv" not in desk("files").out


def test_what_nobody_reads_is_quarantined_with_a_reason(
    desk: Desk, tmp_path: Path
) -> None:
    strange = tmp_path / "strange.txt"
    strange.write_text("nothing we know")
    said = desk("import", str(strange))

    assert said.code == 3
    assert "quarantined" in said.out
    assert "quarantined" in desk("files").out


def test_a_missing_file_is_not_found(desk: Desk) -> None:
    assert desk("import", "no-such-file.837").code == 4


def test_an_auditor_imports_nothing(desk: Desk, charges: Path) -> None:
    said = desk("import", str(charges), "--as", "audrey")

    assert said.code == 7
    assert said.out == ""


@pytest.mark.parametrize("who", [[], ["--as", "olga"], ["--as", "cody"]])
def test_a_paper_remittance_is_for_a_named_poster_and_nothing_is_done_before(
    desk: Desk, tmp_path: Path, who: list[str]
) -> None:
    deposits, eob = tmp_path / "deposits.csv", tmp_path / "eob.csv"
    deposits.write_text(DEPOSITS)
    eob.write_text(EOB)
    said = desk("import", str(deposits), str(eob), *who)

    assert said.code == 7
    assert "named poster" in said.err
    assert "Nothing was done" in said.err
    listed = desk("files").out
    assert "deposits.csv" not in listed
    assert "eob.csv" not in listed


def test_a_poster_brings_a_paper_remittance_in(desk: Desk, tmp_path: Path) -> None:
    eob = tmp_path / "eob.csv"
    eob.write_text(EOB)
    said = desk("import", "--json", str(eob), "--as", "cleo")

    assert said.code == 0, said.err
    assert counts(said.out)["accepted"] == 1
    office = desk.office()
    with office.reading() as conn:
        (row,) = remittances.listing(conn)
    assert (row["keyed_by"], row["trace"]) == ("cleo", "CHK-1")


def test_what_was_left_out_is_written_where_its_owner_says(
    desk: Desk, tmp_path: Path
) -> None:
    deposits, aside = tmp_path / "deposits.csv", tmp_path / "aside.csv"
    deposits.write_text(DEPOSITS)
    said = desk("import", str(deposits), "--rejects", str(aside))

    assert said.code == 3
    assert str(aside) in said.err
    assert aside.stat().st_mode & 0o077 == 0
    written = aside.read_text()
    assert "D-2,2026-01-21,not-money" in written
    assert "D-1" not in written
    aside.write_text(written.replace("not-money", "80.00"))
    again = counts(desk("import", "--json", str(aside)).out)
    assert (again["read"], again["accepted"]) == (1, 1)


def test_a_reject_file_is_asked_for_before_anything_is_taken(
    desk: Desk, tmp_path: Path, charges: Path
) -> None:
    deposits, there = tmp_path / "deposits.csv", tmp_path / "there.csv"
    deposits.write_text(DEPOSITS)
    there.write_text("mine")
    taken = desk("import", str(deposits), "--rejects", str(there))
    two = desk("import", str(deposits), str(charges), "--rejects", str(tmp_path / "x"))

    assert (taken.code, two.code) == (2, 2)
    assert there.read_text() == "mine"
    assert "deposits.csv" not in desk("files").out


def test_start_needs_the_server_and_says_so(desk: Desk, charges: Path) -> None:
    said = desk("start", "claim", str(charges))

    assert said.code == 8
    assert "Nothing was started" in said.err


@pytest.mark.parametrize("content", [b"", b"deposit_ref,date,amount,method\n"])
def test_start_claim_takes_only_claims(
    desk: Desk, tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)

    assert desk("start", "claim", str(other)).code == 6


def test_patients_plans_are_checked_and_taken_in(desk: Desk, tmp_path: Path) -> None:
    plans = tmp_path / "coverages.csv"
    plans.write_text(
        "patient_ref,coverage_order,payer_id,member_id,subscriber_rel\n"
        "NOBODY,2,P-EASTGATE,EGT1,self\nNOBODY,3,P-MEDB,MED1,child\n"
    )
    looked = desk("import", "--check-only", str(plans))
    taken = desk("import", str(plans))

    for said in (looked, taken):
        assert said.code == 3
        assert "read 2 = accepted 0 + unchanged 0 + held 1 + rejected 1" in said.out
        assert "EGT1" not in said.out + said.err
    assert "Patients' plans (CSV)" in " ".join(desk("files").out.split())
