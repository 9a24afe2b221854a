"""Saved views, filters and chips; the list a person comes back to; few queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from starlette.testclient import TestClient

from claims.task import TASKS, Role, TaskType
from policy.tasks import may_decide, work_of
from records import claims, holding, tasks, views
from records.instants import to_text
from records.queue_filters import Work
from records.tables import access, task
from tests.desk.conftest import Site, post, token_of

FLAG = ">Your draft</span>"
COUNTED = 4
"""A list asks four times: who, what stands around it, the rows, the access log."""


def put(site: Site, number: int, **more: Any) -> str:
    """One task that waits for a clerk."""
    why = site.office.because(site.desk.now(), "R-TSK-01")
    new = tasks.NewTask(
        key=f"view-{number}",
        workflow_id="w",
        rule="R-TSK-02",
        why="a test",
        **{
            "type": "DENIAL_REVIEW",
            "role": "clerk",
            "subject": str(number),
            "due_on": why.today,
            **more,
        },
    )
    with site.office.writing() as conn:
        return tasks.open_task(conn, new, why)


def badge(page: str, name: str) -> int:
    """The count beside a view's name."""
    _, found, rest = page.partition(f'{name}<span class="n">')
    assert found, name
    return int(rest.partition("<")[0])


@contextmanager
def queries(site: Site) -> Iterator[list[str]]:
    """Every statement that is run meanwhile."""
    run: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith("BEGIN"):
            run.append(statement)

    event.listen(site.office.db.engine, "before_cursor_execute", note)
    yield run
    event.remove(site.office.db.engine, "before_cursor_execute", note)


def save(client: TestClient, **form: str) -> str:
    answer = post(client, "/tasks/views", form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_list_with_all_its_views_and_counts_asks_four_times(site: Site) -> None:
    put(site, 1)
    supervisor = site.signed_in("supervisor")
    supervisor.get("/tasks")
    with queries(site) as run:
        assert supervisor.get("/tasks?assignee=nobody").status_code == 200
    assert len(run) <= COUNTED, run


def test_the_badges_count_what_the_views_list(site: Site) -> None:
    today = site.desk.now().date()
    put(site, 1, legal_deadline=today)
    put(site, 2, amount_cents=200_000)
    put(site, 3, type="REJECT_FIX", legal_deadline=today)
    page = site.signed_in("clerk").get("/tasks").text
    names = ("All my work", "Due today", "Overdue", "Filing", "Appeal")
    named = {name: name for name in names} | {
        "Filing": "Filing deadline ≤ 15 days",
        "Appeal": "Appeal deadline ≤ 14 days",
    }
    counts = [badge(page, named[name]) for name in names]
    listed = []
    client = site.signed_in("clerk")
    for query in ("state=waiting", "due=0&after_due=-1", "due=-1"):
        text = client.get(f"/tasks?{query}").text
        listed.append(text.count("<tr data-row"))
    assert counts[:3] == listed
    assert counts[3:] == [1, 1]


def test_the_badges_are_counted_once_a_minute_and_the_list_itself_each_time(
    site: Site,
) -> None:
    clerk = site.signed_in("clerk")
    before = clerk.get("/tasks?state=waiting").text
    put(site, 1)
    with queries(site) as run:
        after = clerk.get("/tasks?state=waiting").text

    assert not any("view_1" in statement for statement in run)
    assert badge(after, "All my work") == badge(before, "All my work") + 1
    assert badge(after, "Due today") == badge(before, "Due today")


def test_a_view_is_saved_opened_first_and_deleted(site: Site) -> None:
    put(site, 1, amount_cents=500)
    clerk = site.signed_in("clerk")
    place = save(clerk, name="Large", filters="amount=1000", default="yes")
    first = clerk.get("/tasks")
    opened = clerk.get(place).text
    view = place.partition("view=")[2]
    gone = post(clerk, f"/tasks/views/{view}/delete")
    after = clerk.get("/tasks")

    assert (first.status_code, first.headers["location"]) == (303, place)
    assert "No task matches" in opened
    assert badge(opened, "Large") == 0
    assert (gone.status_code, after.status_code) == (303, 200)
    assert "Large" not in after.text.replace("The view is deleted", "")


def test_a_view_shared_with_a_role_is_seen_by_it_and_deleted_by_its_owner_only(
    site: Site,
) -> None:
    place = save(
        site.signed_in("supervisor"),
        name="For clerks",
        filters="due=7",
        shared="clerk",
    )
    view = place.partition("view=")[2]
    clerk = site.signed_in("clerk")

    assert "For clerks" in clerk.get("/tasks").text
    assert "For clerks" not in site.signed_in("coder").get("/tasks").text
    assert post(clerk, f"/tasks/views/{view}/delete").status_code == 400
    assert "For clerks" in clerk.get("/tasks").text


def test_saving_under_the_same_name_replaces_the_view(site: Site) -> None:
    clerk = site.signed_in("clerk")
    first = save(clerk, name="Mine", filters="assignee=me")
    again = save(clerk, name="Mine", filters="assignee=nobody")

    assert first.partition("view=")[2] == again.partition("view=")[2]
    with site.office.reading() as conn:
        wall = site.desk.wall()
        saved = views.around(conn, "clerk", ["clerk"], "tasks", wall).views
    assert [(v.name, v.filters) for v in saved] == [("Mine", "assignee=nobody")]


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "filters": "due=1"},
        {"name": "x", "filters": "type=NONE"},
        {"name": "x", "filters": "due=1", "shared": "supervisor"},
    ],
)
def test_a_view_that_cannot_be_is_refused(site: Site, form: dict[str, str]) -> None:
    answer = post(site.signed_in("clerk"), "/tasks/views", form)

    assert answer.status_code == 400
    assert "Nothing was" in answer.text


