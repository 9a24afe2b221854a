"""``export ledger``: the journal in a file that other programs read."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from activities.ledger_export import beancount, csv_lines
from cli.failures import CommandError, Exit
from cli.proof import check_free
from cli.session import Session
from policy.people import may_export_ledger
from records import events

Writer = Callable[..., Iterator[str]]
FORMATS: dict[str, Writer] = {"beancount": beancount, "csv": csv_lines}


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``export ledger``."""
    export = commands.add_parser(
        "export", help="take the ledger away in a file"
    ).add_subparsers(metavar="ledger", required=True)
    ledger = export.add_parser(
        "ledger",
        parents=[shared],
        help="every entry, for Beancount (bean-check, fava) or a spreadsheet",
        description="Write every entry of the ledger with its debits and credits. It "
        "names claims by our numbers, no patient. The export is logged.",
    )
    ledger.add_argument("--format", choices=sorted(FORMATS), default="beancount")
    ledger.add_argument(
        "--as-of", type=day_of, metavar="DATE", help="up to the end of this day"
    )
    ledger.add_argument(
        "--out", metavar="FILE", default="-", help="where to write (stdout)"
    )
    ledger.set_defaults(run=export_ledger)


def day_of(text: str) -> date:
    """A date of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date such as 2026-03-31"
        ) from None


async def export_ledger(session: Session) -> int:
    """Log who takes it, then write it from one snapshot of the database."""
    options, person = session.options, session.person()
    if not may_export_ledger(person.roles):
        raise CommandError(
            Exit.NOT_PERMITTED,
            f"{person.name} may not export the ledger. Nothing was written. It needs "
            "an auditor.",
        )
    where = None if options.out == "-" else Path(options.out)
    if where is not None:
        check_free(where)
    with session.office.writing() as conn:
        events.log_accesses(
            conn,
            at=session.now(),
            actor=person.name,
            what="ledger export",
            reason="ledger export",
            claim_ids=[],
            subject=options.format,
        )
    lines = await asyncio.to_thread(_write, session, where)
    if where is not None:
        session.out.emit({"file": str(where), "lines": lines})
        session.out.show(f"Wrote {where}: {lines} lines")
    return Exit.DONE


def _write(session: Session, where: Path | None) -> int:
    make = FORMATS[session.options.format]
    with _opened(where) as target, session.office.reading() as conn:
        return _copy(make(conn, as_of=session.options.as_of), target)


def _opened(where: Path | None) -> AbstractContextManager[TextIO]:
    if where is None:
        return nullcontext(sys.stdout)
    where.touch(mode=0o600, exist_ok=False)
    return where.open("w", encoding="utf-8", newline="")


def _copy(lines: Iterator[str], target: TextIO) -> int:
    count = 0
    for line in lines:
        target.write(line)
        count += line.count("\n")
    return count
