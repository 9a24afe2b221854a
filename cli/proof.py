"""``audit export CLAIM`` and ``audit verify FILE``: the proof of one claim."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from activities.proof import Made, log_export, prove, verify
from activities.proof_verify import BadRecordError
from cli.failures import CommandError, Exit
from cli.session import Session
from settings import Settings
from vault.stamps import Stamper
from wiring import open_ring


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``audit export`` and ``audit verify``."""
    audit = commands.add_parser(
        "audit", help="the proof of a claim: export it, verify it"
    ).add_subparsers(metavar="export|verify", required=True)
    export = audit.add_parser(
        "export",
        parents=[shared],
        help="a ZIP with all that happened to a claim; it is logged",
        description="Write a ZIP that proves one claim: a readable page, every record, "
        "its documents, and verify.py, which checks them on any computer with Python. "
        "It holds patient data. Without a server it leaves the workflow history out "
        "and says so.",
    )
    export.add_argument("claim", metavar="CLAIM", help="our number, theirs, or the id")
    export.add_argument("--out", metavar="FILE", required=True, help="where to write")
    export.add_argument(
        "--reason", required=True, help="why; it is logged, so no patient data"
    )
    export.set_defaults(run=export_proof)
    check = audit.add_parser(
        "verify",
        parents=[shared],
        help="check a proof and, where the keys are, its seal; needs no server",
    )
    check.add_argument("file", metavar="FILE", help="the ZIP, or its unpacked folder")
    check.set_defaults(run=verify_proof)


async def export_proof(session: Session) -> int:
    """Write the proof of a claim; the read is logged first."""
    options = session.options
    out, reason = Path(options.out), options.reason.strip()
    if not reason:
        raise CommandError(Exit.USAGE, "--reason says nothing. Nothing was written.")
    check_free(out)
    row = session.claim(options.claim)
    person = session.person()
    await session.try_connect()
    office = session.office
    made = Made(session.now(), person.name, reason)
    await asyncio.to_thread(log_export, office, row, person, made)
    proof = await prove(office, row, made, Stamper(open_ring(session.settings)))
    await asyncio.to_thread(_write, out, proof.content)
    session.out.emit({"claim": row.pcn, "file": str(out), "words": proof.words})
    session.out.show(f"{proof.words}\nWrote {out}")
    session.out.say("It holds patient data. Check it with: audit verify FILE")
    return Exit.UNVERIFIED if proof.words.startswith("BAD") else Exit.DONE


def check_free(out: Path) -> None:
    """Before anything is read, so that no read is logged in vain."""
    if out.exists() or not out.parent.is_dir():
        why = "exists already" if out.exists() else "is in no folder that exists"
        raise CommandError(
            Exit.USAGE, f"{out} {why}. Nothing was written. Name another file."
        )


def _write(out: Path, content: bytes) -> None:
    """For this user's eyes only: it holds patient data."""
    out.touch(mode=0o600, exist_ok=False)
    out.write_bytes(content)


async def verify_proof(session: Session) -> int:
    """Check a proof; on an installation with keys its seal as well."""
    path = Path(session.options.file)
    try:
        words = await asyncio.to_thread(_verified, session.settings, path)
    except BadRecordError as error:
        session.out.emit({"file": str(path), "ok": False, "words": str(error)})
        session.out.show(f"BAD  {error}")
        return Exit.UNVERIFIED
    session.out.emit({"file": str(path), "ok": True, "words": words})
    session.out.show(words)
    return Exit.DONE


def _verified(settings: Settings, path: Path) -> str:
    if not path.exists():
        raise CommandError(
            Exit.NOT_FOUND, f"There is no file or folder {path}. Nothing was checked."
        )
    keys = settings.keys.exists()
    return verify(path, Stamper(open_ring(settings)) if keys else None)
