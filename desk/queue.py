"""The work queue and what one does with its rows: get next, claim, release, snooze."""

import base64
import json
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.story import payer_name
from claims.task import Role, TaskType
from desk.patients import HIDDEN, may_see, name_of
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import day, reason_code
from policy.people import Door, permissions
from policy.tasks import roles_of
from records import queue, tasks, users
from records.db import RowMapping
from records.queue import Filters, Mark

SIZE = 50
STATES = {
    "waiting": "waiting",
    "open": "open",
    "prepared": "prepared by one person",
    "saved": "saved, not yet applied",
    "snoozed": "snoozed",
    "closed": "closed",
}


def filters_of(visit: Visit) -> Filters:
    """The filters of the address; without any, what waits for one's own roles.

    Raises:
        DeskError: a value that no task can have; nothing was looked up.
    """
    asked = visit.request.query_params
    types = tuple(t for t in asked.getlist("type") if t)
    roles = tuple(r for r in asked.getlist("role") if r)
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
    return Filters(
        roles=() if "any" in roles else roles or my_roles(visit),
        types=types,
        payers=tuple(p for p in asked.getlist("payer") if p),
        assignee=_assignee(visit, asked.get("assignee", "")),
        state=state,
        due_until=_day(visit, asked.get("due", "")),
        due_after=_day(visit, asked.get("after_due", "")),
    )


def my_roles(visit: Visit) -> tuple[str, ...]:
    """The roles whose tasks this person works on; none means every role's."""
    known = {r.value for r in Role}
    if "task.complete" not in permissions(visit.user.roles):
        return ()
    return tuple(sorted(roles_of(visit.user.roles) & known))


def _assignee(visit: Visit, asked: str) -> str:
    return visit.user.name if asked == "me" else asked[:64]


def _day(visit: Visit, asked: str) -> date | None:
    """A number of days from today, or nothing."""
    if not asked:
        return None
    try:
        return visit.today + timedelta(days=int(asked))
    except (ValueError, OverflowError):
        raise DeskError(
            "The due date in this address is no number of days. Nothing was looked up."
        ) from None


def _mark(text: str) -> Mark | None:
    if not text:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode()))
        values["due_on"] = date.fromisoformat(values["due_on"])
        return Mark(**values)
    except (ValueError, TypeError, KeyError):
        raise DeskError(
            "This page of the queue cannot be found again. Nothing was changed. "
            "Start from its first page."
        ) from None


def _written(mark: Mark) -> str:
    values = asdict(mark) | {"due_on": mark.due_on.isoformat()}
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def show(visit: Visit) -> Response:
    """The queue."""
    office, wanted = visit.desk.office, filters_of(visit)
    after = _mark(visit.asked("after"))
    with office.reading() as conn:
        found = queue.page(conn, wanted, visit.today, after=after, limit=SIZE + 1)
        total = queue.totals(conn, wanted, visit.today)
    rows = found[:SIZE]
    shown = [row_of(visit, row) for row in rows]
    with office.writing() as conn:
        seen = [r["claim_id"] for r in shown if r["named"]]
        visit.saw(conn, "queue", claim_ids=seen, subject="" if seen else "no names")
    more = _written(queue.mark_of(rows[-1])) if len(found) > SIZE else ""
    return visit.page(
        "queue.html.j2",
        rows=shown,
        total=total,
        wanted=wanted,
        states=STATES,
        types=sorted(TaskType),
        payers=office.payers.ids(),
        payer_name=lambda payer: payer_name(office, payer),
        asked=visit.request.query_params,
        query=visit.request.url.query,
        paged=after is not None,
        more=_with(visit, after=more) if more else "",
    )


def _with(visit: Visit, **changes: str) -> str:
    """The address of this list with some parameters replaced."""
    kept = [
        (k, v) for k, v in visit.request.query_params.multi_items() if k not in changes
    ]
    return f"/tasks?{urlencode([*kept, *changes.items()])}"


