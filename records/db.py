"""The database: one write at a time on SQLite, row locks on PostgreSQL.

SQLite has one in-process write lock and BEGIN IMMEDIATE, so that a writer waits instead
of failing half way; PostgreSQL locks rows in a fixed order (design rule 11).
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Engine,
    Insert,
    Integer,
    RowMapping,
    String,
    Table,
    TableValuedAlias,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from records.tables import claim

POOL = 45
"""Connections kept: a worker's 40 activity threads and a few readers beside them."""
WAIT_SECONDS = 60
A_DAY = 24 * 60 * 60
"""Seconds that a SQLite connection is used: a new one reads what is known of sizes."""
WORTH_KNOWING = 1000
"""Claims from which on the planner is told how large tables are."""
ROWS_LOOKED_AT = 1000
"""Of each index: 25 ms for 100,000 claims, where all of them took 370."""
_WRITE = "claimthread_write"
_COUNTED = {"preserve_rowcount": True}
"""Without it SQLAlchemy forgets how many rows an INSERT made, and says -1."""
_FEW = 10
"""Up to so many rows, SQLAlchemy's cache of statements is quicker than we are."""
_PLAIN = (Boolean, Date, Integer, String)
"""Types of columns that travel to PostgreSQL as arrays."""
_PRAGMAS = (
    f"busy_timeout={WAIT_SECONDS * 1000}",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    # Without it INSERT OR REPLACE deletes rows behind the append-only triggers.
    "recursive_triggers=ON",
)


class NestedTransactionError(RuntimeError):
    """A thread that is writing began a second write. Nothing of the second was done."""


def make_engine(url: str) -> Engine:
    """An engine for a SQLite file or a PostgreSQL database, with our settings.

    Raises:
        ValueError: another kind of database; nothing was opened.
    """
    parsed = make_url(url)
    name = parsed.get_backend_name()
    if name == "sqlite":
        return _sqlite(url)
    if name != "postgresql":
        raise ValueError(
            f"{name} is no database we can use. Nothing was opened. "
            "Give a sqlite:/// or postgresql+psycopg:// address."
        )
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=POOL,
        max_overflow=5,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": WAIT_SECONDS},
        pool_size=POOL,
        max_overflow=5,
        pool_timeout=WAIT_SECONDS,
        pool_recycle=A_DAY,
    )

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # We say BEGIN ourselves, below.
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
        use_wal(raw)

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        writing = conn.get_execution_options().get(_WRITE, False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def use_wal(raw: Any) -> None:
    """Switch to write-ahead logging, waiting for another that does so just now.

    SQLite refuses the second of two first connections at once, whatever busy_timeout
    says: both hold a read lock that the other waits for.
    """
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


class Database:
    """Transactions and reads on one engine."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine and, for SQLite, its write lock."""
        self.engine = engine
        self._lock = threading.Lock() if self.dialect == "sqlite" else None
        self._thread = threading.local()
        self._sizes_of: date | None = None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: all of it, or nothing.

        Raises:
            NestedTransactionError: this thread is already writing. Pass its connection
                on instead: a second one would wait for the first for ever.
        """
        if getattr(self._thread, "writing", False):
            raise NestedTransactionError(
                "This thread already has a write transaction. The second was not "
                "begun. Pass the first one's connection on."
            )
        self._thread.writing = True
        try:
            if self._lock is None:
                with self.engine.begin() as conn:
                    conn.execution_options(**{_WRITE: True})
                    yield conn
            else:
                with self._lock, self.engine.connect() as conn:
                    conn.execution_options(**{_WRITE: True})
                    with conn.begin():
                        yield conn
        finally:
            self._thread.writing = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot of the database; a write through it is refused."""
        if self.dialect == "sqlite":
            with self._reading_sqlite() as conn:
                yield conn
            return
        with self.engine.connect() as conn:
            conn.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with conn.begin() as work:
                yield conn
                work.rollback()

    @contextmanager
    def _reading_sqlite(self) -> Iterator[Connection]:
        with self.engine.connect() as conn:
            raw: Any = conn.connection
            raw.execute("PRAGMA query_only=ON")
            try:
                with conn.begin() as work:
                    yield conn
                    work.rollback()
            finally:
                raw.execute("PRAGMA query_only=OFF")

    def know_sizes(self, day: date) -> bool:
        """Let SQLite's planner know how many rows its indexes have: at most once a day
        and process. PostgreSQL does so by itself.

        ``PRAGMA optimize`` would look at the tables that its own connection has read,
        and ours are many. Of a small database nothing is noted: what is unknown counts
        as large, what was noted as small is read from end to end when it has grown.
        True when it was done.
        """
        if self.dialect != "sqlite" or self._sizes_of == day:
            return False
        self._sizes_of = day
        with self.transaction() as conn:
            some = select(claim.c.id).limit(WORTH_KNOWING).subquery()
            count = conn.execute(select(func.count()).select_from(some)).scalar_one()
            if count < WORTH_KNOWING:
                return False
            conn.exec_driver_sql(f"PRAGMA analysis_limit={ROWS_LOOKED_AT}")
            conn.exec_driver_sql("ANALYZE")
        return True

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def upsert_ignore(
    conn: Connection,
    table: Table,
    rows: Iterable[dict[str, Any]],
    *,
    key: Sequence[str] = (),
) -> int:
    """Insert rows, leaving out those whose key is taken; how many went in.

    ``key`` names the unique columns that may be taken, by default any; a row that
    breaks another constraint is an error.
    """
    listed = list(rows)
    if not listed:
        return 0
    make: Any = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).on_conflict_do_nothing(index_elements=key or None)
    return _run_many(conn, table, statement, listed)


