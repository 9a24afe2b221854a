"""A/R by age and by legal deadline, as of any day, worked out again from the ledger.

Each figure is a cell; ``aging_rows`` and ``deadline_rows`` list the claims behind it,
and sum to it to the cent. Read inside one ``Database.reading()``, so that all figures
are of one instant. An amount is shown with the payer its claim has now: a claim that
has moved on to the next payer has taken its open amount along, in past days too.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from claims.money import cents
from ledger import open_items as items
from ledger.balances import totals
from ledger.open_items import NO_PAYER, Band, PageMarkError, Part, Scale

PAGE = 50


class Clock(StrEnum):
    """What an age is counted from; a day after ``as_of`` has not happened yet."""

    SERVICE = "service"
    FIRST_SENT = "first_sent"
    LAST_SENT = "last_sent"
    PATIENT_DUE = "patient_due"


class AgeBucket(StrEnum):
    """Days of age; NO_DATE: what the clock counts from has not happened yet."""

    D0_30 = "d0_30"
    D31_60 = "d31_60"
    D61_90 = "d61_90"
    D91_120 = "d91_120"
    D121_180 = "d121_180"
    D181_UP = "d181_up"
    NO_DATE = "no_date"


class DeadlineBucket(StrEnum):
    """Days left to the legal deadline; the last day itself is 0 and still in time."""

    OVERDUE = "overdue"
    D0_7 = "d0_7"
    D8_15 = "d8_15"
    D16_30 = "d16_30"
    D31_90 = "d31_90"
    LATER = "later"
    NO_DEADLINE = "no_deadline"


_AGES = (
    Band(AgeBucket.D0_30, 30),
    Band(AgeBucket.D31_60, 60),
    Band(AgeBucket.D61_90, 90),
    Band(AgeBucket.D91_120, 120),
    Band(AgeBucket.D121_180, 180),
    Band(AgeBucket.D181_UP, None),
)
_DEADLINES = (
    Band(DeadlineBucket.OVERDUE, -1),
    Band(DeadlineBucket.D0_7, 7),
    Band(DeadlineBucket.D8_15, 15),
    Band(DeadlineBucket.D16_30, 30),
    Band(DeadlineBucket.D31_90, 90),
    Band(DeadlineBucket.LATER, None),
)
_OVER_90 = frozenset({AgeBucket.D91_120, AgeBucket.D121_180, AgeBucket.D181_UP})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(_Frozen):
    """Open cents, and the number of claims that make them up."""

    bucket: AgeBucket | DeadlineBucket
    cents: int
    count: int


class Row(_Frozen):
    """One line of a report: a cell for every bucket, in order, and their sum.

    ``payer_id`` is None where the line is of all payers, ``NO_PAYER`` for entries
    whose claim has no row.
    """

    payer_id: str | None
    cells: tuple[Cell, ...]
    cents: int
    count: int

    @property
    def over_90_cents(self) -> int:
        """Cents that are more than 90 days old (the KPI A/R > 90)."""
        return sum(cell.cents for cell in self.cells if cell.bucket in _OVER_90)


class Aging(_Frozen):
    """Open money by age. ``payers`` are parts of ``insurance``, largest first.

    Credit counts above zero and is taken off ``grand_cents``. ``ties`` says that
    insurance, patient and credit each equal the ledger's own total; ``ledger_cents``
    is that ledger's insurer open plus patient due less credit.
    """

    as_of: date
    clock: Clock
    payers: tuple[Row, ...]
    insurance: Row
    patient: Row
    credit: Row
    grand_cents: int
    ledger_cents: int
    ties: bool


class Deadlines(_Frozen):
    """Insurers' open money by days to the nearest legal deadline of a waiting task."""

    as_of: date
    payers: tuple[Row, ...]
    insurance: Row
    ledger_cents: int
    ties: bool


class OpenClaim(_Frozen):
    """A claim behind a cell. ``day`` is the clock's date or the deadline, ``days`` its
    age or the days left (negative: overdue)."""

    claim_id: str
    pcn: str
    payer_id: str
    cents: int
    day: date | None
    days: int | None


class OpenClaims(_Frozen):
    """One page of the claims behind a cell; ``cents`` and ``count`` are of all pages.

    ``next_after`` opens the next page; None on the last.
    """

    rows: tuple[OpenClaim, ...]
    cents: int
    count: int
    next_after: str | None


def aging(conn: Connection, *, as_of: date, clock: Clock) -> Aging:
    """What is owed at the end of ``as_of``, by payer and age. Two queries."""
    found = items.sums(conn, _age_scale(as_of, clock), tuple(Part))
    by_part = {part: [(p, b, of[part]) for p, b, of in found] for part in Part}
    insurance, patient, credit = (_row(None, by_part[p], AgeBucket) for p in Part)
    ledger = totals(conn, as_of=as_of)
    ours = (insurance.cents, patient.cents, credit.cents)
    theirs = (ledger.insurer_open, ledger.patient_due, ledger.credit)
    return Aging(
        as_of=as_of,
        clock=clock,
        payers=_payer_rows(by_part[Part.INSURANCE], AgeBucket),
        insurance=insurance,
        patient=patient,
        credit=credit,
        grand_cents=insurance.cents + patient.cents - credit.cents,
        ledger_cents=cents(ledger.open),
        ties=ours == tuple(cents(amount) for amount in theirs),
    )


