"""``files``: every file that came or went, newest first, with its end and the reason.

A partner may put a patient into a file's name, so a name that is not ours is patient
data: it is shown to who may see that, with a reason, and the read is logged.
"""

import argparse
from collections.abc import Mapping
from typing import Any

from activities.file_words import end_of, kind_words
from cli.failures import CommandError, Exit
from cli.session import Session
from cli.terminal import Column, table
from policy.people import sees_patients
from records import events, file_list
from records.db import RowMapping
from records.file_list import NO_SETS, Sets
from records.instants import from_text

ENDS = ("posted", "waiting", "routed", "quarantined", "none", "sent")
_TOTALS = {"none": "not ended", "waiting": "not all posted"}
_COLUMNS = (
    Column("When"),
    Column("From or to"),
    Column("End"),
    Column("What it is, and what became of it", wrap=True),
)


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """``files``."""
    listed = commands.add_parser(
        "files",
        parents=[shared],
        help="files received and sent, and how each ended",
        description="Newest first. posted: its money is in the ledger. posted in part, "
        "not posted: some or all of it is not, and why (--ended waiting). routed: it "
        "went to its claims. quarantined: it changed nothing, and why. not ended: it "
        "is tried again. sent: it is one of ours.",
    )
    listed.add_argument("--limit", type=int, default=50, help="the newest N (50)")
    listed.add_argument("--ended", choices=ENDS, default="", help="only these")
    listed.add_argument(
        "--show-phi", action="store_true", help="with the names partners gave"
    )
    listed.add_argument("--reason", default="", help="why you need the names")
    listed.set_defaults(run=list_files)


async def list_files(session: Session) -> int:
    """The newest files with their ends, and how many there are of each.

    Raises:
        CommandError: partners' names were asked for by somebody who may not see them.
    """
    options = session.options
    if options.show_phi:
        _log_names(session)
    with session.office.reading() as conn:
        rows = file_list.newest(conn, options.ended, limit=options.limit)
        totals = file_list.ends(conn)
        sets = file_list.sets(conn, [row["sha256"] for row in rows])
    for row in rows:
        session.out.emit(_as_json(session, row, sets))
    drawn = [_line(session, row, sets) for row in rows]
    session.out.show(table(_COLUMNS, drawn) if drawn else _nothing(options.ended))
    counted = " · ".join(
        f"{totals[end]} {_TOTALS.get(end, end)}" for end in ENDS if end in totals
    )
    if rows:
        session.out.say(f"{len(rows)} of {sum(totals.values())} files: {counted}")
    return Exit.DONE


def _nothing(ended: str) -> str:
    if not ended:
        return "No file has come or gone yet."
    return f"No file is {_TOTALS.get(ended, ended)}."


def _line(
    session: Session, row: RowMapping, sets: Mapping[str, Sets]
) -> tuple[str, str, str, str]:
    way = "to" if row["direction"] == "out" else "from"
    kind = kind_words(row["kind"])
    end = end_of(row, sets.get(row["sha256"], NO_SETS))
    parts = [
        f"{kind[:1].upper()}{kind[1:]}",
        _name(session, row) or f"file {row['sha256'][:12]}",
        end.more,
        row["reason"] or "",
        f"came {row['copies']} times" if row["copies"] > 1 else "",
    ]
    return (
        session.local(from_text(row["received_at"])),
        f"{way} {row['partner']}",
        end.word,
        " · ".join(part for part in parts if part),
    )


def _name(session: Session, row: RowMapping) -> str:
    ours = row["direction"] == "out"
    return str(row["name"]) if ours or session.options.show_phi else ""


def _as_json(
    session: Session, row: RowMapping, sets: Mapping[str, Sets]
) -> dict[str, Any]:
    of = sets.get(row["sha256"], NO_SETS)
    end = end_of(row, of)
    kept = ("sha256", "direction", "partner", "kind", "size", "received_on", "copies")
    return {
        "at": row["received_at"],
        **{name: row[name] for name in kept},
        "ended": end.word,
        "waits": end.more,
        "reason": row["reason"] or "",
        "payments_not_posted": of.count - of.posted,
        "name": _name(session, row) or None,
    }


def _log_names(session: Session) -> None:
    person = session.person()
    reason = session.options.reason.strip()
    if not reason:
        raise CommandError(
            Exit.USAGE,
            "Partners' names of files need --reason TEXT. Nothing was shown.",
        )
    if not sees_patients(person.roles, assigned=False):
        raise CommandError(
            Exit.NOT_PERMITTED,
            f"{person.name} may not see partners' file names: they may name a "
            "patient. Nothing was shown. It needs a supervisor or an auditor.",
        )
    with session.office.writing() as conn:
        events.log_access(
            conn,
            at=session.now(),
            actor=person.name,
            what="names of files",
            reason=reason[:200],
        )
