"""``task list|show|decide``: what waits for people, why, and how to answer it."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from activities.tasks import decide
from claims.money import from_cents
from claims.task import TASKS, Form, TaskSpec, TaskType
from claims.task_effects import effect_of
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, dollars, paragraph, table
from records import claims, tasks
from records.db import RowMapping

FINISHED = ("done", "overtaken")


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``task list``, ``task show ID``, ``task decide ID``."""
    task = commands.add_parser("task", help="what waits for people").add_subparsers(
        metavar="list|show|decide", required=True
    )
    listed = task.add_parser("list", parents=[shared], help="open tasks by due date")
    listed.add_argument("--role", default="", help="clerk, coder, poster, supervisor")
    listed.add_argument("--type", default="", help="for example DENIAL_REVIEW")
    listed.add_argument("--all", action="store_true", help="closed ones as well")
    listed.add_argument("--limit", type=int, default=50)
    listed.set_defaults(run=list_tasks)
    shown = task.add_parser(
        "show", parents=[shared], help="why it is here, and what you may decide"
    )
    shown.add_argument("task", metavar="ID", help="its number")
    shown.set_defaults(run=show_task)
    decided = task.add_parser("decide", parents=[shared], help="decide a task")
    decided.add_argument("task", metavar="ID", help="its number")
    decided.add_argument("--decision", required=True, help="see: task show ID")
    decided.add_argument(
        "--version", type=int, help="the version you saw; refused when it changed since"
    )
    decided.add_argument(
        "--set",
        dest="fields",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="fill in one field of the form; may be given several times",
    )
    decided.add_argument("--note", default="", help="a note for the story")
    decided.set_defaults(run=decide_task)


# --- list ----------------------------------------------------------------------------


async def list_tasks(session: Session) -> int:
    """Open tasks: earliest due first, then priority (R-TSK-02)."""
    options = session.options
    wanted = options.type.upper()
    if wanted and wanted not in set(TaskType):
        raise CommandError(Exit.USAGE, f"There is no task type {options.type}.")
    with session.office.reading() as conn:
        rows = tasks.listing(
            conn,
            role=options.role or None,
            task_type=wanted or None,
            include_closed=options.all,
        )
        of = claims.many(conn, [r["claim_id"] for r in rows if r["claim_id"]])
    for row in rows[: options.limit]:
        session.out.emit(_task_json(row))
    columns = [
        Column("Task", right=True),
        Column("Due"),
        Column("Type"),
        Column("For"),
        Column("Claim"),
        Column("Amount", right=True),
        Column("State"),
        Column("Why", wrap=True),
    ]
    shown = [
        (
            row["number"],
            row["due_on"],
            row["type"],
            row["role"],
            of[row["claim_id"]].pcn if row["claim_id"] in of else "",
            dollars(from_cents(row["amount_cents"])),
            "late" if _is_late(row, session) else row["status"],
            row["why"],
        )
        for row in rows[: options.limit]
    ]
    empty = "No task waits. " + ("Try fewer filters." if wanted or options.role else "")
    session.out.show(table(columns, shown) if rows else empty.strip())
    if len(rows) > options.limit:
        session.out.say(f"{options.limit} of {len(rows)}. More: --limit {len(rows)}")
    elif rows:
        session.out.say(f"{len(rows)} tasks. Next: task show {rows[0]['number']}")
    return Exit.DONE


def _is_late(row: RowMapping, session: Session) -> bool:
    return bool(row["status"] == "open" and row["due_on"] < session.today)


def _due(row: RowMapping, session: Session) -> str:
    return f"{row['due_on']}{' (late)' if _is_late(row, session) else ''}"


def _task_json(row: RowMapping) -> dict[str, Any]:
    return {
        name: row[name]
        for name in (
            *("number", "id", "type", "role", "status", "version", "claim_id"),
            *("payer_id", "amount_cents", "due_on", "legal_deadline", "priority"),
            *("rule", "why", "evidence", "workflow_id", "created_on", "decision"),
            *("prepared_by", "decided_by", "closed_on", "closed_how"),
        )
    }


# --- show ----------------------------------------------------------------------------


async def show_task(session: Session) -> int:
    """What happened, why, the form, the decisions, and the command to type next."""
    with session.office.reading() as conn:
        row = tasks.get(conn, session.options.task)
        of = claims.many(conn, [row["claim_id"]] if row["claim_id"] else [])
    spec = TASKS[TaskType(row["type"])]
    fields = _fields(spec)
    session.out.emit(
        _task_json(row)
        | {"title": spec.title, "decisions": list(spec.decisions), "form": fields}
    )
    pcn = of[row["claim_id"]].pcn if row["claim_id"] in of else ""
    for part in _parts(session, row, spec, pcn):
        session.out.show(part)
    return Exit.DONE