@pytest.mark.parametrize("query", ["amount=abc", "legal=soon", "due=x", "amount=-1"])
def test_a_filter_that_is_no_number_is_one_clear_error(site: Site, query: str) -> None:
    answer = site.signed_in("clerk").get(f"/tasks?{query}")

    assert answer.status_code == 400
    assert "Nothing was looked up" in answer.text


def test_filters_combine_and_each_chip_removes_one(site: Site) -> None:
    today = site.desk.now().date()
    wanted = put(site, 1, amount_cents=100_000, legal_deadline=today)
    other = put(site, 2, type="REJECT_FIX", amount_cents=100_000)
    small = put(site, 3, amount_cents=99_999, legal_deadline=today)
    clerk = site.signed_in("clerk")
    query = "type=DENIAL_REVIEW&type=REJECT_FIX&amount=1000"
    both, one = clerk.get(f"/tasks?{query}"), clerk.get(f"/tasks?{query}&legal=3")

    assert (wanted in both.text, other in both.text, small in both.text) == (1, 1, 0)
    assert (wanted in one.text, other in one.text) == (True, False)
    assert 'href="/tasks?type=REJECT_FIX&amp;amount=1000"' in both.text
    assert 'href="/tasks?type=DENIAL_REVIEW&amp;amount=1000"' in both.text


def test_a_draft_of_ones_own_is_flagged_and_found(site: Site) -> None:
    task_id = put(site, 1)
    clerk, other = site.signed_in("clerk"), site.signed_in("supervisor")
    data = {"version": "1", "opened": "0", "note": "half a thought"}
    assert post(clerk, f"/tasks/{task_id}/draft", data).status_code < 400

    assert FLAG in clerk.get("/tasks?draft=mine").text
    assert "No task matches" in other.get("/tasks?draft=mine").text
    assert FLAG not in other.get("/tasks").text


@pytest.mark.parametrize("back", ["//evil.test/tasks?", "https://evil.test", "/audit"])
def test_a_form_leads_back_to_the_queue_and_nowhere_else(site: Site, back: str) -> None:
    data = {"do": "claim", "task": put(site, 1), "back": back}
    answer = post(site.signed_in("clerk"), "/tasks/bulk", data)

    assert answer.headers["location"] == "/tasks"


@pytest.mark.parametrize("role", ["clerk", "coder", "poster", "supervisor", "auditor"])
def test_get_next_gives_exactly_the_types_this_role_may_decide(
    site: Site, role: str
) -> None:
    why = site.office.because(site.desk.now(), "R-TSK-01")
    with site.office.writing() as conn:
        while mine := holding.take_next(conn, Work(tuple(TaskType)), "x", why, why.at):
            holding.snooze(conn, mine, why.today.replace(year=9999), "away", why)
    opened = {
        put(site, number, type=kind, role=TASKS[kind].role.value): kind
        for number, kind in enumerate(TaskType)
    }
    given = set()
    with site.office.writing() as conn:
        work = Work(*work_of(frozenset({role})))
        while row := holding.take_next(conn, work, role, why, why.at):
            given.add(opened[row["id"]])
            holding.snooze(conn, row, why.today.replace(year=9999), "seen", why)
    assert given == {
        kind
        for kind, spec in TASKS.items()
        if any(may_decide([role], kind, d, second=False) for d in spec.decisions)
    }
    assert bool(given) == (role in {r.value for r in Role})


