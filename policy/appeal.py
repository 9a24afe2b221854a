"""Appeals: may we, until when, with which letter (R-APP-01, R-APP-02, R-DEN-08)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from claims.calendar import business_day_until
from claims.decision import Decision
from claims.money import usd
from payers.profile import PayerProfile
from policy.tables import rows, table, version

TABLE = "appeal_levels"
ALL_NOW = "all evidence now"
GENERIC = "APPEAL_GENERIC"
CALENDAR_MONTHS = {("erisa_commercial", 3): 4}
"""Windows the law counts in months; the table's days are only their cap (R-APP-07)."""


@dataclass(frozen=True)
class Level:
    """One level of the payer's ladder, in calendar days."""

    number: int
    file_within: int
    decide_within: int
    from_receipt: bool
    presumption_days: int
    name: str = ""
    to: str = ""
    form: str = ""
    months: int | None = None
    least_amount: str | None = None


def ladder(profile: PayerProfile) -> tuple[Level, ...]:
    """The levels of this payer; a contract's days come from its profile."""
    if profile.appeals.ladder == "contract_generic":
        return tuple(
            Level(level.n, level.file_within, level.decide_within, False, 0)
            for level in profile.appeals.levels
        )
    row = rows(TABLE, "ladders", "id")[profile.appeals.ladder]
    return tuple(
        Level(
            number=level["n"],
            file_within=level["file_within"],
            decide_within=level["decide_within"] or 90,
            # What nobody has verified does not lengthen a window.
            from_receipt=level["clock_from"] == "receipt"
            and not level["verified"].startswith("unverified"),
            presumption_days=row["receipt_presumption_days"],
            name=str(level["name"]),
            to=str(level["to"]),
            form=str(level["form"]),
            months=CALENDAR_MONTHS.get((row["id"], level["n"])),
            least_amount=level["aic"],
        )
        for level in row["levels"]
    )


def _level(profile: PayerProfile, number: int) -> Level | None:
    return next((n for n in ladder(profile) if n.number == number), None)


def level_shown(profile: PayerProfile, number: int) -> dict[str, object]:
    """What a person must know of a level: its name, who decides it, and whether later
    evidence is lost (R-APP-04); a contract only numbers its levels."""
    found = _level(profile, number)
    if found is None or not found.name:
        return {"level": number}
    all_now = {"all_evidence_now": True} if ALL_NOW in found.form else {}
    return {"level": found.name, "to": found.to, **all_now}


def legal_deadline(profile: PayerProfile, *, level: int, notice_on: date) -> date:
    """The last day to file: clock start plus the level's days (R-APP-02).

    Raises:
        ValueError: the payer's ladder has no such level.
    """
    found = _level(profile, level)
    if found is None:
        raise ValueError(f"the ladder has no level {level}")
    start = notice_on
    if found.from_receipt:
        start += timedelta(found.presumption_days)
    last = start + timedelta(found.file_within)
    return min(last, _months_on(start, found.months)) if found.months else last


def _months_on(day: date, months: int) -> date:
    """The same day number ``months`` on, else the first of the month after."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return date(day.year + years, month + 1, day.day)
    except ValueError:
        years, month = divmod(day.month + months, 12)
        return date(day.year + years, month + 1, 1)


def least_amount(profile: PayerProfile, *, level: int, on: date) -> Decimal | None:
    """The amount in controversy that a level needs, by the day of filing."""
    found = _level(profile, level)
    if found is None or found.least_amount is None:
        return None
    in_force = [
        row
        for row in table(TABLE)["aic_table"]
        if date.fromisoformat(row["effective_from"]) <= on
    ]
    return usd(in_force[-1][found.least_amount]) if in_force else None


def work_by(deadline: date) -> date:
    """The business day on or before the deadline; never roll-forward grace."""
    return business_day_until(deadline)


def decide_within(profile: PayerProfile, *, level: int) -> int:
    """Calendar days the payer has for its decision."""
    found = _level(profile, level)
    return found.decide_within if found else 60


def may_appeal(
    profile: PayerProfile,
    *,
    level: int,
    notice_on: date,
    today: date,
    carcs: Sequence[str],
    rarcs: Sequence[str],
    amount: Decimal | None = None,
) -> Decision:
    """``appeal``, or ``barred`` with the reason (R-APP-01).

    ``amount`` is what is disputed; None when it is not known, which bars nothing.
    """
    if refused := _barred_by_codes(profile, carcs, rarcs):
        return refused
    if _level(profile, level) is None:
        return _no("R-APP-04", f"the payer has no level {level}", carcs)
    deadline = legal_deadline(profile, level=level, notice_on=notice_on)
    if deadline < today:
        return _no("R-APP-02", f"the appeal window closed on {deadline}", carcs)
    least = least_amount(profile, level=level, on=today)
    if least is not None and amount is not None and amount < least:
        return _no("R-APP-06", f"{amount} is below the {least} of this level", carcs)
    return Decision(
        action="appeal",
        rule="R-APP-01",
        reason=f"level {level} is open until {deadline}",
        table=version(TABLE),
        evidence=(*carcs, *rarcs),
    )


def _barred_by_codes(
    profile: PayerProfile, carcs: Sequence[str], rarcs: Sequence[str]
) -> Decision | None:
    if "MA130" in rarcs:
        words = "an unprocessable claim has no appeal; send a new one"
        return _no("R-DEN-05", words, rarcs)
    hints = rows("rarc_hints", "rarcs", "code")
    barred = [r for r in rarcs if hints.get(r, {}).get("appeal_bar")]
    if barred:
        return _no("R-APP-01", f"remark {barred[0]} leaves no appeal", barred)
    codes = [c.split("-")[-1] for c in carcs]
    if profile.is_medicare and "29" in codes:
        words = "Medicare filing limits have an exception, no appeal"
        return _no("R-DEN-08", words, carcs)
    reasons = rows("carc_actions", "carcs", "code")
    if codes and all(reasons.get(c, {}).get("appealable") == "never" for c in codes):
        return _no("R-APP-01", "the reason code is none that payers reverse", carcs)
    return None


def _no(rule: str, reason: str, evidence: Sequence[str]) -> Decision:
    return Decision(
        action="barred",
        rule=rule,
        reason=reason,
        table=version(TABLE),
        evidence=tuple(evidence),
    )


def template_for(carc: str) -> str:
    """The letter for a denial code, ``CO-197`` or ``197``."""
    code = carc.split("-")[-1]
    for row in table(TABLE)["letter_templates"]:
        if code in row["for_carc"] and row["id"] != "EXCEPTION_424_44":
            return str(row["id"])
    return GENERIC
