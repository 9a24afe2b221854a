"""The daily close on both databases: signed, kept, in order, explained by people."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from activities import close_content, day_close
from activities import tasks as deciding
from activities.close_content import lines_of
from activities.day_close import MayNotCloseError, NotClosedError, close, reopen, show
from activities.deposits import book_deposits
from activities.office import Office
from claims.task import DecisionRefused
from ledger.accounts import EntryType
from ledger.balances import payer_cash
from ledger.entries import NewEntry, post
from records import closes, remittances, tasks, users
from records.db import Connection, RowMapping
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


def _deposit(
    office: Office, ref: str, day: date, cents: int, trace: str = "", account: str = ""
) -> None:
    with office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref=ref,
            deposited_on=day,
            amount_cents=cents,
            method="ach",
            trace=trace or None,
            account_last4=account,
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


@pytest.mark.parametrize("second", ["0012345", "12345"])
def test_a_second_deposit_with_one_number_is_not_the_same_money_again(
    office: Office, second: str
) -> None:
    _remittance(office, "12345", MONDAY, 5000)
    _deposit(office, "D1", MONDAY, 5000, "12345")
    _deposit(office, "D2", MONDAY, 5000, second)

    with office.writing() as conn:
        book_deposits(conn, "12345", _why())
        book_deposits(conn, second, _why())
        assert payer_cash(conn, "P-NORTHLAKE").deposited == Decimal("50.00")
        mine = [d["remittance_id"] for d in remittances.deposits(conn)]
    assert mine == ["R-12345", None]

    with office.writing() as conn:  # the other check comes: it waits, unposted
        remittances.insert_new(
            conn, id="R-2", payer_id="P-NORTHLAKE", trace="0012345",
            payment_date=MONDAY, paid_cents=5000, content_hash="2",
            file_sha256="1" * 64, st_segment=1, status="conflict",
            received_on=MONDAY,
        )  # fmt: skip
        book_deposits(conn, "0012345", _why())
        cash = payer_cash(conn, "P-NORTHLAKE")
    assert (cash.deposited, cash.difference()) == (Decimal("100.00"), Decimal(0))


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


def test_each_bank_account_has_its_own_sums(office: Office) -> None:
    _remittance(office, "T1", MONDAY, 5000)
    _deposit(office, "D1", MONDAY, 5000, "T1", "1111")
    _deposit(office, "D2", MONDAY, 700, "", "2222")
    _remittance(office, "T2", MONDAY, 300)

    said = _close(office, MONDAY).content

    sums = {"1111": (5000, 5000, 0), "2222": (700, 0, 700), "": (0, 300, -300)}
    assert {
        one["account"]: (one["deposits"], one["posted"], one["difference"])
        for one in said["accounts"]
    } == sums
    assert sum(one["difference"] for one in said["accounts"]) == 400
    assert {s["key"]: s["account"] for s in said["unmatched"]}["deposit:D2"] == "2222"


def test_money_that_waits_is_no_exception_until_it_is_late(office: Office) -> None:
    _deposit(office, "D1", MONDAY, 900)
    content = _close(office, MONDAY).content

    assert [(i["explained"], i["waiting"]) for i in content["items"]] == [(False, True)]
    assert day_close.exceptions(content) == []
    for day in (TUESDAY, date(2026, 6, 3), date(2026, 6, 4)):
        assert day_close.exceptions(_close(office, day).content) == []
    (late,) = day_close.exceptions(_close(office, date(2026, 6, 5)).content)
    assert late["keys"] == ["deposit:D1"]


def test_what_the_bank_took_back_opens_a_task_with_the_close(office: Office) -> None:
    _remittance(office, "T1", MONDAY, 900)
    _deposit(office, "D1", MONDAY, 900, "T1", "1111")
    _deposit(office, "D2", MONDAY, -900, "T1", "1111")

    content = _close(office, MONDAY).content

    (one,) = day_close.exceptions(content)
    assert (one["keys"], one["cents"]) == (["deposit:D2"], -900)
    (left,) = content["unmatched"]
    assert left["candidates"] == ["deposit:D1"]


def test_a_cashed_refund_is_matched_and_makes_no_difference(office: Office) -> None:
    with office.writing() as conn:
        for kind, key, day in (
            (EntryType.PATIENT_PREPAYMENT, "receipt:P1", date(2026, 5, 28)),
            (EntryType.REFUND_PATIENT, "refund:R1", MONDAY),
        ):
            new = NewEntry(
                key=key,
                type=kind,
                amount=Decimal("25.00"),
                business_date=day,
                source="test",
                ref="R1",
                rule="R-REF-02",
                claim_id="C1",
            )
            post(conn, [new], posted_at=to_text(_why().at))
    _deposit(office, "D1", MONDAY, -2500, "R1")

    said = _close(office, MONDAY).content

    assert said["totals"]["difference"] == 0
    assert [p["expected"] for p in said["pairs"]] == [["refund:R1"]]
    assert (said["items"], said["unmatched"]) == ([], [])


def test_who_keyed_money_after_a_days_close_does_not_count_it_in_the_next(
    office: Office,
) -> None:
    _close(office, MONDAY)
    _remittance(office, "T1", MONDAY, 5000)
    with office.writing() as conn:
        remittances.mark(conn, "R-T1", keyed_by="pat")

    with pytest.raises(MayNotCloseError, match="pat keyed"):
        _close(office, TUESDAY)


@pytest.mark.parametrize("late", [False, True])
def test_the_last_close_stands_for_all_before_it_until_something_is_posted_late(
    office: Office, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    week = [MONDAY + timedelta(n) for n in range(5)]
    for n, day in enumerate(week):
        _deposit(office, f"D{n}", day, 100 + n)
    for day in week[:4]:
        _close(office, day)
    if late:
        _post_late(office)
    read: list[date] = []
    once = closes.content

    def counting(conn: Connection, head: RowMapping) -> str:
        read.append(head["day"])
        return once(conn, head)

    monkeypatch.setattr(closes, "content", counting)
    with office.reading() as conn:
        heads = closes.heads(conn)
        found = lines_of(conn, heads, week[4])
    days = list(read)
    monkeypatch.setattr(close_content, "digest", lambda _: "never alike")
    with office.reading() as conn:
        slow = lines_of(conn, heads, week[4])

    assert found == slow
    moved = [("deposit:D0", -100), ("deposit:D0b", 100)] if late else []
    assert [(x.key, x.cents) for x in found] == [*moved, ("deposit:D4", 104)]
    assert days == ([week[3], *week[:4]] if late else [week[3]])


def _post_late(office: Office) -> None:
    """Money of a closed day under another name: the day's sum stays as it was."""
    with office.writing() as conn:
        conn.execute(text("UPDATE deposit SET ref = 'D0b' WHERE ref = 'D0'"))
