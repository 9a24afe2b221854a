"""Choose tasks of the queue and one act for them; nothing is done before a look."""

from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from desk import bulk_page
from desk.bulk_rules import ACTS
from desk.bulk_run import asked, check_may, found, keep, work_through
from desk.queue_acts import asked_sleep, chosen_user
from desk.queue_filters import list_of, read
from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from records import bulk, queue
from records.db import Connection

MOST = 5_000
"""Tasks of one act: what a person can look over, and a page can tell."""


def ask(visit: Visit) -> Response:
    """Keep the act and its tasks, and show it before it is done; one task that was
    ticked is done at once, as its own page does.

    Raises:
        DeskError: nothing was chosen, or too much, or the form is not complete.
    """
    act, which = _act_of(visit), visit.text("which")
    with visit.desk.office.writing() as conn:
        facts = _facts(visit, conn, act)
        chosen = _chosen(visit, conn, which)
        made = keep(visit, conn, act, facts, list_of(visit), chosen)
    if which or len(chosen) > 1:
        return visit.go(f"/bulk/{made}")
    work_through(visit, made)
    return visit.go(list_of(visit), _said(visit, made))


def _said(visit: Visit, bulk_id: str) -> str:
    """What became of the one task."""
    with visit.desk.office.reading() as conn:
        act = asked(visit, conn, found(visit, conn, bulk_id))
        row = bulk.tasks_of(conn, bulk_id)[0]
    if row["outcome"]:
        return f"Task {row['number']} is not {act.done()}: {row['outcome']}."
    return f"Task {row['number']} is {act.done()}."


def _act_of(visit: Visit) -> str:
    """The act whose button was pressed; Enter in a field means the field's."""
    act = visit.text("do")
    if act == "field" and (visit.text("until") or visit.text("reason")):
        act = "snooze"
    if act not in ACTS:
        raise DeskError(
            "No action was chosen. Nothing was changed. Go back and press its button."
        )
    return act


def _facts(visit: Visit, conn: Connection, act: str) -> dict[str, Any]:
    if act == "snooze":
        reason, until = asked_sleep(visit)
        wakes = bool(visit.text("wakes_on"))
        return {"until": until.isoformat(), "reason": reason, "wakes": wakes}
    if act != "assign":
        return {}
    check_may(visit, act)
    to = chosen_user(visit, conn)
    return {"to": to.name, "held": bool(visit.text("held"))}


def _chosen(visit: Visit, conn: Connection, which: str) -> list[str]:
    """The ticked tasks, those of the page, or all of the list."""
    if which == "all":
        wanted = read(visit, QueryParams(list_of(visit).partition("?")[2]))
        chosen = queue.ids(conn, wanted, visit.today, MOST + 1)
    else:
        chosen = list(dict.fromkeys(visit.texts("row" if which == "page" else "task")))
    chosen = bulk.existing(conn, chosen)
    if not chosen:
        raise DeskError(
            "No task was chosen. Nothing was changed. Go back and tick the rows you "
            "mean, or choose all of the page or of the list."
        )
    if len(chosen) > MOST:
        raise DeskError(
            f"The list has more than {MOST:,} tasks, the most that one act takes. "
            "Nothing was changed. Go back and set a filter first."
        )
    return chosen


ROUTES = (
    Page("POST", "/tasks/bulk", ask, Door.DECIDE, "/tasks"),
    *bulk_page.ROUTES,
)
"""Listed before ``/tasks/{task}``, which would take the first."""
