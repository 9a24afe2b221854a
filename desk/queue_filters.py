"""The filters of the queue as its address has them, and as chips a person reads.

The address holds no name: types, payers, roles, days and amounts only.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from claims.money import cents
from claims.task import Role, TaskType
from desk.visit import DeskError, Visit
from desk.words import task_title
from policy.people import permissions
from policy.tasks import work_of
from records.instants import to_text
from records.queue_filters import NOBODY, Filters, Work

SIZES = (50, 100, 200)
STATES = {
    "waiting": "waiting",
    "open": "open",
    "prepared": "prepared by one person",
    "saved": "saved, not yet applied",
    "snoozed": "snoozed",
    "closed": "closed",
}
DUE = {
    "-1": "overdue",
    "0": "due today or overdue",
    "7": "due within 7 days",
    "15": "due within 15 days",
}
FRAME = ("view", "size", "after", "cols")
"""Parameters that say how the list is shown, not what is in it."""
MOST = Decimal("99999999.99")


class Chip(NamedTuple):
    """One filter that is on, and the address of the list without it."""

    words: str
    without: str


def filters_of(visit: Visit) -> Filters:
    """The filters of the address; without any, what this person may decide."""
    return read(visit, visit.request.query_params)


def read(visit: Visit, asked: QueryParams) -> Filters:
    """The filters of a query string.

    Raises:
        DeskError: a value that no task can have; nothing was looked up.
    """
    types, roles = _many(asked, "type"), _many(asked, "role")
    state = asked.get("state") or "waiting"
    if (
        set(types) - set(TaskType)
        or set(roles) - {"any", *(r.value for r in Role)}
        or state not in STATES
    ):
        raise DeskError(
            "No task can match this address: a type, role or state in it does not "
            "exist. Nothing was looked up. Start again from the queue."
        )
    me, who = visit.user.name, asked.get("assignee", "")
    return Filters(
        work=None if roles else my_work(visit),
        roles=() if "any" in roles else roles,
        types=types,
        payers=_many(asked, "payer"),
        assignee=me if who == "me" else who[:64],
        state=state,
        due_until=_day(visit, asked, "due"),
        due_after=_day(visit, asked, "after_due"),
        cents_from=_cents(asked),
        legal_until=_day(visit, asked, "legal"),
        free_since=_hours(visit, asked),
        untouched_since=_day(visit, asked, "untouched", -1),
        drafted_by=me if asked.get("draft") else "",
        returned_to=me if asked.get("returned") else "",
    )


def my_work(visit: Visit) -> Work | None:
    """What this person may decide; None, everything, for who only reads."""
    if "task.complete" not in permissions(visit.user.roles):
        return None
    return Work(*work_of(frozenset(visit.user.roles)))


def _many(asked: QueryParams, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in asked.getlist(name) if v))


def _day(visit: Visit, asked: QueryParams, name: str, sign: int = 1) -> date | None:
    """A number of days from today (before it with ``sign`` -1), or nothing."""
    if not asked.get(name):
        return None
    try:
        return visit.today + sign * timedelta(days=int(asked[name]))
    except (ValueError, OverflowError):
        raise DeskError(
            "A filter in this address is no number of days. Nothing was looked up. "
            "Go back and write whole days, like 15."
        ) from None


def _hours(visit: Visit, asked: QueryParams) -> str:
    """The instant so many hours ago, or nothing."""
    hours = asked.get("free", "")
    if not hours:
        return ""
    if not hours.isdecimal() or len(hours) > 4:
        raise DeskError(
            "A filter in this address is no number of hours. Nothing was looked up. "
            "Go back and write whole hours, like 4."
        )
    return to_text(visit.now - timedelta(hours=int(hours)))


def _cents(asked: QueryParams) -> int:
    if not asked.get("amount"):
        return 0
    try:
        amount = Decimal(asked["amount"].replace(",", "").removeprefix("$"))
        if not 0 <= amount <= MOST:
            raise InvalidOperation
        return cents(amount.quantize(Decimal("0.01")))
    except InvalidOperation:
        raise DeskError(
            "The least amount is no amount of dollars. Nothing was looked up. "
            "Go back and write it like 1000 or 1000.50."
        ) from None


def size_of(asked: QueryParams) -> int:
    """Rows on a page: 50, 100 or 200."""
    wanted = asked.get("size", "")
    return int(wanted) if wanted in map(str, SIZES) else SIZES[0]


def bare(asked: QueryParams) -> str:
    """Only what filters, in one order: two addresses of one list are equal."""
    return urlencode(
        sorted((k, v) for k, v in asked.multi_items() if v and k not in FRAME)
    )


def address(asked: QueryParams, **changes: str) -> str:
    """The address of this list with some parameters replaced; "" drops one."""
    kept = [(k, v) for k, v in asked.multi_items() if v and k not in changes]
    query = urlencode([*kept, *((k, v) for k, v in changes.items() if v)])
    return f"/tasks?{query}" if query else "/tasks"


def chips(asked: QueryParams, payer_name: Callable[[str], str]) -> list[Chip]:
    """Every filter that is on, in words, each with the list without it."""
    says: dict[str, Callable[[str], str]] = {
        "type": task_title,
        "payer": payer_name,
        "role": lambda v: "Every role" if v == "any" else f"For a {v}",
        "assignee": lambda v: {"me": "Mine", NOBODY: "Nobody has it"}.get(
            v, f"With {v}"
        ),
        "state": lambda v: STATES[v].capitalize(),
        "due": lambda v: DUE.get(v, f"due within {v} days").capitalize(),
        "after_due": lambda v: "Not overdue" if v == "-1" else f"Due after {v} days",
        "amount": lambda v: f"${v} or more",
        "legal": lambda v: f"Legal deadline within {v} days",
        "free": lambda v: f"Nobody has had it for {v} h",
        "untouched": lambda v: f"Untouched for {v} days",
        "draft": lambda _: "Has your draft",
        "returned": lambda _: "Returned to you",
    }
    items = [(k, v) for k, v in asked.multi_items() if v and k != "after"]
    found = []
    for key, value in items:
        if key in says and (key, value) != ("state", "waiting"):
            rest = urlencode([one for one in items if one != (key, value)])
            # Without any filter a default view would open.
            found.append(Chip(says[key](value), f"/tasks?{rest or 'state=waiting'}"))
    return found


def list_of(visit: Visit) -> str:
    """The list a form was sent from: where the person goes back to."""
    back = visit.text("back")
    return back if back.startswith("/tasks?") and back.isprintable() else "/tasks"