def _parts(
    session: Session, row: RowMapping, spec: TaskSpec, pcn: str
) -> Iterator[str]:
    yield (
        f"Task {row['number']}   {row['type']}: {spec.title}\n"
        f"For a {row['role']}, due {_due(row, session)}   {row['status']}, version "
        f"{row['version']}   ${dollars(from_cents(row['amount_cents']))}"
    )
    if pcn:
        yield f"Claim {pcn}, payer {row['payer_id']}   (show {pcn})"
    if row["legal_deadline"]:
        yield f"Deadline set by law or contract: {row['legal_deadline']}"
    yield "\nWhat happened"
    yield paragraph(f"{row['why']}  (rule {row['rule'] or 'none'})", "  ")
    yield from _shown(dict(row["evidence"]))
    yield ""
    if row["status"] in FINISHED:
        who = f" by {row['decided_by']}" if row["decided_by"] else ""
        yield f"Closed {row['closed_on']}: {row['decision'] or row['closed_how']}{who}."
        return
    if row["status"] == "saved":
        yield f"Decided {row['decision']}. It is applied when processing resumes."
        return
    yield from _how_to(row, spec)


def _shown(evidence: dict[str, Any]) -> Iterator[str]:
    edits = evidence.pop("edits", [])
    if edits:  # each names its field and its fix; the first one is not said twice
        for name in ("edit", "field", "fix"):
            evidence.pop(name, None)
        columns = [
            *(Column("  Edit"), Column("Field")),
            *(Column("Reason", wrap=True), Column("Fix", wrap=True)),
        ]
        rows = [
            (f"  {e['edit']}", e["field"], e["reason"], e.get("fix", "")) for e in edits
        ]
        yield table(columns, rows)
    for name, value in sorted(evidence.items()):
        yield from _evidence(name, value)


def _evidence(name: str, value: Any) -> Iterator[str]:
    label = name.replace("_", " ")
    if isinstance(value, list):
        for one in value:
            yield paragraph(f"{label}: {_said(one)}", "  ")
    elif value not in ("", None):
        yield paragraph(f"{label}: {_said(value)}", "  ")


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_said(v)}" for k, v in value.items() if v)
    return ", ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _how_to(row: RowMapping, spec: TaskSpec) -> Iterator[str]:
    yield "Decisions"
    columns = [Column("  Decision"), Column("What it does", wrap=True)]
    rows = [(f"  {d}", effect_of(spec, d)) for d in spec.decisions]
    yield table(columns, rows)
    yield "\nForm (--set FIELD=VALUE)"
    yield table(
        [Column("  Field"), Column("Meaning", wrap=True)],
        [(f"  {name}", words) for name, words in _fields(spec).items()],
    )
    yield "\nNext, for example"
    first = spec.decisions[0]
    if row["status"] == "prepared":
        first = row["decision"]
        yield (
            f"  {row['prepared_by']} prepared {first}; another person "
            f"({spec.two_person[first]}) confirms it:"
        )
    needed = "".join(f" --set {name}=…" for name in spec.required.get(first, ()))
    yield (
        f"  python starter.py task decide {row['number']} --version {row['version']} "
        f"--decision {first}{needed} --as USER"
    )


def _fields(spec: TaskSpec) -> dict[str, str]:
    """The form's fields with what they mean, the common ones last."""
    common = set(Form.model_fields)
    listed = spec.form.model_fields
    ordered = [n for n in listed if n not in common] + [
        n for n in listed if n in common
    ]
    found = {n: listed[n].description or n.replace("_", " ") for n in ordered}
    if "changes" in found:
        del found["changes"]
        found["change.<field>"] = "several fields at once, one --set each"
    return found


# --- decide --------------------------------------------------------------------------


async def decide_task(session: Session) -> int:
    """Store the decision, deliver it, print what the workflow answered."""
    options = session.options
    person = session.person()
    form = _form(options.fields)
    if options.note:
        form["note"] = options.note
    await session.try_connect()
    with session.office.reading() as conn:
        row = tasks.get(conn, options.task)
    done = await decide(
        session.office,
        row["id"],
        version=row["version"] if options.version is None else options.version,
        decision=options.decision,
        form=form,
        why=session.because(person.name, row["rule"]),
    )
    session.out.emit(
        {"task": row["number"], "status": done.status, "words": done.words}
    )
    session.out.show(f"Task {row['number']}: {done.status}. {done.words}")
    if done.status == "refused":
        session.out.say(f"The task is open again: task show {row['number']}")
        return Exit.REFUSED
    return Exit.DONE


def _form(fields: list[str]) -> dict[str, str]:
    form = {}
    for given in fields:
        name, sign, value = given.partition("=")
        if not sign or not name.strip():
            raise CommandError(
                Exit.USAGE,
                f"--set wants FIELD=VALUE, not {name!r}. Nothing was stored.",
            )
        form[name.strip()] = value
    return form
