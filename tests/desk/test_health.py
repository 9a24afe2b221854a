"""Health: everybody reads it, a monitor needs no name, and a pause says so."""

from datetime import timedelta

from sqlalchemy import update

from activities.files import take_in
from records import claims
from records.tables import claim
from tests.desk.conftest import Site, post


def test_without_a_server_both_pages_say_that_processing_is_paused(site: Site) -> None:
    assert site.browser().get("/healthz").text.startswith("paused: ")
    page = site.signed_in("clerk").get("/health")
    assert page.status_code == 200
    assert "Decisions are saved and applied when it resumes" in page.text
    assert "Files from" in page.text


def test_a_late_next_step_is_listed_and_can_be_retried(site: Site) -> None:
    ops = site.signed_in("ops")
    with site.office.writing() as conn:
        row = claims.every(conn)[0]
        conn.execute(
            update(claim)
            .where(claim.c.id == row.id)
            .values(next_due=site.desk.now().date() - timedelta(days=3))
        )
    page = ops.get("/health").text
    assert "1 claim should have moved on already" in page
    assert row.pcn in page
    assert f'action="/claims/{row.id}/act"' in page
    coder = site.signed_in("coder").get("/health").text
    assert row.pcn in coder
    assert f'action="/claims/{row.id}/act"' not in coder
    sent = post(ops, f"/claims/{row.id}/act", {"verb": "retry", "why": "late"})
    assert sent.status_code == 303
    answer = ops.get(sent.headers["location"]).text
    assert "Will be applied when processing resumes" in answer


def test_files_without_an_end_and_in_quarantine_lead_to_their_list(site: Site) -> None:
    why = site.office.because(site.desk.now(), "R-BAD-01", "ops")
    take_in(site.office, "office", "broken.txt", b"nothing we read", why)
    page = site.signed_in("ops").get("/health").text
    assert 'href="/imports?ended=quarantined"' in page
    listed = site.signed_in("ops").get("/imports?ended=quarantined").text
    assert "broken.txt" in listed
