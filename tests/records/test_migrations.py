"""Migrations make exactly the tables of the code, on both databases, once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from ledger.tables import METADATA
from records.db import Database, make_engine
from records.migrate import INITIAL, initial_source, is_current, upgrade
from records.tables import setting

REGENERATE = "python -m records.migrate --autogenerate-initial ledger.tables"
POSTGRES_PARTS = {
    "columns": """
        SELECT table_name, column_name, data_type, character_maximum_length,
               is_nullable, column_default
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
          AND conrelid::regclass::text <> 'alembic_version'""",
    "indexes": """
        SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'""",
    "triggers": """
        SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal""",
    "functions": """
        SELECT proname, prosrc FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace""",
}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    yield found
    found.close()


def url_of(db: Database) -> str:
    return db.engine.url.render_as_string(hide_password=False)


def schema(conn: Connection) -> dict[str, set[Any]]:
    """Everything a database says about our tables, without the order of columns."""
    if conn.dialect.name == "postgresql":
        return {
            part: {tuple(row) for row in conn.exec_driver_sql(query)}
            for part, query in POSTGRES_PARTS.items()
        }
    query = (
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%'"
    )
    return {f"{kind} {name}": _clauses(sql) for kind, name, sql in _rows(conn, query)}


def _rows(conn: Connection, query: str) -> list[Any]:
    return list(conn.exec_driver_sql(query))


def _clauses(sql: str) -> set[Any]:
    """A CREATE statement as a set of its lines: the order of constraints is free."""
    lines = (line.strip().rstrip(",") for line in sql.splitlines())
    return {" ".join(line.split()) for line in lines if line}


def empty(db: Database) -> None:
    with db.transaction() as conn:
        if db.dialect == "sqlite":
            pytest.fail("give SQLite another file instead")
        conn.exec_driver_sql("DROP SCHEMA public CASCADE")
        conn.exec_driver_sql("CREATE SCHEMA public")


def created_by_the_code(db: Database, tmp_path: Path) -> dict[str, set[Any]]:
    if db.dialect == "postgresql":
        METADATA.create_all(db.engine)
        with db.reading() as conn:
            found = schema(conn)
        empty(db)
        return found
    other = Database(make_engine(f"sqlite:///{tmp_path / 'created.db'}"))
    METADATA.create_all(other.engine)
    with other.reading() as conn:
        found = schema(conn)
    other.close()
    return found


def test_the_migrations_make_the_tables_of_the_code(
    db: Database, tmp_path: Path
) -> None:
    created = created_by_the_code(db, tmp_path)
    upgrade(url_of(db), METADATA)
    with db.reading() as conn:
        migrated = schema(conn)

    assert len(created) >= len(POSTGRES_PARTS)
    assert all(created.values())
    assert migrated == created, f"Tables and migrations differ. Run {REGENERATE}"


def test_autogenerate_finds_nothing_to_change(db: Database) -> None:
    upgrade(url_of(db), METADATA)
    with db.reading() as conn:
        context = MigrationContext.configure(conn)
        found = compare_metadata(context, METADATA)

    assert found == [], f"Tables and migrations differ. Run {REGENERATE}"


def test_the_first_migration_is_what_the_command_writes() -> None:
    def words(source: str) -> str:
        """Without what the formatter changes: spaces, quotes, last commas."""
        bare = "".join(source.split()).replace('"', "'")
        return bare.replace(",)", ")").replace(",]", "]")

    assert words(initial_source(METADATA)) == words(INITIAL.read_text()), (
        f"The tables have changed. Run {REGENERATE}"
    )


def test_upgrading_twice_keeps_what_is_there(db: Database) -> None:
    assert not is_current(db)
    upgrade(url_of(db), METADATA)
    assert is_current(db)
    with db.transaction() as conn:
        conn.execute(insert(setting), [{"name": "kind", "value": "test"}])
    upgrade(url_of(db), METADATA)

    with db.reading() as conn:
        assert conn.execute(setting.select()).all() == [("kind", "test")]


def test_two_machines_that_upgrade_at_once_both_succeed(db: Database) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        try:
            upgrade(url_of(db), METADATA)
        except (DBAPIError, CommandError) as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert is_current(db)


def test_an_upgrade_that_fails_leaves_nothing(db: Database) -> None:
    with db.transaction() as conn:
        # Stands in the way of the last table that the migration creates.
        conn.exec_driver_sql("CREATE TABLE submission (id integer)")
    with pytest.raises(Exception, match="submission"):
        upgrade(url_of(db), METADATA)

    with db.reading() as conn:
        tables = MigrationContext.configure(conn).dialect.get_table_names(conn)
    assert tables == ["submission"]
    assert not is_current(db)
