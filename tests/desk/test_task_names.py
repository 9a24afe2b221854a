"""Who decides a task reads the name of its patient, on every page alike."""

import pytest

from claims.task import Role, TaskType
from desk.patients import HIDDEN, name_of
from records import claims, tasks
from records.tasks import NewTask
from tests.desk.conftest import Site


def denial_for(site: Site, role: Role) -> tuple[str, str, str]:
    """A denial that was opened for ``role``, its claim, and the patient's name."""
    office, now = site.office, site.desk.now()
    with office.writing() as conn:
        claim = claims.every(conn)[0].id
        new = NewTask(
            key=f"test:{claim}",
            type=TaskType.DENIAL_REVIEW,
            workflow_id="claim-test",
            role=role,
            due_on=now.date(),
            rule="R-DEN-10",
            why="A reason of the test.",
            claim_id=claim,
        )
        task = tasks.open_task(conn, new, office.because(now, "R-DEN-10", "test"))
        name = name_of(office.cipher, claim, claims.sealed(conn, claim))
    return task, claim, str(name)


@pytest.mark.parametrize("role", [Role.CLERK, Role.CODER])
@pytest.mark.parametrize("who", ["clerk", "coder"])
def test_both_who_may_decide_a_denial_see_whose_it_is(
    site: Site, role: Role, who: str
) -> None:
    task, claim, name = denial_for(site, role)
    browser = site.signed_in(who)
    for path in (f"/tasks/{task}", "/tasks?mine=0", f"/claims/{claim}", "/claims"):
        assert name in browser.get(path).text, path


def test_who_may_not_decide_it_sees_no_name(site: Site) -> None:
    task, claim, name = denial_for(site, Role.CLERK)
    for who in ("poster", "ops"):
        browser = site.signed_in(who)
        assert HIDDEN in browser.get(f"/tasks/{task}").text
        for path in (f"/tasks/{task}", f"/claims/{claim}", "/claims?show=all"):
            assert name not in browser.get(path).text, path
