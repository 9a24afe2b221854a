"""Server time, queries and bytes of the desk's pages over a large practice.

``python -m benchmarks.desk --json``: 100,000 claims with an open task each and a posted
835 of 5,000, on SQLite, or on the empty PostgreSQL that ``--database`` names. Each page
is asked through the whole application (session, door, access log, template) in this
process; the time of a page without data (``/help``), taken in the same rounds, is the
measure beside it.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event, select
from starlette.testclient import TestClient

from activities.office import Office
from benchmarks import posting_data
from benchmarks.desk_data import PASSWORD, fill
from benchmarks.posting import SET, post_file
from desk.__main__ import make_desk
from desk.app import build_app
from records.tables import claim, task
from settings import Settings
from wiring import open_office_offline, prepare, spare_collector

GOAL_MS, MOST_QUERIES, MOST_BYTES = 100.0, 4, 150 * 1024
LISTS = ("queue", "queue of one type", "queue, page 101", "claims", "accounts")
FLOOR = "help"
_COUNTED = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}
CLOSED_PORT = "127.0.0.1:9"


@dataclass
class Seen:
    """What one page cost, each time it was asked for."""

    ms: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    bytes: int = 0

    @property
    def queries(self) -> int:
        """The usual number; every 30 s one more notes that the person is there."""
        return statistics.mode(self.statements)

    def p95(self) -> float:
        """In milliseconds."""
        return sorted(self.ms)[max(0, round(0.95 * len(self.ms)) - 1)]


@dataclass
class Site:
    """The desk, a browser that is signed in, and a count of statements."""

    office: Office
    client: TestClient
    statements: int = 0

    def token(self) -> str:
        """What a form must carry."""
        text = self.client.get("/password").text
        return text.partition('name="csrf" value="')[2].partition('"')[0]

    def ask(self, seen: Seen, path: str, form: dict[str, str] | None = None) -> None:
        """Ask for a page once, and note what it cost.

        Raises:
            RuntimeError: it was refused or broke.
        """
        before, began = self.statements, time.perf_counter()
        if form is None:
            answer = self.client.get(path)
        else:
            answer = self.client.post(path, data=form)
        seen.ms.append(1000 * (time.perf_counter() - began))
        if answer.status_code != (200 if form is None else 303):
            raise RuntimeError(f"{path} answered {answer.status_code}")
        seen.statements.append(self.statements - before)
        seen.bytes = max(seen.bytes, len(answer.content))


@contextmanager
def opened(folder: Path, database: str, who: str) -> Iterator[Site]:
    """The desk of this installation, with somebody signed in."""
    settings = Settings(
        data_dir=folder, database_url=database, temporal_address=CLOSED_PORT
    )
    desk = make_desk(settings)
    app = build_app(desk, deliver=False)
    client = TestClient(
        app,
        base_url="http://desk.test",
        client=("192.0.2.1", 5),
        follow_redirects=False,
    )
    with client:
        site = Site(desk.office, client)
        event.listen(desk.office.db.engine, "before_cursor_execute", _counter(site))
        client.post("/sign-in", data={"username": who, "password": PASSWORD})
        yield site
    desk.office.db.close()


def _counter(site: Site) -> Callable[..., None]:
    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(None, 1)[0].upper() in _COUNTED:
            site.statements += 1

    return count


def pages(
    site: Site, longest: str, remittance: str, dice: random.Random
) -> dict[str, list[str]]:
    """The addresses of each kind of page that are asked for in turn."""
    with site.office.reading() as conn:
        ids = list(conn.execute(select(claim.c.id).limit(20_000)).scalars())
        tasks = list(conn.execute(select(task.c.id).limit(20_000)).scalars())
    some = dice.sample(ids, min(40, len(ids)))
    found = {
        FLOOR: ["/help"],
        "today": ["/"],
        "queue": ["/tasks?role=any"],
        "queue of one type": ["/tasks?role=any&type=DENIAL_REVIEW"],
        "queue, page 101": [_deep(site)],
        "task": [f"/tasks/{one}" for one in dice.sample(tasks, min(40, len(tasks)))],
        "claims": ["/claims"],
        "claim, 5,000 events": [f"/claims/{longest}"],
        "A/R": ["/ar"],
        "accounts": ["/accounts"],
        "remittance": [f"/remits/{remittance}", f"/remits/{remittance}?page=50"],
    }
    for tab in ("", "/lines", "/money", "/documents", "/tasks", "/rules", "/access"):
        name = f"claim{' ' if tab else ''}{tab.lstrip('/')}"
        found[name] = [f"/claims/{one}{tab}" for one in some]
    return found


def _deep(site: Site) -> str:
    """The address that the list's own links lead to, far behind."""
    path = "/tasks?role=any&size=200"
    for _ in range(25):
        text = site.client.get(path).text
        head, found, _rest = text.partition('" rel="next"')
        if not found:
            break
        path = head.rpartition('href="')[2].replace("&amp;", "&")
    return path.replace("size=200", "size=50")


