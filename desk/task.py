"""What a person does on a task's page: decide, keep a draft, settle a conflict."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from starlette.responses import Response

from activities.tasks import ChangedError, NotPermittedError, decide
from claims.task import TASKS, DecisionRefused, TaskType
from desk import letter, task_appeal
from desk.conflict import conflict, note_of
from desk.notes import add_note
from desk.queue_acts import take_next
from desk.route import Page
from desk.task_draft import number, typed
from desk.task_form import for_the_task, refusal
from desk.task_page import page
from desk.task_return import send_back
from desk.visit import ForbiddenError, Visit
from policy.people import Door
from policy.tasks import is_work_of
from records import drafts, tasks
from records.db import RowMapping
from records.marks import RETURNED

WAIT = timedelta(seconds=4)


def show(visit: Visit) -> Response:
    """The page of one task."""
    return page(visit, visit.path("task"))


async def give(visit: Visit) -> Response:
    """Store the decision and deliver it; the page then says what became of it."""
    if visit.text("do") in ("draft", "preview"):
        return save_draft(visit)
    return await _decide(visit, typed(visit.form))


async def _decide(visit: Visit, entry: dict[str, str]) -> Response:
    reference = visit.path("task")
    await visit.desk.connect()
    form = for_the_task({k: v for k, v in entry.items() if k != "decision"})
    with visit.desk.office.reading() as conn:
        row = tasks.get(conn, reference)
    try:
        if entry.get("decision") == RETURNED:
            return await asyncio.to_thread(send_back, visit, reference, entry)
        outcome = await decide(
            visit.desk.office,
            reference,
            version=number(visit.text("version")),
            decision=entry.get("decision", ""),
            form=task_appeal.as_read(visit, row, form),
            why=visit.because(str(row["rule"])),
            wait=WAIT,
        )
    except ChangedError:
        return _changed(visit, reference, entry)
    except (DecisionRefused, NotPermittedError) as error:
        keep(visit, reference, entry)
        status = 422 if isinstance(error, DecisionRefused) else 403
        said = refusal(TASKS[TaskType(row["type"])], entry, error)
        return page(visit, reference, status=status, error=said, entry=entry)
    if outcome.status == "refused":
        keep(visit, reference, entry)
    elif outcome.status in ("applied", "saved", "prepared"):
        with visit.desk.office.writing() as conn:
            drafts.forget(conn, row["id"])
    if visit.text("do") == "next" and outcome.status != "refused":
        return take_next(visit, f"Task {row['number']}: {outcome.words}")
    return visit.go(f"/tasks/{row['id']}", outcome.words)


def _changed(visit: Visit, reference: str, entry: dict[str, str]) -> Response:
    """The task is not what it was: one's own repeat, or somebody else's doing."""
    with visit.desk.office.reading() as conn:
        row = mine(visit, tasks.get(conn, reference))
        last = tasks.decisions_of(conn, row["id"])[-1:]
    own = last and last[0]["actor"] == visit.user.name
    if own and last[0]["decision"] == entry.get("decision"):
        return visit.go(f"/tasks/{row['id']}")  # sent twice: it was stored once
    keep(visit, reference, entry)
    return conflict(visit, reference, entry)


def mine(visit: Visit, row: RowMapping) -> RowMapping:
    """The task, for those whose work it is.

    Raises:
        ForbiddenError: it is other people's; nothing was stored.
    """
    if not is_work_of(visit.user.roles, row["type"], row["decision"]):
        raise ForbiddenError(
            f"This task is for a {row['role']}. Nothing was stored. You can read it."
        )
    return row


def keep(visit: Visit, reference: str, entry: Mapping[str, str]) -> None:
    """Keep what was typed as a draft, whatever else happened."""
    office = visit.desk.office
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        drafts.keep_aside(
            conn,
            office.cipher,
            task_id=row["id"],
            author=visit.user.name,
            form=dict(entry),
            at=visit.now,
        )


def save_draft(visit: Visit) -> Response:
    """Keep what is typed so far; in place when a script asks."""
    office, entry = visit.desk.office, typed(visit.form)
    with office.writing() as conn:
        row = mine(visit, tasks.get(conn, visit.path("task")))
        saved = drafts.save(
            conn,
            office.cipher,
            task_id=row["id"],
            task_version=row["version"],
            author=visit.user.name,
            form=entry,
            opened=number(visit.text("draft")),
            at=visit.now,
        )
    if saved is None and not visit.is_htmx:
        keep(visit, row["id"], entry)
        return conflict(visit, row["id"], entry)
    when = visit.clock(visit.now)
    words = f"Draft saved {when}." if saved else "Somebody else saved a newer draft."
    if visit.is_htmx:
        return visit.page("_draft.html.j2", words=words, draft=saved or 0)
    part = "#letter" if visit.text("do") == "preview" else ""
    return visit.go(f"/tasks/{row['id']}{part}", words)


def discard(visit: Visit) -> Response:
    """Forget the draft."""
    with visit.desk.office.writing() as conn:
        row = mine(visit, tasks.get(conn, visit.path("task")))
        drafts.forget(conn, row["id"])
    return visit.go(f"/tasks/{row['id']}", "The draft is gone. Nothing was sent.")


async def merge(visit: Visit) -> Response:
    """The value a person chose for each field: decided now, or put in the form."""
    reference, do = visit.path("task"), visit.text("do")
    with visit.desk.office.reading() as conn:
        row = mine(visit, tasks.get(conn, reference))
    if do == "leave":
        return visit.go("/tasks", "Your entry is kept as a draft. Nothing was sent.")
    if do == "note":
        add_note(visit, row["claim_id"] or "", note_of(typed(visit.form), "mine."))
        words = "Your note is in the story of the claim. Nothing was decided."
        return visit.go("/tasks", words)
    chosen = _chosen(visit)
    keep(visit, reference, chosen)
    if do == "decide":
        return await _decide(visit, chosen)
    words = "The values you chose are in the form. Nothing was sent."
    return visit.go(f"/tasks/{reference}", words)


def _chosen(visit: Visit) -> dict[str, str]:
    values, found = typed(visit.form), {}
    for key, value in values.items():
        side, _, name = key.partition(".")
        if side in ("mine", "theirs") and values.get(f"keep.{name}", "mine") == side:
            found[name] = value
    return found


BACK = "/tasks/{task}"
ROUTES = (
    *letter.ROUTES,
    *task_appeal.ROUTES,
    Page("GET", "/tasks/{task}", show, Door.TASKS),
    Page("POST", "/tasks/{task}", give, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/draft", save_draft, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/merge", merge, Door.DECIDE, BACK),
    Page("POST", "/tasks/{task}/discard", discard, Door.DECIDE, BACK),
)
