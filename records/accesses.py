"""Who read protected data: the access log as pages, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from records.instants import to_text
from records.tables import access, claim


@dataclass(frozen=True)
class Asked:
    """Which rows of the access log; what is empty does not limit."""

    actor: str = ""
    claim_id: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """Only rows with a smaller number: the next page of older ones."""


def newest(conn: Connection, asked: Asked, limit: int) -> list[RowMapping]:
    """Rows of the log with the claim's number (``pcn``), newest first."""
    query = select(access, claim.c.pcn).outerjoin(
        claim, claim.c.id == access.c.claim_id
    )
    if asked.actor:
        query = query.where(access.c.actor == asked.actor)
    if asked.claim_id:
        query = query.where(access.c.claim_id == asked.claim_id)
    if asked.what:
        query = query.where(access.c.what == asked.what)
    if asked.since is not None:
        query = query.where(access.c.at >= to_text(asked.since))
    if asked.until is not None:
        query = query.where(access.c.at < to_text(asked.until))
    if asked.before is not None:
        query = query.where(access.c.id < asked.before)
    query = query.order_by(access.c.id.desc()).limit(limit)
    return list(conn.execute(query).mappings())
