"""The database: one write at a time on SQLite, row locks on PostgreSQL.

SQLite has one in-process write lock and BEGIN IMMEDIATE, so that a writer waits instead
of failing half way; PostgreSQL locks rows in a fixed order (design rule 11).
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite

POOL = 45
_WRITE = "claimthread_write"


def make_engine(url: str) -> Engine:
    """An engine for SQLite or PostgreSQL with our settings."""
    if url.startswith("sqlite"):
        return _sqlite(url)
    return create_engine(url, pool_size=POOL, max_overflow=5, pool_pre_ping=True)


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": 60},
        pool_size=POOL,
        max_overflow=5,
    )

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=60000",
            "foreign_keys=ON",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        writing = conn.get_execution_options().get(_WRITE, False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


class Database:
    """Transactions and reads on one engine."""

    def __init__(self, engine: Engine) -> None:
        """Keep the engine and, for SQLite, its write lock."""
        self.engine = engine
        self._lock = threading.RLock() if self.dialect == "sqlite" else None

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: all of it, or nothing."""
        if self._lock is None:
            with self.engine.begin() as conn:
                yield conn
            return
        with (
            self._lock,
            self.engine.connect().execution_options(**{_WRITE: True}) as conn,
            conn.begin(),
        ):
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent read that writes nothing."""
        with self.engine.connect() as conn, conn.begin() as work:
            yield conn
            work.rollback()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def upsert_ignore(
    conn: Connection, table: Table, rows: Iterable[dict[str, Any]]
) -> int:
    """Insert rows, leaving out those whose key is taken; how many went in."""
    listed = list(rows)
    if not listed:
        return 0
    make = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).on_conflict_do_nothing()  # type: ignore[operator,unused-ignore]
    return conn.execute(statement, listed).rowcount


def lock_claims(conn: Connection, table: Table, ids: Iterable[str]) -> None:
    """Lock claim rows in id order, so that two posters never wait for each other."""
    if conn.dialect.name == "postgresql":
        wanted = sorted(set(ids))
        conn.execute(
            select(table.c.id)
            .where(table.c.id.in_(wanted))
            .order_by(table.c.id)
            .with_for_update()
        )
