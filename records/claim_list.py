"""The claims list: one page of it with the totals of all matches, in one query."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    and_,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)

from records import claims
from records.acts import CLAIM_HOLD
from records.claims import ClaimRow
from records.events import HELD_IMPORT
from records.queue_filters import Work, is_work
from records.tables import account, claim, event, hold, task

SHUT = ("CLOSED", "VOIDED")
NO_DATE = date(9999, 12, 31)
ORDER = (claim.c.next_due.asc().nulls_last(), claim.c.pcn)
"""As ix_claim_list has it."""


@dataclass(frozen=True)
class Wanted:
    """What the list shows. ``states`` and ``payers`` empty mean any.

    ``waits_for`` is the owner of the next step, ``late_on`` the day when it is late,
    ``brought_by`` the SHA-256 of the file that brought a claim; ``brought`` narrows it
    to those it had ``accepted`` or ``held``.
    """

    states: tuple[str, ...] = ()
    payers: tuple[str, ...] = ()
    waits_for: str = ""
    held: bool = False
    late_on: date | None = None
    due_by: date | None = None
    show: str = "open"
    patient_index: str | None = None
    brought_by: str = ""
    brought: str = ""


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
    totals = select(
        func.count().label("matches"),
        func.coalesce(func.sum(claim.c.charge_cents), 0).label("billed"),
    ).where(*where)
    # The page is found in ix_claim_list; only its own rows, wide with their sealed
    # content, are read from the table.
    found = select(claim.c.id).where(*where).order_by(*ORDER)
    if after is not None:
        found = found.where(_behind(*after))
    ids = found.limit(size + 1).subquery("found")
    all_of_it = totals.subquery("totals")
    query = (
        select(
            *claims.COLUMNS,
            claim.c.content_enc.label("sealed"),
            assigned.label("assigned"),
            all_of_it,
        )
        .join_from(claim, ids, ids.c.id == claim.c.id)
        .join(all_of_it, true())
        .order_by(*ORDER)
    )
    read = [dict(r) for r in conn.execute(query).mappings()]
    if read:
        matches, cents = read[0]["matches"], read[0]["billed"]
    else:  # behind the last page
        matches, cents = conn.execute(totals).one()
    rows = tuple(_listed(values) for values in read[:size])
    return Page(rows, int(matches), int(cents), len(read) > size)


def _behind(day: date, pcn: str) -> ColumnElement[bool]:
    """The place comes after this one; claims without a date come last."""
    undated = claim.c.next_due.is_(None)
    if day == NO_DATE:
        return and_(undated, claim.c.pcn > pcn)
    place = tuple_(literal(day, Date), literal(pcn))
    return or_(tuple_(claim.c.next_due, claim.c.pcn) > place, undated)


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
        # Wrapped, so that it is looked for in ix_claim_list: by ix_claim_member it
        # would take as many reads of the wide table as the payer has claims.
        where.append(func.coalesce(claim.c.payer_id, "").in_(wanted.payers))
    if wanted.waits_for:
        where.append(claim.c.next_owner == wanted.waits_for)
    if wanted.late_on is not None:
        where += [claim.c.next_due < wanted.late_on, claim.c.state.notin_(SHUT)]
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
    return where + _brought(wanted)


def _brought(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Claims that a file brought: all of them, or those it had accepted or held."""
    if not wanted.brought_by:
        return []
    where = [claim.c.source_file == wanted.brought_by]
    held = exists().where(event.c.claim_id == claim.c.id, event.c.kind == HELD_IMPORT)
    if wanted.brought:
        where.append(held if wanted.brought == "held" else not_(held))
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
