"""The claims list: pages do not overlap, filters narrow, names by permission."""

from desk import claims_list
from records import claims
from tests.desk.conftest import Site


def test_the_pages_of_the_list_hold_every_claim_once(site: Site, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(claims_list, "SIZE", 20)
    auditor, path, seen = site.signed_in("auditor"), "/claims?show=all", []
    while path:
        page = auditor.get(path).text
        seen += [p.partition("</a>")[0] for p in page.split('<th scope="row">')[1:]]
        _, found, rest = page.partition('<p><a href="/claims?')
        path = (
            "/claims?" + rest.partition('"')[0].replace("&amp;", "&") if found else ""
        )
    with site.office.reading() as conn:
        assert len(seen) == len(set(seen)) == len(claims.every(conn))


def test_ops_see_no_name_in_the_list(site: Site) -> None:
    assert "<td>Hidden</td>" in site.signed_in("ops").get("/claims?show=all").text


def test_a_filter_nothing_fits_says_so(site: Site) -> None:
    page = site.signed_in("clerk").get("/claims?payer=NOBODY").text
    assert "No match. Try fewer filters." in page
