"""``python -m benchmarks.posting [--json]``: what it costs to post an 835.

A file of one transaction set is taken in and posted as a worker would do it: stored,
registered, read, balanced, matched, decided, posted to the ledger, each claim given its
state, next step, event and news. Beside it, in the same round, the same rows are put
into empty tables of the same schema by bulk inserts and nothing else.
"""

import argparse
import json
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Engine, Table, create_engine, func, select
from sqlalchemy.engine import make_url

from activities.files import take_in
from activities.office import OFFICE_PARTNER, Office
from activities.remittance import RemittanceActivities
from benchmarks.posting_data import NOW, fill, remittance_file
from ledger.tables import METADATA, entry, entry_line
from records.db import insert_many
from records.tables import claim, claim_line, event, news, remittance, remittance_claim
from settings import Settings
from wiring import open_office_offline, prepare, spare_collector

GOAL, GROWTH = 0.33, 1.2
SET = 5_000
ODD = 5
"""Of a hundred claims of the other set, how many are denied on a line."""
_REPLICA = "SET session_replication_role = replica"
"""PostgreSQL checks no foreign key then: the bare rows have no claims beside them."""

Rows = dict[Table, list[dict[str, Any]]]


def post_file(office: Office, content: bytes) -> str:
    """Take an 835 of one set in and post it; the remittance's id.

    Raises:
        RuntimeError: it was not posted.
    """
    take_in(
        office, OFFICE_PARTNER, "bench.835", content, office.because(NOW, "R-ERA-05")
    )
    status = select(remittance.c.id, remittance.c.status)
    with office.reading() as conn:
        waits = status.where(remittance.c.status == "received")
        one = str(conn.execute(waits).one().id)
    RemittanceActivities(office).post_remittance(one, NOW)
    with office.reading() as conn:
        ended = conn.execute(status.where(remittance.c.id == one)).one().status
    if ended != "posted":
        raise RuntimeError(f"the set is {ended}, not posted")
    return one


@dataclass(frozen=True)
class Round:
    """Seconds of one set: ours and bare, and the rows that both wrote."""

    claims: int
    ours: float
    bare: float
    rows: int

    @property
    def ratio(self) -> float:
        """1 would be as quick as the inserts alone."""
        return self.bare / self.ours


class Bench:
    """A practice with one set of claims after the other, each paid by an 835."""

    def __init__(self, folder: Path, database: str) -> None:
        """Make its empty database, and another for the bare inserts."""
        settings = Settings(data_dir=folder, database_url=database)
        prepare(settings)
        self.office = open_office_offline(settings)
        self.bare = _bare_engine(folder, database)
        self.next = 0

    def run(self, count: int, *, odd: int = 0) -> Round:
        """Post one set of ``count`` claims, ``odd`` of a hundred denied on a line.

        Raises:
            RuntimeError: it was not posted.
        """
        numbers = range(self.next, self.next + count)
        self.next += count
        fill(self.office, numbers)
        content = remittance_file(self.office, numbers, odd=odd)
        before = self._last_ids()
        began = time.perf_counter()
        one = post_file(self.office, content)
        ours = time.perf_counter() - began
        rows = self._written(one, before)
        bare = self._insert(rows)
        return Round(count, ours, bare, sum(len(some) for some in rows.values()))

    def _last_ids(self) -> tuple[int, int]:
        with self.office.reading() as conn:
            last = (select(func.coalesce(func.max(t.c.id), 0)) for t in (event, entry))
            first, second = (conn.execute(one).scalar_one() for one in last)
        return int(first), int(second)

    def _written(self, one: str, before: tuple[int, int]) -> Rows:
        """What the newest posting wrote, as it lies in the tables."""
        clps = remittance_claim.c.remittance_id == one
        ids = select(remittance_claim.c.claim_id).where(clps)
        told = news.c.ref.endswith(one) | news.c.ref.like("balance:%")
        where = {
            remittance_claim: clps,
            entry: entry.c.id > before[1],
            entry_line: entry_line.c.entry_id > before[1],
            event: event.c.id > before[0],
            news: told & news.c.told_at.is_(None),
            claim: claim.c.id.in_(ids),
            claim_line: claim_line.c.claim_id.in_(ids),
        }
        with self.office.writing() as conn:
            found = {
                table: [
                    dict(r) for r in conn.execute(table.select().where(w)).mappings()
                ]
                for table, w in where.items()
            }
            conn.execute(news.update().values(told_at="2026-05-11T16:00:00.000000Z"))
        return found

    def _insert(self, rows: Rows) -> float:
        """Seconds for the same rows, in bulk, in one transaction."""
        METADATA.drop_all(self.bare)
        METADATA.create_all(self.bare)
        with self.bare.connect() as conn:
            if self.bare.dialect.name == "postgresql":
                conn.exec_driver_sql(_REPLICA)
            began = time.perf_counter()
            for table, some in rows.items():
                insert_many(conn, table, some)
            conn.commit()
            return time.perf_counter() - began


def _bare_engine(folder: Path, database: str) -> Engine:
    if not database:
        engine = create_engine(f"sqlite:///{folder / 'bare.db'}")
        with engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA journal_mode=WAL")
        return engine
    url = make_url(database).set(drivername="postgresql+psycopg")
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as conn:
        conn.exec_driver_sql("CREATE DATABASE bare")
    return create_engine(url.set(database="bare"))


def peak_mb() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, database: str, rounds: int, count: int) -> dict[str, Any]:
    """Rounds of one size for the ratio, then set after set for growth."""
    bench = Bench(folder, database)
    bench.run(200)  # warms up
    spare_collector()  # as the worker does
    small = bench.run(1_000)
    clean = [bench.run(count) for _ in range(rounds)]
    after_one = peak_mb()
    mixed = bench.run(count, odd=ODD)
    while bench.next < 10 * count:
        last = bench.run(count)
    ratio = median(one.ratio for one in clean)
    growth = (last.ours / last.claims) / (small.ours / small.claims)
    return {
        "database": bench.office.db.dialect,
        "claims_of_a_set": count,
        "lines_of_a_set": 4 * count,
        "rows_of_a_set": clean[0].rows,
        "seconds": round(median(one.ours for one in clean), 2),
        "bare_seconds": round(median(one.bare for one in clean), 2),
        "ratio": round(ratio, 2),
        "goal": GOAL,
        "mixed": {"denied_of_100": ODD, "ratio": round(mixed.ratio, 2)},
        "claims_at_the_end": bench.next,
        "growth_per_claim_from_1000": round(growth, 2),
        "goal_growth": GROWTH,
        "peak_mb_after_one_set": round(after_one),
        "peak_mb_at_the_end": round(peak_mb()),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.posting", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--claims", type=int, default=SET, help="claims of a set")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--database", default="", help="an empty PostgreSQL (default: a new SQLite)"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="posting-bench-") as folder:
        report = measure(Path(folder), given.database, given.rounds, given.claims)
    if given.json:
        print(json.dumps(report))
    else:
        print("\n".join(f"{name:28} {value}" for name, value in report.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
