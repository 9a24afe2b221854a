"""Database: write lock, snapshots, refused nesting, insert-or-ignore, row locks."""

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import records.db
from records import events
from records.db import (
    Database,
    NestedTransactionError,
    insert_many,
    lock_claims,
    make_engine,
    one_of,
    upsert_ignore,
    use_wal,
)
from records.tables import METADATA, account, claim, deposit, setting, user


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()


def rows(*names: str) -> list[dict[str, str]]:
    return [{"name": name, "value": name} for name in names]


def names(db: Database) -> set[str]:
    with db.reading() as conn:
        return set(conn.execute(select(setting.c.name)).scalars())


def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as conn:
        conn.execute(insert(setting), [*rows("a"), *rows("a")])

    assert names(db) == set()


def test_a_thread_that_writes_may_begin_no_second_write(db: Database) -> None:
    with db.transaction() as conn:
        conn.execute(insert(setting), rows("a"))
        with pytest.raises(NestedTransactionError), db.transaction():
            pytest.fail("the second transaction was begun")

    with db.transaction() as conn:
        conn.execute(insert(setting), rows("b"))
    assert names(db) == {"a", "b"}


def test_a_read_sees_one_moment_while_others_write(db: Database) -> None:
    with db.reading() as conn:
        before = conn.execute(select(setting.c.name)).all()
        with db.transaction() as other:
            other.execute(insert(setting), rows("a"))
        after = conn.execute(select(setting.c.name)).all()

    assert before == after == []
    assert names(db) == {"a"}


def test_a_read_cannot_write_and_its_connection_can_later(db: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), db.reading() as conn:
        conn.execute(insert(setting), rows("a"))

    with db.transaction() as conn:
        conn.execute(insert(setting), rows("b"))
    assert names(db) == {"b"}


