"""Return with marks: the proposal is dropped, its maker has it back and reads why."""

import pytest
from sqlalchemy import select

from activities.steps import by_task
from claims.task import TaskType
from records import claims, tasks
from records.events import of_claim
from records.tables import decision, event
from tests.desk.appealing import Appealed, appealed, hash_of
from tests.desk.conftest import Site, post
from tests.desk.test_task import opened

MARKS = "Say that the approval covers the visit.\nSend it by fax."


@pytest.fixture
def case(site: Site) -> Appealed:
    return appealed(site)


def test_the_preparer_sees_the_marks_and_their_own_words(case: Appealed) -> None:
    clerk = case.prepare(argument="It was approved", route="portal")
    boss = case.site.signed_in("supervisor")
    answer = case.send(boss, decision="returned", marks=MARKS)
    assert answer.status_code == 303
    row = case.row
    assert (row["status"], row["assignee"], row["decision"]) == ("open", "clerk", None)

    page = clerk.get(case.path).text
    assert "Priya Nair returned this with marks" in page
    for mark in MARKS.splitlines():
        assert f"<p>{mark}</p>" in page
    assert "It was approved</textarea>" in page
    assert 'value="portal" checked' in page
    assert str(row["number"]) in clerk.get("/tasks?returned=me").text


def test_a_return_is_an_event_with_rule_and_actor_and_its_marks_are_sealed(
    case: Appealed,
) -> None:
    case.prepare()
    case.send(case.site.signed_in("supervisor"), decision="returned", marks=MARKS)
    office = case.site.office
    with office.reading() as conn:
        found = [
            e for e in of_claim(conn, case.claim_id) if e["kind"] == "task returned"
        ]
        assert len(found) == 1
        assert (found[0]["rule"], found[0]["actor"]) == ("R-TSK-05", "supervisor")
        assert found[0]["data"]["to"] == "clerk"
        stored = tasks.stored_decision(conn, found[0]["data"]["marks"])
        assert "covers the visit" in tasks.decision_form(office.cipher, stored)
        for table in (event, decision):
            kept = conn.execute(select(table)).all()
            assert not [row for row in kept if "covers the visit" in repr(row)]
        assert tasks.undelivered(conn) == []


def test_a_second_proposal_is_approved_as_it_is_then(case: Appealed) -> None:
    case.prepare(route="portal")
    boss = case.site.signed_in("supervisor")
    case.send(boss, decision="returned", marks=MARKS)
    case.prepare(route="fax")
    page = boss.get(case.path)
    assert "Priya Nair returned this with marks" in page.text
    assert "By</dt><dd>Fax" in page.text
    assert case.send(boss, decision="sent", letter=hash_of(page)).status_code == 303
    assert "sent, prepared by clerk, signed by supervisor" in case.apply()


def test_a_claim_says_who_decides_and_who_confirms(case: Appealed) -> None:
    office = case.site.office
    with office.writing() as conn:
        row = claims.get(conn, case.claim_id)
        step, why = (
            by_task(office, case.row),
            case.site.office.because(case.site.desk.now()),
        )
        claims.set_step(conn, row, row.state, step, why, "it waits for the task")
    boss = case.site.signed_in("supervisor")

    def asked() -> str:
        with office.reading() as conn:
            said = claims.get(conn, case.claim_id).waiting_for or ""
        assert f"Waiting for <b>{said}</b>" in boss.get(case.path).text
        return said.partition(":")[0]

    assert asked() == "a clerk to decide"
    case.prepare()
    assert asked() == "a supervisor to confirm"
    case.send(boss, decision="returned", marks=MARKS)
    assert asked() == "a clerk to decide"


@pytest.mark.parametrize("who", ["clerk", "coder", "auditor"])
def test_only_who_may_confirm_may_return(case: Appealed, who: str) -> None:
    case.prepare()
    answer = case.send(case.site.signed_in(who), decision="returned", marks=MARKS)
    assert answer.status_code == 403
    assert case.row["status"] == "prepared"
    assert len(case.decisions()) == 1


def test_marks_without_words_return_nothing(case: Appealed) -> None:
    case.prepare()
    answer = case.send(case.site.signed_in("supervisor"), decision="returned")
    assert answer.status_code == 422
    assert "Say what to change" in answer.text
    assert case.row["status"] == "prepared"


def test_a_double_click_returns_once(case: Appealed) -> None:
    case.prepare()
    boss, version = case.site.signed_in("supervisor"), str(case.row["version"])
    for _ in range(2):
        given = {"decision": "returned", "marks": MARKS, "version": version}
        assert case.send(boss, **given).status_code == 303
    assert [d["decision"] for d in case.decisions()] == ["sent", "returned"]


def test_marks_on_a_task_that_changed_meanwhile_are_kept(case: Appealed) -> None:
    case.prepare()
    boss = case.site.signed_in("supervisor")
    answer = case.send(boss, decision="returned", marks=MARKS, version="1")
    assert answer.status_code == 409
    assert "Send it by fax." in answer.text
    assert case.row["status"] == "prepared"


def test_marks_that_were_typed_and_not_sent_do_not_stop_an_approval(
    case: Appealed,
) -> None:
    case.prepare()
    boss = case.site.signed_in("supervisor")
    read = hash_of(boss.get(case.path))
    answer = case.send(boss, decision="sent", marks="no, it is fine", letter=read)
    assert answer.status_code == 303
    assert case.row["status"] == "saved"


def test_any_proposal_of_two_people_comes_back(site: Site) -> None:
    task = opened(site, TaskType.FILING_DEADLINE)
    clerk, boss = site.signed_in("clerk"), site.signed_in("supervisor")
    given = {"decision": "waived_with_reason", "reason": "sold", "version": "1"}
    assert post(clerk, f"/tasks/{task}", given).status_code == 303
    given = {"decision": "returned", "marks": "Say why.", "version": "2"}
    assert post(boss, f"/tasks/{task}", given).status_code == 303
    page = clerk.get(f"/tasks/{task}").text
    assert "<p>Say why.</p>" in page
    assert "sold</textarea>" in page
    assert "Say why." not in site.signed_in("ops").get(f"/tasks/{task}").text
