"""The page of a day's close: figures, what is open, and that looking stores nothing."""

from datetime import date

from records import remittances
from records.closes import every
from tests.desk.conftest import Site


def test_a_day_shows_its_deposits_and_what_is_not_matched(site: Site) -> None:
    with site.office.writing() as conn:
        remittances.record_deposit(
            conn,
            ref="D1",
            deposited_on=date(2026, 1, 5),
            amount_cents=90000,
            method="ach",
            file_sha256="0" * 64,
            row=1,
        )
    page = site.signed_in("poster").get("/close/2026-01-05")
    assert page.status_code == 200
    assert "Not closed; these are the figures of now" in page.text
    assert "deposit D1" in page.text
    assert "$900.00 over" in page.text
    with site.office.reading() as conn:
        assert every(conn) == []


def test_a_day_that_cannot_be_closed_says_why(site: Site) -> None:
    poster = site.signed_in("poster")
    assert poster.get("/close/none").status_code == 404
    assert "is no business day" in poster.get("/close/2026-01-04").text
    assert '"/close/' in poster.get("/remits").text


def test_two_bank_accounts_have_their_sums_and_money_that_waits_says_so(
    site: Site,
) -> None:
    with site.office.writing() as conn:
        for ref, amount, account in (("D1", 90000, "4021"), ("D2", -1500, "7788")):
            remittances.record_deposit(
                conn,
                ref=ref,
                deposited_on=date(2026, 1, 5),
                amount_cents=amount,
                method="ach",
                account_last4=account,
                file_sha256="0" * 64,
                row=1,
            )
    page = " ".join(site.signed_in("poster").get("/close/2026-01-05").text.split())

    assert "ends in 4021" in page
    assert "$15.00 short" in page
    assert "<td>waiting</td>" in page
    assert "taken back or corrected by the bank" in page
    assert "<td>to explain</td>" in page
