"""How the last tasks like this one were decided, and what became of their claims."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, and_, case, func, select, text

from records.tables import TASK_DONE, claim, remittance, remittance_claim, task


@dataclass(frozen=True)
class Similar:
    """A decided task; ``answers``: remittances for its claim after the decision,
    ``answered_on`` the first of them, ``paid_cents`` what they paid together."""

    id: str
    number: int
    decision: str
    closed_on: date
    amount_cents: int
    state: str | None
    answers: int
    answered_on: date | None
    paid_cents: int


def similar(conn: Connection, row: RowMapping, limit: int) -> list[Similar]:
    """The last decided tasks of this type, payer and reason, newest first; no names."""
    t = task.c
    alike = (
        select(t.id, t.number, t.decision, t.closed_on, t.amount_cents, t.claim_id)
        .where(
            t.type == row["type"],
            t.payer_id == row["payer_id"],
            t.reason == row["reason"],
            text(f"task.{TASK_DONE}"),
            t.id != row["id"],
        )
        .order_by(t.closed_on.desc(), t.number.desc())
        .limit(limit)
        .subquery("alike")
    )
    a, since = alike.c, remittance.c.received_on
    of_it = remittance_claim.c.claim_id == a.claim_id
    later = and_(
        remittance.c.id == remittance_claim.c.remittance_id, since > a.closed_on
    )
    paid = case((since.is_not(None), remittance_claim.c.paid_cents), else_=0)
    shown = (a.id, a.number, a.decision, a.closed_on, a.amount_cents, claim.c.state)
    query = (
        select(
            *shown,
            func.count(since).label("answers"),
            func.min(since).label("answered_on"),
            func.coalesce(func.sum(paid), 0).label("paid_cents"),
        )
        .select_from(alike)
        .outerjoin(claim, claim.c.id == a.claim_id)
        .outerjoin(remittance_claim, of_it)
        .outerjoin(remittance, later)
        .group_by(*shown)
        .order_by(a.closed_on.desc(), a.number.desc())
    )
    rows = conn.execute(query).mappings()
    return [Similar(**{**row, "paid_cents": int(row["paid_cents"])}) for row in rows]
