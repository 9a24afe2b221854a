"""One check number, with zeros before it or without."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.trace import LONGEST, bare, spellings


@pytest.mark.parametrize(
    ("trace", "short"),
    [("0012345", "12345"), ("12345", "12345"), ("000", "0"), ("", ""), ("0A1", "0A1")],
)
def test_zeros_before_a_number_do_not_count(trace: str, short: str) -> None:
    assert bare(trace) == short


@given(st.from_regex(r"[0-9]{1,50}", fullmatch=True), st.integers(0, 49))
def test_every_spelling_of_a_number_finds_every_other(trace: str, zeros: int) -> None:
    other = trace.lstrip("0").zfill(zeros + 1)

    assert trace in spellings(trace)
    assert other in spellings(trace)
    assert spellings(trace) == spellings(other)
    assert max(map(len, spellings(trace))) == LONGEST


@given(st.text(max_size=50))
def test_what_is_no_number_is_only_itself(trace: str) -> None:
    if not (trace.isascii() and trace.isdigit()):
        assert spellings(trace) == (trace,)
