"""Files sent and received: registered by hash before reading, one of three ends."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from records.db import upsert_ignore
from records.instants import to_text
from records.tables import file, import_run

UNREAD = "UNREAD"
"""The kind of a file whose bytes were not read: its ``sha256`` is of its place."""


class End(StrEnum):
    """How a received file ended; there is no fourth end."""

    POSTED = "posted"
    ROUTED = "routed"
    QUARANTINED = "quarantined"


def register(
    conn: Connection,
    *,
    sha256: str,
    direction: str,
    partner: str,
    name: str,
    kind: str,
    size: int,
    today: date,
    at: datetime,
) -> bool:
    """Enter a file; False when the same bytes are known (counted, R-IDM-01)."""
    row = {
        "sha256": sha256,
        "direction": direction,
        "partner": partner,
        "name": name,
        "kind": kind,
        "size": size,
        "received_on": today,
        "received_at": to_text(at),
        "copies": 1,
    }
    return bool(upsert_ignore(conn, file, [row]))


def recognise(conn: Connection, sha256: str, kind: str) -> None:
    """Write what a registered file turned out to be."""
    conn.execute(update(file).where(file.c.sha256 == sha256).values(kind=kind))


def count_copy(conn: Connection, sha256: str) -> None:
    """The same bytes came again under some name."""
    conn.execute(
        update(file).where(file.c.sha256 == sha256).values(copies=file.c.copies + 1)
    )


def end(
    conn: Connection,
    sha256: str,
    ended: End,
    *,
    reason: str | None = None,
    counts: dict[str, Any] | None = None,
) -> None:
    """Write how a file ended."""
    conn.execute(
        update(file)
        .where(file.c.sha256 == sha256)
        .values(ended=ended.value, reason=reason, counts=counts)
    )


def explain(conn: Connection, sha256: str, reason: str) -> None:
    """Write why a file has no end yet."""
    conn.execute(update(file).where(file.c.sha256 == sha256).values(reason=reason))


def forget_unread(conn: Connection, partner: str, *, but: Iterable[str]) -> None:
    """Take files off the list that could not be read before and lie there no more."""
    gone = (file.c.partner == partner, file.c.kind == UNREAD, file.c.ended.is_(None))
    conn.execute(delete(file).where(*gone, file.c.sha256.not_in(list(but))))


def get(conn: Connection, sha256: str) -> RowMapping | None:
    """One file by hash."""
    return conn.execute(select(file).where(file.c.sha256 == sha256)).mappings().first()


def listing(conn: Connection) -> list[RowMapping]:
    """All files in the order they came or went."""
    query = select(file).order_by(file.c.received_at, file.c.name)
    return list(conn.execute(query).mappings())


def record_import(conn: Connection, **values: Any) -> None:
    """Store the counts and rejects of one import (counting law)."""
    conn.execute(insert(import_run).values(**values))


def imports(conn: Connection) -> list[RowMapping]:
    """All imports, first one first."""
    query = select(import_run).order_by(import_run.c.started_at)
    return list(conn.execute(query).mappings())


def import_of(conn: Connection, sha256: str) -> RowMapping | None:
    """The newest counts of one file, None for a kind that is not counted."""
    query = (
        select(import_run)
        .where(import_run.c.file_sha256 == sha256)
        .order_by(import_run.c.started_at.desc())
        .limit(1)
    )
    return conn.execute(query).mappings().first()
