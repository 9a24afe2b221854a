"""An appeal's review: what the second person confirms is what they read."""

import hashlib
import re

import pytest
from starlette.testclient import TestClient

from activities.tasks import decide
from claims.task import DecisionRefused, TaskType
from records import accounts, claims, tasks
from records.db import RowMapping
from tests.desk.appealing import NAMES, Appealed, appealed, hash_of, later
from tests.desk.conftest import Site, post
from tests.desk.test_task import opened

PAPERS = ("letter", "letter.pdf")


@pytest.fixture
def case(site: Site) -> Appealed:
    return appealed(site)


def letter_of(case: Appealed) -> RowMapping | None:
    """The letter in the outbox."""
    with case.site.office.reading() as conn:
        appeal = accounts.get_appeal(conn, case.appeal_id)
        assert appeal is not None
        return accounts.get_letter(conn, appeal["letter_id"] or "")


def words(client: TestClient, path: str) -> str:
    """The text of a page, in one line."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


# --- who reads it --------------------------------------------------------------------


@pytest.mark.parametrize("paper", PAPERS)
def test_a_task_that_is_not_there_or_of_another_type_has_no_letter(
    site: Site, paper: str
) -> None:
    boss = site.signed_in("supervisor")
    other = opened(site, TaskType.DENIAL_REVIEW)
    for task in ("none", "0", other):
        answer = boss.get(f"/tasks/{task}/{paper}")
        assert answer.status_code == 404
        assert "There is no task" in answer.text or "no appeal letter" in answer.text


@pytest.mark.parametrize("paper", PAPERS)
def test_operations_see_no_letter_and_no_name(case: Appealed, paper: str) -> None:
    ops = case.site.signed_in("ops")
    assert ops.get(f"{case.path}/{paper}").status_code == 403
    page = ops.get(case.path)
    assert page.status_code == 200
    assert "iframe" not in page.text
    assert not [name for name in NAMES if name in page.text]


def test_an_auditor_reads_the_letter_and_decides_nothing(case: Appealed) -> None:
    case.prepare()
    auditor = case.site.signed_in("auditor")
    page = auditor.get(case.path).text
    assert "The letter has 8 of 9 elements" in page
    assert 'name="decision"' not in page
    assert "Not to be sent" in auditor.get(f"{case.path}/letter").text
    assert case.send(auditor, decision="sent").status_code == 403
    assert case.row["status"] == "prepared"


def test_a_letter_says_what_it_is_and_names_nobody_in_address_or_title(
    case: Appealed,
) -> None:
    clerk = case.site.signed_in("clerk")
    pdf, page = (clerk.get(f"{case.path}/{p}") for p in ("letter.pdf", "letter"))
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    assert NAMES[1] in page.text
    title = page.text.partition("<title>")[2].partition("</title>")[0]
    assert title == "Appeal: authorization"
    assert not [n for n in NAMES if n.encode() in pdf.content.partition(b"obj")[0]]
    assert not [n for n in NAMES if n in str(page.url) + str(pdf.url)]


# --- what is read beside it ----------------------------------------------------------


def test_elements_exhibits_way_signer_and_deadline_stand_beside_the_letter(
    case: Appealed,
) -> None:
    case.prepare(route="fax")
    page = words(case.site.signed_in("supervisor"), case.path)
    assert "The letter has 9 of 9 elements" in page
    assert "The denial, its code and words present" in page
    assert "A Your notice of denial, 1 page B Approval letter A-40911" in page
    assert "By Fax: 555-0100 Signed by" in page
    assert "Approved by Priya Nair (you), when you confirm" in page
    assert "Deadline 14 Sep 2026" in page


def test_an_open_task_shows_the_typed_way_and_nobody_as_approver(
    case: Appealed,
) -> None:
    boss = case.site.signed_in("supervisor")
    given = {"route": "portal", "draft": "0"}
    post(boss, f"{case.path}/draft", given)
    letter = words(boss, f"{case.path}/letter")
    assert "Sent by Portal" in letter
    assert "Draft. Not to be sent. Missing: signature." in letter
    assert "Approved by" not in letter
    assert "Approved by nobody yet" in words(boss, case.path)


def test_preview_shows_the_typed_words_and_keeps_them(case: Appealed) -> None:
    clerk = case.site.signed_in("clerk")
    typed = "The number was on the claim\r\n\r\nYour own letter says so"
    answer = case.send(clerk, do="preview", draft="0", argument=typed, note="ask Ana")
    assert answer.status_code == 303
    assert case.row["status"] == "open"
    page = clerk.get(answer.headers["location"]).text
    assert "The number was on the claim\nYour own letter says so</textarea>" in page
    assert "ask Ana" in page
    letter = clerk.get(f"{case.path}/letter").text
    assert "<li>The number was on the claim.</li>" in letter
    assert "<li>Your own letter says so.</li>" in letter


def test_a_draft_that_saved_itself_is_what_its_open_page_links_to(
    case: Appealed,
) -> None:
    clerk = case.site.signed_in("clerk")
    page = clerk.get(case.path).text
    link = page.partition(f'href="{case.path}/letter.pdf')[2].partition('"')[0]
    old = clerk.get(f"{case.path}/letter.pdf{link}")
    post(clerk, f"{case.path}/draft", {"argument": "It was approved", "draft": "0"})
    new = clerk.get(f"{case.path}/letter.pdf{link}")
    assert (old.status_code, new.status_code) == (200, 200)
    assert old.content != new.content


def test_words_may_be_as_long_as_the_field_lets_one_type(case: Appealed) -> None:
    line = "x" * 99
    given = {"decision": "sent", "argument": "\r\n".join([line] * 40)}
    assert case.send(case.site.signed_in("clerk"), **given).status_code == 303


def test_a_typed_word_cannot_become_markup(case: Appealed) -> None:
    clerk = case.site.signed_in("clerk")
    case.send(clerk, do="preview", draft="0", argument="<b>x</b> **y** # z")
    letter = clerk.get(f"{case.path}/letter").text
    assert "&lt;b&gt;x&lt;/b&gt; **y** # z." in letter


# --- approval ------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1])
def test_what_was_read_is_filed_to_the_byte_also_a_day_later(
    case: Appealed, days: int
) -> None:
    case.prepare(route="fax", argument="The number was on the claim")
    boss = case.site.signed_in("supervisor")
    page = boss.get(case.path)
    read = {p: boss.get(f"{case.path}/{p}").content for p in PAPERS}
    assert case.send(boss, decision="sent", letter=hash_of(page)).status_code == 303
    assert case.row["status"] == "saved"
    assert letter_of(case) is None
    assert boss.get(f"{case.path}/letter.pdf").content == read["letter.pdf"]

    with case.site.office.writing() as conn:  # what would make it another letter
        claims.decide_line(
            conn, case.claim_id, 1, status="denied", denial={}, decided_by="test"
        )
    assert "sent" in case.apply(days)
    filed = letter_of(case)
    assert filed is not None
    assert filed["pdf_sha256"] == hashlib.sha256(read["letter.pdf"]).hexdigest()
    assert filed["html_sha256"] == hashlib.sha256(read["letter"]).hexdigest()
    assert filed["dated"] == case.site.desk.now().date()
    assert boss.get(f"{case.path}/letter").content == read["letter"]
    assert "As it was approved" in boss.get(case.path).text


def changed_date(case: Appealed, monkeypatch: pytest.MonkeyPatch) -> None:
    later(case.site, monkeypatch, 1)


def changed_data(case: Appealed, monkeypatch: pytest.MonkeyPatch) -> None:
    with case.site.office.writing() as conn:
        line = claims.lines(conn, case.claim_id)[0]
        denial = {**line["denial"], "rarcs": ["N700"]}
        claims.decide_line(
            conn, case.claim_id, 1, status="denied", denial=denial, decided_by="test"
        )


def changed_words(case: Appealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letters.words.MONTHS", tuple("abcdefghijkl"))


@pytest.mark.parametrize("change", [changed_date, changed_data, changed_words])
def test_another_letter_than_the_one_read_is_not_approved(
    case: Appealed, monkeypatch: pytest.MonkeyPatch, change: object
) -> None:
    assert callable(change)
    case.prepare()
    boss = case.site.signed_in("supervisor")
    old = hash_of(boss.get(case.path))
    change(case, monkeypatch)
    answer = case.send(boss, decision="sent", letter=old, note="read on the phone")
    assert answer.status_code == 422
    assert answer.text.count('role="alert"') == 1
    assert "The letter is not the one you read" in answer.text
    assert "read on the phone" in answer.text
    assert case.row["status"] == "prepared"
    assert letter_of(case) is None

    new = hash_of(answer)
    assert new != old
    assert boss.get(f"{case.path}/letter?letter={new}").status_code == 200
    assert case.send(boss, decision="sent", letter=new).status_code == 303
    assert case.row["status"] == "saved"


def test_who_read_no_letter_approves_none(case: Appealed) -> None:
    case.prepare()
    answer = case.send(case.site.signed_in("supervisor"), decision="sent")
    assert answer.status_code == 422
    assert case.row["status"] == "prepared"


@pytest.mark.parametrize("paper", PAPERS)
def test_a_page_that_is_open_since_yesterday_shows_no_other_letter_in_its_frame(
    case: Appealed, monkeypatch: pytest.MonkeyPatch, paper: str
) -> None:
    case.prepare()
    boss = case.site.signed_in("supervisor")
    old = hash_of(boss.get(case.path))
    later(case.site, monkeypatch, 1)
    answer = boss.get(f"{case.path}/{paper}?letter={old}")
    assert answer.status_code == 409
    assert "The letter changed since this page was opened" in answer.text
    assert not [name for name in NAMES if name in answer.text]


def test_a_letter_that_lacks_an_element_is_neither_proposed_nor_approved(
    case: Appealed,
) -> None:
    with case.site.office.writing() as conn:
        for line in claims.lines(conn, case.claim_id):
            claims.decide_line(
                conn,
                case.claim_id,
                line["number"],
                status="denied",
                denial=line["denial"],
                decided_by="test",
            )
        accounts.mark_appeal(conn, case.appeal_id, template="APPEAL_22")
    clerk = case.site.signed_in("clerk")
    page = words(clerk, case.path)
    assert "It cannot be sent. Missing: policy or contract cited." in page
    answer = case.send(clerk, decision="sent")
    assert answer.status_code == 422
    assert "the letter lacks policy or contract cited" in answer.text
    assert case.decisions() == []


def test_a_letter_that_cannot_be_made_is_said_so_and_nothing_is_stored(
    case: Appealed,
) -> None:
    with case.site.office.writing() as conn:
        accounts.mark_appeal(conn, case.appeal_id, template="APPEAL_NOPE")
    clerk = case.site.signed_in("clerk")
    assert "There is no letter. There is no letter APPEAL_NOPE" in words(
        clerk, case.path
    )
    assert clerk.get(f"{case.path}/letter.pdf").status_code == 404
    assert case.send(clerk, decision="sent").status_code == 422
    assert case.decisions() == []


# --- without a page ------------------------------------------------------------------


async def test_an_approval_that_names_no_letter_fixes_the_one_of_that_moment(
    case: Appealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    case.prepare(route="fax")
    office, then = case.site.office, case.site.desk.now()
    why = office.because(then, "R-APP-03", "supervisor")
    given = {"version": case.row["version"], "decision": "sent", "why": why}
    with pytest.raises(DecisionRefused, match="not the one you read"):
        await decide(office, case.task, form={"letter": "0" * 64}, **given)
    assert (await decide(office, case.task, form={}, **given)).status == "saved"
    shown = case.site.signed_in("auditor").get(f"{case.path}/letter.pdf").content
    case.apply(3)
    filed = letter_of(case)
    assert filed is not None
    assert filed["pdf_sha256"] == hashlib.sha256(shown).hexdigest()
    assert filed["dated"] == why.today


def test_an_approval_of_before_letters_were_named_is_filed_as_it_was_prepared(
    case: Appealed,
) -> None:
    case.prepare(route="fax")
    office = case.site.office
    why = office.because(case.site.desk.now(), "R-APP-03", "supervisor")
    with office.writing() as conn:
        tasks.save(
            conn,
            office.cipher,
            row=tasks.get(conn, case.task),
            version=case.row["version"],
            chosen="sent",
            form="{}",
            why=why,
        )
    boss = case.site.signed_in("supervisor")
    assert boss.get(f"{case.path}/letter").status_code == 404
    assert "sent" in case.apply()
    letter = words(boss, f"{case.path}/letter")
    assert "Sent by Fax" in letter
    assert "Approved by Priya Nair" in letter
