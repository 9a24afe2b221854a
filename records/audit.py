"""Read-only questions of ``starter.py check`` and the claim's story, across tables."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, or_, select

from records.tables import (
    access,
    account,
    appeal,
    batch,
    claim,
    event,
    file,
    news,
    remittance,
    task,
)


def files_without_end(conn: Connection) -> list[RowMapping]:
    """Received files that are neither posted, routed nor quarantined."""
    query = select(file).where(file.c.direction == "in", file.c.ended.is_(None))
    return list(conn.execute(query.order_by(file.c.received_at)).mappings())


def unexplained_states(conn: Connection) -> list[RowMapping]:
    """Changes of state that name no rule or no actor (third promise)."""
    nameless = or_(
        event.c.rule.is_(None), event.c.rule == "", func.trim(event.c.actor) == ""
    )
    query = select(event).where(event.c.kind == "state", nameless)
    return list(conn.execute(query.order_by(event.c.id)).mappings())


def unstated_claims(conn: Connection) -> list[str]:
    """Numbers of claims whose state is not the one their newest event gave them."""
    newest = (
        select(event.c.claim_id, func.max(event.c.id).label("id"))
        .where(event.c.new_state.is_not(None))
        .group_by(event.c.claim_id)
        .subquery()
    )
    query = (
        select(claim.c.pcn)
        .outerjoin(newest, newest.c.claim_id == claim.c.id)
        .outerjoin(event, event.c.id == newest.c.id)
        .where(or_(event.c.id.is_(None), event.c.new_state != claim.c.state))
    )
    return sorted(conn.execute(query).scalars())


def running_appeals(conn: Connection) -> list[RowMapping]:
    """Appeals that are not over."""
    query = select(appeal).where(
        appeal.c.status.in_(["preparing", "sent", "overturned"])
    )
    return list(conn.execute(query).mappings())


def remittances_to_post(conn: Connection) -> list[RowMapping]:
    """Transaction sets on file that nobody has posted or suspended."""
    query = select(remittance).where(remittance.c.status == "received")
    return list(conn.execute(query).mappings())


def ended_batches(conn: Connection) -> set[str]:
    """Batches whose every claim is answered."""
    query = select(batch.c.id).where(batch.c.ended_on.is_not(None))
    return set(conn.execute(query).scalars())


def counts(conn: Connection) -> dict[str, int]:
    """How much there is to check."""
    tables = {"files": file, "tasks": task, "news": news, "accounts": account}
    found = {
        name: int(conn.execute(select(func.count()).select_from(of)).scalar_one())
        for name, of in tables.items()
    }
    query = select(func.count()).where(event.c.kind == "state")
    return found | {"state changes": int(conn.execute(query).scalar_one())}


def tasks_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Every task a claim has had, by number."""
    query = select(task).where(task.c.claim_id == claim_id)
    return list(conn.execute(query.order_by(task.c.number)).mappings())


def claims_like(conn: Connection, practice_number: str) -> list[str]:
    """Our numbers of the claims that carry this number of the practice."""
    query = select(claim.c.pcn).where(claim.c.practice_number == practice_number)
    return sorted(conn.execute(query).scalars())


def last_files(conn: Connection) -> list[tuple[str, Any, str]]:
    """(partner, business date, instant) of the last file received from each."""
    query = (
        select(
            file.c.partner, func.max(file.c.received_on), func.max(file.c.received_at)
        )
        .where(file.c.direction == "in")
        .group_by(file.c.partner)
        .order_by(file.c.partner)
    )
    return [(str(p), day, str(at)) for p, day, at in conn.execute(query)]


def accesses(conn: Connection, claim_id: str | None = None) -> list[RowMapping]:
    """Who read protected data and why, oldest first; of one claim or of all."""
    query = select(access).order_by(access.c.id)
    if claim_id is not None:
        query = query.where(access.c.claim_id == claim_id)
    return list(conn.execute(query).mappings())
