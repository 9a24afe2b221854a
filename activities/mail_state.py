"""Which partners' mailboxes cannot be reached, and since when: for people to see.

Kept as facts of the installation, by the kind of the trouble alone: what a server says,
and where our keys lie, is told by ``doctor`` only.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from exchange.mailbox import AccountError, UnreachableError
from records import users
from records.db import Connection, Database
from records.instants import from_text, to_text

_WORDS = {
    UnreachableError.__name__: "its server does not answer or breaks off",
    AccountError.__name__: "its server does not let us in, or our account there does "
    "not fit",
}


@dataclass(frozen=True)
class Away:
    """A mailbox that cannot be reached: why, and since when (practice time)."""

    partner: str
    since: datetime
    words: str


def _fact(partner: str) -> str:
    return f"mailbox:{partner}"


def note(db: Database, partner: str, error: Exception | None, at: datetime) -> None:
    """Keep that it could not be reached, or that it could; nothing new is written
    twice."""
    kind = type(error).__name__ if error is not None else ""
    with db.reading() as conn:
        before = _read(conn, partner)
    if before.get("kind", "") == kind:
        return
    since = before.get("since") or to_text(at)
    now = {"kind": kind, "since": since} if kind else {}
    with db.transaction() as conn:
        users.set_fact(conn, _fact(partner), json.dumps(now))


def away(conn: Connection, partners: list[str]) -> list[Away]:
    """The mailboxes that could not be reached when they were asked last."""
    found = ((partner, _read(conn, partner)) for partner in partners)
    return [
        Away(partner, from_text(said["since"]), _WORDS.get(said["kind"], said["kind"]))
        for partner, said in found
        if said
    ]


def _read(conn: Connection, partner: str) -> dict[str, str]:
    said: dict[str, str] = json.loads(users.fact(conn, _fact(partner)) or "{}")
    return said
