"""Health: everybody reads it, a monitor needs no name, and a pause says so."""

from tests.desk.conftest import Site


def test_without_a_server_both_pages_say_that_processing_is_paused(site: Site) -> None:
    assert site.browser().get("/healthz").text.startswith("paused: ")
    page = site.signed_in("clerk").get("/health")
    assert page.status_code == 200
    assert "Decisions are saved and applied when it resumes" in page.text
    assert "Last file from" in page.text
