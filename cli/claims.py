"""``start claim``, ``list``, ``show`` and ``act``: find a claim, read it, steer it."""

import argparse
import asyncio
from collections.abc import Iterator
from typing import Any

from activities.acting import act
from activities.intake import CLAIM_KINDS, bring_in, claims_in, kind_of
from activities.running import views
from activities.story import (
    STAGES,
    Story,
    day_words,
    sentence_of,
    stage_of,
    story,
)
from activities.story_items import Item
from activities.telling import start_claims
from claims.claim import Claim, ClaimState
from claims.messages import claim_workflow_id
from claims.money import from_cents
from cli import files
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, dollars, paragraph, table
from ledger.balances import balances
from policy.people import ACTS, sees_patients
from policy.tasks import is_work_of
from records import claims, events, tasks
from records.claims import ClaimRow
from records.files import End


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Every command about claims."""
    _add_start(commands, shared)
    _add_list(commands, shared)
    shown = commands.add_parser("show", parents=[shared], help="a claim's whole story")
    shown.add_argument("claim", metavar="CLAIM", help="our number, theirs, or the id")
    shown.add_argument("--show-phi", action="store_true", help="with patient data")
    shown.add_argument("--reason", default="", help="why you read patient data")
    shown.set_defaults(run=show)
    acted = commands.add_parser(
        "act", parents=[shared], help="hold, release or retry a claim"
    )
    acted.add_argument("claim", metavar="CLAIM")
    acted.add_argument("verb", choices=ACTS)
    acted.add_argument("--reason", required=True, help="why; no patient data, please")
    acted.set_defaults(run=act_on)


def _add_start(commands: Any, shared: argparse.ArgumentParser) -> None:
    start = commands.add_parser("start", help="start following claims").add_subparsers(
        metavar="claim", required=True
    )
    claim = start.add_parser(
        "claim", parents=[shared], help="take claims in (837P, CSV, JSON), start them"
    )
    claim.add_argument("file", metavar="FILE", help="- reads stdin")
    claim.set_defaults(run=start_claim)


def _add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
    listed = commands.add_parser(
        "list", parents=[shared], help="claims with what each waits for"
    )
    listed.add_argument(
        "--stage", "--state", dest="stage", default="", help="a stage word or a state"
    )
    listed.add_argument("--payer", default="", help="our id of the payer")
    listed.add_argument("--open", action="store_true", help="leave closed claims out")
    listed.add_argument("--limit", type=int, default=50, help="the first N by due date")
    listed.set_defaults(run=list_claims)


# --- start ---------------------------------------------------------------------------


async def start_claim(session: Session) -> int:
    """Take in the claims of a file and start each; the same again runs already."""
    why = files.importer(session)
    name, content = files.read_input(session.options.file)
    if kind_of(content) not in CLAIM_KINDS:
        raise CommandError(
            Exit.REFUSED,
            f"{name} holds no claims (837P, CSV or JSON). Nothing was started. "
            "For other files: python starter.py import FILE",
        )
    office = await session.connect()
    done = await asyncio.to_thread(bring_in, office, name, content, why)
    if done.rejects or done.ended == End.QUARANTINED:
        files.tell(session, done)
    for row, words in await _started(session, content):
        session.out.emit({"claim": row.pcn, "id": row.id, "status": words})
        session.out.show(f"{row.pcn}  {row.practice_number}  {words}")
    return Exit.DONE if done.is_whole else Exit.SOME_FAILED


async def _started(session: Session, content: bytes) -> list[tuple[ClaimRow, str]]:
    office = session.office
    rows = await asyncio.to_thread(claims_in, office, content)
    seen = await views(office.temporal, [claim_workflow_id(r.id) for r in rows])
    found = []
    for row in rows:
        if seen[claim_workflow_id(row.id)].runs:
            words = f"already running: {sentence_of(row)}"
        elif not row.state.is_open:
            words = sentence_of(row)
        else:
            await start_claims(office, [row.id])
            words = "started"
        found.append((row, words))
    return found


# --- list ----------------------------------------------------------------------------


async def list_claims(session: Session) -> int:
    """Claims by their next date; closed ones last."""
    rows = _chosen(session)
    limit = session.options.limit
    with session.office.reading() as conn:
        money = balances(conn, [r.id for r in rows[:limit]])
    for row in rows[:limit]:
        session.out.emit(_row_json(row))
    columns = [
        Column("Claim"),
        Column("Practice no."),
        Column("Payer"),
        Column("Stage"),
        Column("Due"),
        Column("Waiting for", clip=True),
        Column("Open", right=True),
    ]
    shown = [
        (
            row.pcn,
            row.practice_number,
            row.payer_id,
            stage_of(row),
            row.next_due or "",
            _briefly(row),
            dollars(money[row.id].insurer_open + money[row.id].patient_due),
        )
        for row in rows[:limit]
    ]
    session.out.show(table(columns, shown) if rows else _nothing(session))
    if len(rows) > limit:
        session.out.say(f"{limit} of {len(rows)} claims. More: --limit {len(rows)}")
    return Exit.DONE


def _briefly(row: ClaimRow) -> str:
    """What it waits for, the important words first."""
    words = (row.waiting_for or "").replace(" to decide:", ":")
    return words.removeprefix("a ").removeprefix("the ")


def _nothing(session: Session) -> str:
    filtered = session.options.stage or session.options.payer
    more = "Try fewer filters." if filtered else "Bring some in: import FILE"
    return f"No claim matches. {more}"


def _chosen(session: Session) -> list[ClaimRow]:
    options = session.options
    wanted = options.stage.strip().lower()
    known = {s.value.lower() for s in ClaimState} | {w.lower() for w in STAGES.values()}
    if wanted and wanted not in known:
        words = ", ".join(sorted(set(STAGES.values())))
        raise CommandError(
            Exit.USAGE, f"There is no stage {options.stage!r}. Choose one of: {words}."
        )
    with session.office.reading() as conn:
        rows = claims.every(conn, open_only=options.open)
    if options.payer:
        rows = [r for r in rows if r.payer_id.lower() == options.payer.lower()]
    if wanted:
        rows = [r for r in rows if wanted in _names(r)]
    return sorted(rows, key=lambda r: (r.next_due is None, r.next_due or 0, r.pcn))


def _names(row: ClaimRow) -> set[str]:
    bare = stage_of(row).split(" (")[0]
    return {row.state.value.lower(), bare.lower(), STAGES[row.state].lower()}


def _row_json(row: ClaimRow) -> dict[str, Any]:
    return {
        "claim": row.pcn,
        "id": row.id,
        "practice_number": row.practice_number,
        "payer": row.payer_id,
        "state": row.state.value,
        "stage": stage_of(row),
        "next": row.next_what,
        "due": row.next_due,
        "owner": row.next_owner,
        "waiting": sentence_of(row),
        "on_hold": row.held_for,
        "billed": from_cents(row.charge_cents),
    }


# --- show ----------------------------------------------------------------------------


async def show(session: Session) -> int:
    """The story of one claim."""
    row = session.claim(session.options.claim)
    patient = _patient(session, row) if session.options.show_phi else None
    told = await asyncio.to_thread(story, session.office, row)
    session.out.emit(told.model_dump() | ({"patient": patient} if patient else {}))
    for part in _parts(session, told, patient):
        session.out.show(part)
    return Exit.DONE


def _parts(
    session: Session, told: Story, patient: dict[str, str] | None
) -> Iterator[str]:
    days = day_words(told.service_from) if told.service_from else "no date"
    yield (
        f"Claim {told.claim}   practice no. {told.practice_number}   {told.stage}\n"
        f"{told.payer} ({told.payer_id})   service {days}   "
        f"opened {day_words(told.opened_on)}   submissions {told.submissions}"
    )
    if told.payer_claim_number:
        yield f"Payer's claim number {told.payer_claim_number}"
    if patient:
        yield "\n".join(f"  {name:<12} {value}" for name, value in patient.items())
    yield ""
    if told.held_for:
        yield paragraph(f"ON HOLD: {told.held_for}")
    clock = f" [{told.owner}]" if told.owner else ""
    yield paragraph(f"{told.sentence}{clock}")
    for task in told.open_tasks:
        late = " (late)" if task["due_on"] < session.today else ""
        yield (
            f"  Task {task['number']} for a {task['role']}, due {task['due_on']}{late}"
            f": {task['title']}   (task show {task['number']})"
        )
    yield ""
    yield _money(told)
    yield ""
    yield _lines(told)
    yield ""
    yield f"Story ({len(told.items)} entries, practice time)"
    yield _stream(session, told.items)


def _money(told: Story) -> str:
    money = told.money
    columns = [
        Column(title, right=True, least=11)
        for title in (
            *("Billed", "Payer paid", "Patient paid", "Adjusted"),
            *("Patient owes", "Payer owes", "Credit"),
        )
    ]
    row = (
        *(told.billed, money.paid_payer, money.paid_patient, money.adjusted),
        *(money.patient_due, money.insurer_open, money.credit),
    )
    shown = table(columns, [[dollars(amount) for amount in row]])
    if not money.charge:
        return f"{shown}\nProvisional: the charge is not on the ledger yet."
    if money.written_off:
        shown += f"\nAdjusted includes {dollars(money.written_off)} written off."
    return shown


def _lines(told: Story) -> str:
    columns = [
        Column("Line", right=True),
        Column("Code"),
        Column("Mod"),
        Column("Units", right=True),
        Column("Charge", right=True),
        Column("Date"),
        Column("Decided", wrap=True),
    ]
    rows = [
        (
            line["number"],
            line["code"],
            line["modifiers"],
            line["units"],
            dollars(line["charge"]),
            line["service_from"],
            " by ".join(filter(None, [line["status"], line["decided_by"]])),
        )
        for line in told.lines
    ]
    return table(columns, rows)


def _stream(session: Session, items: tuple[Item, ...]) -> str:
    columns = [
        Column("Time"),
        Column("Kind"),
        Column("Who"),
        Column("What", wrap=True),
        Column("Amount", right=True),
        Column("Rule"),
    ]
    rows = [
        (
            session.local(item.at),
            item.kind,
            item.who[:15],
            item.words + (f" <{item.source}>" if item.source else ""),
            dollars(item.amount),
            item.rule,
        )
        for item in items
    ]
    return table(columns, rows)


def _patient(session: Session, row: ClaimRow) -> dict[str, str]:
    """Patient data, for a role that may see it; the read is logged."""
    person = session.person()
    reason = session.options.reason.strip()
    if not reason:
        raise CommandError(
            Exit.USAGE, "Patient data needs --reason TEXT. Nothing was shown."
        )
    office = session.office
    with office.writing() as conn:
        assigned = any(
            is_work_of(person.roles, t["type"], t["decision"])
            for t in tasks.waiting(conn, claim_id=row.id)
        )
        if not sees_patients(person.roles, assigned=assigned):
            raise CommandError(
                Exit.NOT_PERMITTED,
                f"{person.name} may not see the patient of this claim. Nothing was "
                "shown. It needs a supervisor, an auditor, or an open task of yours.",
            )
        events.log_access(
            conn,
            at=session.now(),
            actor=person.name,
            what="claim with patient data",
            reason=reason[:200],
            claim_id=row.id,
        )
        content = claims.content(conn, office.cipher, row.id)
    return _named(content)


def _named(content: Claim) -> dict[str, str]:
    who = content.patient_person
    insured = content.subscriber.person
    return {
        "Patient": " ".join(filter(None, [who.first, who.middle, who.last])),
        "Born": str(who.birth_date or ""),
        "Member no.": insured.member_id,
        "Diagnoses": ", ".join(content.diagnoses),
    }


# --- act -----------------------------------------------------------------------------


async def act_on(session: Session) -> int:
    """Hold, release or retry; prints the workflow's answer."""
    row = session.claim(session.options.claim)
    person = session.person()
    await session.try_connect()
    verb = session.options.verb
    why = session.because(person.name, "" if verb == "retry" else "R-PAT-06")
    done = await act(session.office, row.id, verb, session.options.reason, why)
    fresh = session.claim(row.id)
    session.out.emit(
        {"claim": row.pcn, "status": done.status, "words": done.words}
        | {"waiting": sentence_of(fresh)}
    )
    session.out.show(f"{row.pcn}: {done.words}")
    session.out.show(paragraph(sentence_of(fresh), "  "))
    return Exit.REFUSED if done.status == "refused" else Exit.DONE