def measure(folder: Path, database: str, count: int, rounds: int) -> dict[str, Any]:
    """Fill a new database and ask for every page ``rounds`` times."""
    settings = Settings(data_dir=folder, database_url=database)
    prepare(settings)
    began = time.perf_counter()
    office = open_office_offline(settings)
    longest = fill(office, count)
    remittance = _remittance(office, range(count, count + min(count, SET)))
    office.db.close()
    filled = time.perf_counter() - began
    dice, seen = random.Random(7), dict[str, Seen]()  # noqa: S311 - a sample
    with opened(folder, database, "supervisor") as site:
        _analyze(site)
        wanted = pages(site, longest, remittance, dice)
        for number in range(-2, rounds):  # two rounds to warm up are not counted
            for name, paths in wanted.items():
                one = seen.setdefault(name, Seen())
                site.ask(one, paths[number % len(paths)])
                if number < 0:
                    one.ms.clear()
        one = seen["get next"] = Seen()
        for _ in range(rounds):
            site.ask(one, "/tasks/next", {"csrf": site.token()})
        dialect = site.office.db.dialect
    return {
        "database": dialect,
        "claims": count,
        "filled_seconds": round(filled, 1),
    } | (_report(seen, rounds))


def _remittance(office: Office, numbers: range) -> str:
    """A posted 835 of claims beside the others."""
    posting_data.fill(office, numbers)
    return post_file(office, posting_data.remittance_file(office, numbers, odd=5))


def _analyze(site: Site) -> None:
    """What PostgreSQL's autovacuum would have done in the months before."""
    with site.office.db.engine.connect() as conn:
        conn.exec_driver_sql("ANALYZE")
        conn.commit()


def _report(seen: dict[str, Seen], rounds: int) -> dict[str, Any]:
    floor = statistics.median(seen[FLOOR].ms)
    listed = {
        name: {
            "p50_ms": round(statistics.median(one.ms), 1),
            "p95_ms": round(one.p95(), 1),
            "ratio_to_help": round(statistics.median(one.ms) / floor, 1),
            "queries": one.queries,
            "bytes": one.bytes,
        }
        for name, one in seen.items()
    }
    return {
        "rounds": rounds,
        "pages": listed,
        "over": {
            f"p95 over {GOAL_MS:.0f} ms": [
                n for n, one in listed.items() if float(one["p95_ms"]) > GOAL_MS
            ],
            f"lists over {MOST_QUERIES} queries": [
                n for n in LISTS if seen[n].queries > MOST_QUERIES
            ],
            "over 150 KB": [n for n, one in seen.items() if one.bytes > MOST_BYTES],
        },
    }


def _words(report: dict[str, Any]) -> str:
    lines = [
        f"{report['claims']:,} claims and as many open tasks on {report['database']}",
        f"{'page':22}{'p50 ms':>8}{'p95 ms':>8}{'x help':>8}{'queries':>8}{'KB':>6}",
    ]
    lines += [
        f"{name:22}{one['p50_ms']:8}{one['p95_ms']:8}{one['ratio_to_help']:8}"
        f"{one['queries']:8}{one['bytes'] / 1024:6.0f}"
        for name, one in report["pages"].items()
    ]
    lines += [f"{what}: {', '.join(n) or 'none'}" for what, n in report["over"].items()]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.desk", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument(
        "--database", default="", help="an empty PostgreSQL (default: a new SQLite)"
    )
    given = parser.parse_args()
    spare_collector()  # as the desk does
    with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
        report = measure(Path(folder), given.database, given.claims, given.rounds)
    print(json.dumps(report) if given.json else _words(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
