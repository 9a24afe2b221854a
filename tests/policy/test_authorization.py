"""R-AUT-01 and R-AUT-02: which codes need a number, and whether one fits."""

from datetime import date, timedelta
from typing import Any

import pytest

from payers.profile import CodeRule
from policy.authorization import codes_needing, fits
from tests.claims.making import VISIT, make_claim, make_line
from tests.policy.making import payer

SCAN = "73721"


def scan(**changes: Any) -> Any:
    return make_line(**{"code": SCAN, "units": 2, **changes})


def approval(**changes: Any) -> dict[str, Any]:
    return {
        "status": "approved",
        "code": SCAN,
        "units": 2,
        "valid_from": VISIT,
        "valid_to": VISIT,
        **changes,
    }


def test_r_aut_01_a_listed_code_needs_a_number_and_another_does_not() -> None:
    claim = make_claim(lines=(make_line(1), scan(number=2), scan(number=3)))
    assert codes_needing(payer(), claim) == [SCAN]
    assert codes_needing(payer("P-EASTGATE"), claim) == []


def test_r_aut_01_the_list_is_that_of_the_date_of_service() -> None:
    rule = CodeRule(code=SCAN, from_day=VISIT, to_day=VISIT + timedelta(1))
    dated = payer(authorization={"required_for": (rule,)})

    def needing(day: date) -> list[str]:
        return codes_needing(dated, make_claim(lines=(scan(service_from=day),)))

    assert needing(VISIT - timedelta(1)) == []
    assert needing(VISIT) == [SCAN]
    assert needing(VISIT + timedelta(1)) == [SCAN]
    assert needing(VISIT + timedelta(2)) == []


def test_r_aut_02_a_line_with_its_own_number_needs_no_other() -> None:
    one = scan(number=1, prior_auth="A1")
    assert codes_needing(payer(), make_claim(lines=(one,))) == []
    both = make_claim(lines=(one, scan(number=2)))
    assert codes_needing(payer(), both) == [SCAN]


@pytest.mark.parametrize(
    ("changes", "covers"),
    [
        pytest.param({}, True, id="code, units and days inside"),
        pytest.param({"status": "pending"}, False, id="not decided"),
        pytest.param({"status": "refused"}, False, id="refused"),
        pytest.param({"code": "29881"}, False, id="another code"),
        pytest.param({"units": 1}, False, id="one unit short"),
        pytest.param({"units": 3}, True, id="a unit to spare"),
        pytest.param({"valid_from": VISIT + timedelta(1)}, False, id="begins later"),
        pytest.param({"valid_to": VISIT - timedelta(1)}, False, id="ended before"),
        pytest.param({"valid_from": VISIT - timedelta(30)}, True, id="begins earlier"),
    ],
)
def test_r_aut_02_an_approval_fits_only_inside_its_limits(
    changes: dict[str, Any], covers: bool
) -> None:
    claim = make_claim(lines=(make_line(1), scan(number=2)))
    assert fits(approval(**changes), claim, SCAN) is covers


def test_r_aut_02_units_of_all_lines_count_together() -> None:
    claim = make_claim(lines=(scan(number=1), scan(number=2, units=1)))
    assert not fits(approval(), claim, SCAN)
    assert fits(approval(units=3), claim, SCAN)


def test_r_aut_02_the_last_day_of_a_span_must_lie_inside_too() -> None:
    claim = make_claim(lines=(scan(service_to=VISIT + timedelta(1)),))
    assert not fits(approval(), claim, SCAN)
    assert fits(approval(valid_to=VISIT + timedelta(1)), claim, SCAN)
