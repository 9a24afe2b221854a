"""The work queue and Today: order, pages, who sees names, one task for one person."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from records import holding, queue, tasks, users, views
from records.db import Connection, Database, make_engine
from records.events import Because
from records.queue_filters import Filters, Work
from records.tables import METADATA
from tests.desk.conftest import Site, post

TODAY = date(2026, 1, 5)
WHY = Because(datetime(2026, 1, 5, 15, tzinfo=UTC), TODAY, actor="clerk")
CLERK = Filters(roles=("clerk",))
WORK = Work(("DENIAL_REVIEW",))


def put(conn: Connection, number: int, **more: Any) -> str:
    new = tasks.NewTask(
        key=f"t{number}",
        workflow_id="w",
        rule="R-TSK-02",
        why="a test",
        **{
            "type": "DENIAL_REVIEW",
            "role": "clerk",
            "subject": str(number),
            "due_on": TODAY,
            **more,
        },
    )
    return tasks.open_task(conn, new, WHY)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()


def test_pages_follow_due_date_priority_amount_number_without_gaps(
    db: Database,
) -> None:
    with db.transaction() as conn:
        for n in range(24):
            put(
                conn,
                n,
                due_on=TODAY + timedelta(n % 3),
                priority=n % 2,
                amount_cents=n % 4,
            )
    with db.reading() as conn:
        every = queue.page(conn, CLERK, TODAY, after=None, limit=100)
        paged, after = [], None
        while found := queue.page(conn, CLERK, TODAY, after=after, limit=5):
            paged += [row["number"] for row in found]
            after = queue.mark_of(found[-1])
        exported = [row["number"] for row in queue.export_rows(conn, CLERK, TODAY)]

    keys = [
        (r["due_on"], -r["priority"], -r["amount_cents"], r["number"]) for r in every
    ]
    assert keys == sorted(keys)
    assert paged == exported == [row["number"] for row in every]
    assert len(paged) == 24


def test_twenty_people_who_get_next_get_twenty_tasks(db: Database) -> None:
    with db.transaction() as conn:
        for n in range(20):
            put(conn, n)
    got: list[str] = []

    def take(name: str) -> None:
        why = Because(WHY.at, TODAY, actor=name)
        with db.transaction() as conn:
            found = holding.take_next(conn, WORK, name, why, WHY.at)
        assert found is not None
        got.append(found["id"])

    threads = [threading.Thread(target=take, args=(f"p{n}",)) for n in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(set(got)) == 20


def test_get_next_returns_ones_own_task_first_and_nobody_elses(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, 1)
        first = holding.take_next(conn, WORK, "clerk", WHY, WHY.at)
        again = holding.take_next(conn, WORK, "clerk", WHY, WHY.at)
        other = holding.take_next(conn, WORK, "other", WHY, WHY.at)

    assert first is not None
    assert again is not None
    assert first["id"] == again["id"]
    assert other is None


def test_a_snoozed_task_sleeps_until_its_day(db: Database) -> None:
    with db.transaction() as conn:
        row = tasks.get(conn, put(conn, 1))
        assert holding.snooze(conn, row, TODAY + timedelta(2), "waiting", WHY)
        seen = [
            queue.totals(conn, CLERK, TODAY + timedelta(n)).count for n in (0, 1, 2)
        ]

    assert seen == [0, 0, 1]


def test_the_payers_answer_wakes_what_waited_for_it_only(db: Database) -> None:
    until = TODAY + timedelta(9)
    with db.transaction() as conn:
        for claim_id, wakes in (("c1", holding.PAYER_ANSWER), ("c2", None)):
            row = tasks.get(conn, put(conn, int(claim_id[1]), claim_id=claim_id))
            holding.snooze(conn, row, until, "waiting", WHY, wakes_on=wakes)
        holding.wake(conn, ["c1", "c2"])
        found = queue.page(conn, CLERK, TODAY, after=None, limit=9)

    assert [row["claim_id"] for row in found] == ["c1"]


def test_the_third_snooze_is_raised_to_a_supervisor(db: Database) -> None:
    with db.transaction() as conn:
        task_id = put(conn, 1)
        raised = []
        for _ in range(3):
            row = tasks.get(conn, task_id)
            holding.snooze(conn, row, TODAY + timedelta(2), "waiting", WHY)
            raised.append(tasks.get(conn, task_id)["raised_on"])

    assert raised == [None, None, TODAY]


def test_one_query_gives_a_page_the_totals_and_every_countedcount(db: Database) -> None:
    dana = users.User(name="clerk", display_name="Dana Ruiz", roles=("clerk",))
    counted = [Filters(assignee="clerk"), Filters(returned_to="clerk"), Filters()]
    with db.transaction() as conn:
        users.put_user(conn, dana)
        ids = [put(conn, n, amount_cents=100) for n in range(5)]
        holding.assign(conn, tasks.get(conn, ids[0]), "clerk", WHY, WHY.at)
        found, total, counts = queue.listing(
            conn, Filters(), TODAY, after=None, limit=2, me="clerk", views=counted
        )
        last = queue.mark_of(queue.page(conn, CLERK, TODAY, after=None, limit=9)[-1])
        beyond, same, _ = queue.listing(
            conn, Filters(), TODAY, after=last, limit=2, me="clerk", views=counted
        )

    assert len(found) == 2
    assert {row["holder"] for row in found} <= {"Dana Ruiz", None}
    assert total == same == queue.Totals(5, 500, 0)
    assert counts == [1, 0, 5]
    assert beyond == []


def test_untouched_since_means_neither_opened_nor_given(db: Database) -> None:
    old = Because(WHY.at - timedelta(20), TODAY - timedelta(20), actor="clerk")
    with db.transaction() as conn:
        put(conn, 1)
        new = tasks.NewTask(
            key="old",
            type="DENIAL_REVIEW",
            workflow_id="w",
            rule="R-TSK-02",
            why="a test",
            role="clerk",
            subject="old",
            due_on=TODAY,
        )
        old_id = tasks.open_task(conn, new, old)
        wanted = Filters(untouched_since=TODAY - timedelta(10))
        before = queue.totals(conn, wanted, TODAY).count
        holding.assign(conn, tasks.get(conn, old_id), "clerk", WHY, WHY.at)
        after = queue.totals(conn, wanted, TODAY).count

    assert (before, after) == (1, 0)


def test_countedand_people_come_in_one_query(db: Database) -> None:
    with db.transaction() as conn:
        for name, active in (("a", True), ("b", False)):
            users.put_user(
                conn,
                users.User(
                    name=name, display_name=name, roles=("clerk",), active=active
                ),
            )
        for owner, shared in (
            ("a", None),
            ("b", "clerk"),
            ("b", None),
            ("c", "poster"),
        ):
            views.save(
                conn,
                owner=owner,
                name=f"of {owner} {shared}",
                filters="due=1",
                columns="open" if shared else "",
                shared_role=shared,
                is_default=owner == "a",
                at=WHY.at,
            )
        views.keep_columns(conn, "a", "tasks", "who,number")
        views.keep_columns(conn, "b", "tasks", "patient")
        found = views.around(conn, "a", ["clerk"], "tasks", WHY.at)

    assert {(v.name, v.is_default, v.columns) for v in found.views} == {
        ("of a None", True, ""),
        ("of b clerk", False, "open"),
    }
    assert [(p.name, p.roles) for p in found.people] == [("a", ("clerk",))]
    assert (found.columns, found.act) == ("who,number", None)


# --- pages ---------------------------------------------------------------------------


def open_one(site: Site, **more: Any) -> str:
    with site.office.writing() as conn:
        return put(conn, 1, **more)


def test_the_queue_lists_a_clerks_task_and_today_does(site: Site) -> None:
    task_id = open_one(site)
    clerk = site.signed_in("clerk")

    assert f"/tasks/{task_id}" in clerk.get("/tasks").text
    assert f"/tasks/{task_id}" in clerk.get("/").text


def test_only_a_supervisor_assigns_to_others(site: Site) -> None:
    task_id = open_one(site)
    data = {"assignee": "coder"}

    refused = post(site.signed_in("clerk"), f"/tasks/{task_id}/assign", data)
    done = post(site.signed_in("supervisor"), f"/tasks/{task_id}/assign", data)

    assert (refused.status_code, done.status_code) == (403, 303)
    with site.office.reading() as conn:
        assert tasks.get(conn, task_id)["assignee"] == "coder"


def test_a_task_never_sleeps_past_its_legal_deadline(site: Site) -> None:
    last = date(2027, 3, 1)
    task_id = open_one(site, legal_deadline=last)
    data = {"reason": "waiting", "until": str(last + timedelta(1))}

    answer = post(site.signed_in("clerk"), f"/tasks/{task_id}/snooze", data)

    assert answer.status_code == 400
    assert "1 Mar 2027" in answer.text


def test_snooze_is_offered_to_whom_it_is_allowed(site: Site) -> None:
    path = f"/tasks/{open_one(site)}"
    form = f'action="{path}/snooze"'

    offered = {n: form in site.signed_in(n).get(path).text for n in (
        "clerk", "supervisor", "poster")}  # fmt: skip

    assert offered == {"clerk": True, "supervisor": True, "poster": False}


@pytest.mark.parametrize("name", ["clinician", "admin"])
def test_who_has_no_queue_is_told_so_on_today(site: Site, name: str) -> None:
    browser = site.signed_in(name)

    assert browser.get("/").status_code == 200
    assert browser.get("/tasks").status_code == 403


def test_nobody_takes_a_task_that_is_not_theirs_to_decide(site: Site) -> None:
    task_id = open_one(site, type="ERA_MISSING", role="poster")
    answer = post(site.signed_in("clerk"), f"/tasks/{task_id}/claim")

    assert answer.status_code == 400
    assert "may not decide this task; it is for a poster" in answer.text
    with site.office.reading() as conn:
        assert tasks.get(conn, task_id)["assignee"] is None


def test_today_counts_what_the_queue_lists_and_says_what_wakes_next(site: Site) -> None:
    today = site.desk.now().date()
    with site.office.writing() as conn:
        for n, days in enumerate((-2, 0, 0, 1, 40)):
            put(conn, n, due_on=today + timedelta(days), amount_cents=1_00)
        for n, days in ((7, 9), (8, 3)):
            row = tasks.get(conn, put(conn, n))
            holding.snooze(conn, row, today + timedelta(days), "waits", WHY)
    clerk = site.signed_in("clerk")
    page = clerk.get("/").text
    cells = page.partition("A denied claim</a></th>")[2].partition("</tr>")[0]
    counts = [int(one.partition("</a>")[0]) for one in cells.split('">')[2::2]]

    assert counts == [1, 2, 1, 1]
    queries = [part.partition('"')[0] for part in cells.split('href="')[1:]]
    for count, query in zip(counts, queries, strict=True):
        listed = clerk.get(query.replace("&amp;", "&")).text
        assert listed.count("<tr data-row") == count
    wakes = today + timedelta(3)
    assert "2 snoozed" in page
    assert f"the next wakes on {wakes:%a} {wakes.day} {wakes:%b}" in page
