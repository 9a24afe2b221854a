"""R-FIL-01 and R-FIL-02: the legal limit, and the day we work by."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.calendar import is_business_day
from policy.filing import legal_limit, work_by
from tests.policy.making import payer

days = st.dates(date(2024, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("service", "limit"),
    [
        (date(2026, 3, 9), date(2027, 3, 9)),
        (date(2028, 2, 28), date(2029, 2, 28)),
        pytest.param(date(2028, 2, 29), date(2029, 2, 28), id="29 February"),
        (date(2028, 3, 1), date(2029, 3, 1)),
    ],
)
def test_r_fil_01_medicare_counts_one_calendar_year(service: date, limit: date) -> None:
    assert legal_limit(payer("P-MEDB"), service, service) == limit


def test_r_fil_01_a_span_counts_from_its_first_day_or_as_the_contract_says() -> None:
    first, last = date(2026, 3, 9), date(2026, 3, 12)
    assert legal_limit(payer("P-MEDB"), first, last) == date(2027, 3, 9)
    assert legal_limit(payer("P-NORTHLAKE"), first, last) == first + timedelta(180)
    assert legal_limit(payer("P-RIVERBEND"), first, last) == last + timedelta(120)


@given(days)
def test_r_fil_01_a_year_is_never_longer_than_the_law_gives(service: date) -> None:
    limit = legal_limit(payer("P-MEDB"), service, service)
    assert 365 <= (limit - service).days <= 366
    assert limit.year == service.year + 1


@given(days)
def test_r_fil_02_work_by_is_never_later_than_the_limit(limit: date) -> None:
    day = work_by(limit)
    assert day <= limit
    assert is_business_day(day)
    assert not any(
        is_business_day(day + timedelta(n)) for n in range(1, (limit - day).days + 1)
    )


def test_r_fil_02_a_limit_on_an_observed_holiday_is_worked_the_day_before() -> None:
    assert work_by(date(2026, 7, 3)) == date(2026, 7, 2)
    assert work_by(date(2026, 7, 5)) == date(2026, 7, 2)
    assert work_by(date(2026, 7, 6)) == date(2026, 7, 6)
