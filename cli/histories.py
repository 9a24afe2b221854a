"""``history CLAIM``: what the claim's workflow did, every run, in sentences."""

import argparse
import asyncio
from typing import Any

from activities.history import NoHistoryError, Told, history, log_reading
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, table


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``history CLAIM``."""
    read = commands.add_parser(
        "history",
        parents=[shared],
        help="the workflow's history in sentences; the read is logged",
    )
    read.add_argument("claim", metavar="CLAIM")
    read.add_argument("--all", action="store_true", help="routine events as well")
    read.add_argument("--reason", default="history read", help="why you read it")
    read.set_defaults(run=show_history)


async def show_history(session: Session) -> int:
    """Every run of the claim's workflow, oldest event first."""
    row = session.claim(session.options.claim)
    reader = session.person()
    office = await session.connect()
    await asyncio.to_thread(
        log_reading, office, row, reader, session.options.reason, session.now()
    )
    try:
        told = await history(office, row)
    except NoHistoryError as error:
        raise CommandError(Exit.NOT_FOUND, str(error)) from None
    for one in told:
        session.out.emit(one)
    runs = told[-1].run
    session.out.show(
        f"Claim {row.pcn}: {len(told)} events in {runs} run{'s' if runs > 1 else ''} "
        "(practice time)"
    )
    shown = [t for t in told if session.options.all or not t.routine]
    session.out.show(_stream(session, shown))
    if hidden := len(told) - len(shown):
        session.out.say(f"{hidden} routine events are hidden: --all shows them.")
    return Exit.DONE


def _stream(session: Session, told: list[Told]) -> str:
    columns = [
        Column("Run", right=True),
        Column("Event", right=True),
        Column("Time"),
        Column("What", wrap=True),
    ]
    rows = [(t.run, t.event, session.local(t.at), t.words) for t in told]
    return table(columns, rows)
