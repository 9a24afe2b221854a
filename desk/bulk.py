"""One act on the selected rows of the queue: each row by itself, and why some were not.

The same checks as for one task; a row that is skipped does not stop the others.
"""

from starlette.responses import Response

from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from records import queue, tasks
from records.db import Connection, RowMapping

ACTS = {"claim": "taken", "release": "given back"}
MOST = 200
"""A page has no more rows."""


def act(visit: Visit) -> Response:
    """Claim or release the selected tasks.

    Raises:
        DeskError: nothing was selected, or there is no such act.
    """
    what, chosen = visit.text("do"), list(dict.fromkeys(visit.texts("task")))
    if what not in ACTS or not chosen or len(chosen) > MOST:
        raise DeskError(
            "No task was selected, or more than 200. Nothing was changed. "
            "Go back and tick the rows you mean."
        )
    done, skipped = 0, []
    with visit.desk.office.writing() as conn:
        for reference in chosen:
            row = tasks.get(conn, reference)
            if why := _one(visit, conn, row, what):
                skipped.append(f"task {row['number']} ({why})")
            else:
                done += 1
    words = f"{done} of {len(chosen)} {ACTS[what]}."
    if skipped:
        words += f" Skipped: {', '.join(skipped)}."
    return visit.go("/tasks", words)


def _one(visit: Visit, conn: Connection, row: RowMapping, what: str) -> str:
    """Why this row is skipped; empty when it was done."""
    me, holder = visit.user.name, row["assignee"]
    if what == "claim" and holder is not None:
        return "yours already" if holder == me else f"{holder} has it"
    if what == "release" and holder is None:
        return "nobody has it"
    if what == "release" and holder != me and not visit.may(Door.ASSIGN):
        return f"{holder} has it"
    to = me if what == "claim" else None
    done = queue.assign(conn, row, to, visit.because(), visit.now)
    return "" if done else "it has ended"


ROUTES = (Page("POST", "/tasks/bulk", act, Door.DECIDE, "/tasks"),)
"""Listed before ``/tasks/{task}``, which would take it."""
