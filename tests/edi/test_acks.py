"""TA1 and 999: what arrived, what passed, where the errors lie (R-ACK-01)."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edi.acks import (
    FileAcknowledgment,
    SetAcknowledgment,
    in_words,
    read_acknowledgments,
    write_999,
    write_ta1,
)
from edi.errors import EdiError, UnwritableError
from tests.edi.conftest import Sample
from tests.edi.make import ENVELOPE, code
from tests.edi.samples import each


def _files(sample: Sample) -> tuple[FileAcknowledgment, ...]:
    return read_acknowledgments(sample.content).files


@each("TA1")
def test_every_ta1_equals_the_oracle(sample: Sample) -> None:
    found = read_acknowledgments(sample.content)
    answers = [
        {"control": one.isa13, "ack": one.code, "note": one.note}
        for one in found.interchanges
    ]

    assert answers == sample.oracle["ta1"]
    assert found.files == ()


@each("999")
def test_groups_and_their_answers_equal_the_oracle(sample: Sample) -> None:
    found, oracle = _files(sample), sample.oracle

    assert [one.gs06 for one in found] == [ak1[1] for ak1 in oracle["ak1"]]
    assert [one.code for one in found] == oracle["ak9"]
    assert [list(one.counts) for one in found] == oracle["ak9_counts"]


@each("999")
def test_sets_and_their_errors_equal_the_oracle(sample: Sample) -> None:
    errors = [e for one in _files(sample) for s in one.sets for e in s.errors]
    places = {tuple(e.split("|")[:4]) for e in errors}
    oracle = sample.oracle

    assert Counter(f"{p[0]}:{p[3]}" for p in places) == oracle["ik3_segment_error"]
    assert (
        Counter(e.split("|")[5] for e in errors if e.count("|") == 5)
        == oracle["ik4_error"]
    )


@each("999")
def test_codes_of_sets_equal_the_oracle(sample: Sample) -> None:
    """An IK5 before its AK2 answers no set: one file has such, and a code unknown."""
    codes = Counter(s.code for one in _files(sample) for s in one.sets)
    wanted = Counter(sample.oracle["ik5"])
    if sample.path.name == "999_partial_out_of_order.edi":
        assert codes <= wanted
        assert codes["R"] == wanted["R"]
    else:
        assert codes == wanted


def test_an_error_reads_as_field_place_and_code(ours: dict[str, bytes]) -> None:
    (answer,) = read_acknowledgments(ours["d2"]).files

    assert answer.code == "R"
    assert any(e.startswith("DMG02 at segment ") for e in answer.errors)
    assert any("segment HI at segment " in e for e in answer.errors)


def test_the_bad_value_of_an_error_is_not_read(ours: dict[str, bytes]) -> None:
    """IK404 may be a patient's birth date."""
    assert b"19801301" in ours["d2"]
    assert "19801301" not in repr(read_acknowledgments(ours["d2"]))


def test_a_partial_999_tells_the_sets_apart(ours: dict[str, bytes]) -> None:
    (answer,) = read_acknowledgments(ours["d5"]).files

    assert answer.code == "P"
    assert [(s.st02, s.code) for s in answer.sets] == [("0001", "A"), ("0002", "R")]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("HI|20||3", "segment HI at segment 20, error 3"),
        ("DMG|21|2010BA|8|2|8", "DMG02 at segment 21 in loop 2010BA, error 8"),
        ("CLM|19|2300|8|5-3|1", "CLM05-3 at segment 19 in loop 2300, error 1"),
        ("", "segment  at segment , error "),
    ],
)
def test_errors_in_words(error: str, words: str) -> None:
    assert in_words(error) == words


def test_an_answer_that_names_no_number_is_a_warning(ours: dict[str, bytes]) -> None:
    nameless = ours["a3"].replace(b"AK1*HC*1001*", b"AK1*HC*SMITH*")
    found = read_acknowledgments(nameless + ours["a2"])

    assert found.files == ()
    assert [one.code for one in found.interchanges] == ["A"]
    assert "AK102" in {w.code for w in found.warnings}


def test_a_file_that_answers_nothing_is_refused(ours: dict[str, bytes]) -> None:
    for content in (ours["b1"], ours["a3"].replace(b"AK1*HC*1001*", b"AK1*HC*X*")):
        with pytest.raises(EdiError, match="no TA1 or 999"):
            read_acknowledgments(content)


numbers = st.integers(1, 999_999_999).map(str)
segment_errors = st.builds(
    "|".join,
    st.tuples(
        st.sampled_from(["HI", "CLM", "NM1"]),
        st.integers(1, 9999).map(str),
        st.sampled_from(["", "2300", "2010BA"]),
        st.sampled_from(["3", "5", "8"]),
    ),
)
element_errors = st.builds(
    "|".join,
    st.tuples(
        segment_errors,
        st.sampled_from(["2", "5-3", "11-1"]),
        st.sampled_from(["1", "7", "8"]),
    ),
)
sets = st.builds(
    SetAcknowledgment,
    st02=st.integers(1, 9999).map(lambda n: f"{n:04d}"),
    code=st.sampled_from(["A", "E", "R"]),
    errors=st.lists(segment_errors | element_errors, max_size=4).map(tuple),
)


@settings(max_examples=100)
@given(numbers, st.sampled_from("AEPR"), st.lists(sets, max_size=4))
def test_a_999_is_read_back_as_written(
    gs06: str, verdict: str, answered: list[SetAcknowledgment]
) -> None:
    written = write_999(ENVELOPE, gs06=gs06, code=verdict, sets=answered)
    found = read_acknowledgments(written)
    good = sum(s.code in "AE" for s in answered)

    assert found.warnings == ()
    assert found.files == (
        FileAcknowledgment(
            gs06, verdict, tuple(answered), (f"{len(answered)}",) * 2 + (f"{good}",)
        ),
    )


@settings(max_examples=50)
@given(st.integers(1, 999_999_999), st.sampled_from("AER"), code(3, 3))
def test_a_ta1_is_read_back_as_written(isa13: int, verdict: str, note: str) -> None:
    written = write_ta1(ENVELOPE, isa13=f"{isa13:09d}", code=verdict, note=note)
    found = read_acknowledgments(written)
    (one,) = found.interchanges

    assert (one.isa13, one.code, one.note) == (f"{isa13:09d}", verdict, note)
    assert found.warnings == ()


@pytest.mark.parametrize("changes", [{"gs06": "1*2"}, {"code": "A~"}])
def test_delimiters_in_a_999_are_refused(changes: dict[str, Any]) -> None:
    given_values = {"gs06": "1", "code": "A", **changes}

    with pytest.raises(UnwritableError):
        write_999(ENVELOPE, sets=[], **given_values)


def test_an_envelope_number_out_of_range_is_refused() -> None:
    with pytest.raises(UnwritableError, match="ISA13"):
        write_ta1(replace(ENVELOPE, isa13=0), isa13="1", code="A", note="000")
