"""Every sample is cut as its oracle says, and what is wrong is named by its place."""

import tracemalloc
from collections import Counter
from io import BytesIO

import pytest

from edi import tokens
from edi.envelopes import MOST_WARNINGS
from edi.errors import EdiError, EnvelopeError
from edi.segments import (
    FileKind,
    Segment,
    detect,
    each_set,
    maybe_date,
    read,
    read_amount,
)
from tests.edi.conftest import Sample
from tests.edi.samples import each

ENVELOPE = {"SE01", "SE02", "GE01", "GE02", "IEA01", "IEA02"}
MISSING = {"no IEA": "IEA", "ST without SE": "SE", "GS without GE": "GE"}
ISA = (
    b"ISA*00*          *00*          *ZZ*A              *ZZ*B              "
    b"*260601*1200*^*00501*000000001*0*P*:~"
)
GS = b"GS*HP*A*B*20260601*1200*1*X*005010X221A1~"
ST = b"ST*835*0001~"


@each()
def test_every_sample_is_cut_as_its_oracle_says(sample: Sample) -> None:
    interchanges, _ = read(sample.content)
    oracle = sample.oracle
    marks = interchanges[0].delimiters

    assert len(interchanges) == oracle["isa"]
    assert sum(i.groups for i in interchanges) == oracle["gs"]
    assert sum(len(i.sets) for i in interchanges) == oracle["st"]
    assert marks.element + marks.component == oracle["delims"][0][:2]
    terminator = oracle["delims"][0][4:].encode().decode("unicode_escape")
    assert marks.segment == terminator


@each()
def test_envelope_warnings_are_those_of_the_oracle(sample: Sample) -> None:
    _, warnings = read(sample.content)
    found = Counter(
        w.code for w in warnings if w.code in ENVELOPE | {"SE", "GE", "IEA"}
    )
    wanted = Counter(
        {
            MISSING.get(name, name): count
            for name, count in sample.oracle.get("envelope_errors", {}).items()
        }
    )

    assert found == wanted


@each()
def test_every_sample_is_detected(sample: Sample) -> None:
    assert detect(sample.content) == (FileKind(sample.transaction),)


def test_one_file_may_hold_several_kinds(ours: dict[str, bytes]) -> None:
    together = ours["a2"] + ours["a3"] + ours["b1"]

    assert detect(together) == (FileKind.TA1, FileKind.X999, FileKind.X835)


def test_segments_are_numbered_through_the_file(ours: dict[str, bytes]) -> None:
    second = read(ours["a2"] + ours["b1"])[0][1]

    assert second.sets[0].segments[0] == Segment(6, "ST", ("835", "0001"))


def test_an_interchange_after_one_without_end_is_still_read(
    ours: dict[str, bytes],
) -> None:
    interchanges, warnings = read(ours["b8"] + b"\n" + ours["b1"])

    assert [i.sets[0].complete for i in interchanges] == [False, True]
    assert {w.code for w in warnings} == {"SE", "GE", "IEA"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ISA",
        b"ISA*00",
        b"%PDF-1.7",
        b"claim_ref,line_no\nC1,1\n",
        b"ISA" + b"*" * 16,
        b"ISAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ISA.replace(b":~", b"*~"),
        ISA.replace(b":~", b"::"),
    ],
)
def test_what_is_no_interchange_is_refused(content: bytes) -> None:
    with pytest.raises(EnvelopeError, match="Nothing was read"):
        read(content)


def test_a_control_number_used_twice_is_named() -> None:
    st = b"ST*835*0001~SE*2*0001~"
    _, warnings = read(ISA + GS + st + st + b"GE*2*1~IEA*1*000000001~")

    assert [(w.segment, w.code) for w in warnings] == [(5, "ST02")]


def test_the_header_is_what_the_isa_says() -> None:
    header = read(ISA + b"IEA*0*000000001~")[0][0].header

    assert (header.sender, header.receiver) == ("A", "B")
    assert (header.isa13, header.date, header.usage) == ("000000001", "260601", "P")


