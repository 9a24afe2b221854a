"""What `edi inspect` counts is what the oracle of each sample says."""

import json
import tracemalloc
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest

from edi import inspection
from edi.inspection import inspect
from tests.edi.conftest import OTHERS, OURS, Sample, manifest
from tests.edi.samples import each


@each()
def test_figures_equal_the_oracle_in_name_type_and_value(sample: Sample) -> None:
    found = inspect(sample.content).figures

    assert found == sample.oracle
    # True is 1 to Python; as text it is not.
    assert json.dumps(found, sort_keys=True) == json.dumps(
        sample.oracle, sort_keys=True
    )


@each()
def test_kind_and_guide_are_those_of_the_manifest(sample: Sample) -> None:
    found = inspect(sample.content)

    assert (found.transaction, found.version) == (sample.transaction, sample.version)


@each()
def test_a_file_is_warned_of_exactly_where_its_envelope_is_wrong(
    sample: Sample,
) -> None:
    found = inspect(sample.content)
    wrong = {"SE01", "SE02", "GE01", "GE02", "IEA01", "IEA02", "SE", "GE", "IEA"}

    assert found.figures["envelope_ok"] == (
        not wrong & {w.code for w in found.warnings}
    )
    assert all(0 < w.segment <= found.figures["segments"] for w in found.warnings)


def test_every_file_of_the_published_manifest_is_tested(shared_dir: Path) -> None:
    published = {s.oracle["sha256"] for s in manifest(shared_dir / "samples" / "x12")}

    assert published
    assert published <= {s.oracle["sha256"] for s in OURS + OTHERS}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a1", []),
        ("b2", []),
        ("b5", []),
        ("b8", [(52, "SE"), (52, "GE"), (52, "IEA")]),
        ("d1", [(19, "DMG02")]),
        ("d4", [(46, "DMG02")]),
    ],
)
def test_warnings_say_where_and_why(
    ours: dict[str, bytes], name: str, wanted: list[tuple[int, str]]
) -> None:
    found = inspect(ours[name]).warnings

    assert [(w.segment, w.code) for w in found] == wanted
    assert all(w.message for w in found)


def test_a_trace_or_claim_number_used_twice_is_named(ours: dict[str, bytes]) -> None:
    found = inspect(ours["b1"] + ours["b5"] + ours["a1"] + ours["a1"])

    assert Counter(w.code for w in found.warnings) == {"TRN02": 1, "CLM01": 5}


def test_an_amount_that_cannot_be_read_is_named_and_the_rest_is_counted(
    ours: dict[str, bytes],
) -> None:
    found = inspect(ours["b1"].replace(b"*150*150*", b"*15O*150*", 1))

    assert [w.code for w in found.warnings] == ["CLP03"]
    assert found.figures["clp"] == 4
    assert found.figures["sum_clp03"] == "560.00"


def test_figures_of_several_kinds_stand_side_by_side(ours: dict[str, bytes]) -> None:
    found = inspect(ours["a1"] + ours["a2"] + ours["a4"] + ours["b1"])

    assert found.transaction == "837P+TA1+277CA+835"
    assert found.figures["hl"] == {"20": 2, "22": 5, "23": 1, "21": 1, "19": 1, "PT": 5}
    assert (found.figures["clm"], found.figures["clp"]) == (5, 4)
    assert found.figures["ta1"][0]["ack"] == "A"


def test_kinds_of_one_family_are_counted_together(ours: dict[str, bytes]) -> None:
    """A crasher of the fuzzing: 277 and 277CA in one file have figures alike."""
    institutional = ours["c4"].replace(b"X222A1~\nBHT", b"X223A2~\nBHT")
    figures = inspect(ours["a4"] + ours["a6"] + ours["a1"] + institutional).figures

    assert figures["trn"] == 8 + 2
    assert figures["stc_category"] == {"A1": 2, "A2": 4, "A3": 1, "P1": 1, "F2": 1}
    assert (figures["clm"], figures["sum_clm02"]) == (65, "10460.00")
    assert (figures["n_sv1"], figures["n_sv2"]) == (7, 0)


@pytest.mark.parametrize(
    ("st01", "guide", "wanted"),
    [
        ("278", "005010X217", "278"),
        ("834", "005010X220A1", "834"),
        ("837", "005010X224A2", "837"),
        ("A~B", "", "UNKNOWN"),
    ],
)
def test_what_nothing_here_reads_is_recognised_and_said(
    ours: dict[str, bytes], st01: str, guide: str, wanted: str
) -> None:
    old = b"ST*270*0001*005010X279A1"
    found = inspect(ours["e1"].replace(old, f"ST*{st01}*0001*{guide}".encode()))

    assert old in ours["e1"]
    assert found.transaction == wanted
    assert "ST01" in {w.code for w in found.warnings}


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("a2", b"TA1*000001001*", b"TA1*X*", "TA101"),
        ("a3", b"AK1*HC*1001*", b"AK1*HC*X*", "AK102"),
    ],
)
def test_an_answer_to_nothing_is_named(
    ours: dict[str, bytes], name: str, old: bytes, new: bytes, code: str
) -> None:
    assert old in ours[name]
    found = inspect(ours[name].replace(old, new))

    assert [w.code for w in found.warnings] == [code]


def test_institutional_claims_are_counted_and_refused(ours: dict[str, bytes]) -> None:
    institutional = ours["c4"].replace(b"X222A1~\nBHT", b"X223A2~\nBHT")
    found = inspect(institutional)

    assert found.figures["clm"] == 60
    assert [w.code for w in found.warnings] == ["ST03"]
    assert "refused for submission" in found.warnings[0].message


def test_levels_that_circle_or_begin_again_are_named(ours: dict[str, bytes]) -> None:
    circle = ours["e1"].replace(b"HL*2*1*21", b"HL*2*3*21")
    again = ours["e1"].replace(b"HL*3*2*22", b"HL*2*1*22")

    assert [w.code for w in inspect(circle).warnings] == ["HL02"]
    assert [w.code for w in inspect(again).warnings] == ["HL01"]


def test_long_lists_are_counted_not_listed(ours: dict[str, bytes]) -> None:
    figures = inspect(ours["b1"] * 21).figures

    assert (figures["bpr02"], figures["trn02"]) == ("21 values", "21 values")
    assert figures["bpr02_sum"] == "5250.00"


def test_what_can_be_no_code_is_not_repeated(ours: dict[str, bytes]) -> None:
    found = inspect(ours["a1"].replace(b"SBR*P*", b"SBR*A long name of a person*", 1))

    assert found.figures["sbr01"] == {"other": 1, "P": 4}


def test_memory_is_in_proportion_to_one_set_not_to_the_file(
    ours: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times the file: about the same memory."""
    monkeypatch.setattr(inspection, "MOST_WARNINGS", 10)

    def most(times: int) -> int:
        stream = BytesIO(ours["b1"] * times)
        tracemalloc.start()
        figures = inspect(stream).figures
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert figures["clp"] == 4 * times
        return peak

    most(1)  # what is loaded once
    assert most(300) < 1.5 * most(100)
