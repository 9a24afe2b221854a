"""Start and imports: looked over first, taken in once, counted, and nothing lost."""

import csv
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Table, select
from starlette.testclient import TestClient

from activities.brought import before, start_brought
from activities.csv_rows import as_text
from activities.files import FileActivities
from activities.intake import bring_in
from activities.rejects import code_of, shape, shapes
from desk import app
from desk.start import bare_name
from exchange.mailbox import Mailbox, MailboxError, UnreachableError
from records import claims, file_list, files
from records.tables import access, claim, import_run, search
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


def sha_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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
    parts = ("accepted", "unchanged", "held", "rejected")
    assert row["read"] == sum(row[part] for part in parts)
    assert row["held"] == 1  # one of the demo's claims names a payer nobody knows
    assert "payer not known here" in page.text
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


@pytest.mark.parametrize("what", ["accepted", "held"])
def test_what_an_import_accepted_or_held_leads_to_just_these_claims(
    site: Site, more_claims: bytes, what: str
) -> None:
    other_payer = more_claims.replace(b"*PI*", b"*PI*Z", 1)
    client, token, _ = chosen(site, "charges.837", other_payer)
    place = post(client, "/start/go", {"s": token}).headers["location"]
    with site.office.reading() as conn:
        row = file_list.one(conn, sha_of(other_payer))
    assert row is not None
    number = row[what]
    assert number
    link = f"/claims?import={row['sha256']}&amp;brought={what}&amp;show=all"
    for page in (place, "/imports"):
        assert f'<a href="{link}">{number}</a>' in client.get(page).text
    shown = client.get(link.replace("&amp;", "&")).text
    assert f"<b>{number}</b> claim" in shown
    assert f'<a href="{place}">import</a>' in shown
    assert f'name="brought" value="{what}"' in shown


def test_what_an_import_left_out_leads_to_its_reject_file(site: Site) -> None:
    client, token, _ = chosen(site, "deposits.csv", DEPOSITS)
    place = post(client, "/start/go", {"s": token}).headers["location"]
    listed = client.get("/imports").text
    assert f'<a href="{place}/rejects.csv">1</a>' in listed
    assert "/claims?import" not in listed.partition(place)[2].partition("</tr>")[0]


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
    [row] = csv.DictReader(rejected.text.splitlines())
    assert (row["_row"], row["_field"]) == ("3", "amount")
    assert (row["_value_masked"], row["_code"]) == ("xxx-xxxxx", "amount")
    assert "not-money" not in rejected.text + shown.text
    assert "xxx-xxxxx" in shown.text


def test_imports_are_listed_newest_first_and_filtered_by_their_end(
    site: Site, more_claims: bytes
) -> None:
    client, token, _ = chosen(site, "newest.837", more_claims)
    post(client, "/start/go", {"s": token})
    page = client.get("/imports")
    names = re.findall(r'href="/imports/([0-9a-f]{64})">([^<]+)<', page.text)
    assert names[0] == (sha_of(more_claims), f"File {sha_of(more_claims)[:12]}")
    nothing = client.get("/imports?ended=quarantined")
    assert "No file is here" in nothing.text
    assert "A filter is on" in nothing.text


def test_only_who_sees_patients_reads_what_a_partner_called_a_file(
    site: Site,
) -> None:
    lay(site, "PLANTED-NAME.csv", DEPOSITS)
    ops, chief = site.signed_in("ops"), site.signed_in("supervisor")
    assert "PLANTED-NAME" in chief.get("/start").text
    start = ops.get("/start")
    place = post(ops, "/start/mail", {"mark": mark_of(start)}).headers["location"]
    check = ops.get(place)
    done = post(ops, "/start/go", {"s": place.partition("s=")[2]}).headers["location"]
    for page in (start, check, ops.get("/imports"), ops.get(done)):
        assert page.status_code == 200
        assert "PLANTED-NAME" not in page.text
    for path in ("/imports", done):
        assert "PLANTED-NAME" in chief.get(path).text
    with site.office.reading() as conn:
        query = select(access.c.actor, access.c.subject)
        log = conn.execute(query.where(access.c.what == "names of files")).all()
    subjects = ["mailboxes", "imports", f"file {sha_of(DEPOSITS)[:12]}"]
    assert log == [("supervisor", subject) for subject in subjects]


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


