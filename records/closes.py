"""Daily closes: each version as it was signed, and the records a close compares.

Rows are append-only: a day that was reopened has both versions, and the act between.
"""

from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, select

from records.db import upsert_ignore
from records.instants import to_text
from records.tables import day_close, patient_payment

CLOSE, REOPEN = "close", "reopen"


def every(conn: Connection) -> list[RowMapping]:
    """All versions of all days, in order."""
    query = select(day_close).order_by(day_close.c.day, day_close.c.version)
    return list(conn.execute(query).mappings())


def newest(rows: list[RowMapping]) -> dict[date, RowMapping]:
    """How each day stands: its last version, a close or a reopening."""
    return {row["day"]: row for row in rows}


def add(
    conn: Connection,
    *,
    day: date,
    version: int,
    act: str,
    at: datetime,
    actor: str,
    content: str,
    key_id: str,
    mac: str,
) -> bool:
    """Store a version; False when somebody else was quicker."""
    row = {"day": day, "version": version, "act": act, "at": to_text(at)}
    row |= {"actor": actor, "content": content, "key_id": key_id, "mac": mac}
    return bool(upsert_ignore(conn, day_close, [row]))


def receipts(conn: Connection) -> list[RowMapping]:
    """Every payment of a patient, first one first."""
    query = select(patient_payment).order_by(
        patient_payment.c.paid_on, patient_payment.c.receipt_ref
    )
    return list(conn.execute(query).mappings())
