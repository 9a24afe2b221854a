"""What one act on many tasks is: to whom it may be done, doing it, and undoing it.

The same checks as for one task. Each rule says why a task is left out, or nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from desk.queue_acts import may_work, too_late
from desk.visit import Visit
from desk.words import day
from policy.people import Door
from records import holding
from records.db import RowMapping
from records.events import Because
from records.holding import Change
from records.tasks import WAITING
from records.users import User

ENDED, DECIDED = "it has ended", "it is decided already"
HELD, NOT_THEIRS = " has it", " may not decide this kind of task"
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
        return DECIDED
    return _RULES[asked.act](asked, row)


def _may_claim(asked: Asked, row: RowMapping) -> str:
    me = asked.visit.user
    if row["assignee"] == me.name:
        return "you have it already"
    if row["assignee"] is not None:
        return f"{asked.name(row['assignee'])}{HELD}"
    return "" if may_work(me, row) else f"you{NOT_THEIRS}"


def _may_release(asked: Asked, row: RowMapping) -> str:
    if row["assignee"] is None:
        return "nobody has it"
    mine = row["assignee"] == asked.visit.user.name
    if mine or asked.visit.may(Door.ASSIGN):
        return ""
    return f"{asked.name(row['assignee'])}{HELD}"


def _may_assign(asked: Asked, row: RowMapping) -> str:
    to, holder = asked.receiver, row["assignee"]
    if to is None or not to.active:
        return "the person does not work here any more"
    if holder == to.name:
        return f"{to.display_name} has it already"
    if holder is not None and not asked.facts.get("held"):
        return f"{asked.name(holder)}{HELD}"
    if not may_work(to, row):
        return f"{to.display_name}{NOT_THEIRS}"
    return ""


def _may_snooze(asked: Asked, row: RowMapping) -> str:
    me, holder = asked.visit.user, row["assignee"]
    if holder != me.name and not asked.visit.may(Door.ASSIGN):
        if holder is not None:
            return f"{asked.name(holder)}{HELD}"
        if not may_work(me, row):
            return f"you{NOT_THEIRS}"
    return too_late(row, asked.until)


_RULES: dict[str, Callable[[Asked, RowMapping], str]] = {
    "claim": _may_claim,
    "release": _may_release,
    "assign": _may_assign,
    "snooze": _may_snooze,
}


def what_next(act: str, why: str) -> str:
    """What a person can do about a task that was left out for this reason."""
    if why in (ENDED, DECIDED):
        return "Nothing is left to do."
    if why.endswith(NOT_THEIRS):
        return "Choose somebody whose work it is." if act == "assign" else ""
    if why.endswith(HELD):
        return _FREE[act]
    return "Choose an earlier day for it." if act == "snooze" else ""


_ASK = "Ask them to give it back, or ask a supervisor."
_FREE = {
    "claim": _ASK,
    "release": _ASK,
    "snooze": _ASK,
    "assign": "To give it away, tick “Also those that somebody else has”.",
}


# --- doing and undoing ---------------------------------------------------------------


class Done(NamedTuple):
    """What becomes of a task: why nothing, or the change and what an undo needs."""

    why_not: str
    before: dict[str, Any]
    change: Change | None


def do(asked: Asked, row: RowMapping) -> Done:
    """The act on one task."""
    if why := why_not(asked, row):
        return Done(why, {}, None)
    why_now, now = asked.because(), asked.visit.now
    if asked.act == "snooze":
        wakes = asked.facts.get("wakes") and row["claim_id"]
        wakes_on = holding.PAYER_ANSWER if wakes else None
        reason = asked.facts["reason"]
        change = holding.asleep(row, asked.until, reason, why_now, wakes_on=wakes_on)
    else:
        to = asked.receiver
        change = holding.given(to.name if to else None, why_now, now)
    left = change.columns | {"version": row["version"]}
    was = {name: row[name] for name in change.columns}
    return Done("", {"was": _plain(was), "left": _plain(left)}, change)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for JSON."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def undo(asked: Asked, row: RowMapping) -> Done:
    """The undo for one task: why not, when the task has changed since, or how."""
    if row["status"] not in WAITING:
        return Done(ENDED, {}, None)
    was, left = row["before"]["was"], row["before"]["left"]
    now = _plain({name: row[name] for name in left})
    if changed := [name for name in left if now[name] != left[name]]:
        return Done(_since(asked, row, changed), {}, None)
    back = holding.given_as_before
    if asked.act == "snooze":
        back = holding.awake_as_before
    return Done("", {}, back(was))


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
