"""The validator accepts what we write, and names what is wrong without its value."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.claim import Claim
from edi.gate import UNKNOWN_GUIDE, findings
from edi.x837 import read_claims, write_claims
from tests.edi.make import ENVELOPE, SLOW, claims


@settings(max_examples=15, suppress_health_check=SLOW)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_nothing_we_write_has_a_finding(generated: list[Claim]) -> None:
    assert findings(write_claims(generated, ENVELOPE)) == ()


@pytest.mark.long
@settings(max_examples=1000, suppress_health_check=SLOW)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_nothing_we_write_has_a_finding_long(generated: list[Claim]) -> None:
    assert findings(write_claims(generated, ENVELOPE)) == ()


@pytest.mark.parametrize("name", ["a1", "c1", "c2", "c3", "c4", "c5"])
def test_our_samples_pass_as_they_are_and_written_again(
    ours: dict[str, bytes], name: str
) -> None:
    again = [c.claim for c in read_claims(ours[name]).claims]

    assert findings(ours[name]) == ()
    assert findings(write_claims(again, ENVELOPE)) == ()


def _one(ours: dict[str, bytes], **changes: Any) -> Claim:
    return read_claims(ours["a1"]).claims[0].claim.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"diagnoses": ()}, "HI at segment 20 error 3"),
        ({"place_of_service": ""}, "element 5-1 error 1"),
        ({"pcn": "P" * 39}, "element 1 error 5"),
        ({"note": "SECRETNOTE " * 9}, "element 2 error 5"),
    ],
)
def test_a_finding_names_the_place_and_no_value(
    ours: dict[str, bytes], changes: dict[str, Any], said: str
) -> None:
    found = findings(write_claims([_one(ours, **changes)], ENVELOPE))
    values = [v for v in changes.values() if isinstance(v, str) and v]

    assert said in found
    assert not any(value in text for text in found for value in values)


def test_an_unknown_guide_is_a_finding(ours: dict[str, bytes]) -> None:
    assert findings(ours["a1"].replace(b"X222A1", b"X999A9")) == (UNKNOWN_GUIDE,)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe", b"ISA*00*"])
def test_what_it_cannot_read_is_a_finding(content: bytes) -> None:
    assert findings(content) != ()


def test_a_second_file_finds_the_maps_unchanged(ours: dict[str, bytes]) -> None:
    bad = write_claims([_one(ours, diagnoses=())], ENVELOPE)

    assert [findings(c) for c in (bad, ours["c4"], bad)] == [
        findings(bad), (), findings(bad),
    ]  # fmt: skip


def test_two_interchanges_may_differ_in_numbers_only(ours: dict[str, bytes]) -> None:
    one = write_claims([_one(ours)], ENVELOPE)
    two = write_claims([_one(ours)], replace(ENVELOPE, isa13=1002))

    assert one != two
    assert findings(two) == ()
