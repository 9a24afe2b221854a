"""Timely filing: the legal limit and the day we work by (R-FIL-01, R-FIL-02)."""

from datetime import date, timedelta

from claims.calendar import business_day_until
from payers.profile import PayerProfile


def legal_limit(profile: PayerProfile, first: date, last: date) -> date:
    """The last day a first claim may be received.

    Medicare: one calendar year from the From date; 29 February goes to 28 February
    (42 CFR 424.44(a)). Others: the contract's days from its own start.
    """
    if profile.filing.calendar_year_rule:
        try:
            return first.replace(year=first.year + 1)
        except ValueError:
            return date(first.year + 1, 2, 28)
    start = last if profile.filing.clock_from == "dos_to" else first
    return start + timedelta(profile.filing.limit_days)


def work_by(limit: date) -> date:
    """The business day on or before the limit: no roll-forward, no grace (R-FIL-02)."""
    return business_day_until(limit)
