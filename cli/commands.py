"""The commands, their options, and what a failure of any of them says and exits with.

0 done · 1 bug with a reference id · 2 usage · 3 some rows failed · 4 not found ·
5 changed under you · 6 refused by rule · 7 not permitted · 8 server unreachable ·
9 timeout · 10 verification failed · 130 interrupted
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from cli import (
    claims,
    close,
    doctor,
    edi,
    export,
    file_ends,
    files,
    histories,
    installation,
    letters,
    promises,
    proof,
    sftp,
    tasks,
)
from cli.failures import Exit, explain
from cli.session import Session
from cli.terminal import Terminal
from settings import Settings, load
from vault import logs
from vault.logs import record_bug

Command = Callable[[Session], Awaitable[int]]
EPILOG = __doc__.split("\n\n", 1)[1] if __doc__ else ""


def main(arguments: Sequence[str]) -> int:
    """Run one command; what the program exits with."""
    logs.install(logging.CRITICAL)
    options = parser().parse_args(arguments)
    terminal = Terminal(as_json=options.json, quiet=options.quiet)
    folder = Path(os.environ.get("CLAIMTHREAD_DATA_DIR", ".claimthread"))
    try:
        settings = _settings(options)
        folder = settings.data_dir
        code = asyncio.run(_run(Session(options, settings, terminal)))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of stdout has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What was saved stays saved; run it again.\n")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place a failure can be told
        return _failed(error, folder)


def _failed(error: Exception, folder: Path) -> int:
    if known := explain(error):
        code, words = known
        sys.stderr.write(words + "\n")
        return code
    reference = record_bug(error, folder)
    sys.stderr.write(
        f"This is a bug in Claimthread: reference {reference}. What was saved stays "
        "saved. Report the reference.\n"
    )
    return Exit.BUG


def _settings(options: argparse.Namespace) -> Settings:
    given = {}
    if options.address:
        given["temporal_address"] = options.address
    if options.namespace:
        given["temporal_namespace"] = options.namespace
    return load().model_copy(update=given)


async def _run(session: Session) -> int:
    run: Command = session.options.run
    try:
        return await asyncio.wait_for(run(session), session.options.timeout)
    finally:
        session.close()


def parser() -> argparse.ArgumentParser:
    """Every command with its options; the shared ones may stand before or after."""
    shared = _shared()
    root = argparse.ArgumentParser(
        prog="starter.py",
        description="Follow medical claims to zero balance.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # Its own copy: set_defaults changes options, and subcommands must have none.
        parents=[_shared()],
        allow_abbrev=False,
    )
    root.set_defaults(
        json=False,
        quiet=False,
        no_color=False,
        user="",
        address="",
        namespace="",
        timeout=None,
    )
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    for group in (installation, files, claims, tasks, histories, promises, doctor):
        group.add(commands, shared)
    letters.add(commands, shared)
    proof.add(commands, shared)
    edi.add(commands, shared)
    export.add(commands, shared)
    close.add(commands, shared)
    file_ends.add(commands, shared)
    sftp.add(commands, shared)
    return root


def _shared() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(
        add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False
    )
    group = shared.add_argument_group("options of every command")
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument("--quiet", action="store_true", help="no messages")
    group.add_argument(
        "--no-color", action="store_true", help="accepted; nothing here is coloured"
    )
    group.add_argument(
        "--as", dest="user", metavar="USER", help="who acts (or CLAIMTHREAD_USER)"
    )
    group.add_argument("--address", metavar="HOST:PORT", help="the Temporal server")
    group.add_argument("--namespace", metavar="NAME", help="its namespace")
    group.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="give up after this long"
    )
    return shared
