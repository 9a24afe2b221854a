"""Patient statements: steps, dates, minimum, plan offer.

R-PAT-01, R-PAT-04, R-PLN-01, R-PLN-03.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from claims.calendar import business_day_from, next_business_day
from claims.money import CENT, usd
from policy.tables import rows, table


@dataclass(frozen=True)
class CycleStep:
    """One step of the cycle, counted in days from statement 1."""

    step: int
    day: int
    kind: str
    template: str


@dataclass(frozen=True)
class PlanOffer:
    """``count`` instalments; the last takes the rest (R-PLN-03)."""

    count: int
    each: Decimal
    last: Decimal


def _profile() -> dict[str, Any]:
    return rows("statement_policy", "profiles", "id")["standard"]


def cycle_step(step: int) -> CycleStep:
    """The step of the standard cycle; past the end, its last one.

    Raises:
        ValueError: steps count from 1.
    """
    if step < 1:
        raise ValueError("statement steps count from 1")
    cycle = [CycleStep(**row) for row in _profile()["cycle"]]
    return cycle[min(step, len(cycle)) - 1]


def first_statement_on(transferred: date) -> date:
    """The next business day after the balance became the patient's (R-PAT-01)."""
    return next_business_day(transferred)


def step_on(step: int, cycle_start: date) -> date:
    """The day of a step: its day count, moved to a business day (R-PAT-04)."""
    return business_day_from(cycle_start + timedelta(cycle_step(step).day))


def min_statement() -> Decimal:
    """Below this no statement goes out (R-PAT-04)."""
    return usd(_profile()["min_statement"])


def plan_offer(total: Decimal) -> PlanOffer | None:
    """The most instalments policy allows, each at least the minimum; None for one."""
    plans = table("statement_policy")["plans"]
    smallest = usd(plans["min_instalment"])
    count = min(int(plans["max_instalments"]), int(total // smallest))
    if count < 2:
        return None
    each = (total / count).quantize(CENT, rounding=ROUND_FLOOR)
    return PlanOffer(count, each, total - each * (count - 1))
