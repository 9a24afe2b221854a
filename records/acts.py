"""What people ask of a claim outside a task: hold, release, retry.

Kept in the event log: the request first, then the answer of the claim's workflow, so
that nothing asked for is lost while the server is down (desk.md law 2).
"""

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from records.db import upsert_ignore
from records.events import Because
from records.instants import to_text
from records.tables import event, hold

REQUESTED, ANSWERED = "act requested", "act answered"
CLAIM_HOLD = "HOLD_CLAIM"
"""The kind of hold that keeps the machine from sending anything about a claim."""


def request(
    conn: Connection,
    act_id: str,
    *,
    verb: str,
    reason: str,
    claim_id: str,
    why: Because,
) -> None:
    """Store what a person asks for, once by its id."""
    data = {"act": verb, "reason": reason}
    _write(conn, act_id, REQUESTED, f"Asked to {verb}: {reason}", claim_id, data, why)


def answer(
    conn: Connection,
    act_id: str,
    *,
    applied: bool,
    words: str,
    claim_id: str,
    why: Because,
) -> None:
    """Store the workflow's answer, once."""
    data = {"applied": applied}
    _write(conn, f"{act_id}:answer", ANSWERED, words, claim_id, data, why)


def _write(
    conn: Connection,
    key: str,
    kind: str,
    words: str,
    claim_id: str,
    data: dict[str, Any],
    why: Because,
) -> None:
    row = {
        "key": f"act:{key}",
        "at": to_text(why.at),
        "business_date": why.today,
        "claim_id": claim_id,
        "kind": kind,
        "actor": why.actor,
        "rule": why.rule or None,
        "words": words,
        "data": data,
    }
    upsert_ignore(conn, event, [row], key=["key"])


def _by_key(conn: Connection, key: str) -> RowMapping | None:
    query = select(event).where(event.c.key == f"act:{key}")
    return conn.execute(query).mappings().first()


def get(conn: Connection, act_id: str) -> RowMapping | None:
    """The stored request."""
    return _by_key(conn, act_id)


def answer_of(conn: Connection, act_id: str) -> RowMapping | None:
    """The stored answer, None while nobody has answered."""
    return _by_key(conn, f"{act_id}:answer")


def same_unanswered(
    conn: Connection, claim_id: str, *, verb: str, reason: str
) -> str | None:
    """The id of a request for the same that no workflow has answered yet."""
    reply = event.alias()
    query = (
        select(event.c.key, event.c.data)
        .outerjoin(reply, reply.c.key == event.c.key + ":answer")
        .where(
            event.c.claim_id == claim_id,
            event.c.kind == REQUESTED,
            reply.c.id.is_(None),
        )
        .order_by(event.c.id)
    )
    wanted = {"act": verb, "reason": reason}
    for key, data in conn.execute(query):
        if data == wanted:
            return str(key).removeprefix("act:")
    return None


def unanswered(conn: Connection) -> list[tuple[str, str, str]]:
    """(id, verb, claim) of requests no workflow has answered, oldest first."""
    reply = event.alias()
    query = (
        select(event.c.key, event.c.data, event.c.claim_id)
        .outerjoin(reply, reply.c.key == event.c.key + ":answer")
        .where(
            event.c.kind == REQUESTED,
            # The unique index of keys holds few acts among millions of events.
            event.c.key >= "act:",
            event.c.key < "act;",
            reply.c.id.is_(None),
        )
        .order_by(event.c.id)
    )
    return [
        (str(key).removeprefix("act:"), str(data["act"]), str(claim_id))
        for key, data, claim_id in conn.execute(query)
    ]


def held_claims() -> Any:
    """SQL: the ids of claims that are on hold."""
    return select(hold.c.claim_id).where(
        hold.c.kind == CLAIM_HOLD,
        hold.c.cleared_on.is_(None),
        hold.c.claim_id.is_not(None),
    )
