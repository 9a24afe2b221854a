"""The work queue: which tasks wait, in the order of R-TSK-02, and their saved views."""

import base64
import json
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.responses import Response

from activities.story import payer_name
from claims.task import TaskType
from desk import queue_columns, views
from desk.bulk_run import minutes_until
from desk.patients import HIDDEN, may_see, name_of
from desk.queue_filters import (
    DUE,
    SIZES,
    STATES,
    address,
    bare,
    chips,
    filters_of,
    size_of,
)
from desk.route import Page
from desk.visit import DeskError, Visit
from desk.words import reason_code
from policy.people import Door
from records import queue
from records.db import RowMapping
from records.instants import from_text
from records.queue import Mark
from records.views import Around


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
    office, asked = visit.desk.office, visit.request.query_params
    wanted, size, after = filters_of(visit), size_of(asked), _mark(visit.asked("after"))
    with office.reading() as conn:
        around = views.around(conn, visit)
        first = views.default_of(visit, around.views)
        if first is not None and not asked:
            return visit.go(f"/tasks?{first.filters}&view={first.id}")
        tabs = views.tabs(visit, around.views)
        known = views.known_counts(visit, tabs)
        found, total, counted = queue.listing(
            conn,
            wanted,
            visit.today,
            after=after,
            limit=size + 1,
            me=visit.user.name,
            views=[tab.filters for tab in tabs] if known is None else [],
        )
    if known is None:
        views.keep_counts(visit, tabs, counted)
    frame = _frame(visit, tabs, around)
    names = "patient" in frame["columns"]
    rows = [row_of(visit, row, names=names) for row in found[:size]]
    with office.writing() as conn:
        seen = [r["claim_id"] for r in rows if r["named"]]
        visit.saw(conn, "queue", claim_ids=seen, subject="" if seen else "no names")
    more = _written(queue.mark_of(found[size - 1])) if len(found) > size else ""
    return visit.page(
        "queue.html.j2",
        rows=rows,
        total=total,
        tabs=[
            (tab, total.count if tab.filters == wanted else count)
            for tab, count in zip(tabs, known or counted, strict=True)
        ],
        people=around.people,
        sees_names=any(
            row["claim_id"] and may_see(visit, [row]) for row in found[:size]
        ),
        after=after,
        size=size,
        more=address(asked, after=more) if more else "",
        **frame,
    )


def _frame(visit: Visit, tabs: list[views.Tab], around: Around) -> dict[str, Any]:
    """What the filters and the views above the list need."""
    office, asked = visit.desk.office, visit.request.query_params
    opened = next((tab.view for tab in tabs if tab.here and tab.view), None)
    query, of_view = visit.request.url.query, opened.columns if opened else ""
    columns = queue_columns.shown(asked, of_view, around.columns)
    return {
        "asked": asked,
        "query": query,
        "here": f"/tasks?{query}" if query else "/tasks",
        "bare": bare(asked),
        "address": lambda **changes: address(asked, **changes),
        "chips": chips(asked, lambda payer: payer_name(office, payer)),
        "opened": opened,
        "changed": opened is not None
        and (opened.filters != bare(asked) or "cols" in asked),
        "columns": columns,
        "every_column": queue_columns.COLUMNS,
        "act": around.act,
        "minutes": around.act and minutes_until(visit, around.act.until),
        "names": {one.name: one.display_name for one in around.people},
        "shareable": views.shareable(visit),
        "states": STATES,
        "due": DUE,
        "sizes": SIZES,
        "types": sorted(TaskType),
        "payers": office.payers.ids(),
        "payer_name": lambda payer: payer_name(office, payer),
    }


def row_of(visit: Visit, row: RowMapping, *, names: bool = True) -> dict[str, Any]:
    """What a row of a list shows; the name only to those who may see it, and where the
    list has ``names`` at all."""
    office, evidence = visit.desk.office, row["evidence"]
    named = names and bool(row["claim_id"]) and may_see(visit, [row])
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
        "patient": str(name) if name else HIDDEN if row["claim_id"] else "",
        "initials": name.initials if name else "",
        "payer": payer_name(office, row["payer_id"]) if row["payer_id"] else "",
        "reason": reason,
        "age": _age(visit, row),
        "opened": from_text(row["opened_at"]) if row["opened_at"] else None,
        "who": _who(row),
    }


def _age(visit: Visit, row: RowMapping) -> str:
    """How long it has been here: ``less than 1 h``, ``3 h``, ``12 d``."""
    days = (visit.today - row["created_on"]).days
    hours = int((visit.now - from_text(row["created_at"])).total_seconds() // 3600)
    if days > 0:
        return f"{days} d"
    return f"{hours} h" if hours > 0 else "less than 1 h"


def _who(row: RowMapping) -> str:
    if row["assignee"]:
        return f"With {row['holder'] or row['assignee']}"
    return f"For a {row['role']}"


ROUTES = (Page("GET", "/tasks", show, Door.TASKS),)
