"""R-APP-01, R-APP-02, R-DEN-05, R-DEN-08: may we, until when, with which letter."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.calendar import is_business_day
from claims.money import usd
from payers.profile import PayerProfile
from policy.appeal import (
    decide_within,
    ladder,
    least_amount,
    legal_deadline,
    may_appeal,
    template_for,
    work_by,
)
from policy.tables import rows, table
from tests.policy.making import payer

NOTICE = date(2026, 4, 13)
NORTHLAKE = payer("P-NORTHLAKE")
MEDICARE = payer("P-MEDB")


def asks(
    profile: PayerProfile = NORTHLAKE,
    *,
    level: int = 1,
    today: date = NOTICE,
    carcs: tuple[str, ...] = ("CO-197",),
    rarcs: tuple[str, ...] = (),
    amount: str | None = None,
) -> tuple[str, str]:
    """(action, rule)."""
    decision = may_appeal(
        profile,
        level=level,
        notice_on=NOTICE,
        today=today,
        carcs=carcs,
        rarcs=rarcs,
        amount=None if amount is None else usd(amount),
    )
    return decision.action, decision.rule


def test_r_app_02_the_last_day_of_the_window_is_open_and_the_next_is_not() -> None:
    last = NOTICE + timedelta(180)
    assert legal_deadline(NORTHLAKE, level=1, notice_on=NOTICE) == last
    assert asks(today=last) == ("appeal", "R-APP-01")
    assert asks(today=last + timedelta(1)) == ("barred", "R-APP-02")


def test_r_app_02_a_contracts_days_come_from_its_profile() -> None:
    short = payer("P-RIVERBEND")
    assert legal_deadline(short, level=1, notice_on=NOTICE) == NOTICE + timedelta(60)
    assert legal_deadline(NORTHLAKE, level=2, notice_on=NOTICE) == NOTICE + timedelta(
        60
    )


@pytest.mark.parametrize(
    ("level", "days"), [(1, 125), (2, 185), (3, 65), (4, 65), (5, 65)]
)
def test_r_app_02_medicare_counts_from_receipt_five_days_after_the_notice(
    level: int, days: int
) -> None:
    deadline = legal_deadline(MEDICARE, level=level, notice_on=NOTICE)
    assert deadline == NOTICE + timedelta(days)


def test_r_app_02_a_level_the_ladder_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no level 3"):
        legal_deadline(NORTHLAKE, level=3, notice_on=NOTICE)
    assert asks(level=3) == ("barred", "R-APP-04")
    assert asks(level=2) == ("appeal", "R-APP-01")


def test_an_unverified_amendment_gives_no_extra_days() -> None:
    advantage = payer(appeals={"ladder": "medicare_advantage_noncontract"})
    deadline = legal_deadline(advantage, level=1, notice_on=NOTICE)
    assert deadline == NOTICE + timedelta(60)


@pytest.mark.parametrize(
    ("notice", "deadline"),
    [
        pytest.param(date(2025, 11, 1), date(2026, 3, 1), id="four months, 120 days"),
        pytest.param(date(2025, 10, 31), date(2026, 3, 1), id="no 31 February"),
        pytest.param(date(2026, 3, 10), date(2026, 7, 10), id="four months, 122 days"),
        pytest.param(date(2026, 5, 10), date(2026, 9, 9), id="the cap of 122 days"),
    ],
)
def test_r_app_07_external_review_counts_four_calendar_months(
    notice: date, deadline: date
) -> None:
    erisa = payer(appeals={"ladder": "erisa_commercial"})
    assert legal_deadline(erisa, level=3, notice_on=notice) == deadline


@given(st.dates(date(2024, 1, 1), date(2035, 12, 31)))
def test_work_by_is_a_business_day_and_never_after_the_deadline(
    deadline: date,
) -> None:
    assert is_business_day(work_by(deadline))
    assert work_by(deadline) <= deadline


@pytest.mark.parametrize(
    "rarc",
    sorted(
        code
        for code, row in rows("rarc_hints", "rarcs", "code").items()
        if row["appeal_bar"] and code != "MA130"
    ),
)
def test_r_app_01_a_bar_remark_leaves_no_appeal(rarc: str) -> None:
    assert asks(rarcs=("N115", rarc)) == ("barred", "R-APP-01")
    assert asks(rarcs=("N115",)) == ("appeal", "R-APP-01")


def test_r_den_05_unprocessable_has_no_appeal_and_says_so() -> None:
    assert asks(carcs=("CO-16",), rarcs=("MA130",)) == ("barred", "R-DEN-05")


@pytest.mark.parametrize("code", ["CO-29", "29"])
def test_r_den_08_medicares_filing_limit_has_an_exception_request_instead(
    code: str,
) -> None:
    assert asks(MEDICARE, carcs=(code,)) == ("barred", "R-DEN-08")
    assert asks(NORTHLAKE, carcs=(code,)) == ("appeal", "R-APP-01")
    assert asks(MEDICARE, carcs=("CO-129",)) == ("appeal", "R-APP-01")


def test_r_app_01_a_reason_that_is_never_reversed_bars_but_not_beside_another() -> None:
    assert asks(carcs=("CO-146",)) == ("barred", "R-APP-01")
    assert asks(carcs=("CO-146", "CO-50")) == ("appeal", "R-APP-01")


def test_r_app_06_a_hearing_needs_its_amount_in_controversy() -> None:
    assert asks(MEDICARE, level=3, amount="200.00") == ("appeal", "R-APP-01")
    assert asks(MEDICARE, level=3, amount="199.99") == ("barred", "R-APP-06")
    assert asks(MEDICARE, level=1, amount="0.01") == ("appeal", "R-APP-01")
    assert asks(MEDICARE, level=3, amount=None) == ("appeal", "R-APP-01")


def test_r_app_06_the_amount_is_that_of_the_year_of_filing() -> None:
    def of(day: date) -> object:
        return least_amount(MEDICARE, level=3, on=day)

    assert of(date(2025, 12, 31)) == usd("190.00")
    assert of(date(2026, 1, 1)) == usd("200.00")
    assert of(date(2024, 12, 31)) is None
    assert least_amount(MEDICARE, level=5, on=date(2026, 1, 1)) == usd("1960.00")
    assert least_amount(NORTHLAKE, level=1, on=NOTICE) is None


def test_a_decision_names_the_table_and_the_codes_it_rests_on() -> None:
    decision = may_appeal(
        NORTHLAKE,
        level=1,
        notice_on=NOTICE,
        today=NOTICE,
        carcs=["CO-197"],
        rarcs=["M62"],
    )
    assert decision.table == "appeal_levels/1"
    assert decision.evidence == ("CO-197", "M62")
    assert "2026-10-10" in decision.reason


def test_the_payers_time_for_its_decision() -> None:
    assert decide_within(NORTHLAKE, level=1) == 30
    assert decide_within(MEDICARE, level=3) == 90
    assert decide_within(MEDICARE, level=5) == 90  # a court has no limit
    assert decide_within(NORTHLAKE, level=9) == 60


@pytest.mark.parametrize(
    "ladder_id", [row["id"] for row in table("appeal_levels")["ladders"]]
)
def test_levels_of_every_ladder_count_from_one(ladder_id: str) -> None:
    levels = ladder(payer(appeals={"ladder": ladder_id}))
    assert [n.number for n in levels] == list(range(1, len(levels) + 1))


@pytest.mark.parametrize(
    ("code", "template"),
    [
        ("CO-50", "APPEAL_50"),
        ("CO-197", "APPEAL_197"),
        ("CO-15", "APPEAL_197"),
        ("CO-97", "APPEAL_97"),
        ("CO-29", "APPEAL_29"),
        ("CO-22", "APPEAL_22"),
        ("CO-45", "UNDERPAYMENT"),
        ("197", "APPEAL_197"),
        ("CO-96", "APPEAL_GENERIC"),
    ],
)
def test_each_reason_has_its_letter_and_the_rest_the_general_one(
    code: str, template: str
) -> None:
    assert template_for(code) == template


def test_every_reason_of_the_letter_table_gets_a_letter_that_names_it() -> None:
    for row in table("appeal_levels")["letter_templates"]:
        for code in row["for_carc"]:
            if row["id"] != "EXCEPTION_424_44":
                assert template_for(f"CO-{code}") == row["id"]