def test_a_shape_tells_the_form_and_not_the_value() -> None:
    assert shape("2026-13-40") == "9999-99-99"
    assert shape("O'Neil") == "X'Xxxx"
    assert shape("1,204.555") == "9,999.999"
    assert len(shape("x" * 90)) == 24


def test_each_part_of_a_reason_has_a_code() -> None:
    assert code_of("is missing; lies in the future") == "missing future"
    assert code_of("something new") == "refused"


def test_the_shape_of_a_segments_value_is_found_by_its_place(
    more_claims: bytes,
) -> None:
    number = more_claims[: more_claims.index(b"CLM*")].count(b"~") + 1
    reject = {"position": number, "segment": f"CLM at segment {number}"}
    found = shapes(more_claims, "837P", [reject | {"field": "CLM01"}])
    assert found == ["XXX999999"]
    assert shapes(more_claims, "837P", [reject | {"field": "SE"}]) == [""]
    assert shapes(b"ISA", "837P", [reject | {"field": "CLM01"}]) == [""]


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


def lay(site: Site, name: str, content: bytes) -> Path:
    """Put a file into the office's mailbox, as a partner does; its folder."""
    inbound = site.desk.data_dir / "mailbox" / "office" / "inbound"
    inbound.mkdir(parents=True, exist_ok=True)
    (inbound / name).write_bytes(content)
    return inbound


def mark_of(page: httpx2.Response) -> str:
    """What stands for the one file on the page."""
    found = re.search(r'value="([0-9a-f]+)">Check<span class="vh"> File 1<', page.text)
    assert found is not None
    return found[1]


def test_a_file_that_lies_in_a_mailbox_is_looked_over_and_taken_from_there(
    site: Site, more_claims: bytes
) -> None:
    inbound = lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    page = ops.get("/start")
    assert f"{len(more_claims):,}" in page.text
    assert str(inbound) not in page.text
    answer = post(ops, "/start/mail", {"mark": mark_of(page)})
    place = answer.headers["location"]
    assert re.fullmatch(r"/start/check\?s=[\w-]+", place)
    assert "Nothing is stored yet" in ops.get(place).text
    assert (inbound / "may.837").exists()  # looking takes nothing away
    done = post(ops, "/start/go", {"s": place.partition("s=")[2]})
    assert "Taken in: 49 accepted" in ops.get(done.headers["location"]).text
    assert not (inbound / "may.837").exists()
    assert (inbound / "done" / "may.837").read_bytes() == more_claims
    assert "None lies in a mailbox now" in ops.get("/start").text


def test_another_file_under_the_same_name_stays_in_the_mailbox(
    site: Site, more_claims: bytes
) -> None:
    inbound = lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    mark = mark_of(ops.get("/start"))
    place = post(ops, "/start/mail", {"mark": mark}).headers["location"]
    lay(site, "may.837", DEPOSITS)
    post(ops, "/start/go", {"s": place.partition("s=")[2]})
    assert (inbound / "may.837").read_bytes() == DEPOSITS


def test_a_mark_is_of_one_session_and_of_a_file_that_still_lies_there(
    site: Site, more_claims: bytes
) -> None:
    inbound = lay(site, "may.837", more_claims)
    ops, other = site.signed_in("ops"), site.signed_in("supervisor")
    mark = mark_of(ops.get("/start"))
    foreign = post(other, "/start/mail", {"mark": mark})
    (inbound / "may.837").unlink()
    gone = post(ops, "/start/mail", {"mark": mark})
    odd = post(ops, "/start/mail", {"mark": "\N{SNOWMAN}"})
    for answer in (foreign, gone, odd):
        assert answer.status_code == 422
        assert "does not lie in a mailbox any more" in answer.text


