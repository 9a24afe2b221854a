"""Two people on one task: three true columns, either value of a field, nothing lost."""

import re
from datetime import timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from activities.tasks import form_of
from claims.task import Role, TaskType
from desk.task_state import read_back
from records import drafts, events, holding, tasks, users
from tests.desk.appealing import appealed
from tests.desk.conftest import PASSWORD, Site, post
from tests.desk.test_task import opened
from tests.desk.test_task_names import denial_for
from vault.passwords import hashed

_INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ROW = re.compile(r'<tr><th scope="row" class="first" data-l="Field">.*?</tr>', re.S)


def carried(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form."""
    return {name: unescape(value) for name, value in _INPUT.findall(page)}


def loaded(browser: TestClient, task: str) -> dict[str, str]:
    """What the page of a task sends along, as this person opened it."""
    page = browser.get(f"/tasks/{task}").text
    form = page.partition('aria-labelledby="fm"')[2].partition("</form>")[0]
    return carried(form)


def rows_of(page: str) -> dict[str, list[str]]:
    """The table of a conflict: per field what was, what is, one's own, what is kept."""
    found = {}
    for row in _ROW.findall(page):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        bare = [" ".join(unescape(re.sub(r"<[^>]+>", " ", c)).split()) for c in cells]
        found[bare[0]] = bare[1:]
    return found


def test_the_first_column_is_what_was_there_when_the_page_was_opened(
    site: Site,
) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    post(clerk, f"/tasks/{task}/draft", {"note": "as it was", "draft": "0"})
    mine, hers = loaded(clerk, task), loaded(boss, task)

    post(boss, f"/tasks/{task}/draft", {**hers, "note": "Priya's draft"})
    given = {**hers, "decision": "documents", "note": "Priya's note"}
    assert post(boss, f"/tasks/{task}", given).status_code == 303
    page = post(clerk, f"/tasks/{task}", {**mine, "decision": "appeal", "note": "own"})

    assert page.status_code == 409
    found = rows_of(page.text)
    assert found["Note"][0] == "as it was"
    assert found["Note"][1].startswith("Priya's note Priya Nair,")
    assert found["Note"][2] == "own"
    assert found["Decision"][:3][0] == "Empty"
    assert found["Decision"][1].startswith("Send documents Priya Nair,")
    assert found["Decision"][2] == "Appeal"
    assert found["State of the task"][:2] == ["Open", "Decided, not applied yet"]
    assert "supervisor" not in page.text
    assert "Priya Nair decided “Send documents”." in page.text


def changed_facts(site: Site, task: str) -> None:
    """The task goes on without anybody's doing: another owner, more evidence."""
    office, now = site.office, site.desk.now()
    with office.writing() as conn:
        row = tasks.get(conn, task)
        tasks.show_more(conn, row, {"answer": "in process again"})
        holding.assign(
            conn, row, "supervisor", office.because(now, "R-TSK-01", "t"), now
        )


def test_a_fact_that_changed_is_shown_and_is_nobodys_to_choose(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    mine, hers = loaded(clerk, task), loaded(boss, task)
    changed_facts(site, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "another note"})
    page = post(clerk, f"/tasks/{task}/draft", {**mine, "note": "my note"})
    found = rows_of(page.text)
    assert page.status_code == 409
    assert found["With"][:2] == ["Nobody", "Priya Nair"]
    assert found["Answer"][:2] == ["Not there", "in process again"]
    assert "Always kept" in found["Answer"][3]
    assert 'name="keep.Answer"' not in page.text


@pytest.mark.parametrize(("side", "note"), [("mine", "own"), ("theirs", "hers")])
def test_either_value_of_a_field_is_taken_and_saved(
    site: Site, side: str, note: str
) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "hers", "evidence": "a card"})
    given = {**mine, "note": "own", "decision": "appeal"}
    page = post(clerk, f"/tasks/{task}/draft", given)
    assert page.status_code == 409

    chosen = {"keep.note": side, "keep.evidence": "theirs", "do": "decide"}
    answer = post(clerk, f"/tasks/{task}/merge", {**carried(page.text), **chosen})

    assert answer.status_code == 303
    with site.office.reading() as conn:
        row = tasks.get(conn, task)
        (made,) = tasks.decisions_of(conn, task)
        form = form_of(site.office, tasks.stored_decision(conn, made["id"]))
    assert (row["status"], row["decision"], made["actor"]) == (
        "saved",
        "appeal",
        "clerk",
    )
    assert (form["note"], form["evidence"]) == (note, "a card")


