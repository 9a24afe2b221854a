"""Segments in words: all of them, in our words, and no patient where none belongs."""

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import pyx12
from hypothesis import given
from hypothesis import strategies as st

from edi.errors import EdiError
from edi.explain import (
    DOTS,
    Explained,
    Passage,
    claim_segments,
    explain,
    receipts,
    sums,
    whole,
)
from edi.explain.values import known
from edi.segments import Delimiters, FileKind, Segment, maybe_amount, read
from tests.edi.conftest import Sample
from tests.edi.samples import each

CODES = Path(__file__).resolve().parents[2] / "edi" / "codes"
REASONS = {
    "45": "charge above the contract rate",
    "16": "something is missing",
    "N290": "the rendering provider's number is wrong",
}


def passages(content: bytes) -> Iterator[Passage]:
    for interchange in read(content)[0]:
        if interchange.ta1:
            yield receipts(interchange)
        yield from map(whole, interchange.sets)


def explained(content: bytes, *, mask: bool = False) -> list[Explained]:
    return [
        one
        for p in passages(content)
        for one in explain(p, reason_words=REASONS, mask=mask)
    ]


def by_tag(content: bytes, tag: str) -> list[Explained]:
    return [one for one in explained(content) if one.tag == tag]


def about(kind: FileKind, content: bytes, reference: str) -> Passage:
    (found,) = claim_segments(kind, read(content)[0], reference)
    return found


def secrets(content: bytes) -> set[str]:
    """Names, numbers and birth dates of the people of a file."""
    found: set[str] = set()
    for segment in (s for p in passages(content) for s in p.segments):
        if segment.tag == "NM1" and segment.get(1) in ("IL", "QC", "03", "74"):
            found |= {segment.get(n) for n in (3, 4, 9)}
        if segment.tag == "DMG":
            found.add(segment.get(2))
    return {value for value in found if len(value) > 3}


# --- every segment of every file ----------------------------------------------------


@each()
def test_every_segment_of_every_sample_has_words_and_a_heading(sample: Sample) -> None:
    for one in explained(sample.content):
        assert one.words.strip()
        assert one.loop.strip()
        assert 0 <= one.depth <= 2
        assert "{" not in one.words
        assert "[" not in one.words or one.tag == "STC"


@each()
def test_every_tag_of_the_samples_has_words_of_its_own(sample: Sample) -> None:
    tags = {s.tag for p in passages(sample.content) for s in p.segments}
    assert tags <= set(known())


@each()
def test_no_sentence_or_heading_names_a_patient_and_a_mask_hides_all(
    sample: Sample,
) -> None:
    wanted = secrets(sample.content)
    for one in explained(sample.content, mask=True):
        words = set(re.split(r"[^\w]+", f"{one.words} {one.raw}"))
        # A provider of the same name is no patient; a shared number may be anyone's.
        if one.sensitive:
            assert not wanted & words
            assert not wanted & {e.value for e in one.elements}
            assert DOTS in one.raw


@pytest.mark.parametrize("name", ["a1", "a4", "a5", "a6", "b1", "c5", "d2", "e1", "e2"])
def test_a_masked_file_holds_no_name_number_or_birth_date(
    ours: dict[str, bytes], name: str
) -> None:
    wanted = secrets(ours[name])
    text = "\n".join(
        f"{one.raw} {one.words} {one.loop} {one.elements}"
        for one in explained(ours[name], mask=True)
    )
    assert wanted or name == "d2"
    assert not [value for value in wanted if value in text]
    if name == "d2":
        assert "19801301" in ours[name].decode()
        assert "19801301" not in text


def test_an_unknown_segment_says_so_and_is_hidden() -> None:
    (one,) = explain(_passage(Segment(7, "QQ9", ("SECRET",))), mask=True)
    assert "no words for this segment" in one.words
    assert one.sensitive
    assert one.elements[0].value == DOTS


def test_someone_of_an_unknown_kind_is_not_named() -> None:
    segment = Segment(7, "NM1", ("Q9", "1", "TILLEY", "ROWAN"))
    (one,) = explain(_passage(segment))
    assert "TILLEY" not in one.words
    assert one.sensitive


def _passage(*segments: Segment, kind: FileKind = FileKind.X835) -> Passage:
    return Passage(kind, segments, Delimiters("*", ":", "^", "~"), ":")


