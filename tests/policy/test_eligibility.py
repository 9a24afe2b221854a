"""R-ELG-02 and R-ELG-04: is the plan active that day, and what to ask the patient."""

from datetime import date, timedelta
from typing import Any

import pytest

from edi.x270 import Benefit, EligibilityAnswer
from policy.coverage_rejects import OTHER, REASONS
from policy.eligibility import judge, mend_for, question_for
from tests.claims.making import VISIT


def answer(*codes: str, **more: Any) -> dict[str, Any]:
    """A 271 as stored; ``6:35`` is inactive for service type 35."""
    benefits = []
    for code in codes:
        eb01, _, kind = code.partition(":")
        benefits.append(Benefit(code=eb01, service_types=(kind,) if kind else ()))
    said = EligibilityAnswer(position=1, benefits=tuple(benefits), **more)
    return said.model_dump(mode="json")


@pytest.mark.parametrize("code", "12345")
def test_r_elg_02_one_to_five_is_active(code: str) -> None:
    decision = judge([answer(code)], VISIT)
    assert (decision.action, decision.rule) == ("active", "R-ELG-02")
    assert decision.evidence == (f"EB01 {code}",)


@pytest.mark.parametrize("code", "678")
def test_r_elg_02_six_to_eight_is_inactive(code: str) -> None:
    assert judge([answer(code)], VISIT).action == "inactive"


@pytest.mark.parametrize("codes", [(), ("9",), ("C", "A"), ("1", "6"), ("V",)])
def test_r_elg_02_anything_else_is_unclear(codes: tuple[str, ...]) -> None:
    assert judge([answer(*codes)], VISIT).action == "unclear"


def test_r_elg_02_amounts_beside_the_status_do_not_blur_it() -> None:
    assert judge([answer("1:30", "C:30", "B:98")], VISIT).action == "active"


def test_r_elg_02_the_plan_counts_before_one_of_its_service_types() -> None:
    assert judge([answer("1:30", "6:35")], VISIT).action == "active"
    assert judge([answer("6", "1:35")], VISIT).action == "inactive"
    assert judge([answer("1:98", "6:35")], VISIT).action == "unclear"


@pytest.mark.parametrize(
    ("begins", "ends", "action"),
    [
        (VISIT, None, "active"),
        (VISIT + timedelta(1), None, "inactive"),
        (None, VISIT, "active"),
        (None, VISIT - timedelta(1), "inactive"),
        (VISIT, VISIT, "active"),
    ],
)
def test_r_elg_02_active_means_on_the_date_of_service(
    begins: date | None, ends: date | None, action: str
) -> None:
    said = answer("1", plan_begins=begins, plan_ends=ends)
    assert judge([said], VISIT).action == action


def test_r_elg_01_without_an_answer_nothing_is_decided() -> None:
    assert judge([], VISIT).action == "none"


def test_r_elg_04_a_reject_reason_counts_before_any_benefit() -> None:
    decision = judge([answer("1", aaa=("75",))], VISIT)
    assert (decision.action, decision.rule) == ("rejected", "R-ELG-04")
    assert decision.evidence == ("AAA 75",)


@pytest.mark.parametrize("code", sorted(REASONS))
def test_r_elg_04_each_reject_reason_is_a_question_for_the_patient(code: str) -> None:
    question = question_for(judge([answer(aaa=(code,))], VISIT))
    assert question == REASONS[code].question
    assert question.endswith("?")
    assert code not in question


def test_r_elg_04_an_unknown_reject_reason_is_no_raw_code_either() -> None:
    assert question_for(judge([answer(aaa=("99",))], VISIT)) == OTHER.question


@pytest.mark.parametrize("code", sorted(REASONS))
def test_r_elg_04_a_reason_asks_again_or_mends_or_only_asks(code: str) -> None:
    found = REASONS[code]
    decision = judge([answer(aaa=(code,))], VISIT)
    assert decision.action == ("again" if found.again else "rejected")
    assert mend_for(decision) == found.mend
    assert not (found.again and found.mend)


def test_r_elg_04_several_reasons_ask_each_question_once() -> None:
    both = judge([answer(aaa=("42", "72", "73", "65"))], VISIT)
    assert both.action == "rejected"
    asked = question_for(both)
    assert asked.count("?") == 3
    assert asked.startswith(REASONS["42"].question)


def test_r_elg_04_inactive_and_unclear_ask_different_questions() -> None:
    inactive = question_for(judge([answer("6")], VISIT))
    unclear = question_for(judge([answer()], VISIT))
    assert "not active" in inactive
    assert inactive != unclear


@pytest.mark.parametrize(
    "codes",
    [("1",), ("6",), ("1", "6"), ("1:30", "6:35"), ("6", "1:35"), ("1:98",), ("9",)],
)
def test_the_rule_and_the_271_reader_agree(codes: tuple[str, ...]) -> None:
    stored = answer(*codes)
    read = EligibilityAnswer.model_validate_json(
        EligibilityAnswer.model_validate(stored).model_dump_json()
    )
    words = {True: "active", False: "inactive", None: "unclear"}
    assert judge([stored], VISIT).action == words[read.active]
