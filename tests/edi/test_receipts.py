"""What we answer to an interchange: TA1 when asked, a 999 for every group."""

import re
from dataclasses import replace

import pytest

from claims.claim import Claim
from edi.acks import read_acknowledgments
from edi.gate import findings
from edi.interchange import FileKind
from edi.receipts import Receipt, Refused, receipts, write_receipt
from edi.x837 import read_claims, write_claims
from tests.edi.conftest import Sample
from tests.edi.make import ENVELOPE

NOTHING = Refused()


@pytest.fixture
def claim(ours: dict[str, bytes]) -> Claim:
    return read_claims(ours["a1"]).claims[0].claim


def answer(content: bytes, refused: Refused = NOTHING) -> bytes:
    (one,) = receipts(content, refused)
    return written(one)


def written(one: Receipt) -> bytes:
    back = replace(ENVELOPE, sender_id=one.receiver, receiver_id=one.sender)
    return write_receipt(one, back)


def asking_ta1(content: bytes) -> bytes:
    return re.sub(rb"\*0\*([PT])\*", rb"*1*\1*", content, count=1)


def test_a_good_group_is_accepted_by_its_numbers(claim: Claim) -> None:
    content = write_claims([claim], ENVELOPE)
    said = answer(content)

    (one,) = read_acknowledgments(said).files
    assert (one.gs06, one.code, one.counts) == (
        str(ENVELOPE.gs06),
        "A",
        ("1", "1", "1"),
    )
    assert [(s.st02, s.code, s.errors) for s in one.sets] == [("0001", "A", ())]
    assert b"AK1*HC*2001*005010X222A1~AK2*837*0001*005010X222A1~IK5*A~" in said
    assert b"TA1*" not in said
    assert findings(said) == ()


def test_the_answer_goes_back_to_the_sender_under_the_name_they_used(
    claim: Claim,
) -> None:
    head = answer(write_claims([claim], ENVELOPE)).split(b"~")[0].split(b"*")
    assert head[6].strip().decode() == ENVELOPE.receiver_id
    assert head[8].strip().decode() == ENVELOPE.sender_id
    assert head[14] == b"0"


def test_a_ta1_is_sent_only_to_who_asks_and_names_their_interchange(
    claim: Claim,
) -> None:
    content = asking_ta1(write_claims([claim], ENVELOPE))
    said = answer(content)

    found = read_acknowledgments(said)
    assert [(int(t.isa13), t.code, t.note) for t in found.interchanges] == [
        (ENVELOPE.isa13, "A", "000")
    ]
    assert len(found.files) == 1
    sent = content.split(b"*")
    assert b"~TA1*000001001*" + sent[9] + b"*" + sent[10] + b"*A*000~GS*FA*" in said
    assert findings(said) == ()


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (b"IEA*1*000001001", b"IEA*1*000001002", "001"),
        (b"IEA*1*", b"IEA*2*", "021"),
        (b"IEA*1*000001001~", b"", "023"),
    ],
)
def test_an_interchange_whose_end_is_wrong_is_taken_with_a_note(
    claim: Claim, old: bytes, new: bytes, note: str
) -> None:
    content = asking_ta1(write_claims([claim], ENVELOPE))
    assert old in content
    (ta1,) = read_acknowledgments(answer(content.replace(old, new))).interchanges
    assert (ta1.code, ta1.note) == ("E", note)


@pytest.mark.parametrize(
    ("old", "new", "ik5", "ak9"),
    [
        (b"SE*27*0001~", b"SE*28*0001~", b"IK5*E*4~", b"AK9*E*1*1*1~"),
        (b"SE*27*0001~", b"SE*27*0002~", b"IK5*E*3~", b"AK9*E*1*1*1~"),
        (b"SE*27*0001~", b"", b"IK5*E*2~", b"AK9*E*1*1*1~"),
        (b"GE*1*2001~", b"GE*2*2001~", b"IK5*A~", b"AK9*E*2*1*1*5~"),
        (b"GE*1*2001~", b"GE*1*2002~", b"IK5*A~", b"AK9*E*1*1*1*4~"),
        (b"GE*1*2001~", b"", b"IK5*A~", b"AK9*E*1*1*1*3~"),
    ],
)
def test_a_wrong_envelope_is_noted_by_its_code(
    claim: Claim, old: bytes, new: bytes, ik5: bytes, ak9: bytes
) -> None:
    content = write_claims([claim], ENVELOPE)
    assert old in content
    said = answer(content.replace(old, new))
    assert ik5 in said
    assert ak9 in said
    assert findings(said) == ()


def test_a_control_number_used_twice_refuses_the_second_set(claim: Claim) -> None:
    content = write_claims([claim], ENVELOPE)
    start, end = content.index(b"ST*"), content.index(b"GE*")
    twice = content[:end] + content[start:end] + content[end:].replace(b"GE*1", b"GE*2")
    said = answer(twice)
    assert said.count(b"IK5*A~") == 1
    assert said.count(b"IK5*R*23~") == 1
    assert b"AK9*P*2*2*1~" in said


def test_claims_that_cannot_be_read_are_named_by_segment(claim: Claim) -> None:
    second = claim.model_copy(update={"pcn": "SYN-9"})
    content = write_claims([claim, second], ENVELOPE)
    (first, last) = (c.position for c in read_claims(content).claims)
    one_bad = answer(content, Refused(claims={first: ("SV1", first + 5)}))
    both_bad = answer(
        content, Refused(claims={first: ("SV1", first + 5), last: ("CLM", last)})
    )
    # ST is the third segment of the file and the first of its set.
    assert f"IK3*SV1*{first + 5 - 2}**8~".encode() in one_bad
    assert b"IK5*E*5~" in one_bad
    assert b"IK5*R*5~" in both_bad
    assert b"AK9*R*1*1*0~" in both_bad
    assert findings(one_bad) == findings(both_bad) == ()


def test_what_is_not_taken_here_is_not_supported(claim: Claim) -> None:
    content = write_claims([claim], ENVELOPE)
    said = answer(content, Refused(kinds=frozenset({FileKind.X837P})))
    assert b"IK5*R*1~" in said
    assert b"AK9*R*1*1*0~" in said


def test_a_file_that_is_set_aside_whole_is_refused(claim: Claim) -> None:
    said = answer(write_claims([claim], ENVELOPE), Refused(whole=True))
    assert b"IK5*R*5~" in said


def test_an_acknowledgment_is_not_acknowledged(claim: Claim) -> None:
    said = answer(write_claims([claim], ENVELOPE))
    (back,) = receipts(said, NOTHING)
    assert back.kind is None
    (asked,) = receipts(asking_ta1(said), NOTHING)
    assert asked.kind is FileKind.TA1
    assert [t.code for t in read_acknowledgments(written(asked)).interchanges] == ["A"]


def test_each_interchange_of_a_file_has_its_own_answer(claim: Claim) -> None:
    one = write_claims([claim], ENVELOPE)
    two = write_claims([claim], replace(ENVELOPE, isa13=1002, gs06=2002))
    assert [r.head.get(13) for r in receipts(one + two, NOTHING)] == [
        "000001001",
        "000001002",
    ]


def test_every_readable_sample_can_be_answered(sample: Sample) -> None:
    """A file that is X12 is answered, whatever is wrong with it, and never breaks."""
    for one in receipts(sample.content, NOTHING):
        if one.kind is not None and 2 <= len(one.sender) <= 15:
            assert read_acknowledgments(written(one))