@pytest.mark.parametrize("text", ["2026111", "20260230", "2026-01-01", "٢٠٢٦٠١٠١", ""])
def test_what_is_no_date_is_none(text: str) -> None:
    assert maybe_date(text) is None


@pytest.mark.parametrize(
    "text", ["1_0", "1e3", "٣", "NaN", "", "1.005", "9" * 13, " 1"]
)
def test_what_is_no_amount_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(EdiError) as caught:
        read_amount(text, Segment(7, "CLM", ()), "CLM02")

    assert (caught.value.segment, caught.value.field) == (7, "CLM02")
    assert not text or text not in str(caught.value).removeprefix("CLM02")


@each()
def test_a_file_read_in_small_pieces_is_the_same_file(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(sample.content)
    monkeypatch.setattr(tokens, "PIECE", 97)

    assert read(sample.content) == whole


def test_memory_is_in_proportion_to_one_set_not_to_the_file() -> None:
    """Twenty times the sets: about the same memory."""

    def most(sets: int) -> int:
        pieces = [ISA, GS, *[ST + b"LX*1~" * 500 + b"SE*502*1~"] * sets]
        stream = BytesIO(b"".join(pieces) + b"GE*1*1~IEA*1*000000001~")
        found = 0
        tracemalloc.start()
        for _ in each_set(stream, FileKind.X835, warnings=[]):
            found += 1
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found == sets
        return peak

    assert most(2000) < 1.5 * most(100)


@pytest.mark.parametrize(
    "marks", ["§", "¦", "\x1c", "\t", "¬"], ids=["section", "bar", "fs", "tab", "not"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_any_character_that_is_no_letter_may_separate(
    ours: dict[str, bytes], marks: str, encoding: str
) -> None:
    plain = ours["b1"].decode()
    swapped = plain.replace("*", marks).encode(encoding)
    before, after = read(ours["b1"])[0][0].sets[0], read(swapped)[0][0].sets[0]

    assert after.segments == before.segments


def test_one_byte_that_is_no_utf8_does_not_change_the_others() -> None:
    st = "ST*835*0001~N1*PR*MÜLLER~".encode() + b"N1*PE*M\xdcLLER~SE*4*0001~"
    one = read(ISA + GS + st + b"GE*1*1~IEA*1*000000001~")[0][0].sets[0]

    assert [s.get(2) for s in one.segments[1:3]] == ["MÜLLER", "MÜLLER"]


def test_an_isa_without_a_component_separator_is_read() -> None:
    for follows in (b"TA1*000000001*260601*1200*A*000~", b""):
        content = ISA.replace(b"*:~", b"*~") + follows + b"IEA*0*000000001~"
        assert len(read(content)[0][0].ta1) == bool(follows)


def test_a_set_after_the_end_of_its_interchange_is_read_and_named() -> None:
    st = b"ST*835*0001~SE*2*0001~"
    first = ISA + GS + b"GE*0*1~IEA*1*000000001~"
    interchanges, warnings = read(first + GS + st + b"GE*1*1~N1*PR~IEA*1*000000001~")

    assert [len(i.sets) for i in interchanges] == [0, 1]
    assert [(w.segment, w.code) for w in warnings] == [(5, "GS"), (9, "ST")]


def test_segments_after_the_last_interchange_are_named() -> None:
    _, warnings = read(ISA + b"IEA*0*000000001~" + b"N1*PR*~")

    assert [(w.segment, w.code) for w in warnings] == [(3, "IEA")]


def test_a_file_without_end_is_said_to_end_at_its_last_segment() -> None:
    _, warnings = read(ISA + GS + b"ST*835*0001~LX*1~LX*2")

    assert {(w.segment, w.code) for w in warnings} == {
        (5, "SE"),
        (5, "GE"),
        (5, "IEA"),
    }


def test_only_so_many_warnings_are_listed() -> None:
    _, warnings = read(ISA + b"N1*PR~" * 5000)

    assert len(warnings) == MOST_WARNINGS + 1
    assert warnings[-1].message == "4001 more warnings are not listed"
