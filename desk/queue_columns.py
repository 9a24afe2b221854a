"""Which columns the queue shows: a person's choice, or that of a saved view.

Deadline and task always stand first: without them a row cannot be told from another.
"""

from collections.abc import Iterable

from starlette.datastructures import QueryParams
from starlette.responses import Response

from desk.queue_filters import list_of
from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import views

LIST = "tasks"
COLUMNS = {
    "patient": "Patient and visit",
    "payer": "Payer and claim",
    "open": "Open $",
    "who": "Who and since",
    "waiting": "Waiting for",
    "opened": "Last opened",
    "legal": "Legal deadline",
    "number": "Task number",
}
USUAL = ("patient", "payer", "open", "who")


def known(text: str) -> tuple[str, ...]:
    """The columns of a list of names, in the order of the page; others are dropped."""
    names = set(text.split(","))
    return tuple(name for name in COLUMNS if name in names)


def written(columns: Iterable[str]) -> str:
    """How a choice is kept: nothing for the usual columns."""
    chosen = tuple(columns)
    return "" if chosen == USUAL else ",".join(chosen)


def shown(asked: QueryParams, of_view: str, of_person: str) -> tuple[str, ...]:
    """What the list shows: as the address says, or the view, or the person."""
    for text in (asked.get("cols", ""), of_view, of_person):
        if found := known(text):
            return found
    return USUAL


def choose(visit: Visit) -> Response:
    """Remember the columns this person wants."""
    ticked = USUAL if visit.text("usual") else known(",".join(visit.texts("column")))
    chosen = ticked or USUAL
    with visit.desk.office.writing() as conn:
        views.keep_columns(conn, visit.user.name, LIST, written(chosen))
    back = list_of(visit)
    params = QueryParams(back.partition("?")[2])
    kept = [(k, v) for k, v in params.multi_items() if k != "cols"]
    if params.get("view"):  # the view has columns of its own, which stay as they are
        kept.append(("cols", ",".join(chosen)))
    query = str(QueryParams(kept))
    words = "The usual columns are back." if visit.text("usual") else "Columns changed."
    return visit.go(f"/tasks?{query}" if query else "/tasks", words)


ROUTES = (Page("POST", "/tasks/columns", choose, Door.TASKS, "/tasks"),)
"""Listed before ``/tasks/{task}``, which would take it."""
