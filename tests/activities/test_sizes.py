"""The sweep tells SQLite how large its tables are, once a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import records.db
from activities.files import FileActivities
from records.files import register
from tests.activities.conftest import open_office

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
STATED = text("SELECT stat FROM sqlite_stat1 WHERE tbl = 'file' AND idx LIKE '%auto%'")


async def test_the_sweeps_of_a_day_tell_sqlite_its_sizes_once(
    tmp_path: Path,
    repo_root: Path,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records.db, "WORTH_KNOWING", 0)
    office = open_office(tmp_path, repo_root, sqlite_url)
    sizes = []
    for number, at in enumerate((NOON, NOON, NOON + timedelta(days=1))):
        with office.writing() as conn:
            register(
                conn,
                sha256=f"{number:064d}",
                direction="in",
                partner="office",
                name="a file",
                kind="UNKNOWN",
                size=1,
                today=at.date(),
                at=at,
            )
        await FileActivities(office).pass_on(at)
        with office.reading() as conn:
            sizes.append(int(conn.execute(STATED).scalar_one().split()[0]))
    assert sizes == [1, 1, 3]
    office.db.close()
