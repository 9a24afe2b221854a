"""``import``: what a file brings, and what was left out and why."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from activities.eob import KIND as EOB
from activities.files import FileActivities
from activities.intake import Intake, bring_in, kind_of, look_over, refuse_stranger
from activities.reject_file import has_rows, reject_file
from claims.decision import MACHINE
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, dollars, table
from policy.people import may_import
from records import reports
from records.events import Because


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``import FILE…``."""
    brought = commands.add_parser(
        "import",
        parents=[shared],
        help="take files in; the type is found by looking at them",
        description="Claims as 837P, CSV or JSON; 835, 999, TA1, 277CA, 277, 271; and "
        "the practice's CSV files of other plans, deposits, patient payments, refunds, "
        "authorizations, appeal answers and paper remittances (these --as a poster).",
    )
    brought.add_argument("files", nargs="+", metavar="FILE", help="- reads stdin")
    brought.add_argument(
        "--check-only", action="store_true", help="say what would happen, store nothing"
    )
    brought.add_argument(
        "--rejects",
        metavar="PATH",
        default="",
        help="write what was left out of one CSV or JSON file there, with why, to "
        "correct and import again; it has the file's own values in it",
    )
    brought.set_defaults(run=import_files)


def read_input(path: str) -> tuple[str, bytes]:
    """A file's name and bytes; ``-`` is stdin.

    Raises:
        CommandError: it cannot be read.
    """
    if path == "-":
        return "stdin", sys.stdin.buffer.read()
    try:
        return Path(path).name, Path(path).read_bytes()
    except OSError as error:
        raise CommandError(
            Exit.NOT_FOUND,
            f"{path} cannot be read: {error.strerror}. Nothing was done.",
        ) from None


def importer(session: Session, rule: str = "R-BAD-01") -> Because:
    """Who brings the file in: the person named by --as, else the machine.

    Raises:
        CommandError: this person may not.
    """
    if not session.user_name:
        return session.because(MACHINE, rule)
    person = session.person()
    if not may_import(person.roles):
        raise CommandError(
            Exit.NOT_PERMITTED,
            f"{person.name} may not import files. Nothing was done.",
        )
    return session.because(person.name, rule)


async def import_files(session: Session) -> int:
    """Take each file in; a bad one never stops the next."""
    why = importer(session)
    given = [read_input(path) for path in session.options.files]
    await asyncio.to_thread(_refuse_stranger, session, given, why)
    aside = _reject_path(session, given)
    bring = look_over if session.options.check_only else bring_in
    taken = []
    for name, content in given:
        done = await asyncio.to_thread(bring, session.office, name, content, why)
        tell(session, done)
        taken.append(done)
        if aside is not None:
            await asyncio.to_thread(_set_aside, session, aside, content, done)
    if not session.options.check_only:
        await start_waiting(session)
    return Exit.DONE if all(t.is_whole for t in taken) else Exit.SOME_FAILED


def _reject_path(session: Session, given: list[tuple[str, bytes]]) -> Path | None:
    """Where what is left out goes, asked before anything is taken in.

    Raises:
        CommandError: not exactly one file of rows, or there is a file already.
    """
    if not session.options.rejects:
        return None
    path = Path(session.options.rejects)
    if [has_rows(kind_of(content)) for _, content in given] != [True]:
        words = "--rejects goes with one CSV or JSON file. Nothing was done."
        raise CommandError(Exit.USAGE, words)
    if path.exists() or not path.parent.is_dir():
        words = f"{path} is there already, or its folder is not. Nothing was done."
        raise CommandError(Exit.USAGE, words)
    return path


def _set_aside(session: Session, path: Path, content: bytes, done: Intake) -> None:
    """Write what was left out, for its owner's eyes only."""
    if not done.rejects:
        session.out.say(f"No row was left out, so {path} was not written.")
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(reject_file(content, done.kind, done.rejects))
    session.out.say(f"What was left out is in {path}. Correct it and import it.")


def _refuse_stranger(
    session: Session, given: list[tuple[str, bytes]], why: Because
) -> None:
    """Before any file is taken, not after some (R-MAN-01)."""
    if any(kind_of(content) == EOB for _, content in given):
        with session.office.reading() as conn:
            refuse_stranger(conn, why)


def tell(session: Session, done: Intake) -> None:
    """One file's end, its counts and every row that was left out."""
    out = session.out
    out.emit(_as_json(done))
    ended = done.end or "checked only"
    out.show(f"{done.name}   {done.kind.replace('_', ' ')}   {ended}")
    if done.known:
        out.show("  These bytes came before; nothing changed.")
    if (counts := done.counts) is None:
        out.show(f"  {done.words}")
        return
    money = f" · ${dollars(counts.charge)} billed" if counts.charge else ""
    out.show(
        f"  read {counts.read} = accepted {counts.accepted} + unchanged "
        f"{counts.unchanged} + held {counts.held} + rejected {counts.rejected}{money}"
    )
    if done.rejects:
        columns = [
            Column("Row", right=True),
            Column("Number"),
            Column("Segment"),
            Column("Field"),
            Column("Reason and fix", wrap=True),
        ]
        rows = [
            (r.position, r.reference, r.segment, r.field, f"{r.reason}. {r.fix}")
            for r in done.rejects
        ]
        out.show(table(columns, rows))


def _as_json(done: Intake) -> dict[str, Any]:
    counts = vars(done.counts) if done.counts else None
    shown = {k: v for k, v in vars(done).items() if k not in ("counts", "rejects")}
    return {**shown, "counts": counts, "rejects": [vars(r) for r in done.rejects]}


async def start_waiting(session: Session) -> bool:
    """Start what the files brought, if a server answers; else the sweep does."""
    with session.office.reading() as conn:
        waiting = len(reports.unstarted_claims(conn))
    if not await session.try_connect():
        session.out.say(
            "No Temporal server answered: what came in is safe, and the next sweep "
            f"starts it ({waiting} claims wait)."
        )
        return False
    await FileActivities(session.office).pass_on(session.now())
    if waiting:
        session.out.say(f"Started {waiting} claims. See: python starter.py list")
    return True