@given(
    st.sampled_from(sorted({*known(), "ZZZ", ""})),
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["CO", "45", "NaN", "-1", "HC:1:2", "20260230", "1E9", "²"]),
        max_size=20,
    ),
    st.sampled_from(list(FileKind)),
)
def test_any_segment_is_explained(
    tag: str, elements: list[str], kind: FileKind
) -> None:
    segments = (Segment(1, "HL", ("1", "", "22")), Segment(2, tag, tuple(elements)))
    for one in explain(_passage(*segments, kind=kind)):
        assert one.words
    sums(_passage(*segments, kind=kind))


# --- the words -----------------------------------------------------------------------


def test_a_remittance_reads_as_a_clerk_would_say_it(ours: dict[str, bytes]) -> None:
    words = {one.number: one.words for one in explained(ours["b1"])}
    assert words[4] == "The payer pays $250.00 by bank transfer on 20 Mar 2026"
    assert words[26] == (
        "Our claim SYN-0002: billed $220.00, paid $100.00, patient $72.00"
    )
    assert words[32] == "Line 1, 99214 with modifier 25: billed $200.00, paid $88.00"
    assert words[34] == "CO-45 · Charge above the contract rate: $40.00"
    assert words[35] == "PR-1: $50.00 is the patient's; PR-2: $22.00 is the patient's"
    assert words[52] == "Denied $180.00. CO-16 · Something is missing"
    assert words[54] == "Remark N290 · The rendering provider's number is wrong"


def test_headings_number_claims_and_lines(ours: dict[str, bytes]) -> None:
    placed = {one.number: (one.loop, one.depth) for one in explained(ours["b1"])}
    assert placed[4] == ("Payment", 0)
    assert placed[7] == ("Payer", 0)
    assert placed[26] == ("Claim 2 of 4 · SYN-0002", 0)
    assert placed[27] == ("Claim 2 of 4 · SYN-0002", 1)
    assert placed[32] == ("Claim 2 · line 1 · 99214-25", 1)
    assert placed[34] == ("Claim 2 · line 1 · 99214-25", 2)


def test_elements_have_place_name_value_and_meaning(ours: dict[str, bytes]) -> None:
    (clp, *_) = by_tag(ours["b1"], "CLP")
    found = {e.position: (e.name, e.value, e.meaning) for e in clp.elements}
    assert found["CLP02"] == ("How handled", "1", "As first plan")
    assert found["CLP03"] == ("Billed", "150", "$150.00")
    assert "CLP05" not in found  # empty elements are left out
    (day, *_) = by_tag(ours["b1"], "DTM")
    assert [e.meaning for e in day.elements] == ["Made out", "20 Mar 2026"]


def test_reasons_without_words_keep_their_code() -> None:
    cas = Segment(1, "CAS", ("CO", "97", "260"))
    (one,) = explain(_passage(cas))
    assert one.words == "Not paid $260.00. CO-97"


def test_a_share_written_one_element_early_is_no_dollar(ours: dict[str, bytes]) -> None:
    found = [one.words for one in by_tag(ours["e2"], "EB")]
    assert "Patient's share: 20% · office visit, one person" in found
    assert (
        "Deductible: $50.00 left · the plan as a whole, one person, in the network"
        in found
    )


def test_the_top_level_of_a_claim_file_is_the_practice(ours: dict[str, bytes]) -> None:
    (first, *_) = by_tag(ours["c5"], "HL")
    assert first.loop == "Billing provider"
    assert first.elements[1].meaning == "Billing provider"


def test_a_medicare_number_behind_a_recoupment_is_not_told() -> None:
    reference = "WO:26123456789012345  1EG4TE5MK73"
    plb = Segment(1, "PLB", ("1234567893", "20261231", reference, "30"))
    (one,) = explain(_passage(plb), mask=True)
    assert one.words == (
        "Overpayment taken back (26123456789012345): $30.00 taken off this payment"
    )
    assert "1EG4TE5MK73" not in one.raw


# --- what is marked ------------------------------------------------------------------


def hits(content: bytes) -> list[str]:
    return [one.tag for one in explained(content) if one.hit]


def test_denials_and_rejections_are_marked(ours: dict[str, bytes]) -> None:
    assert hits(ours["b1"]) == ["CAS", "CAS", "CAS"]
    assert hits(ours["a4"]) == ["STC"]
    assert hits(ours["a6"]) == ["STC"]  # F2, not P1
    assert hits(ours["d2"]) == ["IK3", "IK4", "IK3", "IK5", "AK9"]
    assert hits(ours["d3"]) == ["TA1"]
    assert hits(ours["e4"]) == ["AAA"]


def test_what_was_accepted_or_undone_is_not_marked(ours: dict[str, bytes]) -> None:
    for name in ("a1", "a2", "a3", "b2", "c5", "e2"):
        assert hits(ours[name]) == []