def aging_rows(
    conn: Connection,
    *,
    as_of: date,
    clock: Clock,
    kind: Part,
    payer_id: str | None = None,
    bucket: AgeBucket | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> OpenClaims:
    """The claims behind a cell of ``aging``, oldest first; None is all payers or ages.

    Raises:
        PageMarkError: ``after`` is no ``next_after`` of a page.
    """
    scale = _age_scale(as_of, clock)
    return _page(conn, scale, kind, payer_id, bucket, after, limit)


def by_deadline(conn: Connection, *, as_of: date) -> Deadlines:
    """Insurers' open money by days to the legal deadline. Two queries."""
    found = items.sums(conn, _deadline_scale(as_of), [Part.INSURANCE])
    figures = [(payer, band, of[Part.INSURANCE]) for payer, band, of in found]
    insurance = _row(None, figures, DeadlineBucket)
    ledger_cents = cents(totals(conn, as_of=as_of).insurer_open)
    return Deadlines(
        as_of=as_of,
        payers=_payer_rows(figures, DeadlineBucket),
        insurance=insurance,
        ledger_cents=ledger_cents,
        ties=insurance.cents == ledger_cents,
    )


def deadline_rows(
    conn: Connection,
    *,
    as_of: date,
    payer_id: str | None = None,
    bucket: DeadlineBucket | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> OpenClaims:
    """The claims behind a cell of ``by_deadline``, nearest deadline first.

    Raises:
        PageMarkError: ``after`` is no ``next_after`` of a page.
    """
    scale = _deadline_scale(as_of)
    return _page(conn, scale, Part.INSURANCE, payer_id, bucket, after, limit)


def _age_scale(as_of: date, clock: Clock) -> Scale:
    if clock is Clock.SERVICE:
        dates = items.service_dates(as_of)
    elif clock is Clock.PATIENT_DUE:
        dates = items.statement_dates(as_of)
    else:
        dates = items.sent_dates(as_of, last=clock is Clock.LAST_SENT)
    return Scale(as_of, dates, _AGES, AgeBucket.NO_DATE)


def _deadline_scale(as_of: date) -> Scale:
    dates = items.deadline_dates(as_of)
    return Scale(as_of, dates, _DEADLINES, DeadlineBucket.NO_DEADLINE, ahead=True)


_Figure = tuple[str, str, tuple[int, int]]
"""Payer, bucket, and (cents, claims)."""
_Buckets = type[AgeBucket] | type[DeadlineBucket]


def _row(payer_id: str | None, figures: Iterable[_Figure], buckets: _Buckets) -> Row:
    sums = {bucket.value: [0, 0] for bucket in buckets}
    for _, bucket, (amount, number) in figures:
        sums[bucket][0] += amount
        sums[bucket][1] += number
    cells = tuple(
        Cell(bucket=bucket, cents=sums[bucket][0], count=sums[bucket][1])
        for bucket in buckets
    )
    return Row(
        payer_id=payer_id,
        cells=cells,
        cents=sum(cell.cents for cell in cells),
        count=sum(cell.count for cell in cells),
    )


def _payer_rows(figures: Sequence[_Figure], buckets: _Buckets) -> tuple[Row, ...]:
    by_payer: dict[str, list[_Figure]] = {}
    for figure in figures:
        by_payer.setdefault(figure[0], []).append(figure)
    rows = [_row(payer, some, buckets) for payer, some in by_payer.items()]
    owing = [row for row in rows if row.count]
    return tuple(sorted(owing, key=lambda row: (-row.cents, row.payer_id or "")))


def _page(
    conn: Connection,
    scale: Scale,
    part: Part,
    payer_id: str | None,
    bucket: AgeBucket | DeadlineBucket | None,
    after: str | None,
    limit: int,
) -> OpenClaims:
    rows, amount, number = items.matches(
        conn,
        scale,
        part,
        payer_id=payer_id,
        band=bucket,
        after=after,
        limit=limit + 1,
    )
    shown = rows[:limit]
    names = ("claim_id", "pcn", "payer_id", "cents", "day")
    return OpenClaims(
        rows=tuple(
            OpenClaim(**{n: row[n] for n in names}, days=scale.days(row["day"]))
            for row in shown
        ),
        cents=amount,
        count=number,
        next_after=items.mark(shown[-1]) if len(rows) > limit else None,
    )


__all__ = [
    "NO_PAYER",
    "PAGE",
    "AgeBucket",
    "Aging",
    "Cell",
    "Clock",
    "DeadlineBucket",
    "Deadlines",
    "OpenClaim",
    "OpenClaims",
    "PageMarkError",
    "Part",
    "Row",
    "aging",
    "aging_rows",
    "by_deadline",
    "deadline_rows",
]
