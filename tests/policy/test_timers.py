"""Clocks: length, unit, law, and what a payer may change (timers.yaml, R-FUP-01)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.calendar import is_business_day
from claims.task import TaskType
from policy.tables import rows
from policy.timers import due, timer
from tests.policy.making import payer

FRIDAY = date(2026, 3, 6)
CLOCKS = rows("timers", "timers", "id")
LAW = sorted(c for c, row in CLOCKS.items() if row["law"])
OURS = sorted(c for c, row in CLOCKS.items() if not row["law"])
days = st.dates(date(2024, 1, 1), date(2035, 12, 31))


def any_length(timer_id: str, days: int) -> date:
    profile = payer().model_copy(update={"timers": {timer_id: days}})
    return due(timer_id, FRIDAY, profile)


@pytest.mark.parametrize("timer_id", LAW)
def test_a_payer_never_changes_a_clock_of_the_law(timer_id: str) -> None:
    assert any_length(timer_id, 1) == any_length(timer_id, 400)
    assert any_length(timer_id, 400) == due(timer_id, FRIDAY, None)


@pytest.mark.parametrize("timer_id", OURS)
def test_a_payer_may_change_a_clock_of_ours(timer_id: str) -> None:
    assert any_length(timer_id, 400) > any_length(timer_id, 40)


def test_the_profiles_length_wins_over_the_tables() -> None:
    assert due("STATUS_FIRST", FRIDAY, None) == date(2026, 3, 13)
    assert due("STATUS_FIRST", FRIDAY, payer("P-NORTHLAKE")) == date(2026, 3, 20)
    assert due("STATUS_FIRST", FRIDAY, payer("P-MEDB")) == date(2026, 3, 23)  # Sat 21st


def test_business_days_skip_the_weekend_and_calendar_days_do_not() -> None:
    assert due("ACK_999", FRIDAY, None) == date(2026, 3, 9)
    assert due("ACK_277CA_HARD", FRIDAY, None) == date(2026, 3, 13)
    assert due("ACK_277CA_HARD", FRIDAY + timedelta(1), None) == date(2026, 3, 14)


def test_a_machine_send_moves_to_a_business_day_and_a_task_does_not() -> None:
    saturday_in_a_week = FRIDAY + timedelta(1)
    assert due("STATUS_REPEAT", saturday_in_a_week, None) == date(2026, 3, 16)
    assert due("DOCS_DUE", date(2026, 2, 12), None) == date(2026, 3, 14)  # a Saturday


def test_hours_become_whole_days() -> None:
    assert due("AUTH_EXPEDITED", FRIDAY, None) == FRIDAY + timedelta(3)
    assert due("STATUS_RETRY", date(2026, 3, 9), None) == date(2026, 3, 10)


def test_a_negative_clock_counts_back_from_the_deadline() -> None:
    limit = date(2026, 9, 5)
    assert due("FILING_ALARM", limit, None) == limit - timedelta(30)
    assert due("FILING_FORCED", limit, None) == limit - timedelta(15)


@given(days, st.sampled_from(sorted(CLOCKS)))
def test_a_clock_with_a_positive_length_never_fires_early(
    start: date, timer_id: str
) -> None:
    clock = timer(timer_id)
    fires = due(timer_id, start, None)
    if clock.unit == "cd" and clock.length > 0:
        assert fires >= start + timedelta(clock.length)
        assert clock.sends or fires == start + timedelta(clock.length)
    if clock.sends or clock.unit == "bd":
        assert is_business_day(fires)


@pytest.mark.parametrize("timer_id", sorted(CLOCKS))
def test_every_clock_can_be_read(timer_id: str) -> None:
    clock = timer(timer_id)
    assert clock.unit in ("bd", "cd", "h")
    task = CLOCKS[timer_id]["task"]
    assert task is None or TaskType(task)


def test_an_unknown_clock_is_an_error_not_a_default() -> None:
    with pytest.raises(KeyError):
        timer("STATUS_SOMETIME")
