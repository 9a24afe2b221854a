"""Segments in plain words: every one has them, refusals and patients are marked."""

from decimal import Decimal
from pathlib import Path

import pytest

from edi.explain_sums import balances
from edi.explained import Explained, explain
from edi.segments import FileKind, Segment, read

SYNTHETIC = Path(__file__).parent.parent / "data" / "edi" / "synthetic"


def words(list_: str, code: str) -> str:
    return f"{list_} {code} in words"


def one(text: str, kind: FileKind = FileKind.X835) -> Explained:
    tag, *elements = text.split("*")
    return explain([Segment(7, tag, tuple(elements))], kind, words)[0]


def all_of(path: Path) -> list[Explained]:
    found: list[Explained] = []
    for interchange in read(path.read_bytes())[0]:
        marks = interchange.delimiters
        found += explain(interchange.ta1, FileKind.TA1)
        for each in interchange.sets:
            found += explain(
                each.segments,
                each.kind,
                words,
                element=marks.element,
                component=marks.component,
            )
    return found


@pytest.mark.parametrize("path", sorted(SYNTHETIC.glob("*.edi")), ids=lambda p: p.stem)
def test_every_segment_of_our_samples_has_words_that_we_wrote(path: Path) -> None:
    found = all_of(path)
    assert found
    assert [s.raw for s in found if not s.words or "do not explain" in s.words] == []


def test_every_segment_of_the_shared_samples_has_words(shared_dir: Path) -> None:
    paths = sorted((shared_dir / "samples" / "x12").glob("*.*"))
    x12 = [path for path in paths if path.read_bytes()[:3] == b"ISA"]
    found = [segment for path in x12 for segment in all_of(path)]
    assert found
    assert all(s.words and s.loop for s in found)


def test_a_service_line_says_what_was_paid_of_what_was_billed() -> None:
    said = one("SVC*HC:20610:RT*310*94.4**1")
    assert said.words == "Payer paid $94.40 of $310.00 for 20610-RT"
    assert said.elements[2].position == "SVC03"
    assert said.elements[2].meaning == "$94.40"


def test_a_denial_is_a_hit_and_a_contract_discount_is_not() -> None:
    assert one("CAS*CO*97*260").hit
    assert one("CAS*CO*45*10**97*260").hit
    assert not one("CAS*CO*45*192").hit
    assert not one("CAS*PR*2*23.6").hit
    assert "CO-97 · CARC 97 in words: $260.00" in one("CAS*CO*97*260").words


@pytest.mark.parametrize(("category", "hit"), [("A7", True), ("A3", True), ("A2", 0)])
def test_a_refusing_status_is_a_hit(category: str, hit: bool) -> None:
    assert one(f"STC*{category}:562:85*20260120", FileKind.X277CA).hit == hit


def test_segments_of_the_patient_are_sensitive_and_those_of_a_provider_are_not() -> (
    None
):
    lines = ["NM1*85*2*CLINIC", "N3*1 MAIN", "NM1*IL*1*DOE*JO", "N3*2 ELM", "DMG*D8*1"]
    cut = [line.split("*") for line in lines]
    found = [Segment(n, tag, tuple(rest)) for n, (tag, *rest) in enumerate(cut)]
    said = explain(found, FileKind.X837P)
    assert [s.sensitive for s in said] == [False, False, True, True, True]


def test_a_date_is_written_day_first() -> None:
    assert one("DTM*472*20260114").words == "Day of service: 14 Jan 2026"


def test_an_unknown_tag_says_that_we_do_not_explain_it() -> None:
    assert one("ZZZ*1").words == "A segment ZZZ that we do not explain"


@pytest.mark.parametrize("text", ["", "CAS", "CLP*", "SVC*:::*x*", "DTP*472*D8*2026"])
def test_odd_segments_are_explained_without_an_error(text: str) -> None:
    assert one(text).words


def test_a_line_that_adds_up_says_so_and_one_that_does_not_says_by_how_much() -> None:
    cut = ["CLP*C1*1*310*94.4", "SVC*HC:20610*310*94.4", "CAS*CO*45*192*1", "CAS*PR*2*"]
    found = [Segment(1, t.split("*")[0], tuple(t.split("*")[1:])) for t in cut]
    claim, line = balances(found)
    assert line.words.endswith("192.00 adjusted: does not add up, off by 23.60")
    found[3] = Segment(1, "CAS", ("PR", "2", "23.6"))
    claim, line = balances(found)
    assert line.words == "310.00 = 94.40 paid + 192.00 + 23.60 adjusted: adds up"
    assert claim.adds_up
    assert line.due == Decimal("94.40")
