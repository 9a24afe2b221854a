"""What happened: the last things in a claim's story that led to a task."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from activities.story_items import KINDS, Item
from claims.calendar import at
from claims.decision import MACHINE
from desk.story_words import story_words, who_words
from records import story
from records.db import Connection, RowMapping
from records.instants import from_text, to_text
from records.story import Mark

KEPT = 3
READ = 20
"""Newest events looked through; what people did with their tasks is among them."""
_BESIDE = (
    *("task opened", "task claimed", "task assigned", "task released"),
    *("task snoozed", "task raised", "outbox", "inquiry"),
)
"""Kinds of events that move no claim."""


@dataclass(frozen=True)
class Line:
    """One thing that happened, who did it, and by which rule."""

    at: datetime
    words: str
    rule: str
    who: str
    by_rule: bool


def led_here(
    conn: Connection, row: RowMapping, people: Mapping[str, str], zone: str
) -> list[Line]:
    """The last events of the task's claim, newest first; of a closed task those until
    the end of its last day."""
    if row["claim_id"] is None:
        return []
    until = None
    if row["closed_on"]:
        next_day = at(row["closed_on"] + timedelta(1), time(), zone)
        until = Mark(to_text(next_day), 0)
    found = story.newest(conn, row["claim_id"], before=until, limit=READ)
    kept = [one for one in found if one["kind"] not in _BESIDE]
    lines = [_line(one, people) for one in kept if row["why"] not in one["words"]]
    return lines[:KEPT]


def _line(event: RowMapping, people: Mapping[str, str]) -> Line:
    item = Item(
        at=from_text(event["at"]),
        kind=KINDS.get(event["kind"], event["kind"]),
        who=event["actor"],
        words=event["words"],
        rule=event["rule"] or "",
    )
    words = story_words(item, people)
    who = who_words(item.who, people)
    return Line(item.at, words, item.rule, who, item.who == MACHINE)
