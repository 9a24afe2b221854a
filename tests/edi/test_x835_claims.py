"""Both readers of an 835 say the same of any set: the quick one is never otherwise."""

import re
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims.remittance import Remittance
from edi import envelopes
from edi.envelopes import Envelopes
from edi.errors import EdiError
from edi.interchange import Delimiters, TransactionSet
from edi.segments import component_separator
from edi.tokens import Tokens
from edi.x835 import content_hash, read_set, write_remittances
from tests.edi.conftest import OTHERS, OURS, Sample
from tests.edi.make import ENVELOPE, SLOW, remittances
from tests.edi.samples import each

MOST = 40_000
ANY_KIND = [s.content for s in OURS + OTHERS if s.path.stat().st_size < MOST]
REMITTANCES = [
    s.content for s in OURS + OTHERS
    if s.transaction == "835" and s.path.stat().st_size < MOST
]  # fmt: skip
ODD = [
    *("CLP", "SVC", "PLB", "LX", "CAS", "NM1", "REF", "AMT", "DTM", "LQ", "MOA", "MIA"),
    *(
        "SVC*HC:99213:25::59*100*80**1*HC:99214",
        "SVC**1*",
        "CLP*A*1*5*5",
        "SVC *HC:1*1",
    ),
    *("CAS*CO*45*1**97*2*3***4", "CAS*PR", "CAS*OA*23*x", "CAS*PI*" + "1*2*3*" * 7),
    *("REF*6R", "REF*6R*", "REF*6R*A*B", "REF*6R*Z", "REF *6R*Q", "REF*F8*OLD"),
    *("AMT*B6", "AMT*B6*1.005", "AMT*AU*7", "AMT*I*-0", "AMT*ZZ*?", "AMT*B6*00012.5"),
    *(
        "DTM*472*20260230",
        "DTM*150*20260101",
        "DTM*151*20260102-20260103",
        "DTM*472*20260103",
    ),
    *(
        "NM1*74*1*NEW*NAME****C*M9",
        "NM1*TT*2*NEXT*****PI*",
        "NM1*IL*1",
        "NM1*IL*1*S*A****MI*M5",
    ),
    *(
        "MOA***N1*N2**N1",
        "MIA*1****N5" + "*" * 15 + "A*B*C*D*E",
        "LQ*HE*N130",
        "LQ*RX*1",
    ),
    *("PLB*1*20261231*WO:X*5*72*x", "PLB*1*2026*L6*-1.50", "TS3*1*2", "N1*PR*LATE"),
    *(
        "SE*1*0001",
        "ST*835*0009",
        "TA1*1",
        "GS*HP",
        "",
        " ",
        "\x1d\x1e",
        "svc*hc:1*1*1",
    ),
    *("É*È", "BPR*I*1", "TRN*1*LATE*2", "HI*ABK:Z00", "SVC*HC>99213*1*1", "STC*A1:20"),
]
PLACES = st.integers(0, 400)


def said(one: TransactionSet) -> str:
    """Everything that reading a set says, with the digits of every amount."""
    found = read_set(one, set())
    words = f"{found!r} {component_separator(one)!r}"
    return f"{words} {content_hash(one, component_separator(one)[0])}"


def one_by_one(one: TransactionSet) -> TransactionSet:
    """The set as the reader of single segments takes it."""
    return replace(one, body=one.segments[1:])


def sets_of(content: bytes) -> Iterator[TransactionSet]:
    try:
        yield from (s for s in Envelopes(content) if isinstance(s, TransactionSet))
    except EdiError:
        return


def are_equal(content: bytes) -> int:
    """How many sets could be read without a look at each segment; all are equal."""
    quick = 0
    for one in sets_of(content):
        quick += one.run is not None
        assert said(one) == said(one_by_one(one))
    return quick


@each("835")
def test_every_sample_is_read_alike_both_ways(sample: Sample) -> None:
    assert are_equal(sample.content) > 0


Change = tuple[str, int, int, str]


