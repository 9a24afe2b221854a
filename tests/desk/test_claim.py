"""The claim page: tabs, names by permission, notes, what may be done, access log."""

import pytest

from policy.remittance import words_of
from records import audit, claims
from records.claims import ClaimRow
from tests.desk.conftest import Site, post

TABS = ("", "/lines", "/money", "/documents", "/tasks", "/rules", "/access")


def first(site: Site) -> ClaimRow:
    with site.office.reading() as conn:
        return claims.every(conn)[0]


def last_name(site: Site, claim_id: str) -> str:
    with site.office.reading() as conn:
        found = claims.content(conn, site.office.cipher, claim_id)
    return found.patient_person.last


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_the_claim_and_is_logged(site: Site, tab: str) -> None:
    row = first(site)
    answer = site.signed_in("auditor").get(f"/claims/{row.id}{tab}")
    assert answer.status_code == 200, answer.text
    assert f"Claim {row.pcn}" in answer.text
    with site.office.reading() as conn:
        assert audit.accesses(conn, row.id)[-1]["actor"] == "auditor"


def test_a_claim_that_is_not_there_is_not_found(site: Site) -> None:
    assert site.signed_in("clerk").get("/claims/nothing").status_code == 404


def test_ops_never_see_a_name_not_even_with_a_reason(site: Site) -> None:
    row, ops = first(site), site.signed_in("ops")
    refused = post(ops, f"/claims/{row.id}/open", {"reason": "curious"})
    assert refused.status_code == 403
    page = ops.get(f"/claims/{row.id}").text
    assert "Patient hidden" in page
    assert last_name(site, row.id) not in page


def test_a_reason_opens_the_chart_for_somebody_without_a_task(site: Site) -> None:
    row, coder = first(site), site.signed_in("coder")
    name, path = last_name(site, row.id), f"/claims/{row.id}"
    assert name not in coder.get(path).text
    assert post(coder, f"{path}/open", {"reason": "Asked by phone"}).is_redirect
    assert name in coder.get(path).text
    with site.office.reading() as conn:
        reasons = [read["reason"] for read in audit.accesses(conn, row.id)]
    assert "Asked by phone" in reasons


def test_a_denied_line_says_why_in_our_words(site: Site) -> None:
    row = first(site)
    with site.office.writing() as conn:
        denial = {"carc": "CO-97"}
        claims.decide_line(
            conn, row.id, 1, status="denied", denial=denial, decided_by="835"
        )
    page = site.signed_in("auditor").get(f"/claims/{row.id}/lines").text
    assert f"CO-97 · {words_of('97')}" in page


def test_a_note_that_names_the_patient_is_refused(site: Site) -> None:
    row, clerk = first(site), site.signed_in("supervisor")
    name = last_name(site, row.id)
    path = f"/claims/{row.id}/note"
    assert post(clerk, path, {"words": f"{name} called"}).status_code == 400
    assert post(clerk, path, {"words": "The patient called."}).status_code == 303
    assert "The patient called." in clerk.get(f"/claims/{row.id}").text


def test_a_hold_without_a_server_is_saved_and_says_so(site: Site) -> None:
    row, boss = first(site), site.signed_in("supervisor")
    answer = post(boss, f"/claims/{row.id}/act", {"verb": "hold", "why": "Checking"})
    assert answer.status_code == 303
    page = boss.get(answer.headers["location"]).text
    assert "Will be applied when processing resumes." in page
