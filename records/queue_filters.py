"""Which tasks a list of the work queue has: each filter as a condition in SQL."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true

from claims.task import TaskType
from records.tables import TASK_SAVED, TASK_WAITS, decision, draft, task

NOBODY = "nobody"
WAITS: ColumnElement[bool] = text(f"task.{TASK_WAITS}")  # type: ignore[assignment]
SAVED: ColumnElement[bool] = text(f"task.{TASK_SAVED}")  # type: ignore[assignment]
EVERY_TYPE = frozenset(TaskType)


@dataclass(frozen=True)
class Work:
    """What one person may decide (``policy.tasks.work_of``): task types, and each
    ``TYPE decision`` they may confirm after somebody else prepared it (R-TSK-05)."""

    types: tuple[str, ...]
    confirms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Filters:
    """Which tasks; what is left out does not matter.

    ``work``: what somebody may decide; ``roles``: for whom tasks were opened.
    ``assignee`` is a user or ``nobody``. ``state``: waiting (not asleep), open,
    prepared, saved, snoozed or closed. ``cents_from``: the least open amount.
    ``legal_until``: a legal deadline on this day or before. ``free_since``: an instant
    since which nobody has had it. ``untouched_since``: nobody opened, took or was given
    it from that day on. ``drafted_by``, ``returned_to``: somebody's draft lies on it;
    somebody's decision was refused and the task is open again.
    """

    work: Work | None = None
    roles: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    assignee: str = ""
    state: str = "waiting"
    due_until: date | None = None
    due_after: date | None = None
    cents_from: int = 0
    legal_until: date | None = None
    free_since: str = ""
    untouched_since: date | None = None
    drafted_by: str = ""
    returned_to: str = ""


def asleep(today: date) -> ColumnElement[bool]:
    """Sleeps past today."""
    return func.coalesce(task.c.snoozed_until, today) > today


def confirms(work: Work) -> ColumnElement[bool]:
    """Prepared, for one who may confirm it (R-TSK-05)."""
    named = task.c.type + " " + task.c.decision
    return and_(task.c.status == "prepared", named.in_(work.confirms))


def is_work(work: Work) -> ColumnElement[bool]:
    """One may decide it, or confirm it."""
    if set(work.types) >= EVERY_TYPE:  # spares the database a look at each task
        return true()
    return or_(task.c.type.in_(work.types), confirms(work))


def in_state(name: str, today: date) -> ColumnElement[bool]:
    """The condition of a state's name."""
    if name == "closed":
        return task.c.status.in_(["done", "overtaken"])
    if name == "snoozed":
        return and_(WAITS, task.c.snoozed_until > today)
    if name == "saved":
        return and_(SAVED, ~asleep(today))
    awake = and_(WAITS, ~asleep(today))
    return awake if name == "waiting" else and_(awake, task.c.status == name)


def where(wanted: Filters, today: date) -> ColumnElement[bool]:
    """All of these filters."""
    parts = [
        in_state(wanted.state, today),
        *_whose(wanted),
        *_what(wanted),
        *_when(wanted),
    ]
    return and_(*parts)


def _whose(wanted: Filters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.work is not None:
        parts.append(is_work(wanted.work))
    if wanted.roles:
        parts.append(task.c.role.in_(wanted.roles))
    if wanted.assignee == NOBODY:
        parts.append(task.c.assignee.is_(None))
    elif wanted.assignee:
        parts.append(task.c.assignee == wanted.assignee)
    if wanted.drafted_by:
        mine = draft.c.author == wanted.drafted_by
        parts.append(task.c.id.in_(select(draft.c.task_id).where(mine)))
    if wanted.returned_to:
        mine = and_(
            decision.c.actor == wanted.returned_to, decision.c.refused.is_not(None)
        )
        refused = task.c.id.in_(select(decision.c.task_id).where(mine))
        parts.append(and_(task.c.status == "open", refused))
    return parts


def _what(wanted: Filters) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if wanted.types:
        parts.append(task.c.type.in_(wanted.types))
    if wanted.payers:
        parts.append(task.c.payer_id.in_(wanted.payers))
    if wanted.cents_from:
        parts.append(task.c.amount_cents >= wanted.cents_from)
    return parts


def _when(wanted: Filters) -> list[ColumnElement[bool]]:
    t, parts = task.c, []
    if wanted.due_until is not None:
        parts.append(t.due_on <= wanted.due_until)
    if wanted.due_after is not None:
        parts.append(t.due_on > wanted.due_after)
    if wanted.legal_until is not None:
        parts.append(t.legal_deadline <= wanted.legal_until)
    if wanted.free_since:
        begun = func.coalesce(t.assigned_at, t.created_at)
        parts.append(and_(t.assignee.is_(None), begun <= wanted.free_since))
    if wanted.untouched_since is not None:
        since = wanted.untouched_since.isoformat()
        parts.append(t.created_on < wanted.untouched_since)
        parts.append(func.coalesce(t.opened_at, "") < since)
        parts.append(func.coalesce(t.assigned_at, "") < since)
    return parts
