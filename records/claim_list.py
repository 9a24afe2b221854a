"""The claims list: one page of it with the totals of all matches, in one query."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from records import claims
from records.acts import CLAIM_HOLD
from records.claims import ClaimRow
from records.queue_filters import Work, is_work
from records.tables import account, claim, hold, task

SHUT = ("CLOSED", "VOIDED")
NO_DATE = date(9999, 12, 31)
_due = func.coalesce(claim.c.next_due, literal(NO_DATE, Date))


@dataclass(frozen=True)
class Wanted:
    """What the list shows. ``states`` and ``payers`` empty mean any."""

    states: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    held: bool = False
    due_by: date | None = None
    show: str = "open"
    patient_index: str | None = None


@dataclass(frozen=True)
class Listed:
    """A claim, its sealed content, and whether a task of these roles waits on it."""

    row: ClaimRow
    sealed: bytes
    assigned: bool


@dataclass(frozen=True)
class Page:
    """Rows of one page, and count and cents billed of every match."""

    rows: tuple[Listed, ...]
    count: int
    billed_cents: int
    more: bool


def page(
    conn: Connection,
    wanted: Wanted,
    work: Work,
    *,
    after: tuple[date, str] | None,
    size: int,
) -> Page:
    """Matches in the order of their next date; those without a date come last."""
    where = _where(wanted)
    assigned = exists().where(
        task.c.claim_id == claim.c.id,
        task.c.closed_on.is_(None),
        is_work(work),
    )
    count = select(func.count()).select_from(claim).where(*where)
    billed = select(func.coalesce(func.sum(claim.c.charge_cents), 0)).where(*where)
    # The page is found in ix_claim_list; only its own rows, wide with their sealed
    # content, are read from the table.
    found = select(claim.c.id).where(*where).order_by(_due, claim.c.pcn)
    if after is not None:
        day, pcn = after
        found = found.where(
            tuple_(_due, claim.c.pcn) > tuple_(literal(day, Date), literal(pcn))
        )
    ids = found.limit(size + 1).subquery("found")
    query = (
        select(
            *claims.COLUMNS,
            claim.c.content_enc.label("sealed"),
            assigned.label("assigned"),
            count.scalar_subquery().label("matches"),
            billed.scalar_subquery().label("billed"),
        )
        .join_from(claim, ids, ids.c.id == claim.c.id)
        .order_by(_due, claim.c.pcn)
    )
    read = [dict(r) for r in conn.execute(query).mappings()]
    if read:
        matches, cents = read[0]["matches"], read[0]["billed"]
    else:  # behind the last page
        matches, cents = conn.execute(count).scalar(), conn.execute(billed).scalar()
    rows = tuple(_listed(values) for values in read[:size])
    return Page(rows, int(matches or 0), int(cents or 0), len(read) > size)


def _listed(values: dict[str, Any]) -> Listed:
    sealed, assigned = values.pop("sealed"), bool(values.pop("assigned"))
    values.pop("matches")
    values.pop("billed")
    return Listed(claims.as_row(values), sealed, assigned)


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.states:
        where.append(claim.c.state.in_(wanted.states))
    if wanted.payers:
        where.append(claim.c.payer_id.in_(wanted.payers))
    if wanted.held:
        held = exists().where(
            hold.c.claim_id == claim.c.id,
            hold.c.kind == CLAIM_HOLD,
            hold.c.cleared_on.is_(None),
        )
        where.append(held)
    if wanted.due_by is not None:
        where.append(claim.c.next_due <= wanted.due_by)
    if wanted.show == "open":
        where.append(claim.c.state.notin_(SHUT))
    if wanted.show == "closed":
        where.append(claim.c.state.in_(SHUT))
    if wanted.patient_index is not None:
        where.append(claim.c.patient_index == wanted.patient_index)
    return where


def exact(conn: Connection, reference: str) -> list[str]:
    """Ids of claims with this number: ours, the practice's or the payer's."""
    query = select(claim.c.id).where(
        or_(
            claim.c.pcn == reference,
            claim.c.practice_number == reference,
            claim.c.payer_icn == reference,
        )
    )
    return list(conn.execute(query.order_by(claim.c.pcn)).scalars())


def account_with(conn: Connection, reference: str) -> str | None:
    """The id of the account with this reference on its statements."""
    found: str | None = conn.execute(
        select(account.c.id).where(account.c.public_ref == reference)
    ).scalar()
    return found


def overdue(conn: Connection, today: date, limit: int) -> tuple[int, list[ClaimRow]]:
    """Open claims whose next step is late and waits for no person: how many, and the
    first ones by date. There should be none (first promise)."""
    where = (
        claim.c.state.notin_(SHUT),
        claim.c.next_due < today,
        claim.c.next_owner != "task",
    )
    count = conn.execute(select(func.count()).select_from(claim).where(*where))
    query = (
        select(*claims.COLUMNS).where(*where).order_by(claim.c.next_due, claim.c.pcn)
    )
    rows = conn.execute(query.limit(limit)).mappings()
    return int(count.scalar_one()), [claims.as_row(row) for row in rows]
