"""Business dates: the practice's time zone, weekends, US federal holidays.

Pure functions. Deadlines fire at 08:00 practice time, cut-offs at the payer's hour,
the business day ends at 23:30. Instants are subtracted in UTC, because two datetimes
of one zone across a clock change differ by an hour that is not there.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

DEADLINE_HOUR = time(8)
STATEMENT_HOUR = time(17)
DAY_END = time(23, 30)


@lru_cache(maxsize=256)
def federal_holidays(year: int) -> frozenset[date]:
    """Observed US federal holidays that fall in ``year`` (5 USC 6103)."""
    listed = holidays.country_holidays("US", years=[year - 1, year, year + 1])
    wanted = {
        day
        for day, name in listed.items()
        if day.year == year and not _is_weekend_original(day, name)
    }
    return frozenset(wanted)


def _is_weekend_original(day: date, name: str) -> bool:
    return day.weekday() >= 5 and "observed" not in name.lower()


def is_business_day(day: date) -> bool:
    """Monday to Friday and no federal holiday."""
    return day.weekday() < 5 and day not in federal_holidays(day.year)


def _step_to_business_day(day: date, days: int) -> date:
    while not is_business_day(day):
        day += timedelta(days)
    return day


def business_day_from(day: date) -> date:
    """``day`` itself, or the next business day after it."""
    return _step_to_business_day(day, 1)


def business_day_until(day: date) -> date:
    """``day`` itself, or the last business day before it (R-FIL-02 ``work_by``)."""
    return _step_to_business_day(day, -1)


def add_business_days(day: date, count: int) -> date:
    """``count`` business days after ``day``; the creation day is day 0 (R-TSK-01)."""
    step = 1 if count >= 0 else -1
    for _ in range(abs(count)):
        day = _step_to_business_day(day + timedelta(step), step)
    return day


def next_business_day(day: date) -> date:
    """The first business day after ``day``."""
    return add_business_days(day, 1)


def business_days_between(first: date, last: date) -> int:
    """Business days after ``first`` up to and including ``last``; 0 when not later."""
    count = 0
    while first < last:
        first = next_business_day(first)
        count += first <= last
    return count


def local_date(instant: datetime, zone: str) -> date:
    """The practice's calendar date at ``instant``."""
    return instant.astimezone(ZoneInfo(zone)).date()


def at(day: date, hour: time, zone: str) -> datetime:
    """The instant (UTC) of ``hour`` on ``day`` in the practice's time zone."""
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def deadline(day: date, zone: str) -> datetime:
    """08:00 practice time on ``day``, when deadlines fire."""
    return at(day, DEADLINE_HOUR, zone)


class PracticeClock(BaseModel):
    """Maps the server's time to practice time, for demos and tests only.

    ``origin`` (server) and ``start`` (practice) are the same instant; practice time
    runs ``scale`` times as fast until it reaches ``fast_until``, and at normal speed
    after. Before ``origin`` it stands still at ``start``. Absent means identity.
    Refused outside a demo or test database.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: AwareDatetime
    start: AwareDatetime
    scale: int = Field(1, gt=0)
    fast_until: AwareDatetime | None = None

    def now(self, instant: datetime) -> datetime:
        """Practice time at the server's ``instant``."""
        instant = max(instant.astimezone(UTC), self.origin.astimezone(UTC))
        if self.fast_until is not None:
            # Asked first: fast time goes past the year 9999 in a fortnight.
            slowly = instant - self._fast_instant(self.fast_until)
            if slowly >= timedelta():
                return self.fast_until.astimezone(UTC) + slowly
        passed = instant - self.origin.astimezone(UTC)
        return self.start.astimezone(UTC) + passed * self.scale

    def instant(self, practice: datetime) -> datetime:
        """The server's instant at practice time ``practice``."""
        if self.fast_until is None:
            return self._fast_instant(practice)
        slowly = practice.astimezone(UTC) - self.fast_until.astimezone(UTC)
        if slowly <= timedelta():
            return self._fast_instant(practice)
        return self._fast_instant(self.fast_until) + slowly

    def _fast_instant(self, practice: datetime) -> datetime:
        passed = practice.astimezone(UTC) - self.start.astimezone(UTC)
        return self.origin.astimezone(UTC) + passed / self.scale


def practice_now(clock: PracticeClock | None, instant: datetime) -> datetime:
    """Practice time at ``instant``: the clock's, or ``instant`` itself."""
    return clock.now(instant) if clock else instant


def until(
    clock: PracticeClock | None, practice: datetime, instant: datetime
) -> timedelta:
    """How long from the server's ``instant`` to practice time ``practice``."""
    target = clock.instant(practice) if clock else practice
    return target.astimezone(UTC) - instant.astimezone(UTC)
