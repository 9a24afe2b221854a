"""The daily close on both databases: signed, kept, in order, explained by people."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from activities import day_close
from activities import tasks as deciding
from activities.day_close import MayNotCloseError, NotClosedError, close, reopen, show
from activities.office import Office
from claims.task import DecisionRefused
from ledger.accounts import EntryType
from ledger.entries import NewEntry, post
from records import closes, remittances, tasks, users
from records.events import Because
from records.instants import to_text
from records.users import User

from .conftest import open_office

MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)
LATER = date(2026, 6, 12)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    found = open_office(tmp_path, repo_root, database_url)
    with found.writing() as conn:
        for name, role in (("pat", "poster"), ("sam", "supervisor")):
            users.put_user(conn, User(name=name, display_name=name, roles=(role,)))
    yield found
    found.db.close()


def _person(office: Office, name: str) -> User:
    with office.reading() as conn:
        found = users.get_user(conn, name)
    assert found is not None
    return found


def _why(day: date = LATER, actor: str = "pat") -> Because:
    at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    return Because(at, day, "R-DAY-01", actor)


def _deposit(office: Office, ref: str, day: date, cents: int, trace: str = "") -> None:
    with office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref=ref,
            deposited_on=day,
            amount_cents=cents,
            method="ach",
            trace=trace or None,
            file_sha256="0" * 64,
            row=1,
        )


def _remittance(office: Office, trace: str, day: date, cents: int) -> None:
    """A posted remittance whose money is a capitation payment: it needs no claim."""
    with office.writing() as conn:
        remittances.insert_new(
            conn,
            id=f"R-{trace}",
            payer_id="P-NORTHLAKE",
            trace=trace,
            payment_date=day,
            paid_cents=cents,
            content_hash=trace,
            file_sha256="0" * 64,
            st_segment=1,
            status="posted",
            received_on=day,
            posted_on=day,
        )
        if cents:
            _post(conn, trace, day, cents)


def _post(conn: object, trace: str, day: date, cents: int) -> None:
    new = NewEntry(
        key=f"R-{trace}:{day}:{cents}",
        type=EntryType.CAPITATION_RECEIVED,
        amount=Decimal(cents) / 100,
        business_date=day,
        source="test",
        ref=trace,
        rule="R-PLB-01",
        payer_id="P-NORTHLAKE",
    )
    post(conn, [new], posted_at=to_text(_why().at))  # type: ignore[arg-type]


def _close(office: Office, day: date) -> day_close.Close:
    return close(office, day, _person(office, "pat"), _why())


def test_a_day_whose_money_came_closes_with_no_difference(office: Office) -> None:
    _remittance(office, "T1", MONDAY, 5000)
    _remittance(office, "T0", MONDAY, 0)
    _deposit(office, "D1", MONDAY, 5000, "T1")
    said = _close(office, MONDAY).content
    assert said["totals"] == {
        "deposits": 5000,
        "payer": 5000,
        "unapplied": 0,
        "patient": 0,
        "refunds": 0,
        "difference": 0,
    }
    assert (said["items"], said["unmatched"]) == ([], [])
    assert said["no_money"] == ["835:P-NORTHLAKE:T0"]
    assert [p["by"] for p in said["pairs"]] == ["trace"]
    with office.reading() as conn:
        assert tasks.waiting(conn) == []


def test_a_later_posting_changes_nothing_stored_and_is_of_the_next_close(
    office: Office,
) -> None:
    _close(office, MONDAY)
    with office.reading() as conn:
        before = closes.every(conn)
    _remittance(office, "T1", MONDAY, 5000)
    again = _close(office, MONDAY)
    with office.reading() as conn:
        assert closes.every(conn) == before
    assert [(x.key, x.cents) for x in again.since] == [("835:P-NORTHLAKE:T1", 5000)]
    (item,) = _close(office, TUESDAY).content["items"]
    assert item["words"].startswith("posted after the close of 2026-06-01")


def test_looking_stores_nothing(office: Office) -> None:
    assert show(office, MONDAY, LATER).state == "open"
    with office.reading() as conn:
        assert closes.every(conn) == []


@pytest.mark.parametrize(
    "day", [LATER + timedelta(3), date(2026, 6, 6), date(2026, 6, 3)]
)
def test_days_to_come_weekends_and_days_out_of_order_are_refused(
    office: Office, day: date
) -> None:
    _close(office, MONDAY)
    with pytest.raises(NotClosedError, match="Nothing was stored"):
        _close(office, day)


def test_reopening_needs_a_supervisor_and_keeps_both_versions(office: Office) -> None:
    _close(office, MONDAY)
    with pytest.raises(MayNotCloseError):
        reopen(office, MONDAY, _person(office, "pat"), "wrong", _why())
    reopen(office, MONDAY, _person(office, "sam"), "a deposit was missing", _why())
    _deposit(office, "D1", MONDAY, 700)
    assert _close(office, MONDAY).content["totals"]["deposits"] == 700
    with office.reading() as conn:
        found = [(r["version"], r["act"]) for r in closes.every(conn)]
        assert found == [(1, "close"), (2, "reopen"), (3, "close")]
        assert list(day_close.broken(conn, office)) == []


def test_a_changed_close_is_found_by_its_stamp(office: Office) -> None:
    _close(office, MONDAY)
    with office.writing() as conn:
        for trigger in ("day_close_no_update", "day_close_append_only"):
            on = "" if conn.dialect.name == "sqlite" else " ON day_close"
            conn.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{on}"))
        conn.execute(
            text("UPDATE day_close SET content = replace(content, '2026', '2025')")
        )
        (found,) = day_close.broken(conn, office)
    assert "was changed" in found[1]


async def test_a_late_deposit_opens_a_task_that_is_carried_with_a_reason(
    office: Office,
) -> None:
    _deposit(office, "D1", date(2026, 5, 20), 900)
    _close(office, MONDAY)
    with office.reading() as conn:
        (task,) = tasks.waiting(conn)
    assert task["type"] == "DAILY_CLOSE_EXCEPTION"
    assert task["evidence"]["keys"] == ["deposit:D1"]

    async def decide(decision: str, **form: str) -> deciding.Outcome:
        return await deciding.decide(
            office,
            task["id"],
            version=1,
            decision=decision,
            form=form,
            why=_why(),
        )

    with pytest.raises(DecisionRefused, match="deposit:D1 still has no other half"):
        await decide("resolved")
    with pytest.raises(DecisionRefused, match="needs reason"):
        await decide("carried_with_reason")
    done = await decide("carried_with_reason", reason="the bank looks into it")
    assert done.status == "applied"
    with office.reading() as conn:
        assert tasks.waiting(conn) == []
        assert tasks.undelivered(conn) == []
    assert _close(office, TUESDAY).content["late"] == []
