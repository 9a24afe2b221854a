"""A/R by age and by deadline: cells equal their rows and the ledger, to the cent."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Date, Integer, LargeBinary, Table, insert

from claims.money import from_cents
from ledger.accounts import EntryType
from ledger.aging import (
    NO_PAYER,
    AgeBucket,
    Clock,
    DeadlineBucket,
    OpenClaim,
    OpenClaims,
    PageMarkError,
    Part,
    Row,
    aging,
    aging_rows,
    by_deadline,
    deadline_rows,
)
from ledger.balances import totals
from ledger.entries import LedgerIdentityError, NewEntry, post
from records.db import Database
from records.tables import account, claim, statement, statement_claim, submission, task
from tests.ledger.making import AT, make

E = EntryType
TODAY = date(2026, 5, 11)
LONG_AGO = date(2020, 1, 1)


def plain_value(column: Column[Any], id_: str) -> Any:
    if isinstance(column.type, LargeBinary):
        return b"x"
    if isinstance(column.type, Date):
        return LONG_AGO
    if isinstance(column.type, Integer):
        return 1
    return id_[-(getattr(column.type, "length", None) or 10) :]


def add(conn: Connection, table: Table, **values: Any) -> None:
    """A row in which every required field that a test does not name has some value."""
    row = dict(values)
    for column in table.columns:
        if column.name in row or column.nullable or column.default is not None:
            continue
        row[column.name] = plain_value(column, str(values["id"]))
    conn.execute(insert(table).values(row))


def add_claim(conn: Connection, id_: str, *, payer: str, served: date | None) -> None:
    add(conn, account, id=id_)
    add(
        conn,
        claim,
        id=id_,
        pcn=f"PCN-{id_}",
        account_id=id_,
        payer_id=payer,
        service_from=served,
    )


def owe(
    conn: Connection, id_: str, amount: str, *, payer: str = "P-A", age: int
) -> None:
    """A claim whose insurer owes an amount since a service so many days ago."""
    served = TODAY - timedelta(age)
    add_claim(conn, id_, payer=payer, served=served)
    charge = make(E.CHARGE, amount, claim=id_, payer_id=payer, business_date=served)
    post(conn, [charge], posted_at=AT)


def sent(conn: Connection, claim_id: str, number: int, day: date | None) -> None:
    id_ = f"{claim_id}/{number}"
    values = {"claim_id": claim_id, "number": number, "sent_on": day}
    add(conn, submission, id=id_, **values)


def billed(conn: Connection, claim_id: str, day: date) -> None:
    id_ = f"{claim_id}/{day}"
    add(conn, statement, id=id_, dated=day)
    values = {"statement_id": id_, "claim_id": claim_id, "step": 1}
    values |= {"cycle_start": day, "template": "t", "amount_cents": 1}
    conn.execute(insert(statement_claim).values(values))


def wait(conn: Connection, claim_id: str, number: int, **values: Any) -> None:
    plain = {"status": "open", "created_on": LONG_AGO, "evidence": {}}
    id_ = f"task-{number}"
    row = plain | values | {"id": id_, "number": number, "claim_id": claim_id}
    add(conn, task, **row)


def cells(row: Row) -> dict[str, tuple[int, int]]:
    """Cents and claims of the buckets that hold something."""
    return {c.bucket.value: (c.cents, c.count) for c in row.cells if c.count}


def days_of(conn: Connection, clock: Clock) -> dict[str, int | None]:
    found = aging_rows(conn, as_of=TODAY, clock=clock, kind=Part.INSURANCE)
    return {row.claim_id: row.days for row in found.rows}


@pytest.mark.parametrize(
    ("age", "bucket"),
    [
        *((0, AgeBucket.D0_30), (30, AgeBucket.D0_30), (31, AgeBucket.D31_60)),
        *((60, AgeBucket.D31_60), (61, AgeBucket.D61_90), (90, AgeBucket.D61_90)),
        *((91, AgeBucket.D91_120), (120, AgeBucket.D91_120)),
        *((121, AgeBucket.D121_180), (180, AgeBucket.D121_180)),
        *((181, AgeBucket.D181_UP), (4000, AgeBucket.D181_UP)),
    ],
)
def test_age_is_counted_in_whole_days_from_the_service(
    db: Database, age: int, bucket: AgeBucket
) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "80.00", age=age)
        report = aging(conn, as_of=TODAY, clock=Clock.SERVICE)
        assert days_of(conn, Clock.SERVICE) == {"c1": age}

    assert cells(report.insurance) == {bucket: (8000, 1)}
    assert report.ties


def test_plans_patients_and_credits_are_kept_apart(db: Database) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "100.00", payer="P-A", age=10)
        owe(conn, "c2", "300.00", payer="P-B", age=100)
        more = [
            make(E.TRANSFER_TO_PATIENT, "40.00", claim="c1", business_date=TODAY),
            make(E.CREDIT_OPEN_PATIENT, "7.50", claim="c1", business_date=TODAY),
        ]
        post(conn, more, posted_at=AT)
        report = aging(conn, as_of=TODAY, clock=Clock.SERVICE)

    assert [(r.payer_id, r.cents) for r in report.payers] == [
        ("P-B", 30000),
        ("P-A", 6000),
    ]
    assert cells(report.insurance) == {"d0_30": (6000, 1), "d91_120": (30000, 1)}
    assert cells(report.patient) == {"d0_30": (4750, 1)}
    assert cells(report.credit) == {"d0_30": (750, 1)}
    assert report.grand_cents == report.ledger_cents == 40000
    assert report.insurance.over_90_cents == 30000
    assert report.ties


def test_a_past_day_is_worked_out_again_without_what_came_later(db: Database) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "100.00", age=40)
        paid = make(E.PAYER_PAYMENT, "100.00", claim="c1", business_date=TODAY)
        post(conn, [paid], posted_at=AT)
        before = TODAY - timedelta(1)
        report = aging(conn, as_of=before, clock=Clock.SERVICE)
        assert not aging(conn, as_of=TODAY, clock=Clock.SERVICE).payers
        assert totals(conn, as_of=before).insurer_open == from_cents(10000)

    assert cells(report.insurance) == {"d31_60": (10000, 1)}
    assert report.ties


def test_each_clock_counts_from_its_own_day(db: Database) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "100.00", age=100)
        sent(conn, "c1", 1, TODAY - timedelta(70))
        sent(conn, "c1", 2, TODAY - timedelta(20))
        sent(conn, "c1", 3, None)
        billed(conn, "c1", TODAY - timedelta(5))
        billed(conn, "c1", TODAY - timedelta(50))
        ages = {clock: days_of(conn, clock)["c1"] for clock in Clock}

    assert ages == {
        Clock.SERVICE: 100,
        Clock.FIRST_SENT: 70,
        Clock.LAST_SENT: 20,
        Clock.PATIENT_DUE: 50,
    }


def test_what_has_not_happened_by_the_day_gives_no_date_and_drops_nothing(
    db: Database,
) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "100.00", age=3)
        sent(conn, "c1", 1, TODAY + timedelta(1))
        billed(conn, "c1", TODAY + timedelta(1))
        add_claim(conn, "c2", payer="P-A", served=None)
        add_claim(conn, "c3", payer="P-A", served=TODAY + timedelta(1))
        charges = [
            make(E.CHARGE, "10.00", claim=c, business_date=TODAY) for c in ("c2", "c3")
        ]
        post(conn, charges, posted_at=AT)
        by = {c: aging(conn, as_of=TODAY, clock=c).insurance for c in Clock}
        assert days_of(conn, Clock.SERVICE) == {"c1": 3, "c2": None, "c3": None}

    assert cells(by[Clock.SERVICE]) == {"d0_30": (10000, 1), "no_date": (2000, 2)}
    for clock in (Clock.FIRST_SENT, Clock.LAST_SENT, Clock.PATIENT_DUE):
        assert cells(by[clock]) == {"no_date": (12000, 3)}


def test_entries_without_a_claim_row_are_shown_as_of_no_payer(db: Database) -> None:
    with db.transaction() as conn:
        post(conn, [make(E.CHARGE, "10.00", claim="lost")], posted_at=AT)
        report = aging(conn, as_of=TODAY, clock=Clock.SERVICE)
        assert days_of(conn, Clock.SERVICE) == {"lost": None}

    assert [(r.payer_id, r.cents) for r in report.payers] == [(NO_PAYER, 1000)]
    assert report.ties


@pytest.mark.parametrize(
    ("left", "bucket"),
    [
        *((-1, DeadlineBucket.OVERDUE), (0, DeadlineBucket.D0_7)),
        *((7, DeadlineBucket.D0_7), (8, DeadlineBucket.D8_15)),
        *((15, DeadlineBucket.D8_15), (16, DeadlineBucket.D16_30)),
        *((30, DeadlineBucket.D16_30), (31, DeadlineBucket.D31_90)),
        *((90, DeadlineBucket.D31_90), (91, DeadlineBucket.LATER)),
        (None, DeadlineBucket.NO_DEADLINE),
    ],
)
def test_open_money_is_sorted_by_days_left_to_the_legal_deadline(
    db: Database, left: int | None, bucket: DeadlineBucket
) -> None:
    deadline = None if left is None else TODAY + timedelta(left)
    with db.transaction() as conn:
        owe(conn, "c1", "80.00", age=40)
        wait(conn, "c1", 1, legal_deadline=deadline)
        report = by_deadline(conn, as_of=TODAY)
        listed = deadline_rows(conn, as_of=TODAY, bucket=bucket)

    assert cells(report.insurance) == {bucket: (8000, 1)}
    assert [(row.day, row.days) for row in listed.rows] == [(deadline, left)]
    assert report.ties


def test_the_nearest_deadline_counts_of_the_tasks_that_waited_that_day(
    db: Database,
) -> None:
    def left(day: date) -> int | None:
        (row,) = deadline_rows(conn, as_of=day).rows
        return row.days

    near, far = TODAY + timedelta(10), TODAY + timedelta(20)
    with db.transaction() as conn:
        owe(conn, "c1", "80.00", age=40)
        closed = {"status": "done", "closed_on": TODAY}
        wait(conn, "c1", 1, legal_deadline=near, **closed)
        wait(conn, "c1", 2, legal_deadline=far)
        wait(conn, "c1", 3, legal_deadline=near, created_on=TODAY + timedelta(1))

        assert left(TODAY - timedelta(1)) == 11
        assert left(TODAY) == 20
        assert left(TODAY + timedelta(1)) == 9


def pages(
    conn: Connection, limit: int, **cell: Any
) -> tuple[list[OpenClaim], OpenClaims]:
    rows: list[OpenClaim] = []
    after: str | None = None
    while True:
        page = aging_rows(conn, **cell, after=after, limit=limit)
        rows += page.rows
        assert len(page.rows) <= limit
        assert len({row.claim_id for row in rows}) == len(rows)
        if page.next_after is None:
            return rows, page
        after = page.next_after


def test_pages_list_each_claim_once_oldest_first_and_undated_last(db: Database) -> None:
    with db.transaction() as conn:
        for n, age in enumerate((5, 9, 9, 9, 2), 1):
            owe(conn, f"c{n}", "10.00", age=age)
        add_claim(conn, "c0", payer="P-A", served=None)
        charge = make(E.CHARGE, "10.00", claim="c0", business_date=TODAY)
        post(conn, [charge], posted_at=AT)
        cell: dict[str, Any] = {"as_of": TODAY, "clock": Clock.SERVICE}
        cell["kind"] = Part.INSURANCE
        for limit in (1, 2, 3, 6, 7):
            rows, last = pages(conn, limit, **cell)
            assert [r.claim_id for r in rows] == ["c2", "c3", "c4", "c1", "c5", "c0"]
            assert (last.cents, last.count) == (6000, 6)
        beyond = aging_rows(conn, **cell, after="9999-12-31~zz")

    assert rows[0].pcn == "PCN-c2"
    assert (beyond.rows, beyond.cents, beyond.count) == ((), 6000, 6)


@pytest.mark.parametrize("mark", ["", "c1", "2026-13-01~c1", "2026-01-01~", "1~\x00"])
def test_a_page_mark_of_no_page_is_refused(db: Database, mark: str) -> None:
    with db.reading() as conn, pytest.raises(PageMarkError, match="first page"):
        deadline_rows(conn, as_of=TODAY, after=mark)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days_like_others(db: Database, day: date) -> None:
    with db.transaction() as conn:
        owe(conn, "c1", "10.00", age=3)
        assert aging(conn, as_of=day, clock=Clock.SERVICE).ties
        assert by_deadline(conn, as_of=day).ties


CLAIMS = ("c1", "c2", "c3", "lost")
DAYS = st.integers(0, 200).map(lambda n: TODAY - timedelta(n))
STARTS = [E.CHARGE, E.CHARGE_SELF_PAY, E.PATIENT_PREPAYMENT]
OFTEN = [
    *(*STARTS, E.PAYER_PAYMENT, E.TRANSFER_TO_PATIENT, E.PATIENT_PAYMENT),
    *(E.CREDIT_OPEN_PAYER, E.CONTRACTUAL_ADJ),
]
new_entries = st.builds(
    lambda kind, cents, claim_id, day: replace(
        make(kind, str(from_cents(cents)), claim=claim_id), business_date=day
    ),
    st.sampled_from([*sorted(EntryType), *STARTS * 6, *OFTEN * 4]),
    st.integers(1, 5_000),
    st.sampled_from(CLAIMS),
    DAYS,
)


def lay_out(conn: Connection, days: list[date]) -> None:
    """Three claims of two payers, each with some of the dates a clock counts from."""
    for n, id_ in enumerate(CLAIMS[:3]):
        add_claim(conn, id_, payer=f"P-{n % 2}", served=days[n] if n else None)
        sent(conn, id_, 1, days[n + 3])
        sent(conn, id_, 2, days[n + 6])
        billed(conn, id_, days[n + 9])
        wait(conn, id_, n, legal_deadline=days[n] + timedelta(60), created_on=days[n])
        wait(conn, id_, n + 9, legal_deadline=days[n + 3], closed_on=days[n + 6])


def assert_cells_are_their_rows(conn: Connection, as_of: date) -> None:
    ledger = totals(conn, as_of=as_of)
    for clock in Clock:
        report = aging(conn, as_of=as_of, clock=clock)
        assert report.ties
        assert from_cents(report.insurance.cents) == ledger.insurer_open
        assert from_cents(report.grand_cents) == ledger.open
        summed = sum(row.cents for row in report.payers)
        assert summed == report.insurance.cents
        lines = [(Part.INSURANCE, row) for row in (*report.payers, report.insurance)]
        lines += [(Part.PATIENT, report.patient), (Part.CREDIT, report.credit)]
        for kind, row in lines:
            of = {"as_of": as_of, "clock": clock, "kind": kind}
            for cell in row.cells:
                where = of | {"payer_id": row.payer_id, "bucket": cell.bucket}
                rows, last = pages(conn, 2, **where)
                assert sum(r.cents for r in rows) == last.cents == cell.cents
                assert len(rows) == last.count == cell.count
    deadlines = by_deadline(conn, as_of=as_of)
    assert deadlines.ties
    for row in (*deadlines.payers, deadlines.insurance):
        for cell in row.cells:
            assert isinstance(cell.bucket, DeadlineBucket)
            found = deadline_rows(
                conn, as_of=as_of, payer_id=row.payer_id, bucket=cell.bucket
            )
            assert sum(r.cents for r in found.rows) == found.cents == cell.cents
            assert len(found.rows) == found.count == cell.count


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    days=st.lists(DAYS, min_size=12, max_size=12),
    posted=st.lists(new_entries, min_size=1, max_size=15),
    as_of=DAYS,
)
def test_each_cell_is_the_sum_of_its_rows_and_all_cells_are_the_ledger(
    db: Database, days: list[date], posted: list[NewEntry], as_of: date
) -> None:
    with db.transaction() as conn:
        lay_out(conn, days)
        for new in posted:
            with_this = conn.begin_nested()
            try:
                post(conn, [new], posted_at=AT)
            except LedgerIdentityError:
                with_this.rollback()
            else:
                with_this.commit()
        assert_cells_are_their_rows(conn, as_of)
        conn.rollback()  # The next example starts with an empty ledger.