def row_of(visit: Visit, row: RowMapping) -> dict[str, Any]:
    """What a row of a list shows; the name only to those who may see it."""
    office, evidence = visit.desk.office, row["evidence"]
    named = bool(row["claim_id"]) and may_see(visit, [row["role"]])
    name = (
        name_of(office.cipher, row["claim_id"], row["content_enc"])
        if named and row["content_enc"]
        else None
    )
    carc = str(evidence.get("carc", ""))
    reason = reason_code(str(evidence.get("group", "")), carc) if carc else row["why"]
    return {
        **row,
        "named": named,
        "patient": str(name) if name else HIDDEN,
        "initials": name.initials if name else "",
        "payer": payer_name(office, row["payer_id"]) if row["payer_id"] else "",
        "reason": reason,
        "age": (visit.today - row["created_on"]).days,
    }


# --- acts ----------------------------------------------------------------------------


def take_next(visit: Visit) -> Response:
    """Get the next task: the first that is one's own or nobody's."""
    wanted = Filters(roles=my_roles(visit))
    with visit.desk.office.writing() as conn:
        row = queue.take_next(conn, wanted, visit.user.name, visit.because(), visit.now)
    if row is None:
        return visit.go("/tasks", "All clear. No task waits for you.")
    return visit.go(f"/tasks/{row['id']}")


def claim(visit: Visit) -> Response:
    """Make the task one's own."""
    return _assign(visit, visit.user.name)


def release(visit: Visit) -> Response:
    """Give one's own task back to the queue; a draft stays."""
    return _assign(visit, None)


def assign(visit: Visit) -> Response:
    """Give the task to somebody else."""
    name = visit.text("assignee")
    with visit.desk.office.reading() as conn:
        user = users.get_user(conn, name)
    if user is None:
        raise DeskError("There is no active user of this name. Nothing was changed.")
    return _assign(visit, user.name, others=True)


def _assign(visit: Visit, name: str | None, *, others: bool = False) -> Response:
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        mine = row["assignee"] in (None, visit.user.name)
        if not mine and not (others or visit.may(Door.ASSIGN)):
            raise ForbiddenError(
                f"{row['assignee']} has this task. Nothing was changed. "
                "Ask them to give it back, or ask a supervisor."
            )
        done = queue.assign(conn, row, name, visit.because(), visit.now)
    words = f"Task {row['number']} is with {name} now."
    if name is None:
        words = f"Task {row['number']} is back in the queue. The draft is kept."
    if not done:
        words = f"Task {row['number']} changed meanwhile. Nothing was changed."
    return visit.go(f"/tasks/{row['id']}", words)


def snooze(visit: Visit) -> Response:
    """Let the task sleep until a day, never past its legal deadline."""
    reason, until = visit.text("reason")[:200], _until(visit)
    if not reason:
        raise DeskError(
            "A snooze needs a reason. Nothing was changed. Go back, say why."
        )
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        last = row["legal_deadline"]
        if until <= visit.today or (last is not None and until > last):
            limit = f" and not after {day(last)}, its legal deadline" if last else ""
            raise DeskError(
                f"A task sleeps until a day after today{limit}. Nothing was changed."
            )
        wakes = (
            queue.PAYER_ANSWER if visit.text("wakes_on") and row["claim_id"] else None
        )
        done = queue.snooze(conn, row, until, reason, visit.because(), wakes_on=wakes)
    words = f"Task {row['number']} sleeps until {day(until)}."
    return visit.go("/tasks", words if done else "The task changed. Nothing was done.")


def _until(visit: Visit) -> date:
    try:
        return date.fromisoformat(visit.text("until"))
    except ValueError:
        raise DeskError(
            "That is no date. Nothing was changed. Go back and choose a day."
        ) from None


BACK = "/tasks/{task}"
ROUTES = (
    Page("GET", "/tasks", show, Door.TASKS),
    Page("POST", "/tasks/next", take_next, Door.DECIDE, "/tasks"),
    Page("POST", "/tasks/{task}/claim", claim, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/release", release, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/assign", assign, Door.ASSIGN, BACK),
    Page("POST", "/tasks/{task}/snooze", snooze, Door.DECIDE, BACK),
)
