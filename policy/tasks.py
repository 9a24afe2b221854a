"""Tasks: due date, priority, who may decide (R-TSK-01, R-TSK-02, R-TSK-05)."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from claims.calendar import add_business_days, business_day_until
from claims.task import TASKS, TaskType
from policy.tables import table

_DEADLINE = ((0, 500), (3, 400), (7, 300), (15, 200), (30, 100))


def due_on(task_type: TaskType, created: date, legal_deadline: date | None) -> date:
    """SLA business days after creation, or the legal ``work_by`` if earlier."""
    spec = TASKS[task_type]
    due = add_business_days(created, spec.sla_business_days)
    if spec.max_calendar_days is not None:
        due = min(due, business_day_until(created + timedelta(spec.max_calendar_days)))
    if legal_deadline is not None:
        due = min(due, max(created, business_day_until(legal_deadline)))
    return due


def priority(
    *,
    deadline_on: date,
    today: date,
    created_on: date,
    open_amount: Decimal,
    patient_affected: bool,
    earlier_of_type: int,
) -> int:
    """D + A + G + P + R (R-TSK-02)."""
    days = (deadline_on - today).days
    points = next((score for limit, score in _DEADLINE if days <= limit), 0)
    points += min(200, int(open_amount // 10))
    points += min(150, 5 * (today - created_on).days)
    points += 100 if patient_affected else 0
    return points + (50 if earlier_of_type >= 2 else 0)


def band(points: int) -> str:
    """P1 from 500, P2 from 300, P3 from 150, else P4."""
    return next(
        (b for limit, b in ((500, "P1"), (300, "P2"), (150, "P3")) if points >= limit),
        "P4",
    )


def roles_of(roles: Iterable[str]) -> set[str]:
    """Roles with those they include (``all_of`` of roles.yaml)."""
    known = table("roles")["roles"]
    found = set(roles)
    for role in list(found):
        for permission in known.get(role, {}).get("can", []):
            if str(permission).startswith("all_of."):
                found.add(str(permission).removeprefix("all_of."))
    return found


def may_decide(
    roles: Iterable[str], task_type: TaskType, decision: str, *, second: bool
) -> bool:
    """Whether a person with these roles may give this decision, first or second."""
    spec = TASKS[task_type]
    wanted = spec.two_person[decision] if second else spec.role
    mine = roles_of(roles)
    also_coder = task_type is TaskType.DENIAL_REVIEW and "coder" in mine
    supervisor_codes = wanted.value == "coder" and "supervisor" in mine
    return wanted.value in mine or also_coder or supervisor_codes


def is_work_of(roles: Iterable[str], task_type: str, decision: str | None) -> bool:
    """Whether a task is these roles' work: theirs to decide, or to confirm as it was
    decided by another. What they decide about they may read."""
    first, second = work_of(frozenset(roles))
    return task_type in first or f"{task_type} {decision}" in second


@cache
def work_of(roles: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The task types that ``may_decide`` allows these roles, and each ``TYPE decision``
    they may confirm as the second person."""
    first = tuple(
        kind.value
        for kind, spec in TASKS.items()
        if any(may_decide(roles, kind, d, second=False) for d in spec.decisions)
    )
    second = tuple(
        f"{kind.value} {decision}"
        for kind, spec in TASKS.items()
        for decision in spec.two_person
        if may_decide(roles, kind, decision, second=True)
    )
    return first, second
