"""``edi inspect`` and ``edi explain``: files counted and explained, nothing stored."""

import io
import json
from pathlib import Path

import pytest

from .conftest import Desk

FILES = Path(__file__).parent.parent / "data" / "edi" / "synthetic"
CLAIMS, PAID, CUT = (str(next(FILES.glob(f"{name}_*"))) for name in ("a1", "b1", "b8"))


def test_inspect_prints_one_line_of_json_for_each_file(empty: Desk) -> None:
    said = empty("edi", "inspect", "--json", CLAIMS, PAID)
    one, other = (json.loads(line) for line in said.out.splitlines())

    assert said.code == 0
    assert (one["file"], one["transaction"], one["clm"]) == (CLAIMS, "837P", 5)
    assert (other["transaction"], other["sum_clp04"]) == ("835", "250.00")
    assert one["warnings"] == other["warnings"] == []


def test_a_warning_names_segment_position_and_reason(empty: Desk) -> None:
    said = empty("edi", "inspect", "--json", CUT)
    first, *_ = json.loads(said.out)["warnings"]

    assert said.code == 0
    assert first == {
        "segment": 52,
        "position": "SE",
        "reason": "a transaction set has no end",
    }


def test_without_json_it_speaks_to_a_clerk(empty: Desk) -> None:
    said = empty("edi", "inspect", PAID)

    assert "835 remittance" in said.out
    assert "$710.00 billed, $250.00 paid, $72.00 patient share" in said.out
    assert "Reason CO-45, charge above the allowed amount." in said.out
    assert "Nothing is wrong" in said.out


def test_a_file_may_come_from_stdin(
    empty: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = io.TextIOWrapper(io.BytesIO(Path(PAID).read_bytes()))
    monkeypatch.setattr("sys.stdin", content)
    said = empty("edi", "inspect", "--json", "-")

    assert json.loads(said.out)["clp"] == 4


def test_a_file_that_is_no_x12_is_refused_with_one_sentence(
    empty: Desk, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("no such thing")
    for command in ("inspect", "explain"):
        said = empty("edi", command, str(other))

        assert (said.code, said.out) == (6, "")
        assert said.err.count("\n") == 1
        assert "does not begin with ISA. Nothing was read." in said.err


def test_a_bad_file_does_not_stop_the_next(empty: Desk, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("no such thing")
    said = empty("edi", "inspect", "--json", str(other), "/no/such/file", PAID)
    bad, absent, good = (json.loads(line) for line in said.out.splitlines())

    assert said.code == 3
    assert "does not begin with ISA" in bad["error"]
    assert "cannot be read" in absent["error"]
    assert good["clp"] == 4


def test_an_absent_file_is_said_to_be_absent(empty: Desk) -> None:
    assert empty("edi", "inspect", "/no/such/file").code == 4
    assert empty("edi", "explain", "/no/such/file").code == 4


def test_explain_has_a_sentence_for_every_segment_of_the_file(empty: Desk) -> None:
    said = empty("edi", "explain", "--json", PAID)
    found = [json.loads(line) for line in said.out.splitlines()]

    assert said.code == 0
    assert [one["number"] for one in found] == list(range(1, 74))
    assert all(one["words"] for one in found)
    assert (found[0]["tag"], found[-1]["tag"]) == ("ISA", "IEA")


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["words", "json"])
def test_explain_names_no_patient(empty: Desk, flags: list[str]) -> None:
    text = Path(CLAIMS).read_text()
    people = [line.split("*") for line in text.split("~\n") if line[:7] == "NM1*IL*"]
    said = empty("edi", "explain", CLAIMS, *flags)

    assert people
    for nm1 in people:
        assert nm1[9] not in said.out
        assert f"*{nm1[3]}*" not in said.out


def test_explain_says_where_a_file_is_cut_off(empty: Desk) -> None:
    said = empty("edi", "explain", CUT)

    assert "Our claim SYN-0001: billed $150.00, paid $150.00" in said.out
    assert "Segment 52 SE: a transaction set has no end." in said.err
