"""A/R in the desk: each figure is the sum of the claims it opens, to the cent."""

import html
import re
from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from claims.calendar import local_date
from claims.money import from_cents
from ledger.accounts import EntryType
from ledger.aging import Clock
from ledger.entries import NewEntry, post
from records import claims
from records.instants import to_text
from tests.desk.conftest import Site

HREF = re.compile(r'<a class="q" href="([^"]+)">([^<]+)</a>')


def amount(text: str) -> Decimal:
    return Decimal(re.sub(r"[^0-9.]", "", text))


@pytest.fixture
def charged(site: Site) -> Site:
    """The charges of 50 claims are on the ledger."""
    now = site.desk.now()
    today = local_date(now, site.office.zone)
    with site.office.writing() as conn:
        entries = [
            NewEntry(
                key=f"charge-{row.id}",
                type=EntryType.CHARGE,
                amount=from_cents(row.charge_cents),
                business_date=today,
                source="test",
                ref=row.pcn,
                rule="R-MON-04",
                actor="machine",
                claim_id=row.id,
                payer_id=row.payer_id,
            )
            for row in claims.every(conn)
        ]
        post(conn, entries, posted_at=to_text(now))
    return site


def test_every_figure_equals_the_rows_it_opens(charged: Site) -> None:
    client = charged.signed_in("supervisor")
    for by in (*(c.value for c in Clock), "deadline"):
        page = client.get(f"/ar?by={by}")
        assert page.status_code == 200
        assert "Ties to the ledger, to the cent" in page.text
        figures = HREF.findall(page.text)
        assert figures
        for address, shown in figures:
            assert rows_of(client, html.unescape(address)) == amount(shown)


def rows_of(client: TestClient, address: str) -> Decimal:
    """The sum of the rows of every page behind a figure."""
    total, more = Decimal(0), address
    while more:
        page = client.get(more)
        assert page.status_code == 200
        body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
        total += sum(
            amount(a) for a in re.findall(r'data-l="Open"><span>([^<]+)', body)
        )
        found = re.search(r'<a class="btn" href="([^"]+)" rel="next"', page.text)
        more = html.unescape(found[1]) if found else ""
    return total


@pytest.mark.parametrize(
    "query", ["as_of=tomorrow", "as_of=2999-01-01", "by=moon", "as_of=2026-02-30"]
)
def test_a_figure_that_cannot_be_is_one_clear_error(site: Site, query: str) -> None:
    answer = site.signed_in("poster").get(f"/ar?{query}")
    assert answer.status_code == 400
    assert "Nothing was worked out" in answer.text


def test_nobody_sees_aging_without_its_door(site: Site) -> None:
    assert site.signed_in("clerk").get("/ar").status_code == 403
