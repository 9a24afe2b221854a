"""The claims list: pages do not overlap, filters narrow, names by permission."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from claims.calendar import local_date
from desk import claims_list
from records import claims
from records.claims import ClaimRow
from records.tables import claim
from tests.desk.conftest import Site


def every(site: Site) -> list[ClaimRow]:
    with site.office.reading() as conn:
        return claims.every(conn)


def put(site: Site, rows: list[ClaimRow], **values: object) -> None:
    """Set columns of these claims, as steps of a workflow would."""
    with site.office.writing() as conn:
        chosen = claim.c.id.in_([row.id for row in rows])
        conn.execute(update(claim).where(chosen).values(**values))


def numbers(page: str) -> list[str]:
    return [p.partition("</a>")[0].partition(">")[2] for p in parts(page)]


def parts(page: str) -> list[str]:
    return page.split('<th scope="row" data-l="Claim">')[1:]


def today(site: Site) -> date:
    return local_date(site.desk.now(), site.office.zone)


@pytest.mark.parametrize("size", [7, 20])
def test_the_pages_of_the_list_hold_every_claim_once_and_undated_ones_last(
    site: Site, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(claims_list, "SIZE", size)
    rows = every(site)
    closed = rows[3:20]
    put(site, closed, state="CLOSED", next_due=None, closed_on=today(site))
    put(site, rows[30:], next_due=today(site) + timedelta(4))
    auditor, path = site.signed_in("auditor"), "/claims?show=all"
    seen: list[str] = []
    while path:
        page = auditor.get(path).text
        assert "<b>50</b> claims" in page
        seen += numbers(page)
        more = re.search(r'<p class="after"><a href="(/claims\?[^"]*)">Next page', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == len(rows)
    assert set(seen[-len(closed) :]) == {row.pcn for row in closed}


@pytest.mark.parametrize("after", ["9998-01-01~ZZZZ", "9999-12-31~ZZZZ"])
def test_behind_its_end_the_list_still_counts_and_leads_back(
    site: Site, after: str
) -> None:
    page = site.signed_in("clerk").get(f"/claims?show=all&after={after}").text
    assert numbers(page) == []
    assert "<b>50</b> claims" in page
    assert 'href="/claims?show=all">Go to its first page' in page


def test_a_place_that_somebody_changed_is_one_clear_error(site: Site) -> None:
    answer = site.signed_in("clerk").get("/claims?after=tomorrow")
    assert answer.status_code == 400
    assert "Nothing is shown." in answer.text


def test_late_shows_open_claims_whose_next_step_is_past_and_today_is_not(
    site: Site,
) -> None:
    rows, day = every(site), today(site)
    put(site, rows, next_due=day)
    put(site, rows[:2], next_due=day - timedelta(1))
    put(site, rows[2:4], state="CLOSED", next_due=day - timedelta(1))
    page = site.signed_in("clerk").get("/claims?late=1&show=all").text
    assert set(numbers(page)) == {row.pcn for row in rows[:2]}
    assert 'name="late" value="1" checked' in page


@pytest.mark.parametrize("owner", claims_list.WAITS)
def test_waiting_for_narrows_to_who_has_the_next_step(site: Site, owner: str) -> None:
    rows = every(site)
    put(site, rows, next_owner="nobody")
    put(site, rows[:3], next_owner=owner)
    page = site.signed_in("clerk").get(f"/claims?waits={owner}").text
    assert set(numbers(page)) == {row.pcn for row in rows[:3]}
    assert "<b>3</b> claims" in page
    assert f'<option value="{owner}" selected>' in page


def test_filters_narrow_together_and_the_total_is_of_all_matches(site: Site) -> None:
    rows = every(site)
    payer = rows[0].payer_id
    chosen = [row for row in rows if row.payer_id == payer][:2]
    put(site, chosen, state="DENIED")
    page = site.signed_in("clerk").get(f"/claims?payer={payer}&stage=Denied").text
    assert set(numbers(page)) == {row.pcn for row in chosen}
    cents = sum(row.charge_cents for row in chosen)
    assert f"Billed <b>${cents / 100:,.2f}</b>" in page


def test_ops_see_no_name_in_the_list(site: Site) -> None:
    assert (
        '<td data-l="Patient">Hidden</td>'
        in site.signed_in("ops").get("/claims?show=all").text
    )


def test_a_filter_nothing_fits_says_so(site: Site) -> None:
    page = site.signed_in("clerk").get("/claims?payer=NOBODY").text
    assert "No match. Try fewer filters." in page
