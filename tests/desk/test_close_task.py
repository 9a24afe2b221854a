"""The task of a day that does not close is of no claim; a poster decides it here."""

from datetime import UTC, date, datetime

from activities import day_close
from activities.close_overdue import raise_overdue
from records import remittances, tasks, users
from tests.desk.conftest import Site, post


def test_a_poster_carries_an_item_of_a_day_with_a_reason(site: Site) -> None:
    with site.office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref="D1",
            deposited_on=date(2025, 12, 1),
            amount_cents=900,
            method="ach",
            file_sha256="0" * 64,
            row=1,
        )
        poster = users.get_user(conn, "poster")
    assert poster is not None
    why = site.office.because(datetime(2026, 1, 6, 18, tzinfo=UTC), actor="poster")
    day_close.close(site.office, date(2026, 1, 5), poster, why)
    with site.office.reading() as conn:
        (task,) = tasks.waiting(conn, types=["DAILY_CLOSE_EXCEPTION"])

    browser = site.signed_in("poster")
    page = browser.get(f"/tasks/{task['number']}")
    assert page.status_code == 200
    assert "deposit D1" in page.text
    assert "/close/2026-01-05" in page.text
    answer = post(
        browser,
        f"/tasks/{task['number']}",
        {"version": "1", "decision": "carried_with_reason", "reason": "asked the bank"},
    )
    assert answer.status_code == 303, answer.text[:500]
    with site.office.reading() as conn:
        assert tasks.get(conn, task["id"])["status"] == "done"


def test_the_task_of_a_day_that_nobody_closed_names_it_and_is_refused_until_then(
    site: Site,
) -> None:
    with site.office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref="D1",
            deposited_on=date(2026, 1, 5),
            amount_cents=900,
            method="ach",
            file_sha256="0" * 64,
            row=1,
        )
        raise_overdue(conn, site.office.because(datetime(2026, 1, 8, 18, tzinfo=UTC)))
        (task,) = tasks.waiting(conn, types=["DAILY_CLOSE_EXCEPTION"])

    browser = site.signed_in("poster")
    page = browser.get(f"/tasks/{task['number']}").text
    answer = post(
        browser,
        f"/tasks/{task['number']}",
        {"version": "1", "decision": "resolved"},
    )

    assert "has money and is not closed" in page
    assert "not_closed" not in page
    assert "Nothing was stored" in answer.text
    with site.office.reading() as conn:
        assert tasks.get(conn, task["id"])["status"] == "open"
