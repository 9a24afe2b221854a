"""The task page: every type renders, a decision is stored once, nothing is lost."""

import pytest

from claims.task import TASKS, TaskType
from records import drafts, tasks
from records.tasks import NewTask
from tests.desk.conftest import Site, post


def opened(site: Site, kind: TaskType) -> str:
    """A task of this type."""
    office, now = site.office, site.desk.now()
    with office.writing() as conn:
        new = NewTask(
            key=f"test:{kind}",
            type=kind,
            workflow_id="claim-test",
            role=TASKS[kind].role,
            due_on=now.date(),
            rule="R-TSK-01",
            why="A reason of the test.",
            evidence={"carc": "CO-97", "lines": [{"line": 1, "amount": "12.00"}]},
        )
        return tasks.open_task(conn, new, office.because(now, "R-TSK-01", "test"))


@pytest.mark.parametrize("kind", TaskType)
def test_every_task_type_shows_all_its_decisions(site: Site, kind: TaskType) -> None:
    page = site.signed_in("supervisor").get(f"/tasks/{opened(site, kind)}")
    assert page.status_code == 200, page.text
    assert "A reason of the test." in page.text
    for decision in TASKS[kind].decisions:
        assert f'value="{decision}"' in page.text


def test_an_auditor_reads_a_task_and_cannot_decide_it(site: Site) -> None:
    task = opened(site, TaskType.DENIAL_REVIEW)
    page = site.signed_in("auditor").get(f"/tasks/{task}")
    assert page.status_code == 200
    assert 'name="decision"' not in page.text


def test_a_decision_without_a_server_is_saved_and_a_repeat_has_no_effect(
    site: Site,
) -> None:
    task, clerk = opened(site, TaskType.DENIAL_REVIEW), site.signed_in("clerk")
    given = {"version": "1", "decision": "appeal"}
    for _ in range(2):
        assert post(clerk, f"/tasks/{task}", given).status_code == 303
    assert "Will be applied when processing resumes" in clerk.get(f"/tasks/{task}").text
    with site.office.reading() as conn:
        assert len(tasks.decisions_of(conn, task)) == 1


def test_a_missing_field_is_named_and_the_entry_is_kept(site: Site) -> None:
    task, clerk = opened(site, TaskType.DENIAL_REVIEW), site.signed_in("clerk")
    given = {"version": "1", "decision": "write_off", "note": "asked twice"}
    page = post(clerk, f"/tasks/{task}", given)
    assert page.status_code == 422
    assert "“Write off” needs: reason." in page.text
    assert "asked twice" in page.text


def test_another_persons_decision_makes_a_conflict_and_the_entry_a_draft(
    site: Site,
) -> None:
    task, clerk = opened(site, TaskType.DENIAL_REVIEW), site.signed_in("clerk")
    boss = site.signed_in("supervisor")
    post(boss, f"/tasks/{task}", {"version": "1", "decision": "documents"})
    page = post(clerk, f"/tasks/{task}", {"version": "1", "decision": "appeal"})
    assert page.status_code == 409
    assert "Nothing was overwritten" in page.text
    with site.office.reading() as conn:
        kept = drafts.newest(conn, site.office.cipher, task)
    assert kept is not None
    assert kept.form["decision"] == "appeal"


def test_a_draft_is_restored_with_its_author(site: Site) -> None:
    task, clerk = opened(site, TaskType.DENIAL_REVIEW), site.signed_in("clerk")
    post(clerk, f"/tasks/{task}/draft", {"note": "half a thought", "draft": "0"})
    page = site.signed_in("supervisor").get(f"/tasks/{task}").text
    assert "half a thought" in page
    assert "The draft of Dana Ruiz" in page


def test_a_letter_that_is_not_there_is_said_so(site: Site) -> None:
    page = site.signed_in("supervisor").get("/letters/none")
    assert page.status_code == 404
    assert "There is no such letter" in page.text


def test_enter_in_a_field_saves_the_draft_and_never_discards_it(site: Site) -> None:
    task, clerk = opened(site, TaskType.DENIAL_REVIEW), site.signed_in("clerk")
    post(clerk, f"/tasks/{task}/draft", {"note": "half a thought", "draft": "0"})
    form = clerk.get(f"/tasks/{task}").text.partition('aria-labelledby="fm"')[2]
    first = form.partition("<button ")[2].partition(">")[0]
    assert 'value="draft"' in first
