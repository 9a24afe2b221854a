"""Start and imports: looked over first, taken in once, counted, and nothing lost."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Table, select
from starlette.testclient import TestClient

from activities.csv_rows import as_text
from activities.files import FileActivities
from desk import app
from desk.start import bare_name
from records import file_list, files
from records.tables import claim, import_run, search
from tests.desk.conftest import Site, post, token_of

DEPOSITS = (
    b"deposit_ref,date,amount,method,trace_no,originator,payer_name,account_last4\r\n"
    b"D-9001,2026-05-04,100.00,ach,,,,\r\n"
    b"D-9002,2026-05-04,not-money,ach,,,,\r\n"
)


@pytest.fixture
def more_claims(repo_root: Path) -> bytes:
    """The demo's first claims under numbers that nobody has seen."""
    content = (repo_root / "samples" / "charges.837").read_bytes()
    return re.sub(rb"CLM\*", b"CLM*N", content)


def send(
    site: Site, name: str, content: bytes, who: str = "ops"
) -> tuple[TestClient, httpx2.Response]:
    """Choose a file as this person; the answer and their browser."""
    client = site.signed_in(who)
    token = token_of(client.get("/start"))
    answer = client.post(
        "/start", data={"csrf": token}, files={"file": (name, content)}
    )
    return client, answer


def chosen(
    site: Site, name: str, content: bytes
) -> tuple[TestClient, str, httpx2.Response]:
    """The same, with the check page it leads to."""
    client, answer = send(site, name, content)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    return client, place.partition("s=")[2], client.get(place)


def count(site: Site, table: Table) -> int:
    with site.office.reading() as conn:
        return len(conn.execute(select(table)).all())


def test_checking_says_what_would_happen_and_stores_no_claim(
    site: Site, more_claims: bytes
) -> None:
    before = count(site, claim)
    _, _, page = chosen(site, "charges.837", more_claims)
    assert page.status_code == 200
    assert "Nothing is stored yet" in page.text
    assert re.search(r"Start \d+ claims", page.text)
    assert count(site, claim) == before


def test_starting_takes_the_file_in_and_says_what_waits_when_no_server_answers(
    site: Site, more_claims: bytes
) -> None:
    before = count(site, claim)
    client, token, _ = chosen(site, "charges.837", more_claims)
    answer = post(client, "/start/go", {"s": token})
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "What it brought starts when processing resumes" in page.text
    brought = count(site, claim) - before
    assert brought > 0
    assert f"0 of {brought} claims started" in page.text
    sha = answer.headers["location"].rpartition("/")[2]
    with site.office.reading() as conn:
        row = file_list.one(conn, sha)
    assert row is not None
    assert row["read"] == row["accepted"] + row["unchanged"] + row["rejected"]
    assert row["actor"] == "ops"


def test_a_second_click_takes_nothing_in_a_second_time(
    site: Site, more_claims: bytes
) -> None:
    client, token, _ = chosen(site, "charges.837", more_claims)
    post(client, "/start/go", {"s": token})
    runs, held = count(site, import_run), count(site, claim)
    again = post(client, "/start/go", {"s": token})
    assert again.status_code == 400
    assert "started already" in again.text
    assert (count(site, import_run), count(site, claim)) == (runs, held)


def test_the_same_bytes_again_add_nothing_and_say_so(
    site: Site, more_claims: bytes
) -> None:
    client, token, _ = chosen(site, "charges.837", more_claims)
    post(client, "/start/go", {"s": token})
    held = count(site, claim)
    client, token, page = chosen(site, "another name.837", more_claims)
    assert "This file was here before" in page.text
    answer = post(client, "/start/go", {"s": token})
    assert "Nothing was added" in client.get(answer.headers["location"]).text
    assert count(site, claim) == held


def test_a_token_of_another_session_opens_nothing(
    site: Site, more_claims: bytes
) -> None:
    _, token, _ = chosen(site, "charges.837", more_claims)
    other = site.signed_in("supervisor")
    before = count(site, claim)
    assert other.get(f"/start/check?s={token}").status_code == 400
    assert post(other, "/start/go", {"s": token}).status_code == 400
    assert count(site, claim) == before


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"Dear payer,\n", b"ISA*00"])
def test_what_is_not_read_here_is_refused_and_not_kept(
    site: Site, content: bytes
) -> None:
    before = count(site, search)
    _, answer = send(site, "letter.txt", content)
    assert answer.status_code == 422
    assert "Nothing was" in answer.text
    assert count(site, search) == before


