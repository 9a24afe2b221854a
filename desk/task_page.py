"""A task's page: read once, with few queries; every part of it in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import HTMLResponse

from activities.office import Office
from activities.story import payer_name, sentence_of
from activities.tasks import form_of
from claims.correction import CORRECTABLE
from claims.money import from_cents
from claims.task import TASKS, TaskSpec, TaskType
from desk import task_appeal
from desk.evidence import Fact, dated, edits, facts
from desk.patients import HIDDEN, may_see, name_of
from desk.queue_acts import may_sleep, may_work
from desk.task_call import BY_PHONE, CallSheet, call_sheet
from desk.task_denial import Denial, denial_of
from desk.task_form import (
    Options,
    changes,
    choices,
    decision_words,
    fields,
    missing,
)
from desk.task_money import Money, money_of
from desk.task_notes import notes_of
from desk.task_return import marks_on
from desk.task_similar import cases
from desk.task_state import facts_of, written
from desk.task_story import Line, led_here
from desk.visit import Visit
from desk.words import reason_code, usd
from policy.people import Door
from policy.tasks import may_decide
from records import claims, drafts, tasks, users
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.drafts import Draft
from records.instants import from_text
from records.similar import Similar, similar
from records.users import User

DECIDABLE = ("open", "prepared")
CASES = 5
GROUPS = ("CO", "OA", "PI", "PR")
"""Group codes of adjustments (CAS01)."""


@dataclass(frozen=True)
class Shown:
    """A task with what its page needs.

    ``form`` is what the form begins with: the draft, else what the first of two people
    prepared. ``opened_by`` is another person, and when.
    """

    row: RowMapping
    spec: TaskSpec
    claim: ClaimRow | None
    draft: Draft | None
    patient: str
    decided: list[RowMapping]
    similar: list[Similar]
    people: list[User]
    story: list[Line]
    denial: Denial | None
    call: CallSheet | None
    money: Money | None
    form: Mapping[str, str]
    opened_by: tuple[str, datetime] | None

    def name(self, user: str) -> str:
        """A user's display name."""
        return names(self.people).get(user, user)


def names(people: Iterable[User]) -> dict[str, str]:
    """Display names by user."""
    return {one.name: one.display_name for one in people}


