"""R-PAT-01, R-PAT-04, R-PLN-01 and R-PLN-03: steps, days, minimum, plan offer."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.calendar import is_business_day
from claims.money import usd
from policy.statements import (
    cycle_step,
    first_statement_on,
    min_statement,
    plan_offer,
    step_on,
)
from policy.tables import rows, table

days = st.dates(date(2024, 1, 1), date(2035, 12, 31))


def test_r_pat_04_days_zero_thirty_sixty_then_final_notice_then_review() -> None:
    assert [(cycle_step(n).day, cycle_step(n).kind) for n in range(1, 6)] == [
        (0, "statement"),
        (30, "statement"),
        (60, "statement"),
        (90, "letter"),
        (120, "task"),
    ]
    assert cycle_step(4).template == "FINAL_NOTICE"


def test_past_the_last_step_it_stays_the_last() -> None:
    assert cycle_step(5) == cycle_step(6) == cycle_step(99)
    assert cycle_step(4) != cycle_step(5)


@pytest.mark.parametrize("step", [0, -1])
def test_there_is_no_step_before_the_first(step: int) -> None:
    with pytest.raises(ValueError, match="from 1"):
        cycle_step(step)


def test_r_pat_01_the_first_statement_goes_on_the_next_business_day() -> None:
    assert first_statement_on(date(2026, 3, 9)) == date(2026, 3, 10)
    assert first_statement_on(date(2026, 7, 2)) == date(2026, 7, 6)  # 3 July observed


def test_r_pat_04_a_step_on_a_holiday_moves_to_the_next_business_day() -> None:
    assert step_on(2, date(2026, 6, 3)) == date(2026, 7, 6)
    assert step_on(2, date(2026, 6, 2)) == date(2026, 7, 2)


@given(days, st.integers(1, 4))
def test_r_pat_04_two_statements_are_at_least_25_days_apart(
    start: date, step: int
) -> None:
    least = rows("statement_policy", "profiles", "id")["standard"]["min_days_between"]
    first, second = step_on(step, start), step_on(step + 1, start)
    assert is_business_day(second)
    assert (second - first).days >= least == 25


@given(days, st.integers(1, 5))
def test_a_step_is_never_early(start: date, step: int) -> None:
    planned = start + timedelta(cycle_step(step).day)
    assert planned <= step_on(step, start) <= planned + timedelta(4)


def test_r_pat_04_the_minimum_is_five_dollars() -> None:
    assert min_statement() == usd("5.00")


# --- plan offer ----------------------------------------------------------------------


def test_r_pln_03_the_last_instalment_takes_the_rest() -> None:
    offer = plan_offer(usd("124.00"))
    assert offer is not None
    assert (offer.count, offer.each, offer.last) == (4, usd("31.00"), usd("31.00"))
    odd = plan_offer(usd("100.03"))
    assert odd is not None
    assert (odd.count, odd.each, odd.last) == (4, usd("25.00"), usd("25.03"))


def test_r_pln_03_each_instalment_is_at_least_25_dollars() -> None:
    two = plan_offer(usd("50.00"))
    assert two is not None
    assert (two.count, two.each) == (2, usd("25.00"))
    assert plan_offer(usd("49.99")) is None
    assert plan_offer(usd("0.00")) is None
    three = plan_offer(usd("99.99"))
    assert three is not None
    assert three.count == 3


@given(st.integers(0, 5_000_000))
def test_r_pln_03_instalments_sum_to_the_balance(cents: int) -> None:
    total = usd(Decimal(cents) / 100)
    offer = plan_offer(total)
    if offer is None:
        assert total < usd("50.00")
        return
    assert offer.each * (offer.count - 1) + offer.last == total
    assert offer.each == usd(offer.each)
    assert usd("25.00") <= offer.each <= offer.last < offer.each + usd("0.04")
    assert 2 <= offer.count <= 4


def test_r_pln_01_no_more_than_four_no_interest_no_fee() -> None:
    plans = table("statement_policy")["plans"]
    huge = plan_offer(usd("100000.00"))
    assert huge is not None
    assert huge.count == plans["max_instalments"] == 4
    assert usd(plans["interest"]) == usd(plans["late_fee"]) == 0
