"""A task as somebody opened it: its facts and its form, which the page carries along.

What a person decided on is then known however often the task changes while they work.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from activities.story import sentence_of, stage_of
from desk.evidence import facts
from desk.task_form import for_the_task
from desk.words import cents, day
from records.claims import ClaimRow
from records.db import RowMapping
from records.instants import from_text, to_text

STATES = {
    "open": "Open",
    "prepared": "Prepared, waits for a second person",
    "saved": "Decided, not applied yet",
    "done": "Decided",
    "overtaken": "Closed by itself",
}


@dataclass(frozen=True)
class Opened:
    """What a page showed: facts by label, and the form's values by field."""

    at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


def facts_of(row: RowMapping, claim: ClaimRow | None, holder: str) -> dict[str, str]:
    """What may change while somebody works on the task, in words."""
    found = {
        "State of the task": STATES[row["status"]],
        "With": holder or "Nobody",
        "Decide by": day(row["due_on"]),
        "Open amount": cents(row["amount_cents"]),
    }
    if row["legal_deadline"]:
        found["Legal deadline"] = day(row["legal_deadline"])
    if claim:
        found |= {"Claim": stage_of(claim), "What happens next": sentence_of(claim)}
    return found | {fact.label: fact.value for fact in facts(row["evidence"])}


def written(at: datetime, facts: Mapping[str, str], form: Mapping[str, str]) -> str:
    """What the page carries."""
    return json.dumps(
        {"at": to_text(at), "facts": dict(facts), "form": for_the_task(form)}
    )


def read_back(text: str) -> Opened:
    """What the page carried; nothing when it cannot be read."""
    try:
        found = json.loads(text)
        at, *parts = (found[name] for name in ("at", "facts", "form"))
        said, form = ({str(k): str(v) for k, v in part.items()} for part in parts)
        return Opened(from_text(str(at)), said, form)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Opened()
