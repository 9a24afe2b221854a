"""``letters``: every letter written, and the exact bytes of one."""

import argparse
from pathlib import Path
from typing import Any

from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, table
from policy.people import sees_patients
from policy.tasks import is_work_of
from records import accounts, claims, events, tasks
from records.db import RowMapping


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``letters [LETTER] [--out DIR]``."""
    listed = commands.add_parser(
        "letters",
        parents=[shared],
        help="letters written; with a letter and --out DIR its HTML and PDF",
    )
    listed.add_argument("letter", nargs="?", default="", help="number from the list")
    listed.add_argument("--out", metavar="DIR", default="", help="where to write it")
    listed.add_argument("--reason", default="", help="why you read it; it is logged")
    listed.add_argument("--limit", type=int, default=50, help="the newest N (50)")
    listed.set_defaults(run=letters)


async def letters(session: Session) -> int:
    """List them, or write one of them to a folder."""
    with session.office.reading() as conn:
        rows = accounts.letters(conn)
        of = claims.many(conn, [r["claim_id"] for r in rows if r["claim_id"]])
    if session.options.letter or session.options.out:
        return _write(session, rows)
    shown = rows[-session.options.limit :]
    for row in shown:
        session.out.emit(dict(row))
    columns = [
        *(Column("Letter"), Column("Date"), Column("Template"), Column("To")),
        *(Column("State"), Column("Claim")),
    ]
    cells = [
        (
            _reference(row),
            row["dated"],
            row["template"],
            row["recipient"],
            row["status"],
            of[row["claim_id"]].pcn if row["claim_id"] in of else "",
        )
        for row in shown
    ]
    session.out.show(table(columns, cells) if cells else "No letter was written yet.")
    if cells:
        session.out.say(
            f"{len(rows)} letters. Read one: letters {cells[0][0]} --out DIR --as USER"
        )
    return Exit.DONE


def _reference(row: RowMapping) -> str:
    return str(row["id"])[:8]


def _write(session: Session, rows: list[RowMapping]) -> int:
    wanted, folder = session.options.letter, session.options.out
    if not (wanted and folder):
        raise CommandError(
            Exit.USAGE, "Name a letter and a folder: letters LETTER --out DIR --as USER"
        )
    found = [r for r in rows if str(r["id"]).startswith(wanted)]
    if len(found) != 1:
        words = "Several letters begin" if found else "No letter begins"
        raise CommandError(Exit.NOT_FOUND, f"{words} with {wanted}. See: letters")
    _log_reading(session, found[0])
    made = []
    for kind in ("html", "pdf"):
        content = session.office.documents.get(found[0][f"{kind}_sha256"])
        made.append(Path(folder) / f"{found[0]['template']}-{wanted}.{kind}")
        made[-1].parent.mkdir(parents=True, exist_ok=True)
        made[-1].write_bytes(content)
    session.out.emit({"letter": found[0]["id"], "files": [str(p) for p in made]})
    session.out.show("\n".join(f"Wrote {path}" for path in made))
    return Exit.DONE


def _log_reading(session: Session, letter: RowMapping) -> None:
    """A letter names its patient: a role that may see it, and a log entry."""
    person = session.person()
    with session.office.writing() as conn:
        claim_id = letter["claim_id"]
        waiting = tasks.waiting(conn, claim_id=claim_id) if claim_id else []
        assigned = any(
            is_work_of(person.roles, t["type"], t["decision"]) for t in waiting
        )
        if not sees_patients(person.roles, assigned=assigned):
            raise CommandError(
                Exit.NOT_PERMITTED,
                f"{person.name} may not read letters: they name a patient. Nothing was "
                "written. It needs a supervisor, an auditor, or an open task of yours.",
            )
        events.log_access(
            conn,
            at=session.now(),
            actor=person.name,
            what="letter",
            reason=session.options.reason[:200] or "letters --out",
            claim_id=letter["claim_id"],
            account_id=letter["account_id"],
        )
