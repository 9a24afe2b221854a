"""The Story tab: what comes next above the line, what has happened below it."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from activities.story_items import Item, Place, page
from claims.calendar import local_date
from desk import story_words
from desk.claim_frame import Frame, filing_limit, frame, show
from desk.visit import DeskError, Visit
from desk.words import day, near, task_title
from records import accounts, story
from records.db import Connection

SIZE = 200
COUNTED = 1000
"""Routine steps are counted up to this many."""
ONLY = ("", "failures", "people")
_PLACE = re.compile(r"(\d{4}-[\d\-T:.]+Z)~(\d)~(\d{1,18})")


class Step(NamedTuple):
    """Something that is to come: its day, what, a second line, and where it opens."""

    day: date
    words: str
    detail: str
    href: str = ""
    link: str = ""


def story_page(visit: Visit) -> Response:
    """All that happened, newest first, under what comes next."""
    only, routine, before = _asked(visit)
    found = frame(visit, "story")
    office = visit.desk.office
    with office.reading() as conn:
        read = page(
            conn,
            office,
            found.row,
            only=only,
            routine=routine,
            before=before,
            size=SIZE,
        )
        hidden = 0
        if not (only or routine):
            hidden = story.routine_steps(conn, found.row.id, at_most=COUNTED)
        steps = sorted(_steps(conn, visit, found), key=lambda step: step.day)
    kept = {"only": only} if only else {"routine": "1"} if routine else {}
    older = "?" + urlencode({**kept, "before": str(read.older)}) if read.older else ""
    return show(
        visit,
        "claim_story.html.j2",
        "Story",
        found,
        items=_rows(visit, found, read.items),
        ahead=[s for s in reversed(steps) if s.day >= visit.today],
        late=[s for s in steps if s.day < visit.today],
        hidden=hidden,
        counted=COUNTED,
        older=older,
        first="?" + urlencode(kept) if kept else f"/claims/{found.row.id}",
        paged=before is not None,
        only=only,
        routine=routine,
    )


def _asked(visit: Visit) -> tuple[str, bool, Place | None]:
    """Which items, with routine steps or not, and before which place.

    Raises:
        DeskError: somebody changed the address; nothing was shown.
    """
    only, text = visit.asked("only"), visit.asked("before")
    place = _PLACE.fullmatch(text)
    if only not in ONLY or (text and place is None):
        raise DeskError(
            "This part of the story cannot be found. Nothing is shown. "
            "Open the claim again."
        )
    before = Place(place[1], int(place[2]), int(place[3])) if place else None
    return only, visit.asked("routine") == "1", before


def _rows(
    visit: Visit, found: Frame, items: tuple[Item, ...]
) -> list[Mapping[str, Any]]:
    known, named = story_words.names(visit), bool(found.name)
    zone = visit.desk.office.zone
    return [
        {
            "item": item,
            "day": _dated(local_date(item.at, zone), visit.today),
            "mark": story_words.mark_of(item),
            "words": story_words.story_words(item, known),
            "who": story_words.who_words(item.who, known),
            "source": story_words.source_words(item, known),
            "evidence": story_words.evidence_words(item),
            "link": story_words.link_of(item, found.row.id, named=named),
        }
        for item in items
    ]


def _dated(value: date, today: date) -> str:
    """With the year only where it is not this one."""
    return near(value) if value.year == today.year else day(value)


def _steps(conn: Connection, visit: Visit, found: Frame) -> Iterator[Step]:
    """Tasks, timers and promised answers that have a day."""
    row, waiting = found.row, [t for t in found.tasks if t["closed_on"] is None]
    for task in waiting:
        detail = f"Task {task['number']} for a {task['role']}"
        if task["snoozed_until"]:
            detail += f", asleep until {day(task['snoozed_until'])}"
        if task["id"] == row.next_owner_id and row.then_what:
            detail += f"; then {row.then_what}"
        yield Step(
            task["due_on"],
            task_title(task["type"]),
            detail,
            f"/tasks/{task['id']}",
            "Open the task",
        )
    ids = {task["id"] for task in waiting}
    if row.next_due and row.next_owner_id not in ids:
        detail = "By itself, unless something comes before"
        yield Step(row.next_due, _sentence(row.then_what or ""), detail)
    yield from _deadlines(conn, visit, found)


def _deadlines(conn: Connection, visit: Visit, found: Frame) -> Iterator[Step]:
    row = found.row
    if not row.state.is_open:
        return
    if limit := filing_limit(visit, row, found.money):
        yield Step(limit, "Last day for the payer to have the claim", "Filing limit")
    for appeal in accounts.appeals_of(conn, row.id):
        level, expected = f"appeal level {appeal['level']}", appeal["expected_on"]
        if appeal["status"] == "preparing":
            detail = f"Work by {day(appeal['work_by'])}"
            yield Step(appeal["legal_deadline"], f"Last day for {level}", detail)
        elif appeal["status"] == "sent" and expected not in (None, row.next_due):
            yield Step(expected, f"An answer to {level} is due", "")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
