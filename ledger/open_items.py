"""Open amounts of claims as of a day, each with one date: the SQL under ``aging.py``.

Every figure and every drill-down is made from ``open_items``, so that a cell and its
rows cannot differ. A claim is never dropped: one that the ledger knows and ``claim``
does not is of payer ``NO_PAYER``, one without the date falls in a band of its own.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    RowMapping,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from ledger.accounts import EFFECT, Bucket
from ledger.tables import entry
from records.tables import claim, statement, statement_claim, submission, task

NO_PAYER = ""
"""Payer of entries whose claim has no row; there should be none."""
_NEVER = date.max
"""Sorts claims without a date last, in a page mark too."""


class Part(StrEnum):
    """Who an open amount concerns; each is a bucket of R-MON-02."""

    INSURANCE = "insurance"
    PATIENT = "patient"
    CREDIT = "credit"


_BUCKET = {
    Part.INSURANCE: Bucket.INSURER_OPEN,
    Part.PATIENT: Bucket.PATIENT_DUE,
    Part.CREDIT: Bucket.CREDIT,
}


class PageMarkError(ValueError):
    """A page mark that no page gave out; nothing was read."""

    def __init__(self) -> None:
        """Say what to do next."""
        super().__init__(
            "This is no page mark of a list of claims. Nothing was read. "
            "Open the list at its first page."
        )


class Band(NamedTuple):
    """A range of days up to and including ``last``; None for the open end."""

    name: str
    last: int | None


class Scale(NamedTuple):
    """Dates of claims, and the bands that sort them by days from ``as_of``.

    ``dates`` selects (claim_id, day). Days are counted back from ``as_of``, or ahead
    to a day to come. Claims without a day are ``undated``.
    """

    as_of: date
    dates: Select[Any]
    bands: Sequence[Band]
    undated: str
    ahead: bool = False

    def days(self, day: date | None) -> int | None:
        """Days between ``day`` and ``as_of`` in the direction of the scale."""
        if day is None:
            return None
        past = (self.as_of - day).days
        return -past if self.ahead else past


def service_dates(as_of: date) -> Select[Any]:
    """First day of service; a service to come has no age yet."""
    day = claim.c.service_from
    query = select(claim.c.id.label("claim_id"), day.label("day"))
    return query.where(day <= as_of)


def sent_dates(as_of: date, *, last: bool) -> Select[Any]:
    """First (or last) day a claim was sent, to any of its payers."""
    day = submission.c.sent_on
    chosen = func.max(day) if last else func.min(day)
    query = select(submission.c.claim_id, chosen.label("day"))
    return query.where(day <= as_of).group_by(submission.c.claim_id)


def statement_dates(as_of: date) -> Select[Any]:
    """Day of the first statement that billed the claim to the patient."""
    day = statement.c.dated
    return (
        select(statement_claim.c.claim_id, func.min(day).label("day"))
        .join(statement, statement.c.id == statement_claim.c.statement_id)
        .where(day <= as_of)
        .group_by(statement_claim.c.claim_id)
    )


def deadline_dates(as_of: date) -> Select[Any]:
    """Nearest legal deadline of the tasks that waited at the end of ``as_of``."""
    waited = task.c.closed_on.is_(None) | (task.c.closed_on > as_of)
    return (
        select(task.c.claim_id, func.min(task.c.legal_deadline).label("day"))
        .where(task.c.created_on <= as_of, waited)
        .where(task.c.claim_id.is_not(None), task.c.legal_deadline.is_not(None))
        .group_by(task.c.claim_id)
    )


def sums(
    conn: Connection, scale: Scale, parts: Sequence[Part]
) -> list[tuple[str, str, dict[Part, tuple[int, int]]]]:
    """(payer, band, cents and claims of each part), from one query."""
    items = open_items(scale)
    figures: list[ColumnElement[Any]] = []
    for part in parts:
        amount = items.c[part.value]
        figures += [func.sum(amount), func.count(case((amount != 0, 1)))]
    where = or_(*(items.c[part.value] != 0 for part in parts))
    keys = (items.c.payer_id, items.c.band)
    found = conn.execute(select(*keys, *figures).where(where).group_by(*keys))
    return [
        (
            payer,
            band,
            {
                part: (int(pairs[2 * n]), int(pairs[2 * n + 1]))
                for n, part in enumerate(parts)
            },
        )
        for payer, band, *pairs in found
    ]


def matches(
    conn: Connection,
    scale: Scale,
    part: Part,
    *,
    payer_id: str | None,
    band: str | None,
    after: str | None,
    limit: int,
) -> tuple[list[RowMapping], int, int]:
    """One page of the claims behind a cell, and cents and number of all of them.

    Earliest date first, claims without a date last. ``after`` is the ``mark`` of the
    row before the page. One query.

    Raises:
        PageMarkError: ``after`` is no mark.
    """
    found = _matching(open_items(scale), part, payer_id, band)
    total = select(
        func.count().label("number"),
        func.coalesce(func.sum(found.c.cents), 0).label("total"),
    ).select_from(found)
    order = (found.c.position, found.c.claim_id)
    page = select(found).order_by(*order).limit(limit)
    if after is not None:
        day, claim_id = _read_mark(after)
        page = page.where(
            tuple_(*order) > tuple_(literal(day, Date), literal(claim_id))
        )
    all_, one = total.subquery("all_matches"), page.subquery("page")
    # Totals come with an empty page too: it is joined to them, not they to it.
    query = select(all_, one).select_from(all_.outerjoin(one, true()))
    ordered = query.order_by(one.c.position, one.c.claim_id)
    rows = list(conn.execute(ordered).mappings())
    number, cents = int(rows[0]["number"]), int(rows[0]["total"])
    return [row for row in rows if row["claim_id"] is not None], cents, number


def mark(row: RowMapping) -> str:
    """Names a row's place in its list, for the page after it."""
    return f"{row['day'] or _NEVER}~{row['claim_id']}"