def test_a_file_nobody_reads_stays_for_the_sweep(site: Site) -> None:
    lay(site, "letter.txt", b"Dear payer,")
    ops = site.signed_in("ops")
    answer = post(ops, "/start/mail", {"mark": mark_of(ops.get("/start"))})
    assert answer.status_code == 422
    assert "The next sweep of its mailbox puts it in quarantine" in answer.text


def test_a_mailbox_that_does_not_answer_is_named_and_the_page_comes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = site.office.open_mailbox

    def broken(partner: str) -> Mailbox:
        if partner == "office":
            raise MailboxError("PLANTED")
        return whole(partner)

    monkeypatch.setattr(site.office, "open_mailbox", broken)
    page = site.signed_in("ops").get("/start")
    assert page.status_code == 200
    assert "The mailbox of the office cannot be looked into now" in page.text
    assert "PLANTED" not in page.text


async def test_starting_a_file_starts_its_own_claims_and_no_others(
    site: Site, more_claims: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.office.reading() as conn:
        others = {row.id for row in claims.every(conn)}
    waited = before(site.office)
    why = site.office.because(site.desk.now(), "R-BAD-01", "ops")
    done = bring_in(site.office, "may.837", more_claims, why)
    started: list[str] = []

    async def start_claims(_office: object, claim_ids: list[str]) -> None:
        started.extend(claim_ids)

    monkeypatch.setattr("activities.brought.start_claims", start_claims)
    count = await start_brought(site.office, done.sha256, waited, site.desk.now())
    assert count == len(started) == 50
    assert not others & set(started)


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


def test_patients_plans_are_started_and_what_is_held_is_said_to_be_used_later(
    site: Site,
) -> None:
    content = (
        b"patient_ref,coverage_order,payer_id,member_id,subscriber_rel\n"
        b"NOBODY,2,P-EASTGATE,EGT1,self\n"
    )
    client, token, page = chosen(site, "coverages.csv", content)
    place = post(client, "/start/go", {"s": token}).headers["location"]

    assert "not used yet" in page.text
    assert "once a claim of its patient comes" in client.get(place).text


def silent_mailbox(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_partner: str) -> Mailbox:
        raise UnreachableError("PLANTED")

    monkeypatch.setattr(site.office, "open_mailbox", away)


def test_a_file_of_a_mailbox_that_does_not_answer_is_one_clear_error(
    site: Site, more_claims: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    mark = mark_of(ops.get("/start"))
    silent_mailbox(site, monkeypatch)

    answer = post(ops, "/start/mail", {"mark": mark})

    assert answer.status_code == 422
    assert "does not answer in time, so the file was not read" in answer.text
    assert "PLANTED" not in answer.text


def test_nobody_waits_longer_than_the_time_for_all_steps(
    site: Site, more_claims: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    mark = mark_of(ops.get("/start"))
    released = threading.Event()

    def stuck(*_: object) -> None:
        released.wait(60)

    monkeypatch.setattr("desk.start.WAIT_SECONDS", 0.05)
    monkeypatch.setattr("desk.start.read_marked", stuck)
    try:
        answer = post(ops, "/start/mail", {"mark": mark})
    finally:
        released.set()

    assert answer.status_code == 422
    assert "does not answer in time" in answer.text


def test_a_file_that_cannot_be_put_aside_is_taken_in_and_said_to_lie_there(
    site: Site, more_claims: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound = lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    place = post(ops, "/start/mail", {"mark": mark_of(ops.get("/start"))}).headers[
        "location"
    ]
    silent_mailbox(site, monkeypatch)

    done = post(ops, "/start/go", {"s": place.partition("s=")[2]})

    assert done.status_code == 303
    assert "the file still lies there" in ops.get(done.headers["location"]).text
    assert (inbound / "may.837").exists()


def test_a_file_above_the_limit_is_not_taken_and_says_so(
    site: Site, more_claims: bytes
) -> None:
    inbound = lay(site, "may.837", more_claims)
    ops = site.signed_in("ops")
    os.truncate(inbound / "may.837", 20_000_000_000)
    mark = mark_of(ops.get("/start"))

    answer = post(ops, "/start/mail", {"mark": mark})

    assert answer.status_code == 422
    assert "larger than what is read here" in answer.text
