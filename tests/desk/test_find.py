"""The search box: numbers open their record, names never stand in an address."""

from records import claims
from tests.desk.conftest import Site, post


def test_a_claim_number_opens_the_claim(site: Site) -> None:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
    answer = post(site.signed_in("clerk"), "/find", {"q": row.pcn.lower()})
    assert answer.headers["location"] == f"/claims/{row.id}"


def test_a_name_becomes_an_opaque_token(site: Site) -> None:
    with site.office.reading() as conn:
        row = claims.every(conn)[0]
        person = claims.content(conn, site.office.cipher, row.id).patient_person
    auditor = site.signed_in("auditor")
    place = post(auditor, "/find", {"q": person.last}).headers["location"]
    assert person.last.lower() not in place.lower()
    assert row.pcn in auditor.get(place).text


def test_a_search_of_another_session_shows_nothing(site: Site) -> None:
    place = post(site.signed_in("clerk"), "/find", {"q": "Nobody"}).headers["location"]
    assert site.signed_in("auditor").get(place).status_code == 400
