"""News rows: what a workflow must hear, stored with the change that makes it news.

Told by signal-with-start afterwards; a row that was never told is told by the next
sweep.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from records.db import one_of, upsert_ignore
from records.instants import to_text
from records.tables import news

MOST_IDS = 5_000
"""About half a megabyte of ids, where the server takes a payload of two. What is left
is told by the next sweep."""
_KNOWN = select(news.c.id).where(news.c.id == bindparam("of_id"))


def add(conn: Connection, *, workflow_id: str, kind: str, ref: str, today: date) -> str:
    """Store one piece of news, once per (ref, workflow); its id."""
    news_id = _id(ref, workflow_id)
    if conn.execute(_KNOWN, {"of_id": news_id}).first() is None:
        new = {
            "id": news_id,
            "workflow_id": workflow_id,
            "kind": kind,
            "ref": ref,
            "created_on": today,
        }
        conn.execute(insert(news), new)
    return news_id


class New(NamedTuple):
    """One piece of news, before it has an id."""

    workflow_id: str
    kind: str
    ref: str


def add_many(conn: Connection, found: Iterable[New], today: date) -> None:
    """Store news, each once per (ref, workflow)."""
    rows = [
        {"id": _id(one.ref, one.workflow_id), **one._asdict(), "created_on": today}
        for one in found
    ]
    upsert_ignore(conn, news, rows, key=("id",))


def _id(ref: str, workflow_id: str) -> str:
    return f"{ref}/{workflow_id}"[:200]


def untold(
    conn: Connection,
    *,
    ref: str | None = None,
    ids: Iterable[str] | None = None,
) -> list[RowMapping]:
    """News nobody has told yet: all of it, that of one ref, or some rows."""
    query = select(news).where(news.c.told_at.is_(None)).order_by(news.c.id)
    if ref is not None:
        query = query.where(news.c.ref == ref)
    if ids is not None:
        query = query.where(one_of(conn, news.c.id, ids))
    return list(conn.execute(query).mappings())


def ids_to_tell(conn: Connection) -> tuple[str, ...]:
    """Ids of untold news, as many as one activity may answer with."""
    query = select(news.c.id).where(news.c.told_at.is_(None)).order_by(news.c.id)
    return tuple(conn.execute(query.limit(MOST_IDS)).scalars())


def told(conn: Connection, ids: Iterable[str], at: datetime) -> None:
    """These rows reached their workflow."""
    conn.execute(
        update(news).where(one_of(conn, news.c.id, ids)).values(told_at=to_text(at))
    )
