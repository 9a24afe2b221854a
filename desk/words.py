"""How the desk writes dates, amounts and codes (templates use these as filters)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from claims.money import from_cents
from claims.task import TASKS, TaskType
from policy.remittance import words_of

MINUS = "\N{MINUS SIGN}"


def usd(amount: Decimal) -> str:
    """``$1,204.50``; a negative amount is a credit and says so: ``$12.00 credit``."""
    text = f"${abs(amount):,.2f}"
    return f"{MINUS}{text} credit" if amount < 0 else text


def cents(amount: int) -> str:
    """Whole cents as dollars."""
    return usd(from_cents(amount))


def plain(amount: Decimal) -> str:
    """``1,204.50`` for columns that say dollars in their heading."""
    return f"{MINUS if amount < 0 else ''}{abs(amount):,.2f}"


def day(value: date) -> str:
    """``12 May 2026``."""
    return f"{value.day} {value:%b %Y}"


def weekday(value: date) -> str:
    """``Tue 12 May 2026``."""
    return f"{value:%a} {day(value)}"


def near(value: date) -> str:
    """``Tue 12 May``: for dates of this year in dense rows."""
    return f"{value:%a} {value.day} {value:%b}"


def time_tag(value: date | None, style: Callable[[date], str] = day) -> Markup:
    """A date for people and machines; nothing for None."""
    if value is None:
        return Markup("")
    return Markup('<time datetime="{}">{}</time>').format(
        value.isoformat(), style(value)
    )


def left(due: date, today: date) -> str:
    """``1 day late``, ``Today``, ``2 days``."""
    days = (due - today).days
    if days < 0:
        return f"{-days} day{'s' if days < -1 else ''} late"
    return "Today" if days == 0 else f"{days} day{'s' if days > 1 else ''}"


def urgency(due: date, today: date) -> str:
    """The class of a deadline: late, soon (three days), or plain."""
    days = (due - today).days
    if days <= 0:
        return "late"
    return "soon" if days <= 3 else "first"


def ago(then: datetime, now: datetime) -> str:
    """``just now``, ``3 min ago``, ``2 h ago``, ``5 days ago``."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    days = minutes // (24 * 60)
    return f"{days} day{'s' if days > 1 else ''} ago"


def clock(instant: datetime, zone: str) -> str:
    """``10:42`` in the practice's time zone."""
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")


def instant(value: datetime, zone: str) -> Markup:
    """Date and time of an instant in the practice's time zone."""
    local = value.astimezone(ZoneInfo(zone))
    return Markup('<time datetime="{}">{}, {}</time>').format(
        local.isoformat(timespec="seconds"), day(local.date()), f"{local:%H:%M}"
    )


def task_title(task_type: str) -> str:
    """``A denied claim``: what a task of this type is about."""
    title = TASKS[TaskType(task_type)].title
    return title[:1].upper() + title[1:]


def reason_code(group: str, carc: str) -> str:
    """``CO-97 · Counted inside another service`` in our own words."""
    words = words_of(carc)
    code = f"{group}-{carc}" if group else carc
    return f"{code} · {words}" if words else code


def initials(first: str, last: str) -> str:
    """``J. W.``"""
    return " ".join(f"{part[0].upper()}." for part in (first, last) if part)


def sentence(words: str) -> Markup:
    """*Waiting for X until D, then Y* with X, D and Y in bold."""
    head, until, rest = words.partition(" until ")
    if not (head.startswith("Waiting for ") and until):
        return escape(words)
    when, then, what = rest.partition(", then ")
    if not then:
        return escape(words)
    waited = head.removeprefix("Waiting for ")
    return Markup("Waiting for <b>{}</b> until <b>{}</b>, then <b>{}</b>.").format(
        waited, when, what.rstrip(".")
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "usd": usd,
    "cents": cents,
    "plain": plain,
    "day": day,
    "weekday": weekday,
    "near": near,
    "time": time_tag,
    "left": left,
    "urgency": urgency,
    "ago": ago,
    "clock": clock,
    "instant": instant,
    "task_title": task_title,
    "sentence": sentence,
}