def _read_mark(text: str) -> tuple[date, str]:
    day, _, claim_id = text.partition("~")
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise PageMarkError from None
    if not claim_id or "\x00" in claim_id:
        raise PageMarkError
    return found, claim_id


def _matching(
    items: Subquery, part: Part, payer_id: str | None, band: str | None
) -> CTE:
    amount = items.c[part.value]
    query = select(
        items.c.claim_id,
        items.c.payer_id,
        items.c.pcn,
        amount.label("cents"),
        items.c.day,
        func.coalesce(items.c.day, literal(_NEVER, Date)).label("position"),
    ).where(amount != 0)
    if payer_id is not None:
        query = query.where(items.c.payer_id == payer_id)
    if band is not None:
        query = query.where(items.c.band == band)
    return query.cte("matching")


def open_items(scale: Scale) -> Subquery:
    """Each claim with its cents by part, its payer, its day and its band.

    Claims that owe nothing are among them.
    """
    owed, dated = _owed(scale.as_of), scale.dates.subquery("dated")
    joined = owed.outerjoin(claim, claim.c.id == owed.c.claim_id)
    return (
        select(
            owed,
            func.coalesce(claim.c.payer_id, NO_PAYER).label("payer_id"),
            func.coalesce(claim.c.pcn, "").label("pcn"),
            dated.c.day,
            _band(scale, dated.c.day).label("band"),
        )
        .select_from(joined.outerjoin(dated, dated.c.claim_id == owed.c.claim_id))
        .subquery("open_item")
    )


def _owed(as_of: date) -> Subquery:
    """Cents of each part, by claim, at the end of a day.

    Claims that owe nothing are left out above: with HAVING, SQLite took every sum
    twice.
    """
    amounts = [amount_of(bucket).label(part) for part, bucket in _BUCKET.items()]
    return (
        select(entry.c.claim_id, *amounts)
        .where(entry.c.claim_id.is_not(None), entry.c.business_date <= as_of)
        .group_by(entry.c.claim_id)
        .subquery("owed")
    )


def amount_of(bucket: Bucket) -> ColumnElement[int]:
    """What entries do to a bucket, by ``EFFECT``: the ledger's one truth."""
    signed = entry.c.amount_cents * entry.c.direction
    kinds: dict[int, list[str]] = {1: [], -1: []}
    for kind, effect in EFFECT.items():
        if bucket in effect:
            kinds[effect[bucket]].append(kind.value)
    moved = case(
        (entry.c.entry_type.in_(kinds[1]), signed),
        (entry.c.entry_type.in_(kinds[-1]), -signed),
        else_=0,
    )
    return cast(func.sum(moved), BigInteger)


def _band(scale: Scale, day: ColumnElement[date]) -> ColumnElement[str]:
    whens: list[tuple[ColumnElement[bool], str]] = [(day.is_(None), scale.undated)]
    for name, last in scale.bands:
        if last is None:
            return case(*whens, else_=name)
        edge = _shift(scale.as_of, last if scale.ahead else -last)
        whens.append((day <= edge if scale.ahead else day >= edge, name))
    raise ValueError("the last band of a scale must be open")


def _shift(day: date, days: int) -> date:
    """A day so many days on, or the end of the calendar."""
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)
