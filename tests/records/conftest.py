"""An empty database with every table, once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator

import pytest

from ledger.tables import METADATA
from records.db import Database, make_engine


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    found = Database(make_engine(database_url))
    METADATA.create_all(found.engine)
    yield found
    found.close()
