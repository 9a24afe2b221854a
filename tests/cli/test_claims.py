"""``list``, ``show`` and patient data: what a tired clerk reads."""

import json
from decimal import Decimal

from records import claims

from .conftest import Desk


def test_the_list_is_sorted_by_due_date_and_filtered(desk: Desk) -> None:
    said = desk("list", "--json", "--limit", "100")
    rows = [json.loads(line) for line in said.out.splitlines()]

    assert len(rows) == 50
    assert [r["due"] for r in rows] == sorted(r["due"] for r in rows)
    some = desk("list", "--json", "--payer", "P-MEDB")
    listed = [json.loads(line) for line in some.out.splitlines()]
    assert {r["payer"] for r in listed} == {"P-MEDB"}
    assert len(listed) == sum(r["payer"] == "P-MEDB" for r in rows)


def test_a_stage_may_be_named_by_its_word_or_its_state(desk: Desk) -> None:
    by_word = desk("list", "--stage", "intake", "--json")
    by_state = desk("list", "--state", "INTAKE", "--json")

    assert len(by_word.out.splitlines()) == len(by_state.out.splitlines()) == 50
    assert desk("list", "--stage", "Sent").out.startswith("No claim matches")


def test_an_unknown_stage_lists_the_stages(desk: Desk) -> None:
    said = desk("list", "--stage", "nowhere")

    assert said.code == 2
    assert "Patient part" in said.err


def test_a_shortened_list_says_how_many_there_are(desk: Desk) -> None:
    said = desk("list", "--limit", "3")

    assert len(said.out.splitlines()) == 4
    assert "3 of 50" in said.err


def test_lines_fit_a_hundred_columns(desk: Desk) -> None:
    for command in (("list",), ("show", "HP260001"), ("files",), ("task", "list")):
        assert max(map(len, desk(*command).out.splitlines())) <= 100


def test_show_says_what_the_claim_waits_for_and_why_it_is_there(desk: Desk) -> None:
    said = desk("show", "HP260001")

    assert said.code == 0
    assert "Waiting for the eligibility check until" in said.out
    assert "then the claim goes on to coding." in " ".join(said.out.split())
    assert "taken in" in said.out
    assert "R-SUB-02" in said.out
    assert "olga" in said.out
    assert "Provisional" in said.out


def test_a_claim_has_three_names(desk: Desk) -> None:
    told = json.loads(desk("show", "HP260001", "--json").out)

    for name in (told["claim"], told["id"]):
        assert json.loads(desk("show", name, "--json").out)["id"] == told["id"]
    assert told["practice_number"] == "HP260001"
    lines = [Decimal(line["charge"]) for line in told["lines"]]
    assert Decimal(told["billed"]) == sum(lines)


def test_an_unknown_claim_is_not_found(desk: Desk) -> None:
    said = desk("show", "HP999999")

    assert said.code == 4
    assert "starter.py list" in said.err


def test_no_name_or_member_number_is_shown_unasked(desk: Desk) -> None:
    office = desk.office()
    with office.reading() as conn:
        row = claims.find(conn, "HP260001")
        assert row is not None
        person = claims.content(conn, office.cipher, row.id).subscriber.person

    for command in (("show", row.pcn), ("show", row.pcn, "--json"), ("list",)):
        said = desk(*command).out
        assert person.last not in said
        assert person.member_id not in said


def test_patient_data_needs_a_person_a_reason_and_a_role(desk: Desk) -> None:
    plain = ("show", "HP260001", "--show-phi")

    assert desk(*plain).code == 7
    assert desk(*plain, "--as", "sam").code == 2
    assert desk(*plain, "--as", "olga", "--reason", "look").code == 7
    assert desk(*plain, "--as", "cleo", "--reason", "look").code == 7
    assert desk(*plain, "--as", "audrey", "--reason", "audit").code == 0


def test_each_read_of_patient_data_is_logged(desk: Desk) -> None:
    from records.audit import accesses

    said = desk("show", "HP260001", "--show-phi", "--as", "sam", "--reason", "call")
    desk("show", "HP260002", "--show-phi", "--as", "olga", "--reason", "curious")

    assert "Member no." in said.out
    with desk.office().reading() as conn:
        [read] = accesses(conn)
    assert (read["actor"], read["reason"]) == ("sam", "call")


def test_letters_and_files_say_when_there_are_none(empty: Desk) -> None:
    empty("init")

    assert "No letter" in empty("letters").out
    assert "No file" in empty("files").out
    assert "No task waits" in empty("task", "list").out


def test_a_letter_is_written_only_for_who_may_read_it(desk: Desk) -> None:
    from datetime import date

    from records import accounts

    office = desk.office()
    with office.writing() as conn:
        row = claims.find(conn, "HP260001")
        assert row is not None
        letter = accounts.add_letter(
            conn,
            key="test",
            template="STMT_1",
            template_version="1",
            claim_id=row.id,
            account_id=row.account_id,
            recipient="patient",
            dated=date(2026, 3, 3),
            status="outbox",
            html_sha256=office.documents.put(b"<html>"),
            pdf_sha256=office.documents.put(b"%PDF"),
            facts_sha256="0" * 64,
        )
    out = desk.folder / "out"
    order = ("letters", letter[:8], "--out", str(out), "--as")

    assert letter[:8] in desk("letters").out
    assert desk(*order, "olga").code == 7
    assert not out.exists()
    assert desk(*order, "sam").code == 0
    assert sorted(p.suffix for p in out.iterdir()) == [".html", ".pdf"]
    assert desk("letters", "zzzz", "--out", str(out), "--as", "sam").code == 4