def test_a_bad_row_does_not_stop_the_good_one_and_is_in_the_reject_file(
    site: Site,
) -> None:
    client, token, page = chosen(site, "deposits.csv", DEPOSITS)
    assert "Left out: 1" in page.text
    place = post(client, "/start/go", {"s": token}).headers["location"]
    shown = client.get(place)
    assert "Left out: 1" in shown.text
    rejected = client.get(f"{place}/rejects.csv")
    assert rejected.headers["content-type"].startswith("text/csv")
    assert rejected.text.splitlines()[0].startswith("_row,")
    assert len(rejected.text.splitlines()) == 2
    assert "not-money" not in rejected.text


def test_imports_are_listed_newest_first_and_filtered_by_their_end(
    site: Site, more_claims: bytes
) -> None:
    client, token, _ = chosen(site, "newest.837", more_claims)
    post(client, "/start/go", {"s": token})
    page = client.get("/imports")
    names = re.findall(r'href="/imports/[0-9a-f]{64}">([^<]+)<', page.text)
    assert names[0] == "newest.837"
    nothing = client.get("/imports?ended=quarantined")
    assert "No file is here" in nothing.text
    assert "A filter is on" in nothing.text


def test_pages_of_files_follow_each_other_without_a_gap(site: Site) -> None:
    with site.office.writing() as conn:
        why = site.office.because(site.desk.now(), "R-BAD-01", "ops")
        for number in range(7):
            files.register(
                conn,
                sha256=f"{number:064x}",
                direction="in",
                partner="p",
                name=f"f{number}",
                kind="835",
                size=1,
                today=why.today,
                at=why.at,
            )
    seen: list[str] = []
    before = None
    with site.office.reading() as conn:
        total = file_list.count(conn, "")
        while rows := file_list.page(conn, "", before=before, limit=3):
            seen += [row["sha256"] for row in rows]
            before = (rows[-1]["received_at"], rows[-1]["sha256"])
    assert len(seen) == len(set(seen)) == total


def test_a_cell_never_becomes_a_formula() -> None:
    assert [as_text(v) for v in ("=1+1", "@x", "-2", "plain")] == [
        "'=1+1",
        "'@x",
        "'-2",
        "plain",
    ]


def test_a_file_name_loses_its_folder() -> None:
    assert bare_name("C:\\exports\\may.837") == "may.837"
    assert bare_name("../../etc/may.837") == "may.837"
    assert bare_name("") == "upload"


def test_an_upload_without_a_length_is_limited_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "MOST_BYTES", 20_000)
    client = site.signed_in("ops")
    token = token_of(client.get("/start"))
    edge = "part"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n'
    kind = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'

    def body() -> Iterator[bytes]:
        yield f"{head}{kind}\r\n".encode()
        for _ in range(30):
            yield b"x" * 1000
        yield f"\r\n--{edge}--\r\n".encode()

    answer = client.post(
        "/start",
        content=body(),
        headers={"Content-Type": f"multipart/form-data; boundary={edge}"},
    )
    assert answer.status_code == 413
    assert "Nothing was read" in answer.text


def test_institutional_claims_are_refused_before_they_are_kept(
    site: Site, more_claims: bytes
) -> None:
    _, answer = send(
        site, "ub.837", more_claims.replace(b"005010X222A1", b"005010X223A2")
    )
    assert answer.status_code == 422
    assert "institutional claims (837I)" in answer.text


async def test_what_was_saved_without_a_server_starts_when_one_answers(
    site: Site, more_claims: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.desk.brought = False
    client, token, _ = chosen(site, "charges.837", more_claims)
    post(client, "/start/go", {"s": token})
    assert site.desk.brought
    assert await site.desk.deliver() == 0
    assert site.desk.brought  # still no server

    passed: list[bool] = []

    async def answers() -> bool:
        return True

    async def pass_on(_self: FileActivities, _at: datetime) -> int:
        passed.append(True)
        return 0

    monkeypatch.setattr(site.desk, "connect", answers)
    monkeypatch.setattr(FileActivities, "pass_on", pass_on)
    await site.desk.deliver()
    assert (passed, site.desk.brought) == ([True], False)
