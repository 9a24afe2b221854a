"""Remittances as a list, and the claims of one with their numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
)

from records.tables import claim, deposit, remittance, remittance_claim, task


@dataclass(frozen=True)
class Asked:
    """Which remittances; what is empty does not limit."""

    status: str = ""
    payer: str = ""
    trace: str = ""


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    parts = []
    if asked.status:
        parts.append(remittance.c.status == asked.status)
    if asked.payer:
        parts.append(remittance.c.payer_id == asked.payer)
    if asked.trace:
        parts.append(remittance.c.trace == asked.trace)
    return parts


def _of_claims(
    what: ColumnElement[int], *where: ColumnElement[bool]
) -> ColumnElement[int]:
    query = select(func.coalesce(what, 0)).where(
        remittance_claim.c.remittance_id == remittance.c.id, *where
    )
    return query.correlate(remittance).scalar_subquery()


def page(
    conn: Connection, asked: Asked, *, before: tuple[date, str] | None, limit: int
) -> list[RowMapping]:
    """Remittances, newest first, before a place (day, id) in the list.

    ``claims_paid`` is the sum of CLP04 in cents; a set that has not posted has none.
    """
    rows = remittance_claim
    query = select(
        remittance,
        _of_claims(func.count(rows.c.position)).label("claims"),
        _of_claims(func.count(rows.c.position), rows.c.outcome == "unmatched").label(
            "unmatched"
        ),
        _of_claims(func.sum(rows.c.paid_cents)).label("claims_paid"),
    ).where(*_where(asked))
    if before is not None:
        place = (remittance.c.received_on, remittance.c.id)
        query = query.where(tuple_(*place) < before)
    query = query.order_by(remittance.c.received_on.desc(), remittance.c.id.desc())
    return list(conn.execute(query.limit(limit)).mappings())


def totals(conn: Connection, asked: Asked) -> tuple[int, int]:
    """Count, and cents of the checks, of every match."""
    query = select(func.count(), func.coalesce(func.sum(remittance.c.paid_cents), 0))
    found = conn.execute(query.select_from(remittance).where(*_where(asked))).one()
    return int(found[0]), int(found[1])


def outcomes(conn: Connection, remittance_id: str) -> dict[int, str]:
    """How each CLP of a set ended, by its segment; a set that has not posted has
    none."""
    rows = remittance_claim
    query = select(rows.c.position, rows.c.outcome)
    found = conn.execute(query.where(rows.c.remittance_id == remittance_id))
    return {int(row[0]): str(row[1]) for row in found}


def claims_of(
    conn: Connection, remittance_id: str, positions: Sequence[int]
) -> list[RowMapping]:
    """How the CLPs at these segments ended, with our claim's number, in the file's
    order."""
    rows = remittance_claim
    query = (
        select(rows.c.position, rows.c.claim_id, rows.c.outcome, claim.c.pcn)
        .outerjoin(claim, claim.c.id == rows.c.claim_id)
        .where(rows.c.remittance_id == remittance_id, rows.c.position.in_(positions))
        .order_by(rows.c.position)
    )
    return list(conn.execute(query).mappings())


def other_decisions(
    conn: Connection, remittance_id: str, claim_ids: Iterable[str]
) -> list[RowMapping]:
    """What other remittances said of these claims, first posted first."""
    rows = remittance_claim
    query = (
        select(
            *(rows.c.claim_id, rows.c.status, rows.c.paid_cents),
            *(remittance.c.id, remittance.c.trace, remittance.c.posted_on),
        )
        .join(remittance, remittance.c.id == rows.c.remittance_id)
        .where(
            rows.c.claim_id.in_(set(claim_ids)),
            rows.c.remittance_id != remittance_id,
            rows.c.outcome.in_(["posted", "linked"]),
        )
        .order_by(remittance.c.posted_on, rows.c.position)
    )
    return list(conn.execute(query).mappings())


def tasks_of(
    conn: Connection, remittance_id: str, ended: Iterable[RowMapping]
) -> dict[int | None, RowMapping]:
    """The task of each CLP without a claim of ours by its position, and under None
    that of the whole set (it does not add up, conflicts with another, or was keyed)."""
    places: dict[str, int | None] = {
        f"{remittance_id}:ERA_UNMATCHED_CLAIM:{row['position']}": row["position"]
        for row in ended
        if row["outcome"] in ("unmatched", "linked", "returned")
    }
    for kind in ("ERA_UNBALANCED", "ERA_CONFLICT", "MANUAL_EOB_POST"):
        places[f"{remittance_id}:{kind}:"] = None
    query = select(task.c.id, task.c.number, task.c.key, task.c.closed_on)
    found = conn.execute(query.where(task.c.key.in_(places))).mappings()
    return {places[row["key"]]: row for row in found}


def charge_at(conn: Connection, remittance_id: str, position: int) -> int | None:
    """Cents billed in the CLP at this segment; None when it is not on file."""
    query = select(remittance_claim.c.charge_cents).where(
        remittance_claim.c.remittance_id == remittance_id,
        remittance_claim.c.position == position,
    )
    found: int | None = conn.execute(query).scalar()
    return found


_SHOWN = (
    *(claim.c.id, claim.c.pcn, claim.c.practice_number),
    *(claim.c.service_from, claim.c.charge_cents),
)


def paid_just(
    conn: Connection, payer_id: str, cents: int, limit: int
) -> list[RowMapping]:
    """Claims for which this payer once paid just these cents, the newest first."""
    query = (
        select(*_SHOWN)
        .join_from(
            remittance_claim,
            remittance,
            remittance.c.id == remittance_claim.c.remittance_id,
        )
        .join(claim, claim.c.id == remittance_claim.c.claim_id)
        .where(
            remittance.c.payer_id == payer_id,
            remittance_claim.c.paid_cents == cents,
            remittance_claim.c.outcome.in_(["posted", "linked"]),
        )
        .group_by(*_SHOWN)
        .order_by(func.max(remittance.c.posted_on).desc(), claim.c.pcn)
    )
    query = query.limit(limit)
    return list(conn.execute(query).mappings())


def undecided(
    conn: Connection, payer_id: str, charge_cents: int, day: date | None, limit: int
) -> list[RowMapping]:
    """Claims that this payer has not decided, with this charge or this first day of
    service; those with both first."""
    alike = (claim.c.charge_cents == charge_cents, claim.c.service_from == day)
    query = (
        select(*_SHOWN)
        .where(
            claim.c.payer_id == payer_id,
            claim.c.first_remit_on.is_(None),
            claim.c.closed_on.is_(None),
            or_(*(alike if day else alike[:1])),
        )
        .order_by(case((and_(*alike), 0), else_=1), claim.c.service_from, claim.c.pcn)
    )
    return list(conn.execute(query.limit(limit)).mappings())


def deposits_of(conn: Connection, remittance_id: str) -> list[RowMapping]:
    """The bank's money that is this remittance's."""
    query = select(deposit).where(deposit.c.remittance_id == remittance_id)
    return list(conn.execute(query.order_by(deposit.c.deposited_on)).mappings())
