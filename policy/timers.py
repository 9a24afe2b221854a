"""Clocks of ``timers.yaml``; a payer may change those that no law sets (R-FUP-01)."""

from dataclasses import dataclass
from datetime import date, timedelta

from claims.calendar import add_business_days, business_day_from
from payers.profile import PayerProfile
from policy.tables import rows

MACHINE_SENDS = ("send_276", "resend_once", "send_270", "next_statement_step")


@dataclass(frozen=True)
class Timer:
    """One clock: its length in ``unit`` (bd, cd, h) and whether the law sets it."""

    id: str
    length: int
    unit: str
    law: bool
    sends: bool


def timer(timer_id: str) -> Timer:
    """A clock by id.

    Raises:
        KeyError: no such timer in the table.
    """
    row = rows("timers", "timers", "id")[timer_id]
    auto = str(row.get("auto") or "")
    return Timer(
        id=timer_id,
        length=int(row["length"]),
        unit=row["unit"],
        law=bool(row["law"]),
        sends=auto.startswith(MACHINE_SENDS),
    )


def due(timer_id: str, start: date, profile: PayerProfile | None) -> date:
    """The date a clock fires, at 08:00 practice time.

    A machine send due on a non-business day goes, and is shown, on the next business
    day; other timers do not move.
    """
    clock = timer(timer_id)
    length = clock.length
    if profile is not None and not clock.law:
        length = profile.timers.get(timer_id, length)
    if clock.unit == "bd":
        return add_business_days(start, length)
    day = start + timedelta(length if clock.unit == "cd" else -(-length // 24))
    return business_day_from(day) if clock.sends else day