def test_chosen_values_can_go_into_the_form_and_nothing_is_decided(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "hers"})
    page = post(clerk, f"/tasks/{task}/draft", {**mine, "note": "own"})
    chosen = {"keep.note": "theirs", "do": "form"}
    post(clerk, f"/tasks/{task}/merge", {**carried(page.text), **chosen})
    assert ">hers</textarea>" in clerk.get(f"/tasks/{task}").text
    with site.office.reading() as conn:
        assert tasks.decisions_of(conn, task) == []


def test_a_change_after_the_conflict_page_is_a_conflict_again(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "hers"})
    page = post(clerk, f"/tasks/{task}/draft", {**mine, "note": "own"})
    hers = loaded(boss, task)
    post(boss, f"/tasks/{task}", {**hers, "decision": "documents"})
    chosen = {"keep.note": "mine", "mine.decision": "appeal", "do": "decide"}
    again = post(clerk, f"/tasks/{task}/merge", {**carried(page.text), **chosen})
    assert again.status_code == 409
    assert "Priya Nair decided “Send documents”." in again.text
    with site.office.reading() as conn:
        kept = drafts.newest(conn, site.office.cipher, task)
    assert kept is not None
    assert (kept.author, kept.form["note"]) == ("clerk", "own")


def test_who_changed_a_field_alone_has_their_value_proposed(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    post(clerk, f"/tasks/{task}/draft", {"note": "first", "draft": "0"})
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "hers"})
    given = {**mine, "note": "first", "evidence": "a card"}
    page = post(clerk, f"/tasks/{task}/draft", given).text
    assert re.search(r'name="keep.note" value="theirs" checked', page)
    assert re.search(r'name="keep.evidence" value="mine" checked', page)


def test_a_task_that_closed_by_itself_keeps_the_entry_and_offers_no_decision(
    site: Site,
) -> None:
    task, claim, _ = denial_for(site, Role.CLERK)
    clerk = site.signed_in("clerk")
    mine, now = loaded(clerk, task), site.desk.now()
    why = site.office.because(now + timedelta(minutes=1), "R-TSK-04")
    with site.office.writing() as conn:
        tasks.overtake(conn, why, "the payer paid", claim_id=claim)
    page = post(clerk, f"/tasks/{task}", {**mine, "decision": "appeal"})
    assert page.status_code == 409
    assert "· Task “A denied claim” closed by itself: the payer paid." in page.text
    assert 'value="decide"' not in page.text
    with site.office.reading() as conn:
        kept = drafts.newest(conn, site.office.cipher, task)
    assert kept is not None
    assert kept.form["decision"] == "appeal"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": 1}', '{"status": "open"}'])
def test_what_a_page_carried_may_be_unreadable(text: str) -> None:
    assert read_back(text).at is None


def test_what_was_decided_before_the_page_was_opened_is_no_news(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    post(boss, f"/tasks/{task}", {"version": "1", "decision": "documents"})
    with site.office.writing() as conn:
        (made,) = tasks.decisions_of(conn, task)
        stored = tasks.stored_decision(conn, made["id"])
        why = site.office.because(site.desk.now(), "R-TSK-03", "test")
        tasks.refuse(conn, stored=stored, reason="No document is on file.", why=why)
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}/draft", {**hers, "note": "hers"})
    page = post(clerk, f"/tasks/{task}/draft", {**mine, "note": "own"}).text
    assert "Priya Nair saved a draft." in page
    assert "decided “Send documents”" not in page
    assert rows_of(page)["Note"][1].startswith("hers Priya Nair,")