def insert_many(conn: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows that all name the same columns; the quickest way for many."""
    if rows:
        _run_many(conn, table, insert(table), rows)


def update_many(
    conn: Connection,
    table: Table,
    rows: list[dict[str, Any]],
    *,
    key: Sequence[str],
    fixed: Mapping[str, Any] | None = None,
) -> None:
    """Change many rows, each found by its ``key`` columns: the others are set.

    All rows name the same columns. ``fixed`` is set in every one of them, and may be an
    expression of the table's own columns.
    """
    if not rows:
        return
    given = [name for name in rows[0] if name not in key]
    if conn.dialect.name == "postgresql":
        values = _unnested(table, rows)
        found = [table.c[name] == values.c[name] for name in key]
        changed = {name: values.c[name] for name in given} | dict(fixed or {})
        conn.execute(update(table).where(*found).values(changed))
        return
    binds = {
        name: bindparam(f"new_{name}", type_=table.c[name].type) for name in rows[0]
    }
    found = [table.c[name] == binds[name] for name in key]
    changed = {name: binds[name] for name in given} | dict(fixed or {})
    named = [{f"new_{name}": value for name, value in row.items()} for row in rows]
    conn.execute(update(table).where(*found).values(changed), named)


def _run_many(
    conn: Connection, table: Table, statement: Insert, rows: list[dict[str, Any]]
) -> int:
    """Insert many rows, the quick way where it is the same; how many went in."""
    names = list(rows[0])
    needs_default = any(c.default is not None and c.name not in names for c in table.c)
    if (
        len(rows) > _FEW
        and not needs_default
        and all(row.keys() == rows[0].keys() for row in rows)
    ):
        if conn.dialect.name == "sqlite":
            return _on_driver(conn, table, statement, rows)
        if all(isinstance(table.c[name].type, _PLAIN) for name in names):
            return _by_arrays(conn, table, statement, rows)
    return conn.execute(statement, rows, execution_options=_COUNTED).rowcount


def _on_driver(
    conn: Connection, table: Table, statement: Insert, rows: list[dict[str, Any]]
) -> int:
    """Preparing 60,000 rows took SQLAlchemy longer than SQLite took to store them."""
    dialect = conn.dialect
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(rows[0]))
    names = compiled.positiontup
    found = {n: table.c[n].type.dialect_impl(dialect) for n in names}
    makers = {n: impl.bind_processor(dialect) for n, impl in found.items()}
    processors = [(n, process) for n, process in makers.items() if process]
    if processors:
        rows = [row | {n: process(row[n]) for n, process in processors} for row in rows]
    values = [tuple(row[n] for n in names) for row in rows]
    return conn.exec_driver_sql(str(compiled), values).rowcount


def _by_arrays(
    conn: Connection, table: Table, statement: Insert, rows: list[dict[str, Any]]
) -> int:
    """One statement with an array for each column, in place of one for each row."""
    names = list(rows[0])
    values = _unnested(table, rows)
    query = select(*(values.c[n] for n in names))
    insertion = statement.from_select(names, query)
    return conn.execute(insertion, execution_options=_COUNTED).rowcount


def _unnested(table: Table, rows: list[dict[str, Any]]) -> TableValuedAlias:
    """Rows as a table: an array for each column, of the column's own type."""
    names = list(rows[0])
    arrays = [
        literal([row[n] for row in rows], postgresql.ARRAY(table.c[n].type))
        for n in names
    ]
    return func.unnest(*arrays).table_valued(*names).render_derived()


def one_of(
    conn: Connection, column: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """``column`` is one of ``values``: one parameter, however many values there are."""
    listed = list(values)
    if conn.dialect.name == "postgresql":
        return column == any_(literal(listed, postgresql.ARRAY(Text)))
    each = func.json_each(json.dumps(listed)).table_valued("value")
    return column.in_(select(each.c.value))


def locks_rows(conn: Connection) -> bool:
    """Whether a row read here must be locked before it may be changed.

    SQLite has no need of it: a write transaction holds the whole database.
    """
    writing = bool(conn.get_execution_options().get(_WRITE, False))
    return writing and conn.dialect.name == "postgresql"


def lock_claims(conn: Connection, ids: Iterable[str]) -> None:
    """Lock claim rows in id order, so that two posters never wait for each other.

    Nothing to do on SQLite, where a write transaction holds the whole database.
    """
    if conn.dialect.name == "postgresql":
        rows = select(claim.c.id).where(one_of(conn, claim.c.id, set(ids)))
        conn.execute(rows.order_by(claim.c.id).with_for_update())


__all__ = [
    "POOL",
    "Connection",
    "Database",
    "NestedTransactionError",
    "RowMapping",
    "insert_many",
    "lock_claims",
    "locks_rows",
    "make_engine",
    "one_of",
    "update_many",
    "upsert_ignore",
]
"""``Connection`` and ``RowMapping`` are for the layers above, which write no SQL."""
