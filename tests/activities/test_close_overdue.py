"""A day with money that nobody closed: one task, until it is closed (R-DAY-01)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from activities import close_overdue, day_close
from activities import tasks as deciding
from activities.files import FileActivities
from activities.office import Office
from claims.task import DecisionRefused
from records import remittances, tasks, users
from records.db import RowMapping
from records.events import Because
from records.users import User

from .conftest import open_office

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 6, day) for day in (1, 2, 3))


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    found = open_office(tmp_path, repo_root, database_url)
    with found.writing() as conn:
        for name, role in (("pat", "poster"), ("sam", "supervisor")):
            users.put_user(conn, User(name=name, display_name=name, roles=(role,)))
    yield found
    found.db.close()


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 17, tzinfo=UTC)


def why(day: date, actor: str = "pat") -> Because:
    return Because(noon(day), day, "R-DAY-01", actor)


def deposit(office: Office, ref: str, day: date) -> None:
    with office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref=ref,
            deposited_on=day,
            amount_cents=500,
            method="ach",
            file_sha256="0" * 64,
            row=1,
        )


def close(office: Office, day: date, today: date) -> None:
    with office.reading() as conn:
        person = users.get_user(conn, "pat")
    assert person is not None
    day_close.close(office, day, person, why(today))


async def swept(office: Office, day: date) -> list[RowMapping]:
    """What waits for a poster after the sweeps of a day; there are several a day."""
    for _ in range(2):
        await FileActivities(office).pass_on(noon(day))
    with office.reading() as conn:
        return [t for t in tasks.waiting(conn) if close_overdue.MARK in t["evidence"]]


async def test_a_day_with_money_is_overdue_once_its_business_day_to_close_has_passed(
    office: Office,
) -> None:
    deposit(office, "D1", MONDAY)

    assert await swept(office, TUESDAY) == []
    (task,) = await swept(office, WEDNESDAY)

    assert task["type"] == "DAILY_CLOSE_EXCEPTION"
    assert task["role"] == "poster"
    assert task["why"] == "2026-06-01 has money and is not closed"


async def test_days_without_money_are_never_overdue(office: Office) -> None:
    deposit(office, "D1", MONDAY)
    close(office, MONDAY, MONDAY)

    assert await swept(office, date(2026, 6, 30)) == []


async def test_money_of_a_weekend_is_of_the_monday_after_it(office: Office) -> None:
    deposit(office, "D1", date(2026, 5, 30))

    assert await swept(office, TUESDAY) == []
    (task,) = await swept(office, WEDNESDAY)
    assert task["evidence"]["day"] == "2026-06-01"


async def test_more_days_make_no_second_task_and_closing_them_all_ends_it(
    office: Office,
) -> None:
    deposit(office, "D1", MONDAY)
    deposit(office, "D2", TUESDAY)
    (first,) = await swept(office, WEDNESDAY)
    thursday = date(2026, 6, 4)
    (again,) = await swept(office, thursday)
    assert first["id"] == again["id"]

    close(office, MONDAY, thursday)
    with office.reading() as conn:
        assert close_overdue.overdue(conn, thursday) == [TUESDAY]
        assert tasks.get(conn, first["id"])["status"] == "open"
    close(office, TUESDAY, thursday)

    with office.reading() as conn:
        assert tasks.get(conn, first["id"])["closed_how"] == "overtaken"
    assert await swept(office, thursday) == []


async def test_a_reopened_day_is_overdue_again(office: Office) -> None:
    deposit(office, "D1", MONDAY)
    close(office, MONDAY, MONDAY)
    with office.reading() as conn:
        sam = users.get_user(conn, "sam")
    assert sam is not None
    day_close.reopen(office, MONDAY, sam, "a deposit was missing", why(MONDAY, "sam"))

    (task,) = await swept(office, WEDNESDAY)
    assert task["evidence"]["day"] == "2026-06-01"


async def test_it_is_resolved_by_closing_only_and_once_carried_asked_for_another_day(
    office: Office,
) -> None:
    deposit(office, "D1", MONDAY)
    (task,) = await swept(office, WEDNESDAY)

    async def decide(decision: str, **form: str) -> deciding.Outcome:
        return await deciding.decide(
            office,
            task["id"],
            version=1,
            decision=decision,
            form=form,
            why=why(WEDNESDAY),
        )

    with pytest.raises(DecisionRefused, match="Close 2026-06-01 first"):
        await decide("resolved")
    done = await decide("carried_with_reason", reason="the bank's file is late")

    assert done.status == "applied"
    assert await swept(office, WEDNESDAY) == []
    deposit(office, "D2", TUESDAY)
    (again,) = await swept(office, date(2026, 6, 4))
    assert again["id"] != task["id"]
