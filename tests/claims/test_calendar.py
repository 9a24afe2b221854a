"""Business days, federal holidays, and the practice's clock (timers.yaml, §6)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from claims.calendar import (
    DEADLINE_HOUR,
    PracticeClock,
    add_business_days,
    at,
    business_day_from,
    business_day_until,
    business_days_between,
    deadline,
    federal_holidays,
    is_business_day,
    local_date,
    next_business_day,
    practice_now,
    until,
)

CHICAGO = "America/Chicago"
days = st.dates(date(2021, 1, 1), date(2040, 12, 31))


# --- federal holidays ----------------------------------------------------------------


def test_the_eleven_federal_holidays_of_2026() -> None:
    assert federal_holidays(2026) == {
        date(2026, 1, 1),
        date(2026, 1, 19),  # Martin Luther King Jr., third Monday
        date(2026, 2, 16),  # Washington, third Monday
        date(2026, 5, 25),  # Memorial Day, last Monday
        date(2026, 6, 19),
        date(2026, 7, 3),  # 4 July is a Saturday: observed on Friday
        date(2026, 9, 7),  # Labor Day, first Monday
        date(2026, 10, 12),  # Columbus Day, second Monday
        date(2026, 11, 11),
        date(2026, 11, 26),  # Thanksgiving, fourth Thursday
        date(2026, 12, 25),
    }


def test_a_sunday_holiday_is_observed_on_monday() -> None:
    assert date(2027, 7, 4).weekday() == 6
    assert not is_business_day(date(2027, 7, 5))
    assert is_business_day(date(2027, 7, 6))


def test_new_year_on_a_saturday_closes_the_last_friday_of_the_year_before() -> None:
    assert date(2028, 1, 1).weekday() == 5
    assert date(2027, 12, 31) in federal_holidays(2027)
    assert date(2027, 12, 31) not in federal_holidays(2028)
    assert not is_business_day(date(2027, 12, 31))
    assert is_business_day(date(2027, 12, 30))


@given(st.integers(2021, 2060))
def test_no_observed_holiday_lies_on_a_weekend(year: int) -> None:
    found = federal_holidays(year)
    assert all(day.weekday() < 5 and day.year == year for day in found)
    # A Saturday New Year moves into the year before: ten to twelve in a year.
    assert 10 <= len(found) <= 12


# --- business-day arithmetic ---------------------------------------------------------


def test_the_day_of_creation_is_day_zero() -> None:
    friday = date(2026, 3, 6)
    assert add_business_days(friday, 0) == friday
    assert add_business_days(friday, 1) == date(2026, 3, 9)
    assert add_business_days(friday, 5) == date(2026, 3, 13)


def test_day_one_skips_an_observed_holiday() -> None:
    assert add_business_days(date(2026, 7, 2), 1) == date(2026, 7, 6)


def test_counting_back_skips_it_too() -> None:
    assert add_business_days(date(2026, 7, 6), -1) == date(2026, 7, 2)


@given(days)
def test_from_is_never_earlier_and_until_never_later(day: date) -> None:
    later, earlier = business_day_from(day), business_day_until(day)
    assert earlier <= day <= later
    assert is_business_day(earlier)
    assert is_business_day(later)
    if is_business_day(day):
        assert earlier == day == later


@given(days)
def test_no_business_day_lies_between_a_day_and_its_neighbours(day: date) -> None:
    later, earlier = business_day_from(day), business_day_until(day)
    between = (later - earlier).days - 1
    inside = [earlier + timedelta(n) for n in range(1, between + 1)]
    assert all(not is_business_day(d) or d == day for d in inside)


@given(days, st.integers(0, 40))
def test_adding_business_days_lands_on_one_and_counts_them(
    day: date, count: int
) -> None:
    last = add_business_days(day, count)
    assert business_days_between(day, last) == count
    if count:
        assert is_business_day(last)


@given(days, st.integers(0, 20), st.integers(0, 20))
def test_business_days_add_up(day: date, first: int, second: int) -> None:
    assert add_business_days(day, first + second) == add_business_days(
        add_business_days(day, first), second
    )


@given(days, st.integers(1, 30))
def test_counting_on_and_back_returns_to_the_same_business_day(
    day: date, count: int
) -> None:
    start = business_day_from(day)
    assert add_business_days(add_business_days(start, count), -count) == start


@given(days)
def test_next_business_day_is_always_after(day: date) -> None:
    assert next_business_day(day) > day
    assert business_days_between(day, next_business_day(day)) == 1


def test_no_business_day_is_counted_when_the_end_is_not_later() -> None:
    assert business_days_between(date(2026, 3, 9), date(2026, 3, 9)) == 0
    assert business_days_between(date(2026, 3, 9), date(2026, 3, 6)) == 0
    assert business_days_between(date(2026, 3, 6), date(2026, 3, 8)) == 0


# --- instants ------------------------------------------------------------------------


def test_a_deadline_fires_at_eight_in_winter_and_in_summer() -> None:
    assert deadline(date(2026, 3, 6), CHICAGO) == datetime(2026, 3, 6, 14, tzinfo=UTC)
    assert deadline(date(2026, 3, 9), CHICAGO) == datetime(2026, 3, 9, 13, tzinfo=UTC)


@given(days)
def test_a_deadline_lies_on_its_own_day_in_the_practice(day: date) -> None:
    instant = deadline(day, CHICAGO)
    assert local_date(instant, CHICAGO) == day
    assert instant.astimezone(ZoneInfo(CHICAGO)).time() == DEADLINE_HOUR


def test_the_practice_date_differs_from_the_servers_in_the_evening() -> None:
    evening = datetime(2026, 3, 10, 2, tzinfo=UTC)
    assert local_date(evening, CHICAGO) == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 7), 23, id="clocks go forward"),
        pytest.param(date(2026, 3, 6), 24, id="the day before"),
        pytest.param(date(2026, 10, 31), 25, id="clocks go back"),
        pytest.param(date(2026, 11, 1), 24, id="the day after"),
    ],
)
def test_until_counts_real_hours_over_a_clock_change(day: date, hours: int) -> None:
    zone = ZoneInfo(CHICAGO)
    start = datetime.combine(day, time(8), zone)
    end = datetime.combine(day + timedelta(1), time(8), zone)
    assert until(None, end, start) == timedelta(hours=hours)


# --- practice clock ------------------------------------------------------------------

ORIGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)


def make_clock(scale: int = 1440, fast_days: int | None = 120) -> PracticeClock:
    """From 2 March 2026, 07:00 in Chicago: winter time, summer time a week ahead."""
    start = datetime(2026, 3, 2, 7, tzinfo=ZoneInfo(CHICAGO))
    fast = None if fast_days is None else start + timedelta(fast_days)
    return PracticeClock(origin=ORIGIN, start=start, scale=scale, fast_until=fast)


def test_without_a_clock_practice_time_is_the_servers() -> None:
    assert practice_now(None, ORIGIN) == ORIGIN
    assert until(None, ORIGIN + timedelta(hours=3), ORIGIN) == timedelta(hours=3)


def test_one_server_minute_is_one_practice_day_while_it_is_fast() -> None:
    clock = make_clock()
    assert clock.now(ORIGIN) == clock.start
    assert clock.now(ORIGIN + timedelta(minutes=1)) - clock.start == timedelta(1)


def test_practice_time_stands_still_before_the_origin() -> None:
    clock = make_clock()
    assert clock.now(ORIGIN - timedelta(hours=1)) == clock.start


def test_at_fast_until_practice_time_goes_on_at_normal_speed() -> None:
    clock = make_clock()
    assert clock.fast_until is not None
    edge = clock.instant(clock.fast_until)

    just_before = clock.now(edge - timedelta(seconds=1))
    just_after = clock.now(edge + timedelta(seconds=1))

    assert clock.now(edge) == clock.fast_until
    assert clock.fast_until.astimezone(UTC) - just_before == timedelta(minutes=24)
    assert just_after - clock.fast_until.astimezone(UTC) == timedelta(seconds=1)


def test_fast_time_across_a_clock_change_has_no_hour_too_many() -> None:
    # Both ends carry the same zone object: Python would subtract wall clocks.
    clock = make_clock(scale=3600, fast_days=30)
    assert clock.fast_until is not None
    wall = clock.fast_until.replace(tzinfo=None) - clock.start.replace(tzinfo=None)

    real = (clock.instant(clock.fast_until) - ORIGIN) * 3600

    assert wall == timedelta(30)
    assert real == timedelta(30) - timedelta(hours=1)
    assert clock.now(clock.instant(clock.fast_until)) == clock.fast_until


@given(
    scale=st.sampled_from([1, 60, 1440, 3600, 86_400, 175_000]),
    fast_days=st.none() | st.integers(0, 200),
    practice_minutes=st.integers(0, 300 * 24 * 60),
)
def test_now_undoes_instant_on_both_sides_of_fast_until(
    scale: int, fast_days: int | None, practice_minutes: int
) -> None:
    clock = make_clock(scale, fast_days)
    wanted = clock.start.astimezone(UTC) + timedelta(minutes=practice_minutes)

    came_back = clock.now(clock.instant(wanted))

    # An instant has whole microseconds; the scale makes more of what is lost.
    assert abs(came_back - wanted) <= timedelta(microseconds=scale)


@given(
    scale=st.sampled_from([1, 60, 3600, 175_000]),
    fast_days=st.none() | st.integers(0, 200),
    passed=st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_instant_undoes_now_on_both_sides_of_fast_until(
    scale: int, fast_days: int | None, passed: timedelta
) -> None:
    clock = make_clock(scale, fast_days)
    instant = ORIGIN + passed
    assert abs(clock.instant(clock.now(instant)) - instant) <= timedelta(microseconds=1)


@given(
    first=st.timedeltas(-timedelta(hours=1), timedelta(hours=5)),
    second=st.timedeltas(-timedelta(hours=1), timedelta(hours=5)),
)
def test_practice_time_never_runs_backwards(
    first: timedelta, second: timedelta
) -> None:
    clock = make_clock(scale=86_400, fast_days=120)
    early, late = sorted((ORIGIN + first, ORIGIN + second))
    assert clock.now(early) <= clock.now(late)


def test_until_is_server_time_not_practice_time() -> None:
    clock = make_clock(scale=1440)
    next_morning = at(date(2026, 3, 3), time(7), CHICAGO)
    assert until(clock, next_morning, ORIGIN) == timedelta(minutes=1)
    assert until(clock, next_morning, ORIGIN + timedelta(minutes=2)) == -timedelta(
        minutes=1
    )


def test_the_servers_zone_does_not_matter() -> None:
    clock = make_clock()
    later = ORIGIN + timedelta(minutes=90)
    elsewhere = later.astimezone(ZoneInfo("Asia/Tokyo"))
    assert clock.now(elsewhere) == clock.now(later)


def test_a_demo_left_running_for_a_year_still_tells_the_time() -> None:
    clock = make_clock(scale=175_000, fast_days=120)
    assert clock.fast_until is not None
    edge = clock.instant(clock.fast_until)
    assert clock.now(edge + timedelta(365)) - clock.fast_until == timedelta(365)


@pytest.mark.parametrize("scale", [0, -1])
def test_a_clock_that_does_not_run_forward_is_refused(scale: int) -> None:
    with pytest.raises(ValidationError):
        make_clock(scale)


def test_a_clock_without_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        PracticeClock(origin=ORIGIN.replace(tzinfo=None), start=ORIGIN)
