"""Daily closes: each version as it was signed, and the records a close compares.

Rows are append-only: a day that was reopened has both versions, and the act between.
"""

from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, select, union

from records.db import upsert_ignore
from records.instants import to_text
from records.tables import day_close, deposit, patient_payment, remittance

CLOSE, REOPEN = "close", "reopen"


def heads(conn: Connection) -> list[RowMapping]:
    """All versions of all days, in order, without what they say."""
    named = [c for c in day_close.c if c.name != "content"]
    query = select(*named).order_by(day_close.c.day, day_close.c.version)
    return list(conn.execute(query).mappings())


def content(conn: Connection, head: RowMapping) -> str:
    """What one version says, as it was signed."""
    query = select(day_close.c.content).where(
        day_close.c.day == head["day"], day_close.c.version == head["version"]
    )
    return str(conn.execute(query).scalar_one())


def every(conn: Connection) -> list[RowMapping]:
    """All versions of all days, in order."""
    query = select(day_close).order_by(day_close.c.day, day_close.c.version)
    return list(conn.execute(query).mappings())


def last(conn: Connection) -> RowMapping | None:
    """The newest version of the last day, a close or a reopening."""
    query = select(day_close).order_by(
        day_close.c.day.desc(), day_close.c.version.desc()
    )
    return conn.execute(query.limit(1)).mappings().first()


def money_days(conn: Connection, after: date | None, until: date) -> set[date]:
    """Dates with a deposit, a patient's payment or a posted remittance with money."""
    of = (deposit.c.deposited_on, patient_payment.c.paid_on, remittance.c.posted_on)
    queries = [select(column).where(column <= until) for column in of]
    queries[-1] = queries[-1].where(remittance.c.paid_cents != 0)
    if after is not None:
        queries = [q.where(c > after) for q, c in zip(queries, of, strict=True)]
    return set(conn.execute(union(*queries)).scalars())


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
