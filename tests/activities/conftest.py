"""An office without a server: database, keys, documents, payers, mailboxes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.office import Office, assemble
from ledger import tables as ledger_tables
from payers.practice import Practice
from payers.profile import PayerBook
from records.events import Because
from records.migrate import upgrade
from vault.keys import KeyRing

NOON = datetime(2026, 6, 15, 17, 0, tzinfo=UTC)
"""A Monday after every date in our sample files."""


def open_office(
    folder: Path, repo_root: Path, database_url: str, *, migrated: bool = False
) -> Office:
    """An office on an empty database: its tables made at once, or by the migrations."""
    office = assemble(
        KeyRing.create(folder / "keys.json"),
        database_url=database_url,
        documents=folder / "documents",
        mailbox=folder / "mailbox",
        practice=Practice.load(repo_root / "payers" / "practice.yaml"),
        payers=PayerBook.load(repo_root / "payers" / "profiles"),
        task_queue="test",
    )
    if migrated:
        upgrade(database_url, ledger_tables.METADATA)
    else:
        ledger_tables.METADATA.create_all(office.db.engine)
    return office


@pytest.fixture
def why() -> Because:
    """The machine acts at noon of a practice day."""
    return Because(NOON, NOON.date(), "R-BAD-01")
