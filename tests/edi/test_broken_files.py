"""Any bytes give a model or an ``EdiError``, nothing else, and soon (R-BAD-01)."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edi.acks import read_acknowledgments
from edi.errors import EdiError
from edi.explain import explain, explained_file
from edi.gate import findings
from edi.inspection import inspect
from edi.segments import detect, read
from edi.x270 import read_eligibility_answers, read_eligibility_inquiries
from edi.x276 import read_status_answers, read_status_inquiries
from edi.x277ca import read_claim_acknowledgments
from edi.x835 import read_remittances
from edi.x837 import read_claims
from tests.edi.conftest import OTHERS, OURS, Sample
from tests.edi.make import SLOW
from tests.edi.samples import each

READERS: tuple[Callable[[bytes], object], ...] = (
    read,
    detect,
    read_claims,
    read_remittances,
    lambda content: read_remittances(content, partial=True),
    read_acknowledgments,
    read_claim_acknowledgments,
    read_status_answers,
    read_status_inquiries,
    read_eligibility_answers,
    read_eligibility_inquiries,
    inspect,
    lambda content: list(explained_file(content, explain, [])),
)
HANGS = timedelta(seconds=20)
"""Generous, because other programs use the machine too; a file takes milliseconds."""
MOST = 40_000

SMALL = [s.content for s in OURS + OTHERS if s.path.stat().st_size < MOST]
TOKENS = [
    *(b"*", b":", b"~", b"^", b">", b"|", b"\n", b"\r\n", b"\x00", b"\xff", b" "),
    *(b"", b"0", b"-1", b"1e9", b"NaN", b"99999999", b"20261399", b"\xd9\xa1"),
    *(b"ISA*", b"~ISA*00*", b"~GS*HC*", b"~ST*837*0001~", b"~SE*1*0001~", b"~IEA*1*"),
    *(b"~HL*1*1*22*0~", b"~CLM*~", b"~LX*~", b"~SV1*~", b"~CAS*CO*~", b"~PLB*~"),
    *(b"~STC*~", b"~TRN*~", b"~EB*~", b"~AAA*~", b"~AK2*~", b"~IK4*~", b"~SBR*~"),
]


def _survives(content: bytes) -> None:
    for reader in READERS:
        try:
            reader(content)
        except EdiError:
            continue


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A sample with some of its bytes lost, changed, doubled or moved."""
    content = draw(st.sampled_from(SMALL))
    for _ in range(draw(st.integers(1, 6))):
        content = draw(_mutations(content))
    return content


def _mutations(content: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, max(len(content), 1))
    return st.tuples(
        st.sampled_from(["put", "cut", "double", "swap", "end", "all"]),
        places,
        st.integers(0, 80),
        st.sampled_from(TOKENS),
        st.sampled_from(TOKENS),
    ).map(lambda drawn: _mutate(content, *drawn))


def _mutate(
    content: bytes, how: str, at: int, size: int, new: bytes, old: bytes
) -> bytes:
    head, piece, tail = content[:at], content[at : at + size], content[at + size :]
    if how == "put":
        return head + new + content[at + (size % 3) :]
    if how == "cut":
        return head + tail
    if how == "double":
        return head + piece + piece + tail
    if how == "swap":
        return tail[:size] + head + piece + tail[size:]
    if how == "end":
        return head
    return content.replace(old, new) if old and len(new) < 9 else content


@settings(max_examples=1500, deadline=HANGS, suppress_health_check=SLOW)
@given(broken())
def test_a_broken_file_gives_a_model_or_an_edi_error(content: bytes) -> None:
    _survives(content)


@pytest.mark.long
@pytest.mark.timeout(1200)
@settings(max_examples=20000, deadline=HANGS, suppress_health_check=SLOW)
@given(broken())
def test_a_broken_file_gives_a_model_or_an_edi_error_long(content: bytes) -> None:
    _survives(content)