def test_a_person_chooses_columns_and_finds_them_again(site: Site) -> None:
    put(site, 1, legal_deadline=site.desk.now().date())
    clerk = site.signed_in("clerk")
    usual = clerk.get("/tasks?state=waiting").text
    data = {"column": ["legal", "number"], "back": "/tasks?state=waiting"}
    data |= {"csrf": token_of(clerk.get("/password"))}
    place = clerk.post("/tasks/columns", data=data).headers["location"]
    chosen = clerk.get(place).text
    other = site.signed_in("coder").get("/tasks?state=waiting").text
    post(clerk, "/tasks/columns", {"usual": "yes"})
    back = clerk.get("/tasks?state=waiting").text

    assert place == "/tasks?state=waiting"
    assert headings(usual) == headings(back) == headings(other)
    assert headings(usual)[-2:] == ["Open $", "Who and since"]
    assert headings(chosen)[-2:] == ["Legal deadline", "Task number"]
    assert "Open $" not in headings(chosen)


def headings(page: str) -> list[str]:
    """The columns of the list, as its first row has them."""
    head = page.partition("<thead>")[2].partition("</thead>")[0]
    return [one.rpartition(">")[2] for one in head.split("</th>") if one.strip("</tr>")]


def test_a_view_carries_its_columns_to_whoever_opens_it(site: Site) -> None:
    put(site, 1)
    supervisor, clerk = site.signed_in("supervisor"), site.signed_in("clerk")
    form = {"name": "Calls", "filters": "due=7", "shared": "clerk"}
    place = save(supervisor, columns="number,legal", **form)
    seen = clerk.get(place).text
    data = {"column": "open", "back": place}
    changed = post(clerk, "/tasks/columns", data).headers["location"]

    assert headings(seen)[-2:] == ["Legal deadline", "Task number"]
    assert headings(clerk.get(changed).text)[-1] == "Open $"
    assert "or columns differ from the view Calls" in clerk.get(changed).text
    assert headings(clerk.get(place).text) == headings(seen)


def test_four_hours_without_an_owner_are_counted_from_the_opening_or_the_return(
    site: Site,
) -> None:
    new, old, returned, held = (put(site, n) for n in range(4))
    before = to_text(site.desk.now() - timedelta(hours=5))
    with site.office.writing() as conn:
        values = {"created_at": before, "assigned_at": None}
        conn.execute(update(task).where(task.c.id != new).values(**values))
    clerk = site.signed_in("clerk")
    for one in (returned, held):
        assert post(clerk, f"/tasks/{one}/claim").status_code == 303
    post(clerk, f"/tasks/{returned}/release")
    page = clerk.get("/tasks?free=4").text

    assert [one in page for one in (new, old, returned, held)] == [0, 1, 0, 0]
    assert "Nobody has had it for 4 h" in page
    assert badge(page, "Unassigned &gt; 4 h") == page.count("<tr data-row")
    assert clerk.get("/tasks?free=soon").status_code == 400


def test_the_last_act_can_be_undone_from_the_list(site: Site) -> None:
    task_id = put(site, 1)
    clerk = site.signed_in("clerk")
    post(clerk, "/tasks/bulk", {"do": "claim", "task": task_id, "back": "/tasks?"})
    page = clerk.get("/tasks?state=waiting").text
    link = page.partition("data-undo")[0].rpartition('href="')[2].partition('"')[0]
    post(clerk, f"{link}/undo")

    assert "Your last act, taking tasks, can be undone for 30 more minutes" in page
    assert "can be undone" not in clerk.get("/tasks?state=waiting").text
    with site.office.reading() as conn:
        assert tasks.get(conn, task_id)["assignee"] is None


def test_a_list_without_the_patients_column_reads_no_name(site: Site) -> None:
    with site.office.reading() as conn:
        claim_id = claims.every(conn)[0].id
    put(site, 1, claim_id=claim_id)
    clerk = site.signed_in("clerk")
    without = clerk.get("/tasks?type=DENIAL_REVIEW&cols=payer,open").text
    before = looks(site, claim_id)
    clerk.get("/tasks?type=DENIAL_REVIEW")

    assert (before, looks(site, claim_id)) == (0, 1)
    assert 'name="names"' in without


def looks(site: Site, claim_id: str) -> int:
    """How often the queue showed this claim's patient."""
    query = select(func.count()).where(
        access.c.claim_id == claim_id, access.c.what == "queue"
    )
    with site.office.reading() as conn:
        return int(conn.execute(query).scalar_one())