@pytest.mark.parametrize(
    ("group", "reason", "amount", "hit"),
    [
        ("CO", "45", "10", False),
        ("CO", "97", "10", True),
        ("CO", "97", "-10", False),
        ("PR", "1", "10", False),
        ("PR", "204", "10", True),
        ("OA", "23", "10", False),
        ("OA", "18", "10", True),
    ],
)
def test_prices_and_shares_are_no_denial(
    group: str, reason: str, amount: str, hit: bool
) -> None:
    cas = Segment(1, "CAS", (group, reason, amount))
    (one,) = explain(_passage(cas))
    assert one.hit is hit
    (sent,) = explain(_passage(cas, kind=FileKind.X837P))
    assert not sent.hit  # the other plan's word, not an answer to us


# --- one claim -----------------------------------------------------------------------

CASES = [
    (FileKind.X837P, "a1", "SYN-0002"),
    (FileKind.X277CA, "a4", "SYN-0002"),
    (FileKind.X276, "a5", "SYN-0002"),
    (FileKind.X277, "a6", "SYN-0002"),
    (FileKind.X835, "b1", "SYN-0002"),
]


@pytest.mark.parametrize(("kind", "name", "pcn"), CASES)
def test_one_claim_comes_with_its_envelope_and_no_other_patient(
    ours: dict[str, bytes], kind: FileKind, name: str, pcn: str
) -> None:
    content = ours[name]
    found = about(kind, content, pcn)
    text = "\n".join("*".join([s.tag, *s.elements]) for s in found.segments)
    assert found.segments[0].tag == "ST"
    assert "THISTLEDOWN" in text
    assert "EXAMPLE HEALTH PLAN" in text
    strangers = secrets(content) - {"THISTLEDOWN", "BARNABY", "EXM000000102"}
    birth_dates = {s.get(2) for s in found.segments if s.tag == "DMG"}
    assert len(strangers) > 1
    assert not [s for s in strangers - birth_dates if s in text]
    assert len(birth_dates) <= 1
    assert not set(re.findall(r"SYN-\d{4}", text)) - {pcn}


def test_one_claim_keeps_its_number_in_the_whole_set(ours: dict[str, bytes]) -> None:
    found = about(FileKind.X835, ours["b1"], "SYN-0003")
    assert (found.claims, found.last - found.first + 1) == (4, 69)
    loops = {one.loop for one in explain(found)}
    assert "Claim 3 of 4 · SYN-0003" in loops
    assert "Claim 3 · line 1 · 99203" in loops


def test_a_dependents_claim_comes_with_its_subscriber(ours: dict[str, bytes]) -> None:
    found = about(FileKind.X277, ours["a6"], "SYN-0003")
    names = [s.get(4) for s in found.segments if s.tag == "NM1" and s.get(2) == "1"]
    assert names == ["PERPETUA", "TOBIN"]


def test_a_decision_taken_back_comes_with_the_new_one(ours: dict[str, bytes]) -> None:
    found = about(FileKind.X835, ours["b2"], "SYN-0002")
    assert [s.get(2) for s in found.segments if s.tag == "CLP"] == ["22", "1"]


def test_a_dependents_coverage_leaves_out_the_subscribers() -> None:
    body = (
        "ST*271*0001*005010X279A1~HL*1**20*1~NM1*PR*2*PLAN~HL*2*1*21*1~NM1*1P*2*US~"
        "HL*3*2*22*1~TRN*2*T1~NM1*IL*1*SUB~EB*1**30~HL*4*3*23*0~TRN*2*T2~"
        "NM1*03*1*DEP~EB*6**30~SE*14*0001~"
    )
    found = about(FileKind.X271, _file("HB", "005010X279A1", body), "T2")
    assert [s.get(1) for s in found.segments if s.tag == "EB"] == ["6"]
    assert [s.get(2) for s in found.segments if s.tag == "TRN"] == ["T2"]


def _file(group: str, version: str, body: str) -> bytes:
    return (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              "
        "*260101*0000*^*00501*000000001*0*T*:~"
        f"GS*{group}*A*B*20260101*0000*1*X*{version}~{body}GE*1*1~IEA*1*000000001~"
    ).encode()


def test_an_acknowledgment_is_cut_to_the_errors_of_the_claim(
    ours: dict[str, bytes],
) -> None:
    interchanges = read(ours["d2"])[0]
    (every,) = claim_segments(FileKind.X999, interchanges, "1")
    assert [s.tag for s in every.segments if s.tag.startswith("IK")] == [
        *("IK3", "IK4", "IK3", "IK5")
    ]
    assert all(len(s.elements) < 4 for s in every.segments if s.tag == "IK4")
    (some,) = claim_segments(FileKind.X999, interchanges, "0001", positions={17})
    assert [s.tag for s in some.segments if s.tag.startswith("IK")] == [
        *("IK3", "IK4", "IK5")
    ]
    assert claim_segments(FileKind.X999, interchanges, "0002") == []