MARKS = [b"~", b"*", b":", b"\n", b"~NM1*IL*1*", b"~DMG*D8*", b"~DTP*472*D8*", b"~CAS*"]


@settings(max_examples=300, suppress_health_check=SLOW)
@given(
    st.sampled_from(["a1", "b1", "a4", "a6", "e2"]),
    st.lists(
        st.tuples(st.integers(0, 3000), st.sampled_from(MARKS)), min_size=1, max_size=6
    ),
)
def test_errors_warnings_and_rejects_carry_no_value_of_the_file(
    ours: dict[str, bytes], name: str, cuts: list[tuple[int, bytes]]
) -> None:
    content = ours[name]
    for at, mark in cuts:
        content = content[:at] + mark + content[at:]
    said = ""
    for reader in READERS[2:]:
        try:
            found = reader(content)
        except EdiError as error:
            said += f"{error} {error.field}"
        else:
            said += _complaints(found)

    assert not any(name in said for name in _words(ours[name]))


def _complaints(found: object) -> str:
    rejects = [(r.segment, r.field, r.reason) for r in getattr(found, "rejects", ())]
    errors = getattr(found, "errors", ()) if not hasattr(found, "files") else ()
    return f"{getattr(found, 'warnings', ())} {errors} {rejects}"


def _words(content: bytes) -> set[str]:
    """Names, member numbers and birth dates of a file."""
    names = [part for s in content.split(b"~") if s.strip()[:3] in (b"NM1", b"DMG")
             for part in s.strip().split(b"*")[2:]]  # fmt: skip
    return {part.decode() for part in names if len(part) > 5}


@settings(max_examples=200, deadline=HANGS)
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda b: b"ISA" + b))
@example(b"ISA*00*          *00*          *ZZ*A              *ZZ*B              ")
@example(b"\xef\xbb\xbfISA")
@example(b"\x00" * 200)
def test_any_bytes_give_a_model_or_an_edi_error(content: bytes) -> None:
    _survives(content)


@settings(max_examples=15, deadline=HANGS, suppress_health_check=SLOW)
@given(broken())
def test_the_validator_answers_any_file(content: bytes) -> None:
    assert all(isinstance(found, str) for found in findings(content))


CRASHERS = sorted((Path(__file__).parent / "crashers").iterdir())


@pytest.mark.parametrize("path", CRASHERS, ids=lambda path: path.stem)
def test_what_once_broke_a_reader_no_longer_does(path: Path) -> None:
    """Files of our own, each cut down from what the fuzzing found."""
    _survives(path.read_bytes())


@each()
def test_every_sample_cut_anywhere_gives_a_model_or_an_edi_error(
    sample: Sample,
) -> None:
    content = sample.content
    for part in range(1, 12):
        _survives(content[: len(content) * part // 12])


@pytest.mark.parametrize(
    "content",
    [
        b"ISA*" * 20_000,
        b"ISA" + b"*" * 200_000,
        b"ISA*00*          *00*          *ZZ*A*ZZ*B*260601*1200*^*00501*1*0*P*:~"
        + b"ISA*00~" * 30_000,
        b"ISA*00*          *00*          *ZZ*A*ZZ*B*260601*1200*^*00501*1*0*P*:~"
        + b"GS*HC~ST*837*1~HL*1**22~CLM*A*1~" + b"CAS*CO*1*1~" * 20_000,
        b"ISA*00*          *00*          *ZZ*A*ZZ*B*260601*1200*^*00501*1*0*P*:~"
        + b"GS*HP~" + b"ST*835*1~" * 20_000,
        b" " * 500_000 + b"ISA*",
    ],
    ids=["isa", "stars", "isa-in-isa", "cas", "st", "blanks"],
)  # fmt: skip
@pytest.mark.timeout(60)
def test_a_large_broken_file_does_not_hang(content: bytes) -> None:
    _survives(content)
