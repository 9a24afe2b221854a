"""What waits, how much of it and since when, for the page that says how we are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from records import acts
from records.instants import from_text
from records.tables import account, claim, decision, event, letter, remittance


@dataclass(frozen=True)
class Decisions:
    """Decisions and requests of people that no workflow has answered yet."""

    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Letters:
    """Letters that wait to be mailed."""

    count: int
    oldest: date | None


def decisions(conn: Connection) -> Decisions:
    """What people decided or asked for and nobody has applied."""
    query = select(func.count(), func.min(decision.c.saved_at)).where(
        decision.c.applied_at.is_(None), decision.c.refused.is_(None)
    )
    count, first = conn.execute(query).one()
    asked = [f"act:{act_id}" for act_id, _, _ in acts.unanswered(conn)]
    told = select(func.min(event.c.at)).where(event.c.key.in_(asked))
    since = [at for at in (first, conn.execute(told).scalar()) if at]
    oldest = from_text(min(since)) if since else None
    return Decisions(int(count) + len(asked), oldest)


def letters(conn: Connection) -> Letters:
    """The outbox of letters."""
    query = select(func.count(), func.min(letter.c.dated))
    count, oldest = conn.execute(query.where(letter.c.status == "outbox")).one()
    return Letters(int(count), oldest)


def numbers(
    conn: Connection,
    *,
    claim_ids: Iterable[str],
    account_ids: Iterable[str],
    remittance_ids: Iterable[str],
) -> dict[str, str]:
    """What people call these rows, by id; who has no row is left out."""
    queries = (
        select(claim.c.id, claim.c.pcn).where(claim.c.id.in_(list(claim_ids))),
        select(account.c.id, account.c.public_ref).where(
            account.c.id.in_(list(account_ids))
        ),
        select(remittance.c.id, remittance.c.trace).where(
            remittance.c.id.in_(list(remittance_ids))
        ),
    )
    return {str(k): str(v) for query in queries for k, v in conn.execute(query)}
