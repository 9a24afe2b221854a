"""What a call to a payer needs: what was sent, what was asked, what was said before."""

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, select

from records.tables import batch, decision, inquiry, submission, task


def sent(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Each submission that left: its interchange, receipts and dates, newest first."""
    s = submission.c
    query = (
        select(
            *(s.number, s.status, s.sent_on, s.acknowledged_on, s.accepted_on),
            *(s.payer_icn, batch.c.isa13),
        )
        .outerjoin(batch, batch.c.id == s.batch_id)
        .where(s.claim_id == claim_id, s.sent_on.is_not(None))
        .order_by(s.number.desc())
    )
    return list(conn.execute(query).mappings())


def asked(conn: Connection, claim_id: str, limit: int) -> list[RowMapping]:
    """The last status inquiries (276) that were sent, newest first."""
    i = inquiry.c
    query = (
        select(i.trace, i.sent_on, i.answered_on, i.answer)
        .where(i.claim_id == claim_id, i.kind == "276", i.sent_on.is_not(None))
        .order_by(i.sent_on.desc(), i.try_number.desc())
        .limit(limit)
    )
    return list(conn.execute(query).mappings())


def earlier(
    conn: Connection, claim_id: str, types: Iterable[str], limit: int
) -> list[RowMapping]:
    """The last decisions about tasks of these types, with their sealed forms."""
    query = (
        select(decision, task.c.type)
        .join(task, task.c.id == decision.c.task_id)
        .where(
            task.c.claim_id == claim_id,
            task.c.type.in_(sorted(types)),
            decision.c.refused.is_(None),
        )
        .order_by(decision.c.saved_at.desc())
        .limit(limit)
    )
    return list(conn.execute(query).mappings())
