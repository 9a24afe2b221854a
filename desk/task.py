"""One task: what happened, the evidence, the form, and what became of a decision."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.responses import HTMLResponse, Response

from activities.story import payer_name, sentence_of
from activities.tasks import ChangedError, NotPermittedError, decide
from claims.correction import CORRECTABLE
from claims.task import TASKS, DecisionRefused, TaskSpec, TaskType
from desk import letter, task_appeal
from desk.conflict import conflict
from desk.evidence import edits, facts
from desk.patients import HIDDEN, may_see, name_of
from desk.queue_acts import take_next, workers_of
from desk.route import Page
from desk.task_draft import typed
from desk.task_form import changes, choices, fields, for_the_task, missing
from desk.task_notes import notes_of
from desk.task_return import marks_on, send_back
from desk.visit import Visit
from policy.people import Door
from policy.tasks import may_decide
from records import claims, drafts, tasks
from records.claims import ClaimRow
from records.db import RowMapping
from records.drafts import Draft
from records.instants import from_text
from records.marks import RETURNED
from records.similar import Similar, similar

WAIT = timedelta(seconds=4)
DECIDABLE = ("open", "prepared")


@dataclass(frozen=True)
class Shown:
    """A task with what its page needs."""

    row: RowMapping
    spec: TaskSpec
    claim: ClaimRow | None
    draft: Draft | None
    patient: str
    decided: list[RowMapping]
    similar: list[Similar]
    opened_by: tuple[str, str] | None


def show(visit: Visit) -> Response:
    """The page of one task."""
    return _page(visit, visit.path("task"))


def _page(
    visit: Visit,
    reference: str,
    *,
    status: int = 200,
    error: str = "",
    entry: dict[str, str] | None = None,
) -> HTMLResponse:
    shown = _read(visit, reference)
    row, spec = shown.row, shown.spec
    given = entry if entry is not None else shown.draft.form if shown.draft else {}
    if not given and row["status"] == "prepared":
        given = _prepared(visit, row)
    facts_now = {"status": row["status"], "version": row["version"]}
    return visit.page(
        "task.html.j2",
        status,
        shown=shown,
        row=row,
        claim=shown.claim,
        sentence=sentence_of(shown.claim) if shown.claim else "",
        payer=payer_name(visit.desk.office, row["payer_id"]) if row["payer_id"] else "",
        facts=facts(row["evidence"]),
        edits=edits(row["evidence"]),
        choices=choices(spec),
        appeal=task_appeal.panel(visit, row, given),
        marks=marks_on(visit, row) if shown.patient != HIDDEN else None,
        given=given,
        fields=fields(spec, given),
        changes=changes(spec, given, _failed_fields(row)),
        correctable=CORRECTABLE,
        missing=missing(spec, entry) if entry else [],
        notes=notes_of(visit.desk.office, row["payer_id"]),
        users=workers_of(visit, row) if visit.may(Door.ASSIGN) else [],
        chosen=given.get("decision", row["decision"] or ""),
        error=error,
        may_decide=_may(visit, row, spec),
        restored=shown.draft if entry is None else None,
        opened=json.dumps(facts_now),
        last=_last(visit, shown),
        ago_opened=from_text(shown.opened_by[1]) if shown.opened_by else None,
    )


def _failed_fields(row: RowMapping) -> list[str]:
    """Fields the edits complain about, as far as a correction can name them."""
    said = [e["field"] for e in edits(row["evidence"])]
    return [field for field in said if field in CORRECTABLE]


def _read(visit: Visit, reference: str) -> Shown:
    office = visit.desk.office
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        wanted = [row["claim_id"]] if row["claim_id"] else []
        claim = claims.many(conn, wanted).get(row["claim_id"] or "")
        named = claim is not None and may_see(visit, [row])
        visit.saw(
            conn,
            "task",
            claim_ids=[claim.id] if claim else [],
            account_ids=[row["account_id"]] if row["account_id"] else [],
            subject=f"task {row['number']}",
        )
        patient = HIDDEN
        if named and claim is not None:
            sealed = claims.sealed(conn, claim.id)
            patient = str(name_of(office.cipher, claim.id, sealed))
        before = None
        if row["status"] in DECIDABLE and visit.may(Door.DECIDE):
            before = tasks.opened(conn, row["id"], visit.user.name, visit.now)
        return Shown(
            row=row,
            spec=TASKS[TaskType(row["type"])],
            claim=claim,
            draft=drafts.newest(conn, office.cipher, row["id"]),
            patient=patient,
            decided=tasks.decisions_of(conn, row["id"]),
            similar=similar(conn, row, 5),
            opened_by=before,
        )


def _prepared(visit: Visit, row: RowMapping) -> dict[str, str]:
    """What the first of two people filled in."""
    office = visit.desk.office
    with office.reading() as conn:
        _, text = tasks.prepared_form(conn, office.cipher, row["id"])
    values = {k: str(v) for k, v in json.loads(text).items() if v not in ("", None)}
    return values | {"decision": row["decision"] or ""}


def _may(visit: Visit, row: RowMapping, spec: TaskSpec) -> bool:
    """Whether this person may give one of the decisions now."""
    if row["status"] not in DECIDABLE or not visit.may(Door.DECIDE):
        return False
    second = row["status"] == "prepared"
    if second and row["prepared_by"] == visit.user.name:
        return False
    wanted = [row["decision"]] if second else spec.decisions
    return any(
        may_decide(visit.user.roles, spec.type, one, second=second) for one in wanted
    )


def _last(visit: Visit, shown: Shown) -> dict[str, Any] | None:
    """The newest decision and what became of it, in words."""
    if not shown.decided:
        return None
    found = shown.decided[-1]
    return {
        "who": found["actor"],
        "at": visit.clock(from_text(found["saved_at"])),
        "decision": str(found["decision"]).replace("_", " "),
        "refused": found["refused"] or "",
        "applied": found["applied_at"] is not None and not found["refused"],
        "second": found["second"],
    }


# --- what a person does --------------------------------------------------------------


async def give(visit: Visit) -> Response:
    """Store the decision and deliver it; the page then says what became of it."""
    reference, entry = visit.path("task"), typed(visit.form)
    if visit.text("do") in ("draft", "preview"):
        return save_draft(visit)
    await visit.desk.connect()
    form = for_the_task({k: v for k, v in entry.items() if k != "decision"})
    row = _row(visit, reference)
    try:
        if entry.get("decision") == RETURNED:
            return await asyncio.to_thread(send_back, visit, reference, entry)
        outcome = await decide(
            visit.desk.office,
            reference,
            version=_number(visit.text("version")),
            decision=entry.get("decision", ""),
            form=task_appeal.as_read(visit, row, form),
            why=visit.because(row["rule"]),
            wait=WAIT,
        )
    except ChangedError:
        return _changed(visit, reference, entry)
    except (DecisionRefused, NotPermittedError) as error:
        keep(visit, reference, entry)
        status = 422 if isinstance(error, DecisionRefused) else 403
        words = str(error).replace("Add --set", "Fill in").replace("=…", "")
        return _page(visit, reference, status=status, error=words, entry=entry)
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, reference)
        if outcome.status in ("applied", "saved", "prepared"):
            drafts.forget(conn, row["id"])
    if outcome.status == "refused":
        keep(visit, reference, entry)
    if visit.text("do") == "next" and outcome.status != "refused":
        return take_next(visit, f"Task {row['number']}: {outcome.words}")
    return visit.go(f"/tasks/{row['id']}", outcome.words)


def _row(visit: Visit, reference: str) -> RowMapping:
    with visit.desk.office.reading() as conn:
        return tasks.get(conn, reference)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _changed(visit: Visit, reference: str, entry: dict[str, str]) -> Response:
    """The task is not what it was: one's own repeat, or somebody else's doing."""
    office = visit.desk.office
    with office.reading() as conn:
        row = tasks.get(conn, reference)
        last = tasks.decisions_of(conn, row["id"])
    mine = last and last[-1]["actor"] == visit.user.name
    if mine and last[-1]["decision"] == entry.get("decision"):
        return visit.go(f"/tasks/{row['id']}")  # sent twice: it was stored once
    keep(visit, reference, entry)
    return conflict(visit, row, entry, last)


def keep(visit: Visit, reference: str, entry: dict[str, str]) -> None:
    """Keep what was typed as a draft, whatever else happened."""
    office = visit.desk.office
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        drafts.keep_aside(
            conn,
            office.cipher,
            task_id=row["id"],
            author=visit.user.name,
            form=entry,
            at=visit.now,
        )


def save_draft(visit: Visit) -> Response:
    """Keep what is typed so far; in place when a script asks."""
    office, entry = visit.desk.office, typed(visit.form)
    with office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        saved = drafts.save(
            conn,
            office.cipher,
            task_id=row["id"],
            task_version=row["version"],
            author=visit.user.name,
            form=entry,
            opened=_number(visit.text("draft")),
            at=visit.now,
        )
        last = [] if saved else tasks.decisions_of(conn, row["id"])
    if saved is None and not visit.is_htmx:
        keep(visit, row["id"], entry)
        return conflict(visit, row, entry, last)
    when = visit.clock(visit.now)
    words = f"Draft saved {when}." if saved else "Somebody else saved a newer draft."
    if visit.is_htmx:
        return visit.page("_draft.html.j2", words=words, draft=saved or 0)
    return visit.go(f"/tasks/{row['id']}", words)


def discard(visit: Visit) -> Response:
    """Forget the draft."""
    with visit.desk.office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        drafts.forget(conn, row["id"])
    return visit.go(f"/tasks/{row['id']}", "The draft is gone. Nothing was sent.")


def merge(visit: Visit) -> Response:
    """Keep the chosen values as the draft; deciding stays a step of its own."""
    values = typed(visit.form)
    reference = visit.path("task")
    if visit.text("do") == "note":
        return visit.go("/tasks", "Your entry is kept as a draft. Nothing was sent.")
    merged = {}
    for key in values:
        side, _, name = key.partition(".")
        if side in ("mine", "theirs") and values.get(f"keep.{name}", "mine") == side:
            merged[name] = values[key]
    keep(visit, reference, merged)
    return visit.go(
        f"/tasks/{reference}", "The values you chose are in the form. Nothing was sent."
    )


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
