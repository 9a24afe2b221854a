"""Who may act on a claim, read its history and see patient data (roles.yaml)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from claims.money import ZERO, usd
from claims.task import Role, TaskSpec
from policy.tables import table
from policy.tasks import roles_of

_ACT = {
    "hold": ("workflow.pause", "claim.correct", "remit.post", "code.edit"),
    "release": ("workflow.pause", "hold.clear"),
    "retry": ("workflow.retry", "claim.correct", "remit.post"),
}
ACTS = tuple(_ACT)
_HISTORY = ("history.export", "hold.clear")
_IMPORT = ("task.complete", "workflow.retry", "all_of.clerk")
_ASSIGNED = ("full_for_assigned", "clinical_for_assigned", "billing")


class Door(StrEnum):
    """What a page of the desk needs; each page names exactly one."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    TASKS = "tasks"
    DECIDE = "decide"
    ASSIGN = "assign"
    CLAIMS = "claims"
    ACT = "act"
    RETRY = "retry"
    MONEY = "money"
    AGING = "aging"
    AUDIT = "audit"
    CODEC = "codec"
    OPERATE = "operate"


_DOORS: dict[Door, frozenset[str]] = {
    Door.TASKS: frozenset({"task.complete", "workflow.retry", "read.all"}),
    Door.DECIDE: frozenset({"task.complete", "adj.approve"}),
    Door.ASSIGN: frozenset({"task.assign"}),
    Door.CLAIMS: frozenset({"task.complete", "workflow.retry", "read.all"}),
    Door.ACT: frozenset({"workflow.retry", "claim.correct", "remit.post", "code.edit"}),
    Door.RETRY: frozenset(_ACT["retry"]),
    Door.MONEY: frozenset({"remit.post", "elig.run", "read.all"}),
    Door.AGING: frozenset({"remit.post", "adj.approve", "read.all"}),
    Door.AUDIT: frozenset(_HISTORY),
    Door.CODEC: frozenset({"history.export"}),
    Door.OPERATE: frozenset(_IMPORT),
}
"""Permissions of roles.yaml, one of which opens the door."""


def may_enter(roles: Iterable[str], door: Door) -> bool:
    """Whether somebody with these roles may open pages behind this door."""
    if door in (Door.PUBLIC, Door.SIGNED_IN):
        return True
    return bool(permissions(roles) & _DOORS[door])


def permissions(roles: Iterable[str]) -> set[str]:
    """Everything these roles may do, with what they include."""
    known = table("roles")["roles"]
    return {
        str(may)
        for role in roles_of(roles)
        for may in known.get(role, {}).get("can", [])
    }


def may_act(roles: Iterable[str], act: str) -> bool:
    """Whether these roles may hold, release or retry a claim."""
    return bool(permissions(roles) & set(_ACT[act]))


def may_import(roles: Iterable[str]) -> bool:
    """Whether these roles may bring files in."""
    return bool(permissions(roles) & set(_IMPORT))


def may_post_manually(roles: Iterable[str]) -> bool:
    """Whether these roles may key a paper remittance (R-MAN-01)."""
    return "remit.post_manual" in permissions(roles)


def may_close_day(roles: Iterable[str]) -> bool:
    """Whether these roles may close a business day."""
    return "deposit.count" in permissions(roles)


def is_supervisor(roles: Iterable[str]) -> bool:
    """Whether these roles look over others' work."""
    return "supervisor" in roles_of(roles)


def are_for_two(first: str, second: str) -> bool:
    """Whether one person may not do both with the same money (``separation``)."""
    pairs = [set(pair) for pair in table("roles")["separation"]]
    return {first, second} in pairs


def may_read_history(roles: Iterable[str]) -> bool:
    """An auditor, or a supervisor."""
    return bool(permissions(roles) & set(_HISTORY))


def may_export_ledger(roles: Iterable[str]) -> bool:
    """An auditor."""
    return "ledger.export" in permissions(roles)


def sees_patients(roles: Iterable[str], *, assigned: bool) -> bool:
    """Whether these roles see names; ``assigned``: a task of theirs is open on it."""
    known = table("roles")["roles"]
    scopes = {str(known.get(role, {}).get("phi", "")) for role in roles_of(roles)}
    if scopes & {"full", "full_read_only"}:
        return True
    return assigned and bool(scopes & set(_ASSIGNED))


def may_manage_users(roles: Iterable[str]) -> bool:
    """An admin."""
    return "user.manage" in permissions(roles)


def alone_up_to(what: str) -> Decimal:
    """The amount up to which one person decides ``what`` without a second."""
    alone = [
        usd(row["up_to"])
        for row in table("roles")["money_limits"]
        if row["what"] == what and len(row["needs"]) == 1 and row["up_to"] is not None
    ]
    return max(alone, default=ZERO)


def second_person(
    spec: TaskSpec, decision: str, evidence: Mapping[str, Any]
) -> Role | None:
    """Who must confirm this decision as well; nobody for an amount that one person may
    decide alone (R-TSK-05, ``money_limits``)."""
    limit = spec.alone_up_to.get(decision)
    if limit and usd(evidence.get("amount", "0")) <= alone_up_to(limit):
        return None
    return spec.two_person.get(decision)
