"""What one act on many tasks is: to whom it may be done, doing it, and undoing it.

The same checks as for one task. Each rule says why a task is left out, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from desk.queue_acts import may_work, too_late
from desk.visit import Visit
from desk.words import day
from policy.people import Door
from records import holding
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text
from records.tasks import WAITING
from records.users import User

ENDED, CHANGED = "it has ended", "somebody changed it meanwhile"
_VERBS = {
    "claim": ("Take {n}", "taken"),
    "release": ("Give {n} back", "given back to the queue"),
    "assign": ("Give {n} to {to}", "given to {to}"),
    "snooze": ("Let {n} sleep until {until}", "put to sleep until {until}"),
}
ACTS = tuple(_VERBS)


@dataclass(frozen=True)
class Asked:
    """An act that somebody asked for, and who works here (by user name)."""

    visit: Visit
    id: str
    act: str
    facts: Mapping[str, Any]
    people: Mapping[str, User]

    @property
    def until(self) -> date:
        """The day until which the tasks sleep."""
        return date.fromisoformat(self.facts["until"])

    @property
    def receiver(self) -> User | None:
        """Who has the tasks afterwards; None is nobody."""
        if self.act == "claim":
            return self.visit.user
        return self.people.get(self.facts.get("to", ""))

    def name(self, user_name: str) -> str:
        """How somebody is called; the user name of who has left."""
        known = self.people.get(user_name)
        return known.display_name if known else user_name

    def order(self, count: int) -> str:
        """``Give 40 tasks to Dana Ruiz``."""
        return self._filled(_VERBS[self.act][0], count)

    def done(self) -> str:
        """``given to Dana Ruiz``."""
        return self._filled(_VERBS[self.act][1], 0)

    def _filled(self, words: str, count: int) -> str:
        until = day(self.until) if "until" in self.facts else ""
        to = self.name(self.facts.get("to", ""))
        return words.format(n=counted(count), to=to, until=until)

    def because(self) -> Because:
        """Who acts now, and that it is one of many."""
        return replace(self.visit.because(), data={"bulk": self.id})


def counted(count: int) -> str:
    """``1 task``, ``1,204 tasks``."""
    return f"{count:,} task{'' if count == 1 else 's'}"


# --- may it be done ------------------------------------------------------------------


def why_not(asked: Asked, row: RowMapping) -> str:
    """Why the act may not be done to this task as it is now; nothing when it may."""
    if row["status"] not in WAITING:
        return ENDED
    if row["status"] == "saved":
        return "it is decided already"
    return _RULES[asked.act](asked, row)


def _may_claim(asked: Asked, row: RowMapping) -> str:
    me = asked.visit.user
    if row["assignee"] == me.name:
        return "you have it already"
    if row["assignee"] is not None:
        return f"{asked.name(row['assignee'])} has it"
    return "" if may_work(me, row) else "you may not decide this kind of task"


def _may_release(asked: Asked, row: RowMapping) -> str:
    if row["assignee"] is None:
        return "nobody has it"
    mine = row["assignee"] == asked.visit.user.name
    if mine or asked.visit.may(Door.ASSIGN):
        return ""
    return f"{asked.name(row['assignee'])} has it"


def _may_assign(asked: Asked, row: RowMapping) -> str:
    to, holder = asked.receiver, row["assignee"]
    if to is None or not to.active:
        return "the person does not work here any more"
    if holder == to.name:
        return f"{to.display_name} has it already"
    if holder is not None and not asked.facts.get("held"):
        return f"{asked.name(holder)} has it"
    return "" if may_work(to, row) else f"{to.display_name} may not decide this kind of task"


def _may_snooze(asked: Asked, row: RowMapping) -> str:
    return too_late(row, asked.until)


_RULES: dict[str, Callable[[Asked, RowMapping], str]] = {
    "claim": _may_claim,
    "release": _may_release,
    "assign": _may_assign,
    "snooze": _may_snooze,
}


# --- doing and undoing ---------------------------------------------------------------


def do(asked: Asked, conn: Connection, row: RowMapping) -> tuple[str, dict[str, Any]]:
    """Do it to one task: why not, or nothing, and what an undo needs to know."""
    if why := why_not(asked, row):
        return why, {}
    why_now, now = asked.because(), asked.visit.now
    if asked.act == "snooze":
        wakes = bool(asked.facts.get("wakes")) and row["claim_id"]
        done = holding.snooze(
            conn,
            row,
            asked.until,
            asked.facts["reason"],
            why_now,
            wakes_on=holding.PAYER_ANSWER if wakes else None,
        )
        left = {"snoozed_until": asked.until, "snoozes": row["snoozes"] + 1}
        kept: tuple[str, ...] = _SLEEP
    else:
        to = asked.receiver.name if asked.receiver else None
        done = holding.assign(conn, row, to, why_now, now)
        left = {"assignee": to, "assigned_at": to_text(now)}
        kept = ("assignee", "assigned_at")
    was = {name: _plain(row[name]) for name in kept}
    left["version"] = row["version"]
    return "" if done else CHANGED, {
        "was": was,
        "left": {name: _plain(value) for name, value in left.items()},
    }


_SLEEP = ("snoozed_until", "snooze_reason", "wakes_on", "snoozes", "raised_on")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def undo(asked: Asked, conn: Connection, row: RowMapping) -> str:
    """Undo it for one task; why not, when the task has changed since."""
    if row["status"] not in WAITING:
        return ENDED
    was, left = row["before"]["was"], row["before"]["left"]
    changed = [name for name in left if _plain(row[name]) != left[name]]
    if changed:
        return _since(asked, row, changed)
    back = holding.unsnooze if asked.act == "snooze" else holding.unassign
    return "" if back(conn, row, was, asked.because()) else CHANGED


def _since(asked: Asked, row: RowMapping, changed: list[str]) -> str:
    """What happened to the task since the act, in words."""
    if "version" in changed:
        return "somebody decided it since"
    if "snoozed_until" in changed and row["snoozed_until"] is None:
        return "the payer answered and it woke"
    if asked.act == "snooze":
        return "it was snoozed again since"
    if row["assignee"] is None:
        return "it was given back since"
    return f"{asked.name(row['assignee'])} has taken or been given it since"
