"""Inquiries (270, 276), their answers, and what payers told us of coverage."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from records.acts import held_claims
from records.tables import authorization, eligibility, inquiry

_OF_CLAIM = (
    select(inquiry)
    .where(
        inquiry.c.claim_id == bindparam("of_claim"),
        inquiry.c.kind == bindparam("of_kind"),
    )
    .order_by(inquiry.c.due_on, inquiry.c.try_number, inquiry.c.id)
)
_ANSWERS = (
    select(eligibility)
    .where(
        eligibility.c.payer_id == bindparam("of_payer"),
        or_(
            eligibility.c.member_index == bindparam("of_member"),
            eligibility.c.trace.in_(bindparam("traces", expanding=True)),
        ),
    )
    .order_by(eligibility.c.answered_on.desc(), eligibility.c.id)
)
"""Made once, like the statements of records/claims.py."""


def queue(
    conn: Connection,
    *,
    kind: str,
    claim_id: str,
    payer_id: str,
    due_on: date,
    try_number: int = 1,
) -> str:
    """Ask a payer about a claim, once while an earlier question is unsent."""
    twin = select(inquiry.c.id).where(
        inquiry.c.kind == kind,
        inquiry.c.claim_id == claim_id,
        inquiry.c.payer_id == payer_id,
        inquiry.c.status == "queued",
    )
    if known := conn.execute(twin).scalar():
        return str(known)
    row_id = uuid4()
    conn.execute(
        insert(inquiry).values(
            id=str(row_id),
            kind=kind,
            claim_id=claim_id,
            payer_id=payer_id,
            trace=f"{kind}{row_id.hex[:17].upper()}",
            status="queued",
            due_on=due_on,
            try_number=try_number,
        )
    )
    return str(row_id)


def payers_waiting(conn: Connection, kind: str, today: date) -> list[str]:
    """Payers with an inquiry due by ``today`` whose claim is not on hold."""
    query = select(inquiry.c.payer_id).where(
        inquiry.c.kind == kind,
        inquiry.c.status == "queued",
        inquiry.c.due_on <= today,
        inquiry.c.claim_id.notin_(held_claims()),
    )
    return sorted(set(conn.execute(query).scalars()))


def take(
    conn: Connection, *, kind: str, payer_id: str, batch_id: str, today: date
) -> int:
    """Give every due inquiry of the payer to the batch; how many it now has."""
    conn.execute(
        update(inquiry)
        .where(
            inquiry.c.kind == kind,
            inquiry.c.payer_id == payer_id,
            inquiry.c.status == "queued",
            inquiry.c.due_on <= today,
            inquiry.c.claim_id.notin_(held_claims()),
        )
        .values(status="taken", batch_id=batch_id)
    )
    query = select(func.count()).where(inquiry.c.batch_id == batch_id)
    return int(conn.execute(query).scalar_one())


def of_batch(conn: Connection, batch_id: str) -> list[RowMapping]:
    """The batch's inquiries in a stable order."""
    query = (
        select(inquiry).where(inquiry.c.batch_id == batch_id).order_by(inquiry.c.trace)
    )
    return list(conn.execute(query).mappings())


def of_claim(conn: Connection, claim_id: str, kind: str) -> list[RowMapping]:
    """A claim's inquiries of one kind, oldest first."""
    asked = {"of_claim": claim_id, "of_kind": kind}
    return list(conn.execute(_OF_CLAIM, asked).mappings())


def by_trace(conn: Connection, trace: str) -> RowMapping | None:
    """The inquiry we sent with this TRN02."""
    query = select(inquiry).where(inquiry.c.trace == trace)
    return conn.execute(query).mappings().first()


def mark(
    conn: Connection, ids: Iterable[str], *, only_from: Iterable[str], **values: Any
) -> int:
    """Change inquiries that are still in an expected state."""
    return conn.execute(
        update(inquiry)
        .where(inquiry.c.id.in_(list(ids)), inquiry.c.status.in_(list(only_from)))
        .values(**values)
    ).rowcount


def answer_on_file(
    conn: Connection, *, payer_id: str, member_index: str, traces: Iterable[str]
) -> RowMapping | None:
    """The newest 271 for the claim's own questions, else for the member.

    Of one day's, the answer to the question asked last (``traces``, oldest first).
    """
    asked = list(traces)
    wanted = {"of_payer": payer_id, "of_member": member_index, "traces": asked}
    found = list(conn.execute(_ANSWERS, wanted).mappings())
    order = {trace: place for place, trace in enumerate(asked)}
    day = [row for row in found if row["answered_on"] == found[0]["answered_on"]]
    return max(day, key=lambda row: order.get(row["trace"], -1), default=None)


def record_answer(conn: Connection, **values: Any) -> bool:
    """Keep a 271 answer, once per (file, segment, question): a plan may refuse all
    that it was asked in one segment."""
    twin = select(eligibility.c.id).where(
        eligibility.c.file_sha256 == values["file_sha256"],
        eligibility.c.segment == values["segment"],
        eligibility.c.trace == values["trace"],
    )
    if conn.execute(twin).first() is not None:
        return False
    conn.execute(insert(eligibility).values(id=str(uuid4()), **values))
    return True


def authorizations(
    conn: Connection, *, payer_id: str, member_index: str
) -> list[RowMapping]:
    """Authorizations of a member at a payer, newest decision first."""
    query = (
        select(authorization)
        .where(
            authorization.c.payer_id == payer_id,
            authorization.c.member_index == member_index,
        )
        .order_by(authorization.c.decided_on.desc(), authorization.c.number)
    )
    return list(conn.execute(query).mappings())


def record_authorization(conn: Connection, **values: Any) -> bool:
    """Keep an authorization, or update its decision; False when nothing is new.

    An older decision never overwrites a newer one (R-BAD-04).
    """
    same = (
        (authorization.c.payer_id == values["payer_id"])
        & (authorization.c.number == values["number"])
        & (authorization.c.code == values["code"])
        & (authorization.c.member_index == values["member_index"])
    )
    known = conn.execute(select(authorization).where(same)).mappings().first()
    if known is None:
        conn.execute(insert(authorization).values(id=str(uuid4()), **values))
        return True
    if known["decided_on"] > values["decided_on"]:
        return False
    if all(known[name] == value for name, value in values.items() if name != "source"):
        return False
    conn.execute(update(authorization).where(same).values(**values))
    return True
