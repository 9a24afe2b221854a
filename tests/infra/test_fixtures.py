"""The shared fixtures do what they promise, or other tests prove nothing."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url


def _write_and_read(url: str) -> int:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept (n INTEGER PRIMARY KEY)"))
            connection.execute(text("INSERT INTO kept VALUES (41), (1)"))
        with engine.connect() as connection:
            total: int = connection.execute(
                text("SELECT sum(n) FROM kept")
            ).scalar_one()
            return total
    finally:
        engine.dispose()


def test_database_keeps_what_is_written(database_url: str) -> None:
    assert _write_and_read(database_url) == 42


def test_database_starts_empty(database_url: str) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_postgres_database_is_the_dialect_the_product_uses(postgres_db: str) -> None:
    url = make_url(postgres_db)
    assert url.drivername == "postgresql+psycopg"
    assert url.host == "127.0.0.1"


def test_postgres_is_one_server_with_a_database_per_test(
    postgres_url: str, postgres_db: str
) -> None:
    assert make_url(postgres_url).port == make_url(postgres_db).port
    assert make_url(postgres_url).database != make_url(postgres_db).database


def test_dev_server_runs(temporal_bin: Path) -> None:
    answer = subprocess.run(
        [temporal_bin, "--version"], capture_output=True, text=True, check=True
    )
    assert "temporal version" in answer.stdout


def test_test_server_is_a_program(temporal_test_server_bin: Path) -> None:
    assert temporal_test_server_bin.stat().st_size > 1_000_000
    assert os.access(temporal_test_server_bin, os.X_OK)


def test_absence_skips_on_a_desk_and_fails_in_ci(
    missing: Callable[[str], NoReturn],
) -> None:
    in_ci = os.environ.get("CI") == "true"
    expected = pytest.fail.Exception if in_ci else pytest.skip.Exception
    with pytest.raises(expected, match="a thing is absent"):
        missing("a thing is absent")
