"""``doctor``: is this installation whole? Each line is "ok" or the fix."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.service import RPCError

from activities import mail_state, processes
from activities.office import Office
from activities.promises import TICKER_KINDS, sweep_troubles
from activities.running import recent_polls
from cli.failures import Exit
from cli.session import Session
from cli.terminal import Column, table
from exchange.mailbox import MailboxError
from records import audit, users
from wiring import OfficeError, ServerUnreachableError, open_accounts, open_ring

Line = tuple[str, bool, str]


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``doctor``."""
    looked = commands.add_parser(
        "doctor", parents=[shared], help="is everything there that is needed?"
    )
    looked.set_defaults(run=doctor)


async def doctor(session: Session) -> int:
    """Look at every part; 3 when one of them needs a fix."""
    lines = [*_local(session)]
    lines += [line async for line in _server(session)]
    if all(ok for name, ok, _ in lines if name in ("keys", "database")):
        lines += await asyncio.to_thread(_mailboxes, session)
        lines += list(_feeds(session))
    for name, ok, words in lines:
        session.out.emit({"part": name, "ok": ok, "words": words})
    columns = [Column("Part", least=10), Column("State"), Column("What", wrap=True)]
    rows = [(name, "ok" if ok else "FIX", words) for name, ok, words in lines]
    session.out.show(table(columns, rows))
    return Exit.DONE if all(ok for _, ok, _ in lines) else Exit.SOME_FAILED


def _local(session: Session) -> Iterator[Line]:
    settings = session.settings
    there = settings.data_dir.is_dir()
    fix = "" if there else " does not exist: python starter.py init"
    yield "data", there, f"{settings.data_dir.resolve()}{fix}"
    try:
        open_ring(settings)
        yield "keys", True, str(settings.keys)
    except OfficeError as error:
        yield "keys", False, str(error)
        return
    try:
        office = session.office
    except OfficeError as error:
        yield "database", False, str(error)
        return
    yield "database", True, f"{office.db.dialect}, migrations current"
    sealed = office.cipher.encrypt("round trip", row_key="doctor")
    same = office.cipher.decrypt(sealed, row_key="doctor") == b"round trip"
    yield "fields", same, "encrypted and read back" if same else "CANNOT BE READ BACK"
    with office.reading() as conn:
        people = [u for u in users.every_user(conn) if u.active]
        kind = users.fact(conn, "kind") or "production"
    words = f"{len(people)} active" if people else "nobody: python starter.py user add"
    yield "users", bool(people), words
    clock = office.clock()
    if clock is None:
        yield "clock", True, f"{kind}: real time, zone {office.zone}"
    else:
        when = session.local(session.now())
        yield "clock", True, f"{kind}: practice clock, now {when} ({office.zone})"


async def _server(session: Session) -> AsyncIterator[Line]:
    address, source = session.address
    try:
        office = await session.connect()
    except ServerUnreachableError:
        words = f"nobody answers at {address} (from {source}): make demo, or --address"
        yield "server", False, words
        return
    except OfficeError:
        return  # the keys or the database have their own line
    yield "server", True, f"{address} (from {source})"
    yield await _namespace(office)
    yield await _codec(office)
    yield await _worker(office)
    async for line in _schedules(session, office):
        yield line


async def _namespace(office: Office) -> Line:
    name = office.temporal.namespace
    try:
        await office.temporal.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=name)
        )
    except RPCError:
        return "namespace", False, f"{name} does not exist on this server; create it"
    return "namespace", True, name


async def _codec(office: Office) -> Line:
    converter = office.temporal.data_converter
    sealed = await converter.encode(["round trip"])
    hidden = b"round trip" not in sealed[0].data
    same = await converter.decode(sealed, [str]) == ["round trip"]
    ok = hidden and same
    return "codec", ok, "payloads are encrypted and read back" if ok else "BROKEN"


async def _worker(office: Office) -> Line:
    recent = await recent_polls(office.temporal, office.task_queue, datetime.now(UTC))
    if recent:
        return "worker", True, f"{recent} polling queue {office.task_queue!r}"
    return "worker", False, f"NO POLL on {office.task_queue!r}: python worker.py"


async def _schedules(session: Session, office: Office) -> AsyncIterator[Line]:
    with office.reading() as conn:
        kind = users.fact(conn, "kind") or "production"
    if kind in TICKER_KINDS:
        runs = processes.is_running(session.settings.data_dir, "ticker")
        words = "the demo's ticker " + ("runs" if runs else "does not run: make demo")
        yield "schedules", runs, words
        return
    planned, wrong = await sweep_troubles(office)
    fix = "python worker.py --ensure-schedules"
    words = f"{'; '.join(wrong[:3])} … {fix}" if wrong else f"{planned} in place"
    yield "schedules", not wrong, words


def _mailboxes(session: Session) -> list[Line]:
    """Log in at each partner's server and look into both folders."""
    accounts = open_accounts(session.settings)
    lines = [("mailboxes", True, f"folders in {session.settings.mailbox.resolve()}")]
    with session.office.reading() as conn:
        found = mail_state.away(conn, session.office.partners())
    since = {a.partner: f" Since {session.local(a.since)}." for a in found}
    for partner, account in accounts.items():
        try:
            with session.office.open_mailbox(partner).held() as mailbox:
                waiting = len(mailbox.list_inbound())
                mailbox.list_outbound()
        except MailboxError as error:
            words = f"{partner}: {error}{since.get(partner, '')}"
            lines.append(("mailbox", False, words))
        else:
            words = f"{partner}: logged in at {account.where}; files waiting: {waiting}"
            lines.append(("mailbox", True, words))
    return lines


def _feeds(session: Session) -> Iterator[Line]:
    with session.office.reading() as conn:
        found = audit.last_files(conn)
    for partner, day, _ in found:
        yield "feed", True, f"{partner}: last file {day}"
    if not found:
        yield "feed", True, "no file has come yet: python starter.py import FILE"
