"""R-TSK-01, R-TSK-02 and who may decide (R-TSK-05, roles.yaml)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.calendar import add_business_days, business_day_until, is_business_day
from claims.money import usd
from claims.task import TASKS, Role, TaskType
from policy.tasks import band, due_on, may_decide, priority, roles_of

MONDAY = date(2026, 3, 9)
days = st.dates(date(2024, 1, 1), date(2035, 12, 31))


# --- R-TSK-01: due dates -------------------------------------------------------------


def test_r_tsk_01_due_is_the_sla_with_the_creation_day_as_zero() -> None:
    assert due_on(TaskType.ELIG_RESOLVE, MONDAY, None) == date(2026, 3, 10)
    assert due_on(TaskType.DENIAL_REVIEW, MONDAY, None) == date(2026, 3, 23)
    assert due_on(TaskType.ELIG_RESOLVE, date(2026, 7, 2), None) == date(2026, 7, 6)


def test_r_tsk_01_an_earlier_legal_work_by_wins_and_a_later_one_does_not() -> None:
    sunday = date(2026, 3, 22)
    assert due_on(TaskType.DENIAL_REVIEW, MONDAY, sunday) == date(2026, 3, 20)
    assert due_on(TaskType.DENIAL_REVIEW, MONDAY, date(2026, 3, 24)) == date(
        2026, 3, 23
    )


def test_r_tsk_01_a_deadline_that_has_passed_makes_it_due_today() -> None:
    past = MONDAY - timedelta(5)
    assert due_on(TaskType.DENIAL_REVIEW, MONDAY, past) == MONDAY


@given(days, st.sampled_from(list(TaskType)), st.none() | st.integers(-30, 90))
def test_r_tsk_01_never_before_creation_nor_after_sla_or_law(
    created: date, kind: TaskType, in_days: int | None
) -> None:
    legal = None if in_days is None else created + timedelta(in_days)
    due = due_on(kind, created, legal)

    assert created <= due
    assert due <= add_business_days(created, TASKS[kind].sla_business_days)
    assert due == created or is_business_day(due)
    if legal is not None:
        assert due <= max(created, business_day_until(legal))


def test_r_dsp_01_a_dispute_is_decided_within_thirty_calendar_days() -> None:
    # Four holidays between: twenty business days would be day 32.
    created = date(2026, 12, 22)
    assert add_business_days(created, 20) == date(2027, 1, 22)
    assert due_on(TaskType.PATIENT_DISPUTE, created, None) == date(2027, 1, 21)


# --- R-TSK-02: priority --------------------------------------------------------------


def points(**changes: Any) -> int:
    facts: dict[str, Any] = {
        "deadline_on": MONDAY + timedelta(365),
        "today": MONDAY,
        "created_on": MONDAY,
        "open_amount": usd("0.00"),
        "patient_affected": False,
        "earlier_of_type": 0,
        **changes,
    }
    return priority(**facts)


@pytest.mark.parametrize(
    ("days_left", "score"),
    [
        (-10, 500),
        (0, 500),
        (1, 400),
        (3, 400),
        (4, 300),
        (7, 300),
        (8, 200),
        (15, 200),
        (16, 100),
        (30, 100),
        (31, 0),
    ],
)
def test_r_tsk_02_d_by_days_to_the_deadline(days_left: int, score: int) -> None:
    assert points(deadline_on=MONDAY + timedelta(days_left)) == score


@pytest.mark.parametrize(
    ("amount", "score"),
    [("9.99", 0), ("10.00", 1), ("1999.99", 199), ("2000.00", 200), ("9999.00", 200)],
)
def test_r_tsk_02_a_is_a_point_for_ten_dollars_up_to_200(
    amount: str, score: int
) -> None:
    assert points(open_amount=usd(amount)) == score


@pytest.mark.parametrize(("age", "score"), [(0, 0), (1, 5), (30, 150), (31, 150)])
def test_r_tsk_02_g_is_five_points_a_calendar_day_up_to_150(
    age: int, score: int
) -> None:
    assert points(created_on=MONDAY - timedelta(age)) == score


def test_r_tsk_02_p_when_the_patient_is_billed_held_or_disputes() -> None:
    assert points(patient_affected=True) == 100


@pytest.mark.parametrize(("earlier", "score"), [(0, 0), (1, 0), (2, 50), (9, 50)])
def test_r_tsk_02_r_from_the_third_task_of_the_type(earlier: int, score: int) -> None:
    assert points(earlier_of_type=earlier) == score


def test_r_tsk_02_the_five_parts_add_up() -> None:
    assert (
        points(
            deadline_on=MONDAY,
            open_amount=usd("5000.00"),
            created_on=MONDAY - timedelta(60),
            patient_affected=True,
            earlier_of_type=3,
        )
        == 1000
    )


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (1000, "P1"),
        (500, "P1"),
        (499, "P2"),
        (300, "P2"),
        (299, "P3"),
        (150, "P3"),
        (149, "P4"),
        (0, "P4"),
    ],
)
def test_r_tsk_02_bands(score: int, name: str) -> None:
    assert band(score) == name


@given(
    st.integers(-30, 60),
    st.integers(0, 1_000_000).map(lambda n: Decimal(n) / 100),
    st.integers(0, 90),
)
def test_r_tsk_02_a_task_never_gets_less_urgent_by_waiting_a_day(
    days_left: int, amount: Decimal, age: int
) -> None:
    facts = {
        "deadline_on": MONDAY + timedelta(days_left),
        "created_on": MONDAY - timedelta(age),
        "open_amount": amount,
    }
    assert points(**facts) <= points(**facts, today=MONDAY + timedelta(1)) <= 1000


# --- who may decide ------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TaskType))
def test_the_role_of_a_task_may_decide_it_and_an_auditor_never(kind: TaskType) -> None:
    spec = TASKS[kind]
    decision = spec.decisions[0]
    assert may_decide([spec.role.value], kind, decision, second=False)
    assert may_decide(["supervisor"], kind, decision, second=False)
    for other in ("auditor", "ops", "admin", "clinician"):
        assert not may_decide([other], kind, decision, second=False)
    assert not may_decide([], kind, decision, second=False)


def test_a_role_does_not_decide_anothers_task() -> None:
    assert not may_decide(["clerk"], TaskType.REMIT_REVIEW, "adjust", second=False)
    assert not may_decide(["poster"], TaskType.DENIAL_REVIEW, "appeal", second=False)
    assert not may_decide(["coder"], TaskType.REJECT_FIX, "fixed", second=False)
    assert not may_decide(
        ["clerk"], TaskType.WRITE_OFF_APPROVE, "approved", second=False
    )


def test_a_coder_shares_denials_with_the_clerks() -> None:
    assert may_decide(["coder"], TaskType.DENIAL_REVIEW, "correct_freq_7", second=False)


@pytest.mark.parametrize(
    ("kind", "decision"),
    [(k, d) for k, s in TASKS.items() for d in s.two_person],
)
def test_r_tsk_05_the_second_person_is_a_supervisor(
    kind: TaskType, decision: str
) -> None:
    assert may_decide(["supervisor"], kind, decision, second=True)
    assert not may_decide([TASKS[kind].role.value], kind, decision, second=True)


def test_a_supervisor_includes_clerk_and_poster_but_not_coder() -> None:
    assert roles_of(["supervisor"]) == {"supervisor", "clerk", "poster"}
    assert roles_of(["clerk"]) == {"clerk"}
    assert roles_of(["nobody"]) == {"nobody"}
    assert {r.value for r in Role} >= roles_of(["supervisor"])