def page(
    visit: Visit,
    reference: str,
    *,
    status: int = 200,
    error: str = "",
    entry: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The page of one task; ``entry`` is what was typed when it was refused."""
    shown = read(visit, reference)
    row, spec = shown.row, shown.spec
    given = shown.form if entry is None else entry
    return visit.page(
        "task.html.j2",
        status,
        shown=shown,
        row=row,
        may_sleep=may_sleep(visit, row),
        claim=shown.claim,
        sentence=sentence_of(shown.claim) if shown.claim else "",
        payer=payer_name(visit.desk.office, row["payer_id"]) if row["payer_id"] else "",
        why=_why(row),
        facts=_facts(shown),
        money=shown.money,
        denial=shown.denial,
        call=shown.call,
        cases=cases(row["type"], shown.similar),
        alike=_alike(row["reason"]),
        edits=edits(row["evidence"]),
        choices=choices(spec, row["evidence"]),
        appeal=task_appeal.panel(visit, row, given),
        marks=marks_on(visit, row) if spec.two_person else None,
        given=given,
        fields=fields(spec, given, row["reason"], _offers(shown.money)),
        changes=changes(spec, given, _failed_fields(row)),
        correctable=CORRECTABLE,
        missing=missing(spec, entry) if entry else [],
        notes=notes_of(visit.desk.office, row["payer_id"]),
        users=_workers(visit, shown),
        chosen=given.get("decision", row["decision"] or ""),
        error=error,
        may_decide=_may(visit, row, spec),
        restored=shown.draft if entry is None else None,
        opened=opening(visit, shown),
        last=_last(visit, shown),
    )


def _why(row: RowMapping) -> str:
    """The reason of the task, each part of it once."""
    said = "; ".join(dict.fromkeys(dated(str(row["why"])).split("; ")))
    return f"{said[:1].upper()}{said[1:]}"


def _facts(shown: Shown) -> list[Fact]:
    """The evidence, but for what the header or the table of the lines says better."""
    if shown.money:
        return list(shown.money.facts)
    of_lines = ("lines", "carc", "group", "rarc", "amount", "why")
    told = ("payer", *(of_lines if shown.denial else ()))
    said = shown.row["evidence"]
    return facts({name: said[name] for name in said if name not in told})


def _offers(money: Money | None) -> dict[str, Options]:
    """What the form's fields may be."""
    if money is None:
        return {}
    listed = (
        (
            one["pcn"],
            f"{one['practice_number']}, {usd(from_cents(one['charge_cents']))}",
        )
        for one in money.claims
    )
    return {"claim_ref": tuple(listed), "plb_reason": money.reasons}


def _alike(reason: str) -> str:
    """What similar cases share, in words where it is a code of the payer."""
    group, _, carc = reason.rpartition("-")
    return reason_code(group, carc) if group in GROUPS else ""


def opening(visit: Visit, shown: Shown) -> str:
    """What the page carries of the task as it is now."""
    holder = shown.row["assignee"]
    now = facts_of(shown.row, shown.claim, shown.name(holder) if holder else "")
    return written(visit.now, now, shown.form)


def read(visit: Visit, reference: str) -> Shown:
    """Read the task, and log that its patient was seen."""
    office = visit.desk.office
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        wanted = [row["claim_id"]] if row["claim_id"] else []
        claim = claims.many(conn, wanted).get(row["claim_id"] or "")
        money = money_of(conn, office, row)
        visit.saw(
            conn,
            "call sheet" if row["type"] in BY_PHONE else "task",
            claim_ids=[
                *([claim.id] if claim else []),
                *(one["id"] for one in (money.claims if money else ())),
            ],
            account_ids=[row["account_id"]] if row["account_id"] else [],
            subject=f"task {row['number']}",
        )
        people = users.every_user(conn)
        named = claim is not None and may_see(visit, [row])
        sealed = claims.sealed(conn, row["claim_id"]) if named else b""
        draft = drafts.newest(conn, office.cipher, row["id"])
        decided = tasks.decisions_of(conn, row["id"])
        return Shown(
            row=row,
            spec=TASKS[TaskType(row["type"])],
            claim=claim,
            draft=draft,
            patient=_patient(office, row, sealed),
            decided=decided,
            similar=similar(conn, row, CASES),
            people=people,
            story=led_here(conn, row, names(people), office.zone),
            denial=denial_of(conn, office, row, claim),
            call=call_sheet(conn, office, row, claim, sealed),
            money=money,
            form=_begun(visit, conn, row, draft, decided),
            opened_by=_opened(visit, conn, row),
        )


def _patient(office: Office, row: RowMapping, sealed: bytes) -> str:
    if not sealed:
        return HIDDEN
    return str(name_of(office.cipher, row["claim_id"], sealed))


def _opened(
    visit: Visit, conn: Connection, row: RowMapping
) -> tuple[str, datetime] | None:
    """Who else opened it before, and that this person does now."""
    if row["status"] not in DECIDABLE or not visit.may(Door.DECIDE):
        return None
    tasks.opened(conn, row["id"], visit.user.name, visit.now)
    who, when = row["opened_by"], row["opened_at"]
    return (who, from_text(when)) if who and who != visit.user.name else None


def _begun(
    visit: Visit,
    conn: Connection,
    row: RowMapping,
    draft: Draft | None,
    decided: list[RowMapping],
) -> Mapping[str, str]:
    if draft is not None:
        return draft.form
    if row["status"] != "prepared" or not decided:
        return {}
    return entry_of(conn, visit.desk.office, decided[-1])


def entry_of(conn: Connection, office: Office, given: RowMapping) -> dict[str, str]:
    """What somebody filled in who decided or prepared, with the decision."""
    stored = tasks.stored_decision(conn, given["id"])
    return form_of(office, stored) | {"decision": stored["decision"]}


def _workers(visit: Visit, shown: Shown) -> Iterable[User]:
    """Whom the task can be given to."""
    if not visit.may(Door.ASSIGN):
        return []
    return [one for one in shown.people if one.active and may_work(one, shown.row)]


def _failed_fields(row: RowMapping) -> list[str]:
    """Fields the edits complain about, as far as a correction can name them."""
    said = [e["field"] for e in edits(row["evidence"])]
    return [field for field in said if field in CORRECTABLE]


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
        "who": shown.name(found["actor"]),
        "at": from_text(found["saved_at"]),
        "decision": decision_words(shown.row["type"], found["decision"]),
        "refused": found["refused"] or "",
    }
