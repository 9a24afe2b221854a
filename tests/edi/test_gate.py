"""The validator accepts what we write, and names what is wrong without its value."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.claim import Claim
from edi.gate import UNKNOWN_GUIDE, findings, is_of_file
from edi.x837 import read_claims, write_claims
from tests.edi.make import ENVELOPE, SLOW, claims


@settings(max_examples=15, suppress_health_check=SLOW)
@given(st.lists(claims(), min_size=1, max_size=3))
def test_nothing_we_write_has_a_finding(generated: list[Claim]) -> None:
    assert findings(write_claims(generated, ENVELOPE)) == ()


@pytest.mark.long
@pytest.mark.timeout(1200)
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


PLANTED = [
    (b"NM1*85*2*EXAMPLE FAMILY CLINIC*****XX*1234567893~", b"", "NM1"),
    (b"N3*100 SAMPLE STREET~", b"", "N3"),
    (b"N4*SPRINGFIELD*IL*627010001~", b"", "N4"),
    (b"REF*EI*000000001~", b"", "REF"),
    (b"*XX*1234567893~N3", b"*XX~N3", "NM1"),
    (b"HL*2*1*22*0", b"HL*2*7*22*0", ""),
    (b"HL*2*1*22*0", b"HL*3*1*22*0", ""),
    (b"HL*2*1*22*0", b"HL*2*1*99*0", "HL"),
    (b"SBR*P*18*******CI~", b"", "SBR"),
    (b"SBR*P*18", b"SBR*Q*18", "SBR"),
    (b"*******CI~", b"*******XX~", "SBR"),
    (b"NM1*IL*1*MAPLEWOOD*ODETTE****MI*EXM000000101~", b"", "NM1"),
    (b"*EXM000000101", b"*" + b"E" * 81, "NM1"),
    (b"DMG*D8*19800214*F", b"DMG*D8*19801301*F", "DMG"),
    (b"DMG*D8*19800214*F", b"DMG*D8*19800214*X", "DMG"),
    (b"*IL*627020002", b"*IL*6", "N4"),
    (b"NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EXHP1~", b"", "NM1"),
    (b"*PI*EXHP1", b"*QQ*EXHP1", "NM1"),
    (b"CLM*SYN-0001*150*", b"CLM*SYN-0001*x*", "CLM"),
    (b"CLM*SYN-0001*150*", b"CLM*SYN-0001**", "CLM"),
    (b"CLM*SYN-0001*", b"CLM**", "CLM"),
    (b"11:B:1", b"11:A:1", "CLM"),
    (b"*Y*A*Y*Y~", b"*Y*A*Y~", "CLM"),
    (b"*Y*A*Y*Y~", b"*Q*A*Y*Y~", "CLM"),
    (b"HI*ABK:", b"HI*ABZ:", "HI"),
    (b"LX*1~", b"", "LX"),
    (b"LX*1~", b"LX*1~ZZZ*1~", "ZZZ"),
    (b"SV1*HC:99213*150*UN*1***1~", b"", "SV1"),
    (b"SV1*HC:99213*150*UN*1***1~", b"SV1*HC:99213*150*UN*1~", "SV1"),
    (b"SV1*HC:", b"SV1*QQ:", "SV1"),
    (b"HC:99213", b"HC", "SV1"),
    (b"*150*UN", b"**UN", "SV1"),
    (b"*UN*1*", b"*XX*1*", "SV1"),
    (b"*UN*1*", b"*UN**", "SV1"),
    (b"DTP*472*D8*20260302~", b"", "DTP"),
    (b"DTP*472*D8*20260302", b"DTP*472*D8*20260231", "DTP"),
    (b"DTP*472*D8*20260302", b"DTP*472*D8*2026-03-02", "DTP"),
    (b"REF*6R*", b"REF*QQ*", "REF"),
    (b"BHT*0019", b"BHT*0020", "BHT"),
    (b"NM1*41*", b"NM1*99*", "NM1"),
    (b"SE*27*0001", b"SE*28*0001", ""),
    (b"SE*27*0001", b"SE*27*0002", ""),
    (b"GE*1*2001", b"GE*2*2001", ""),
    (b"GE*1*2001", b"GE*1*2002", ""),
    (b"IEA*1*000001001", b"IEA*1*000001002", ""),
    (b"IEA*1*", b"IEA*2*", ""),
]


@pytest.mark.parametrize(("old", "new", "tag"), PLANTED)
def test_every_planted_fault_is_found(
    ours: dict[str, bytes], old: bytes, new: bytes, tag: str
) -> None:
    written = write_claims([_one(ours)], ENVELOPE)
    assert old in written
    found = findings(written.replace(old, new, 1))

    assert found
    assert not tag or any(f.startswith(f"{tag} at segment ") for f in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"*XX*1234567893", b"*XX*1234567890"),
        (b"11:B:1", b"11:B:Z"),
        (b"*1***1~", b"*1***9~"),
        (b"*PXC*207Q00000X", b"*PXC*2"),
    ],
    ids=["npi-check-digit", "frequency", "pointer", "taxonomy"],
)
def test_what_the_guide_does_not_say_is_left_to_the_scrub_edits(
    ours: dict[str, bytes], old: bytes, new: bytes
) -> None:
    """Kept so that nobody takes the gate for an edit: it sees form, not sense."""
    written = write_claims([_one(ours)], ENVELOPE)

    assert old in written
    assert findings(written.replace(old, new, 1)) == ()


@pytest.mark.parametrize("guide", [b"", b"*005010X223A2", b"*005010X222"])
def test_another_guide_in_st03_than_in_gs08_is_a_finding_of_the_file(
    ours: dict[str, bytes], guide: bytes
) -> None:
    written = write_claims([_one(ours)], ENVELOPE)
    found = findings(
        written.replace(b"ST*837*0001*005010X222A1", b"ST*837*0001" + guide)
    )

    assert "ST at segment 3 error 8" in found
    assert "element 3 error 7" in found
    assert [f for f in found if is_of_file(f)] == ["ST at segment 3 error 8"]


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
