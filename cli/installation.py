"""``init``, ``version`` and ``user``: a new installation, and who works in it."""

import argparse
import getpass
import sys
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any

from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, table
from policy.people import may_manage_users
from policy.tables import table as policy_table
from records import sessions, users
from vault import passwords
from wiring import prepare

VERSION = "0.1.0"


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``init``, ``version``, ``user add|list|password``."""
    made = commands.add_parser(
        "init", parents=[shared], help="keys, database and folders; safe to run twice"
    )
    made.set_defaults(run=init)
    shown = commands.add_parser("version", parents=[shared], help="what this is")
    shown.set_defaults(run=version)
    _add_users(commands, shared)


def _add_users(commands: Any, shared: argparse.ArgumentParser) -> None:
    user = commands.add_parser("user", help="who works here").add_subparsers(
        metavar="add|list|password", required=True
    )
    listed = user.add_parser("list", parents=[shared], help="everybody, with roles")
    listed.set_defaults(run=list_users)
    word = user.add_parser(
        "password", parents=[shared], help="set a user's password for the desk"
    )
    word.add_argument("name")
    word.add_argument(
        "--stdin", action="store_true", help="read it from stdin, the first line"
    )
    word.set_defaults(run=set_password)
    new = user.add_parser(
        "add",
        parents=[shared],
        help="add a user or change their roles (an admin does it, or the first user)",
    )
    new.add_argument("name")
    new.add_argument("--roles", required=True, help="for example clerk,poster")
    new.add_argument("--display", default="", help="their name on screen")
    new.add_argument("--inactive", action="store_true", help="they left")
    new.set_defaults(run=add_user)


async def init(session: Session) -> int:
    """Create what is missing and say where everything is."""
    settings = session.settings
    prepare(settings)
    for folder in (settings.documents, settings.mailbox):
        folder.mkdir(parents=True, exist_ok=True)
    for partner in session.office.partners():
        session.office.open_mailbox(partner)
    found = {
        "data": str(settings.data_dir.resolve()),
        "database": _without_password(settings.database),
        "keys": str(settings.keys.resolve()),
        "documents": str(settings.documents.resolve()),
        "mailboxes": str(settings.mailbox.resolve()),
    }
    session.out.emit(found)
    session.out.show("This installation is ready. Nothing that was here was changed.")
    for name, value in found.items():
        session.out.show(f"  {name:<10} {value}")
    with session.office.reading() as conn:
        if not users.every_user(conn):
            session.out.say(
                "Nobody may decide tasks yet. Add the first user:\n"
                "  python starter.py user add NAME --roles admin"
            )
    session.out.say(f"Keep a copy of {settings.keys}: without it nothing can be read.")
    return Exit.DONE


def _without_password(url: str) -> str:
    head, sep, tail = url.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if sep else url


async def version(session: Session) -> int:
    """The program and the engine it runs on."""
    found = {
        "claimthread": VERSION,
        "temporalio": installed("temporalio"),
        "python": sys.version.split()[0],
    }
    session.out.emit(found)
    session.out.show("\n".join(f"{name} {value}" for name, value in found.items()))
    return Exit.DONE


async def list_users(session: Session) -> int:
    """Everybody, with their roles."""
    with session.office.reading() as conn:
        found = users.every_user(conn)
    for user in found:
        session.out.emit(user)
    columns = [Column("User"), Column("Name"), Column("Roles"), Column("Active")]
    rows = [
        (u.name, u.display_name, ", ".join(u.roles), "yes" if u.active else "no")
        for u in found
    ]
    session.out.show(table(columns, rows) if rows else "There are no users yet.")
    return Exit.DONE


async def add_user(session: Session) -> int:
    """Add a user, or change the roles of one."""
    options = session.options
    roles = tuple(sorted({r.strip() for r in options.roles.split(",") if r.strip()}))
    known = set(policy_table("roles")["roles"])
    if unknown := [r for r in roles if r not in known] or [""] * (not roles):
        raise CommandError(
            Exit.USAGE,
            f"There is no role {', '.join(unknown)!r}. Nothing was changed. "
            f"Choose from: {', '.join(sorted(known))}.",
        )
    with session.office.reading() as conn:
        first = not users.every_user(conn)
    if not first and not may_manage_users(session.person().roles):
        raise CommandError(
            Exit.NOT_PERMITTED, "Only an admin may change users. Nothing was changed."
        )
    with session.office.writing() as conn:
        users.put_user(
            conn,
            users.User(
                name=options.name,
                display_name=options.display or options.name,
                roles=roles,
                active=not options.inactive,
            ),
        )
    session.out.emit({"user": options.name, "roles": roles})
    session.out.show(f"{options.name} now has the roles: {', '.join(roles)}")
    return Exit.DONE


async def set_password(session: Session) -> int:
    """Set a password: an admin for anybody, everybody their own, or the first one."""
    name, office = session.options.name, session.office
    with office.reading() as conn:
        everybody = [u.name for u in users.every_user(conn)]
        none_yet = not any(users.password_hash(conn, n) for n in everybody)
    if name not in everybody:
        raise CommandError(Exit.NOT_FOUND, f"There is no user {name}. Nothing was set.")
    person = None if none_yet and not session.user_name else session.person()
    own = person is not None and person.name == name
    if person is not None and not own and not may_manage_users(person.roles):
        raise CommandError(
            Exit.NOT_PERMITTED,
            "Only an admin may set another's password. Nothing was changed.",
        )
    try:
        hashed = passwords.hashed(_typed(from_stdin=session.options.stdin), name)
    except passwords.WeakPasswordError as error:
        raise CommandError(Exit.REFUSED, str(error)) from None
    now = datetime.now(UTC)
    with office.writing() as conn:
        users.set_password(conn, name, hashed, now)
        sessions.end_all_of(conn, name, "replaced", now)
    session.out.emit({"user": name, "password": "set"})
    session.out.show(f"{name} has a new password and is signed out everywhere.")
    return Exit.DONE


def _typed(*, from_stdin: bool) -> str:
    """The new password, from the terminal twice or from stdin once."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("New password: ")
    if first != getpass.getpass("Once more: "):
        raise CommandError(Exit.USAGE, "The two differ. Nothing was changed.")
    return first
