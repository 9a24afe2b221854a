"""``sftp``: serve the mailboxes to partners who bring and collect their files."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from activities.office import OFFICE_PARTNER
from cli.failures import CommandError, Exit
from cli.session import Session
from payers.profile import PayerBook

PORT = 8022


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``sftp``."""
    served = commands.add_parser(
        "sftp",
        parents=[shared],
        help="serve the mailboxes by SFTP to partners who come to us",
        description="A partner logs in under its mailbox's name with the key in "
        "KEYS/<name>.pub and sees only its own inbound and outbound. Runs until it is "
        "interrupted.",
    )
    served.add_argument("--host", default="127.0.0.1", help="where to listen")
    served.add_argument("--port", type=int, default=PORT, help=f"({PORT})")
    served.add_argument(
        "--keys",
        type=Path,
        help="the host key, made the first time, and partners' public keys; "
        "default: sftp in the data folder",
    )
    served.set_defaults(run=serve_mailboxes)


async def serve_mailboxes(session: Session) -> int:
    """Listen, say with which key, and stay.

    Raises:
        CommandError: the port cannot be listened at, or a key file names no partner.
    """
    # Here, because asyncssh takes a while to import and one command needs it.
    from exchange import server

    options, settings = session.options, session.settings
    keys = options.keys or settings.data_dir / "sftp"
    fingerprint = server.host_key(keys).get_fingerprint()
    # No office: what partners reach needs neither our keys nor the database.
    book = PayerBook.load(settings.payers_dir)
    known = [*sorted({book.partner_of(p) for p in book.ids()}), OFFICE_PARTNER]
    strangers = [name for name in server.partners(keys) if name not in known]
    if strangers:
        raise CommandError(
            Exit.USAGE,
            f"{keys} has keys of {', '.join(strangers)}, but the partners are "
            f"{', '.join(known)}. Nothing was started. Rename the file.",
        )
    try:
        acceptor = await server.serve(
            settings.mailbox, keys, host=options.host, port=options.port
        )
    except OSError as error:
        raise CommandError(
            Exit.USAGE,
            f"Nothing can listen at {options.host}:{options.port}: {error.strerror}. "
            "Nothing was started. Name another with --port.",
        ) from None
    who = ", ".join(server.partners(keys)) or f"nobody: put NAME.pub into {keys}"
    found = {"port": acceptor.get_port(), "host_key": fingerprint, "partners": who}
    session.out.emit(found)
    session.out.show(
        f"SFTP ready at {options.host}:{found['port']}, host key {fingerprint}, for "
        f"{who}"
    )
    async with acceptor:
        await asyncio.Event().wait()
    return Exit.DONE
