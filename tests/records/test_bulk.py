"""Acts on many tasks in the database: one click or two, each task is changed once."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from records import bulk, holding, tasks, users
from records.db import Connection, Database, make_engine
from records.events import Because
from records.tables import METADATA, event, task

TODAY = date(2026, 1, 5)
WHY = Because(datetime(2026, 1, 5, 15, tzinfo=UTC), TODAY, actor="clerk")
COUNT = 60


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()


def put(conn: Connection, number: int) -> str:
    new = tasks.NewTask(
        key=f"t{number}",
        type="DENIAL_REVIEW",
        workflow_id="w",
        role="clerk",
        due_on=TODAY,
        rule="R-TSK-02",
        why="a test",
        subject=str(number),
    )
    return tasks.open_task(conn, new, WHY)


def ask(conn: Connection, ids: list[str], until: datetime = WHY.at) -> str:
    if users.get_user(conn, "clerk") is None:
        dana = users.User(name="clerk", display_name="Dana Ruiz", roles=("clerk",))
        users.put_user(conn, dana)
    return bulk.ask(
        conn,
        actor="clerk",
        act="claim",
        facts={},
        back="/tasks",
        task_ids=ids,
        at=WHY.at,
        until=until,
    )


def take_some(db: Database, act: str, limit: int) -> int:
    """Do the act to the next tasks; how many there were."""
    with db.transaction() as conn:
        rows = bulk.to_do(conn, act, limit)
        given = [(row, holding.given("clerk", WHY, WHY.at)) for row in rows]
        holding.apply_all(conn, given, WHY)
        bulk.settle(conn, act, [(row["id"], "", {}) for row in rows])
    return len(rows)


def test_two_clicks_at_once_change_each_task_once(db: Database) -> None:
    with db.transaction() as conn:
        act = ask(conn, [put(conn, n) for n in range(COUNT)])
    done: list[int] = []

    def click() -> None:
        while some := take_some(db, act, 7):
            done.append(some)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()

    claimed = select(func.count()).where(event.c.kind == "task claimed")
    held = select(func.count()).where(task.c.assignee == "clerk")
    with db.reading() as conn:
        assert conn.execute(claimed).scalar_one() == sum(done) == COUNT
        assert conn.execute(held).scalar_one() == COUNT


def test_two_acts_on_the_same_tasks_wait_for_each_other(db: Database) -> None:
    with db.transaction() as conn:
        ids = [put(conn, n) for n in range(COUNT)]
        acts = [ask(conn, ids), ask(conn, ids[::-1])]
    done: dict[str, int] = dict.fromkeys(acts, 0)

    def click(act: str) -> None:
        while some := take_some(db, act, 20):
            done[act] += some

    clicks = [threading.Thread(target=click, args=(act,)) for act in acts]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()

    assert set(done.values()) == {COUNT}


def test_the_tasks_keep_the_order_in_which_they_were_chosen(db: Database) -> None:
    with db.transaction() as conn:
        ids = [put(conn, n) for n in range(5)][::-1]
        act = ask(conn, ids)
        assert [row["id"] for row in bulk.tasks_of(conn, act)] == ids
        assert [row["id"] for row in bulk.to_do(conn, act, 2)] == ids[:2]
        assert bulk.existing(conn, [*ids[:2], "none"]) == ids[:2]


def test_what_was_never_confirmed_is_forgotten_and_what_was_done_is_not(
    db: Database,
) -> None:
    later = WHY.at + timedelta(days=1)
    with db.transaction() as conn:
        ids = [put(conn, n) for n in range(2)]
        old, new, done = ask(conn, ids), ask(conn, ids, later), ask(conn, ids)
        assert bulk.begin(conn, done, WHY.at, WHY.at)
        assert not bulk.begin(conn, done, WHY.at, later)
        bulk.forget_unconfirmed(conn, "clerk", WHY.at + timedelta(seconds=1))
        left = {one: bulk.get(conn, one) is not None for one in (old, new, done)}
        listed = [row["id"] for row in bulk.listing(conn, "clerk", 9)]

    assert left == {old: False, new: True, done: True}
    assert listed == [done]