def conflicting(site: Site, task: str, note: str) -> tuple[TestClient, str]:
    """The clerk's browser and their conflict page, with this note of theirs."""
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    mine, hers = loaded(clerk, task), loaded(boss, task)
    post(boss, f"/tasks/{task}", {**hers, "decision": "documents"})
    given = {**mine, "decision": "appeal", "note": note}
    return clerk, post(clerk, f"/tasks/{task}", given).text


def test_what_was_written_can_stay_as_a_note_of_the_claim(site: Site) -> None:
    task, claim, _ = denial_for(site, Role.CLERK)
    clerk, page = conflicting(site, task, "The card was read twice.")
    answer = post(clerk, f"/tasks/{task}/merge", {**carried(page), "do": "note"})
    assert answer.headers["location"] == "/tasks"
    with site.office.reading() as conn:
        last = events.of_claim(conn, claim)[-1]
    assert (last["kind"], last["actor"]) == ("note", "clerk")
    assert last["words"] == "The card was read twice."


def test_a_note_that_names_the_patient_is_not_kept_as_one(site: Site) -> None:
    task, claim, name = denial_for(site, Role.CLERK)
    clerk, page = conflicting(site, task, f"{name} called.")
    answer = post(clerk, f"/tasks/{task}/merge", {**carried(page), "do": "note"})
    assert answer.status_code == 400
    assert "The note names the patient" in answer.text
    with site.office.reading() as conn:
        kinds = [e["kind"] for e in events.of_claim(conn, claim)]
        kept = drafts.newest(conn, site.office.cipher, task)
    assert "note" not in kinds
    assert kept is not None
    assert kept.form["note"] == f"{name} called."


@pytest.mark.parametrize("path", ["draft", "discard", "merge"])
def test_who_may_not_decide_a_task_changes_no_draft_of_it(
    site: Site, path: str
) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    post(site.signed_in("clerk"), f"/tasks/{task}/draft", {"note": "own", "draft": "0"})
    answer = post(site.signed_in("poster"), f"/tasks/{task}/{path}", {"note": "theirs"})
    assert answer.status_code == 403
    assert "This task is for a clerk. Nothing was stored." in answer.text
    with site.office.reading() as conn:
        kept = drafts.newest(conn, site.office.cipher, task)
    assert kept is not None
    assert (kept.author, kept.form) == ("clerk", {"note": "own"})


def test_another_persons_entry_is_not_shown_to_who_may_not_decide(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    post(site.signed_in("clerk"), f"/tasks/{task}/draft", {"note": "own", "draft": "0"})
    given = {"version": "7", "decision": "appeal"}
    answer = post(site.signed_in("poster"), f"/tasks/{task}", given)
    assert answer.status_code == 403
    assert "own" not in answer.text.partition("<main")[2].partition("</main>")[0]


def second_supervisor(site: Site) -> TestClient:
    """The browser of somebody else who may confirm."""
    with site.office.writing() as conn:
        new = users.User(name="ola", display_name="Ola Berg", roles=("supervisor",))
        users.put_user(conn, new)
        users.set_password(conn, "ola", hashed(PASSWORD), site.desk.now())
    return site.signed_in("ola")


def test_a_return_with_marks_is_news_and_no_value_to_take(site: Site) -> None:
    case = appealed(site)
    case.prepare()
    boss, other = site.signed_in("supervisor"), second_supervisor(site)
    seen = loaded(other, case.task)
    case.send(boss, decision="returned", marks="Send it by fax.")
    page = post(other, case.path, {**seen, "decision": "sent", "note": "own"})
    assert page.status_code == 409
    assert "Priya Nair returned it with marks." in page.text
    assert "Send it by fax." not in page.text