def test_forty_threads_that_read_then_write_lose_no_update(db: Database) -> None:
    with db.transaction() as conn:
        conn.execute(insert(setting), [{"name": "n", "value": "0"}])
    start = threading.Barrier(40)

    def add_one() -> None:
        start.wait()
        with db.transaction() as conn:
            row = select(setting.c.value).where(setting.c.name == "n")
            value = int(conn.execute(row.with_for_update()).scalar_one())
            conn.execute(setting.update().values(value=str(value + 1)))

    threads = [threading.Thread(target=add_one) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with db.reading() as conn:
        assert conn.execute(select(setting.c.value)).scalar_one() == "40"


def test_two_database_objects_on_one_file_wait_for_each_other(db: Database) -> None:
    other = Database(make_engine(db.engine.url.render_as_string(hide_password=False)))
    inside, done = threading.Event(), threading.Event()

    def slow() -> None:
        with other.transaction() as conn:
            conn.execute(insert(setting), rows("slow"))
            inside.set()
            done.wait(0.3)

    thread = threading.Thread(target=slow)
    thread.start()
    inside.wait()
    with db.transaction() as conn:
        conn.execute(insert(setting), rows("quick"))
    done.set()
    thread.join()
    other.close()

    assert names(db) == {"slow", "quick"}


def test_upsert_ignore_counts_only_what_went_in(db: Database) -> None:
    with db.transaction() as conn:
        assert upsert_ignore(conn, setting, rows("a", "b")) == 2
        assert upsert_ignore(conn, setting, rows("a", "b", "c")) == 1
        assert upsert_ignore(conn, setting, rows("a")) == 0
        assert upsert_ignore(conn, setting, []) == 0

    assert names(db) == {"a", "b", "c"}


def test_upsert_ignore_forgives_only_the_key_it_is_given(db: Database) -> None:
    first = {"id": "1", "public_ref": "A-1", "guarantor_index": "g", "language": "en"}
    with db.transaction() as conn:
        row = {**first, "guarantor_enc": b""}
        assert upsert_ignore(conn, account, [row], key=["id"]) == 1
        assert upsert_ignore(conn, account, [row], key=["id"]) == 0
        assert upsert_ignore(conn, account, [{**row, "id": "2"}]) == 0
    with pytest.raises(IntegrityError), db.transaction() as conn:
        upsert_ignore(conn, account, [{**row, "id": "2"}], key=["id"])


def test_many_rows_are_stored_as_their_types_say(db: Database) -> None:
    deposits = [
        {
            "ref": f"D{n}",
            "deposited_on": date(2026, 3, n),
            "amount_cents": n,
            "method": "EFT",
            "file_sha256": "f",
            "row": n,
        }
        for n in (1, 2)
    ]
    users = [
        {"id": str(n), "name": f"u{n}", "display_name": "U", "roles": ["poster"]}
        for n in (1, 2)
    ]
    with db.transaction() as conn:
        insert_many(conn, deposit, [])
        insert_many(conn, deposit, deposits)
        insert_many(conn, user, users)  # without ``active``: it has a default
    with db.reading() as conn:
        days = conn.execute(select(deposit.c.deposited_on)).scalars().all()
        kept = conn.execute(select(user.c.roles, user.c.active)).all()

    assert sorted(days) == [date(2026, 3, 1), date(2026, 3, 2)]
    assert kept == [(["poster"], True)] * 2


def test_one_of_takes_more_values_than_a_statement_takes_parameters(
    db: Database,
) -> None:
    with db.transaction() as conn:
        upsert_ignore(conn, setting, rows("a", 'b"c', "d"))
        many = ["a", 'b"c', *(f"x{n}" for n in range(70_000))]
        query = select(setting.c.name).where(one_of(conn, setting.c.name, many))
        assert set(conn.execute(query).scalars()) == {"a", 'b"c'}
        none = select(setting.c.name).where(one_of(conn, setting.c.name, []))
        assert conn.execute(none).all() == []


def insert_claims(db: Database, ids: list[str], owner: str = "acc") -> None:
    a_day = "2026-01-05"
    with db.transaction() as conn:
        conn.execute(
            text(
                "INSERT INTO account (id, public_ref, guarantor_index, guarantor_enc, "
                "language) VALUES (:id, :id, :id, '', 'en')"
            ),
            {"id": owner},
        )
        for id_ in ids:
            conn.execute(
                text(
                    "INSERT INTO claim (id, pcn, practice_number, identity_index, "
                    "content_hash, content_enc, content_version, account_id, payer_id, "
                    "payer_order, other_plans, member_index, patient_index, "
                    "billing_npi, charge_cents, opened_on, "
                    "state, state_since, submission_number, version) VALUES (:id, :id, "
                    "'', :id, '', '', 1, :owner, 'P', 1, 0, '', '', '', 1, :day, "
                    "'INTAKE', :day, 0, 1)"
                ),
                {"id": id_, "day": a_day, "owner": owner},
            )


def test_posters_that_name_the_same_claims_in_any_order_do_not_deadlock(
    db: Database,
) -> None:
    ids = [f"c{n}" for n in range(20)]
    insert_claims(db, ids)
    start = threading.Barrier(4)
    failed: list[BaseException] = []

    def touch(order: list[str]) -> None:
        start.wait()
        try:
            for _ in range(10):
                with db.transaction() as conn:
                    lock_claims(conn, order)
                    for id_ in order:
                        row = claim.update().where(claim.c.id == id_)
                        conn.execute(row.values(version=claim.c.version + 1))
        except DBAPIError as error:
            failed.append(error)

    orders = [ids, ids[::-1], ids[5:] + ids[:5], ids[::2] + ids[1::2]]
    threads = [threading.Thread(target=touch, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with db.reading() as conn:
        assert set(conn.execute(select(claim.c.version)).scalars()) == {41}


def test_sqlite_is_opened_for_many_readers_and_kept_links(sqlite_url: str) -> None:
    db = Database(make_engine(sqlite_url))
    with db.reading() as conn:
        said = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    db.close()

    assert said == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 60_000,
    }


def test_sqlite_is_told_its_sizes_once_a_day_when_it_has_grown(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records.db, "WORTH_KNOWING", 20)
    sqlite = db.dialect == "sqlite"
    insert_claims(db, [f"c{n}" for n in range(19)])
    assert not db.know_sizes(date(2026, 5, 10))
    insert_claims(db, ["one more"], owner="acc-2")

    assert not db.know_sizes(date(2026, 5, 10)), "a second time on one day"
    assert db.know_sizes(date(2026, 5, 11)) is sqlite
    assert not db.know_sizes(date(2026, 5, 11))
    if sqlite:
        query = text(
            "SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_claim_account_state'"
        )
        with db.reading() as conn:
            assert conn.execute(query).scalar_one().split()[0] == "20"


class _Refusing(sqlite3.Connection):
    """A connection that is refused WAL, as the second of two that switch at once."""

    left = 3
    code = sqlite3.SQLITE_BUSY

    def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
        if self.left and "journal_mode" in sql:
            self.left -= 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(sql, *more)


def test_two_first_connections_to_a_new_file_wait_for_each_other(
    tmp_path: Path,
) -> None:
    raw = sqlite3.connect(tmp_path / "new.db", factory=_Refusing)
    use_wal(raw)
    mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
    raw.close()

    assert mode == "wal"
    assert raw.left == 0


def test_a_file_that_cannot_use_wal_for_another_reason_is_an_error(
    tmp_path: Path,
) -> None:
    raw = sqlite3.connect(tmp_path / "new.db", factory=_Refusing)
    raw.code = sqlite3.SQLITE_CANTOPEN
    with pytest.raises(sqlite3.OperationalError):
        use_wal(raw)
    raw.close()

    assert raw.left == 2


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="Nothing was opened"):
        make_engine("mysql://localhost/claims")


@pytest.mark.parametrize("table", ["event", "access"])
@pytest.mark.parametrize("action", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
def test_what_was_logged_is_never_changed_or_deleted(
    db: Database, table: str, action: str
) -> None:
    with db.transaction() as conn:
        events.log_access(
            conn, at=datetime(2026, 3, 2, tzinfo=UTC), actor="a", what="w", reason="r"
        )
        why = events.Because(datetime(2026, 3, 2, tzinfo=UTC), date(2026, 3, 2))
        events.add(conn, why, "note", "words")

    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as conn:
        conn.exec_driver_sql(action.format(table))