def changed(content: bytes, changes: list[Change]) -> bytes:
    """A file with some of its segments lost, doubled, put in or changed."""
    marks = next(iter(Tokens(content)))
    assert isinstance(marks, Delimiters)
    segments = content.decode("latin-1").split(marks.segment)
    for how, at, other, new in changes:
        new = new.replace("*", marks.element).replace(":", marks.component)
        at, other = at % len(segments), other % len(segments)
        if how == "put":
            segments.insert(at, new)
        elif how == "lose":
            del segments[at]
        elif how == "double":
            segments.insert(other, segments[at])
        elif how == "end":
            segments[at] += new
        else:
            elements = segments[at].split(marks.element)
            elements[other % len(elements)] = new
            segments[at] = marks.element.join(elements)
        segments = segments or [""]
    return marks.segment.join(segments).encode("latin-1")


changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "lose", "double", "element", "end"]),
        PLACES,
        PLACES,
        st.sampled_from(ODD)
        | st.sampled_from(["", "0", "1e9", "-1.5", "\n", " ", "*"]),
    ),
    max_size=6,
)


@settings(max_examples=400, suppress_health_check=SLOW)
@given(st.sampled_from(REMITTANCES), changes)
def test_a_changed_sample_is_read_alike_both_ways(
    content: bytes, given_changes: list[Change]
) -> None:
    are_equal(changed(content, given_changes))


@settings(max_examples=60, suppress_health_check=SLOW)
@given(st.lists(remittances(), min_size=1, max_size=2), changes)
def test_a_written_set_is_read_alike_both_ways(
    written: list[Remittance], given_changes: list[Change]
) -> None:
    are_equal(changed(write_remittances(written, ENVELOPE), given_changes))


ONE_LINE = (
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              "
    "*260601*1200*^*00501*000000001*0*P*:~GS*HP*A*B*20260601*1200*1*X*005010X221A1~"
    "ST*835*0001~BPR*I*80*C*ACH~TRN*1*T1*1999999999~N1*PR*PLAN~N1*PE*CLINIC~LX*1~"
    "CLP*A1*1*100*80*20*12*ICN1~{claim}NM1*QC*1*DOE*PAT****MI*M1~{named}"
    "SVC*HC:99213*100*80~{line}REF*6R*L1~{end}SE*12*0001~GE*1*1~IEA*1*1~"
)
PLACES_OF_TWO = ((0, 0), (0, 1), (1, 1), (2, 2), (2, 3), (3, 3))


@pytest.mark.parametrize("first", ODD)
def test_any_two_odd_segments_in_any_places_are_read_alike(first: str) -> None:
    """In a claim before and after its patient, in a line before and after REF*6R."""
    for second in ODD:
        for place, other in PLACES_OF_TWO:
            put = ["", "", "", ""]
            put[place] += f"{first}~"
            put[other] += f"{second}~"
            claim, named, line, end = put
            content = ONE_LINE.format(claim=claim, named=named, line=line, end=end)
            are_equal(content.encode())


def cut_up(content: bytes) -> str:
    """Everything that the envelopes of a file say."""
    file = Envelopes(content)
    try:
        found = [
            (replace(one, body=()), one.segments)
            if isinstance(one, TransactionSet)
            else one
            for one in file
        ]
    except EdiError as error:
        return repr(error)
    return f"{found} {file.warnings} {file.errors} {file.segments}"


def each_terminator(marks: Delimiters) -> re.Pattern[str]:
    """No segment is passed over."""
    return re.compile(re.escape(marks.segment))


@settings(max_examples=400, suppress_health_check=SLOW)
@given(st.sampled_from(ANY_KIND), changes)
def test_segments_that_are_passed_over_count_as_those_that_are_looked_at(
    content: bytes, given_changes: list[Change]
) -> None:
    content = changed(content, given_changes)
    quick = cut_up(content)
    with patch.object(envelopes, "boundary", each_terminator):
        assert cut_up(content) == quick