def test_positions_are_those_that_the_999_counts(ours: dict[str, bytes]) -> None:
    sent = about(FileKind.X837P, ours["d1"], "SYN-0090")
    # d2 answers d1: DMG at place 17.
    assert 17 in sent.positions
    dmg = next(s for s in sent.segments if s.tag == "DMG")
    assert dmg.number - sent.first + 1 == 17


def test_a_receipt_is_found_by_the_envelopes_number(ours: dict[str, bytes]) -> None:
    interchanges = read(ours["a2"])[0]
    (found,) = claim_segments(FileKind.TA1, interchanges, "1001")
    assert [s.tag for s in found.segments] == ["TA1"]
    assert claim_segments(FileKind.TA1, interchanges, "1002") == []


def test_a_claim_that_is_not_there_gives_nothing_and_no_number_is_refused(
    ours: dict[str, bytes],
) -> None:
    interchanges = read(ours["b1"])[0]
    assert claim_segments(FileKind.X835, interchanges, "SYN-0999") == []
    with pytest.raises(EdiError, match="No claim number"):
        claim_segments(FileKind.X835, interchanges, " ")


# --- sums ----------------------------------------------------------------------------


@each("835")
def test_the_sums_agree_with_the_oracle(sample: Sample) -> None:
    checks = [c for p in passages(sample.content) for c in sums(p)]
    claims = [c for c in checks if "line" not in c.level and c.level != "Payment"]
    assert len(claims) == sample.oracle["clp"]
    wrong = sum(c.adds_up is False for c in claims)
    assert wrong == sample.oracle.get("unbalanced_claims", 0)
    if sample.oracle["envelope_ok"]:
        payments = [c for c in checks if c.level == "Payment"]
        wrong = sum(c.adds_up is False for c in payments)
        assert wrong == sample.oracle.get("unbalanced_st", 0)


def test_a_sum_is_told_in_figures(ours: dict[str, bytes]) -> None:
    (found,) = passages(ours["b1"])
    told = {c.level: c for c in sums(found)}
    line = told["Claim 2 · line 1"]
    assert line.sum == "200.00 - 40.00 - 50.00 - 22.00"
    assert line.words == (
        "200.00 = 88.00 paid + 40.00 + 50.00 + 22.00 adjusted: adds up"
    )
    assert (line.should_be, line.actual) == (Decimal("88.00"), Decimal("88.00"))
    assert told["Payment"].sum == "4 claims 250.00"


def test_money_taken_back_outside_the_claims_counts(ours: dict[str, bytes]) -> None:
    (found,) = passages(ours["b3"])
    *_, payment = sums(found)
    assert payment.sum == "1 claim 144.00 - 30.00 outside the claims"
    assert payment.adds_up is True


def test_one_claim_is_checked_without_the_payment(ours: dict[str, bytes]) -> None:
    found = about(FileKind.X835, ours["b7"], "SYN-0002")
    *lines, claim = sums(found)
    assert claim.adds_up is False
    assert "off by" in claim.words
    assert [c.level for c in lines] == ["Claim 2 · line 1", "Claim 2 · line 2"]


def test_an_unreadable_amount_cannot_be_checked() -> None:
    clp = Segment(1, "CLP", ("X", "1", "ten", "5"))
    (check,) = sums(_passage(clp, Segment(2, "CAS", ("CO", "45", "5"))))
    assert check.adds_up is None
    assert "cannot be checked" in check.words
    assert maybe_amount("ten") is None


# --- our own words -------------------------------------------------------------------


def our_names() -> set[str]:
    found: set[str] = set()
    for path in CODES.rglob("*.toml"):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).values():
            found |= {text.split(" | ")[0] for text in row.values()}
    return found


def test_names_are_short_and_none_is_a_published_guides() -> None:
    ours = our_names()
    maps = Path(pyx12.__file__).parent / "map"
    published: set[str] = set()
    for path in maps.glob("*.xml"):
        text = path.read_text(encoding="utf-8", errors="replace")
        published |= {n.strip().lower() for n in re.findall(r"<name>([^<]+)<", text)}
    assert len(published) > 1000
    assert len(ours) > 500
    long_ones = {name.lower() for name in ours if len(name.split()) > 3}
    assert not long_ones & published
    assert max(map(len, ours)) < 80
