"""The auditor's pages: every look is on record; a server is not needed."""

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.history import Told
from activities.proof import Kept
from desk import audit
from desk.desk import Desk
from records import accesses
from records.accesses import Asked
from records.tables import claim
from tests.desk.conftest import Site, post


def number(site: Site) -> str:
    with site.office.reading() as conn:
        return str(conn.execute(claim.select().limit(1)).mappings().one()["pcn"])


def log(site: Site, what: str) -> list[Any]:
    with site.office.reading() as conn:
        return accesses.newest(conn, Asked(what=what), 50)


def test_without_a_server_our_event_log_is_shown_alone(site: Site) -> None:
    page = site.signed_in("auditor").get(f"/audit/claims/{number(site)}")
    assert page.status_code == 200
    assert "could not be reached" in page.text
    assert "Our own event log is shown alone" in page.text
    assert "event log 1" in page.text


def test_each_look_at_a_history_is_logged_with_its_address(site: Site) -> None:
    site.signed_in("auditor").get(f"/audit/claims/{number(site)}")
    (row,) = log(site, "workflow history")
    assert (row["actor"], row["address"]) == ("auditor", "192.0.2.1")
    assert row["pcn"] == number(site)


@pytest.mark.parametrize("who", ["clerk", "coder", "poster", "ops"])
def test_only_auditor_and_supervisor_enter(site: Site, who: str) -> None:
    client = site.signed_in(who)
    for path in ("/audit", "/audit/access", f"/audit/claims/{number(site)}"):
        assert client.get(path).status_code == 403
    assert log(site, "workflow history") == []


def told(event: int, *, routine: bool) -> Told:
    words = f"{'Routine' if routine else 'Told'} number {event}."
    at = datetime(2026, 5, 12, tzinfo=UTC)
    run = 1 if event < 200 else 2
    return Told(
        run=run,
        run_id=f"r{run}",
        event=event,
        at=at,
        type="X",
        words=words,
        routine=routine,
    )


@pytest.fixture
def served(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A server with a long history in two runs."""

    async def connect(_desk: Desk) -> bool:
        return True

    async def kept(*_: object) -> Kept:
        return Kept(tuple(told(n, routine=n % 2 == 0) for n in range(1, 501)))

    monkeypatch.setattr(Desk, "connect", connect)
    monkeypatch.setattr(audit, "kept_history", kept)
    return site


def test_all_runs_are_paged_and_routine_events_folded(served: Site) -> None:
    client, path = served.signed_in("auditor"), f"/audit/claims/{number(served)}"
    first = client.get(path).text
    assert "2 runs of its workflow" in first
    assert "Page 1 of 2" in first
    assert "Told number 1." in first
    assert "Told number 401." not in first
    assert "Routine number" not in first
    assert "Told number 401." in client.get(path + "?page=2").text
    newest = client.get(path + "?order=newest").text
    assert "Told number 499." in newest
    assert "Told number 1." not in newest
    assert "Routine number 2." in client.get(path + "?routine=1").text


def test_an_export_is_a_zip_with_its_reason_on_record(site: Site) -> None:
    client, path = site.signed_in("auditor"), f"/audit/claims/{number(site)}/export"
    refused = post(client, path, {"reason": " "})
    assert refused.status_code == 400
    assert log(site, "proof export") == []
    made = post(client, path, {"reason": "yearly audit"})
    assert made.headers["content-type"] == "application/zip"
    assert "verify.py" in str(zipfile.ZipFile(io.BytesIO(made.content)).namelist())
    (row,) = log(site, "proof export")
    assert (row["reason"], row["address"]) == ("yearly audit", "192.0.2.1")


def test_the_page_shows_the_hashes_of_the_proof(site: Site) -> None:
    client, path = site.signed_in("auditor"), f"/audit/claims/{number(site)}"
    made = post(client, path + "/export", {"reason": "yearly audit"})
    with zipfile.ZipFile(io.BytesIO(made.content)) as proof:
        (name,) = [n for n in proof.namelist() if n.endswith("events.chain")]
        hashes = proof.read(name).decode().split()
    page = client.get(path).text
    assert all(f"{one[:8]}…{one[-4:]}" in page for one in hashes)
    assert f"{hashes[-1][:16]}…{hashes[-1][-8:]}" in page


def test_the_access_log_is_filtered_by_user_claim_and_date(site: Site) -> None:
    client, pcn = site.signed_in("auditor"), number(site)
    client.get(f"/audit/claims/{pcn}")
    assert "workflow history" in client.get(f"/audit/claims/{pcn}/access").text
    for query, seen in (
        (f"claim={pcn}&user=auditor", True),
        ("user=clerk", False),
        ("from=2999-01-01", False),
        ("to=2000-01-01", False),
        ("claim=NOSUCH", False),
    ):
        page = client.get(f"/audit/access?{query}")
        assert page.status_code == 200
        assert ("workflow history" in page.text) is seen, query
    assert client.get("/audit/access?from=yesterday").status_code == 400


def test_older_rows_follow_on_the_next_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.audit_access.AT_ONCE", 2)
    client = site.signed_in("auditor")
    for _ in range(3):
        client.get(f"/audit/claims/{number(site)}")
    page = client.get("/audit/access?user=auditor").text
    assert page.count("workflow history") == 2
    older = page.partition('href="?user=auditor&amp;before=')[2].partition('"')[0]
    rest = client.get(f"/audit/access?user=auditor&before={older}").text
    assert rest.count("workflow history") == 1


def test_a_claim_is_chosen_by_its_number(site: Site) -> None:
    client, pcn = site.signed_in("auditor"), number(site)
    assert client.get("/audit").status_code == 200
    found = client.get(f"/audit?claim={pcn}")
    assert found.headers["location"] == f"/audit/claims/{pcn}"
    assert client.get("/audit?claim=NOSUCH").status_code == 404
    assert client.get("/audit/claims/NOSUCH").status_code == 404
