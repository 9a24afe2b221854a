"""Bring a database to the newest schema, and write the first migration anew.

``records/migrations`` knows no table: the caller passes the metadata, because the
ledger that adds tables to it is above this layer. Until the first release, migration
0001 is made from the tables in one command; afterwards each change is one of its own:

    python -m records.migrate --autogenerate-initial ledger.tables
"""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine

from records.db import Database, make_engine
from records.tables import METADATA

FOLDER = Path(__file__).resolve().parent / "migrations"
INITIAL = FOLDER / "versions" / "0001_initial.py"
_BEGIN = "    # Tables: made by records.migrate, do not edit."
_END = "    # Tables: end."
_LOCK = 7_301_944_021
"""Names our advisory lock among those of other programs in the same database."""


def upgrade(url: str, metadata: MetaData) -> None:
    """Create or upgrade the database at ``url``: all migrations, or none.

    Safe to run again and from several machines at once: the others wait, then find
    nothing to do. ``metadata`` is METADATA of ``ledger.tables``.
    """
    db = Database(make_engine(url))
    try:
        with db.transaction() as conn:
            _alone(conn)
            command.upgrade(_config(conn, metadata), "head")
    finally:
        db.close()


def is_current(db: Database) -> bool:
    """Whether every migration has run; false for an empty database."""
    newest = ScriptDirectory.from_config(_config()).get_heads()
    with db.reading() as conn:
        found = MigrationContext.configure(conn).get_current_heads()
    return set(found) == set(newest)


def _alone(conn: Connection) -> None:
    """Let one migration run at a time; BEGIN IMMEDIATE does it on SQLite."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _config(conn: Connection | None = None, metadata: MetaData | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes.update(connection=conn, metadata=metadata)
    return config


def initial_source(metadata: MetaData) -> str:
    """Migration 0001 with the operations that create every table of ``metadata``.

    Only the part between its two marks is made; the triggers below them are kept.
    """
    engine = create_engine("sqlite://")
    with engine.connect() as conn:
        script = produce_migrations(MigrationContext.configure(conn), metadata)
    engine.dispose()
    if script.upgrade_ops is None:
        raise RuntimeError("Alembic found no tables. Migration 0001 was not changed.")
    made = render_python_code(script.upgrade_ops)
    operations = [n for n in made.splitlines() if not n.lstrip().startswith("#")]
    head, rest = INITIAL.read_text().split(_BEGIN)
    tail = rest[rest.index(_END) :]
    return "\n".join([head + _BEGIN, *operations, tail])


def main(arguments: list[str]) -> int:
    """Write migration 0001 anew from the tables as they are now, formatted by ruff."""
    parser = argparse.ArgumentParser(prog="python -m records.migrate")
    parser.add_argument(
        "--autogenerate-initial",
        nargs="*",
        metavar="MODULE",
        required=True,
        help="modules that add tables to METADATA: ledger.tables",
    )
    for module in parser.parse_args(arguments).autogenerate_initial:
        importlib.import_module(module)
    INITIAL.write_text(initial_source(METADATA))
    ruff = [sys.executable, "-m", "ruff", "format", "--quiet", str(INITIAL)]
    return subprocess.run(ruff, check=False).returncode  # noqa: S603 - our own file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
