"""``edi inspect FILE…`` and ``edi explain FILE``: what stands in an X12 file.

Both only read. A file is taken a piece at a time, so that its size does not matter.
"""

import argparse
import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cli.edi_words import in_lines, in_words
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import paragraph
from edi.errors import EdiError, EdiWarning
from edi.explain import Explained, explain, explained_file
from edi.inspection import Inspection, inspect
from policy.remittance import TABLE, words_of
from policy.tables import rows


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``edi inspect`` and ``edi explain``."""
    group = commands.add_parser(
        "edi", help="what stands in an X12 file: count it, explain it"
    ).add_subparsers(metavar="inspect|explain", required=True)
    looked = group.add_parser(
        "inspect",
        parents=[shared],
        help="what each file is, what it holds, and what is wrong with it",
        description="Count what X12 files hold and name what is wrong with them. "
        "Nothing is stored. With --json: one object a line for each file.",
    )
    looked.add_argument("files", nargs="+", metavar="FILE", help="- reads stdin")
    looked.set_defaults(run=inspect_files)
    told = group.add_parser(
        "explain",
        parents=[shared],
        help="a file segment by segment in plain words",
        description="Say in plain words what each segment of an X12 file means. What "
        "names a patient is left out. Nothing is stored.",
    )
    told.add_argument("file", metavar="FILE", help="- reads stdin")
    told.set_defaults(run=explain_file)


def opened(path: str) -> AbstractContextManager[BinaryIO]:
    """A file's bytes; ``-`` is stdin.

    Raises:
        CommandError: it cannot be read.
    """
    if path == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise CommandError(
            Exit.NOT_FOUND,
            f"{path} cannot be read: {error.strerror}. Nothing was done.",
        ) from None


async def inspect_files(session: Session) -> int:
    """Count each file; a bad one never stops the next."""
    paths: list[str] = session.options.files
    failed = [code for path in paths if (code := await _inspected(session, path))]
    if not failed:
        return Exit.DONE
    return failed[0] if len(paths) == 1 else Exit.SOME_FAILED


async def _inspected(session: Session, path: str) -> int:
    """Show one file; the exit code of what kept it from being read, else 0."""
    out = session.out
    try:
        found = await asyncio.to_thread(_inspect, path)
    except (EdiError, CommandError) as error:
        code = error.code if isinstance(error, CommandError) else Exit.REFUSED
        out.emit({"file": path, "error": str(error)})
        sys.stderr.write(f"{path}: {error}\n")
        return code
    out.emit(_as_json(path, found))
    out.show(in_lines(path, found, reason_words()))
    return Exit.DONE


def _inspect(path: str) -> Inspection:
    with opened(path) as raw:
        return inspect(raw)


def _as_json(path: str, found: Inspection) -> dict[str, Any]:
    return {
        "file": path,
        "transaction": found.transaction,
        "version": found.version,
        **found.figures,
        "warnings": [
            {"segment": w.segment, "position": w.code, "reason": w.message}
            for w in found.warnings
        ],
    }


async def explain_file(session: Session) -> int:
    """Each segment in words, under the heading of its loop."""
    out, heading = session.out, ""
    say = partial(explain, reason_words=reason_words(), mask=True)
    warnings: list[EdiWarning] = []
    with opened(session.options.file) as raw:
        for said in explained_file(raw, say, warnings):
            out.emit(said)
            if said.loop != heading:
                out.show(f"\n{said.loop}" if heading else said.loop)
                heading = said.loop
            out.show(_in_a_line(said))
            await asyncio.sleep(0)  # so that Ctrl-C and --timeout are heard
    for warning in warnings:
        out.say(in_words(warning))
    return Exit.DONE


def _in_a_line(said: Explained) -> str:
    mark = "!" if said.hit else " "
    place = f"{mark}{said.number:>6}  {said.tag:<4}{'  ' * said.depth}"
    return place + paragraph(said.words, " " * len(place))[len(place) :]


def reason_words() -> dict[str, str]:
    """Our words for reason and remark codes."""
    hints = rows("rarc_hints", "rarcs", "code")
    remarks = {code: str(row["hint"]) for code, row in hints.items()}
    return remarks | {code: words_of(code) for code in rows(TABLE, "carcs", "code")}
