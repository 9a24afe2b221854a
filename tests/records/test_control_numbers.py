"""ISA13, GS06 and ST02 of a partner are used once, whoever asks at the same time."""

import threading
from collections.abc import Iterator
from datetime import date

import pytest

from records import submissions
from records.db import Database, make_engine
from records.tables import METADATA

DAY = date(2026, 6, 15)
TOGETHER = 8


@pytest.fixture
def workers(database_url: str) -> Iterator[list[Database]]:
    """Two worker processes' ends of one database."""
    both = [Database(make_engine(database_url)) for _ in range(2)]
    METADATA.create_all(both[0].engine)
    yield both
    for one in both:
        one.close()


def opened(
    db: Database, batch_id: str, payer: str = "P-A", partner: str = "house"
) -> int:
    with db.transaction() as conn:
        row = submissions.open_batch(
            conn,
            batch_id=batch_id,
            kind="837P",
            payer_id=payer,
            partner=partner,
            today=DAY,
        )
    assert row["isa13"] == row["gs06"]
    return int(row["isa13"])


def test_two_workers_at_once_never_share_a_number(workers: list[Database]) -> None:
    """Also for a partner's very first number, which has no row to lock yet."""
    start = threading.Barrier(TOGETHER)
    found: list[int] = []

    def send(place: int) -> None:
        start.wait()
        mine = workers[place % 2]
        found.extend(opened(mine, f"b-{place}-{n}") for n in range(5))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == list(range(1, 5 * TOGETHER + 1))


def test_payers_behind_one_partner_share_its_sequence(workers: list[Database]) -> None:
    db = workers[0]
    mixed = [
        opened(db, f"b{n}", payer) for n, payer in enumerate(["P-A", "P-B", "P-A"])
    ]
    assert mixed == [1, 2, 3]


def test_partners_have_sequences_of_their_own(workers: list[Database]) -> None:
    db = workers[0]
    assert opened(db, "b1", partner="house") == opened(db, "b2", "P-B", "P-B") == 1


def test_a_batch_opened_again_keeps_its_number(workers: list[Database]) -> None:
    first, second = (opened(db, "b1") for db in workers)
    assert first == second == 1
    assert opened(workers[0], "b2") == 2


def test_a_finished_batch_frees_no_number(workers: list[Database]) -> None:
    db = workers[0]
    opened(db, "b1")
    with db.transaction() as conn:
        submissions.mark_batch(conn, "b1", ended_on=DAY)
    assert opened(db, "b2") == 2


def test_a_transaction_that_failed_used_no_number(workers: list[Database]) -> None:
    """It was seen by nobody: what leaves is written after the commit."""
    db = workers[0]
    opened(db, "b1")
    with pytest.raises(OSError, match="disk"):
        _take_a_number_and_fail(db)
    assert opened(db, "b2") == 2


def _take_a_number_and_fail(db: Database) -> None:
    with db.transaction() as conn:
        submissions.next_number(conn, "house", "ISA13")
        raise OSError("disk full")
