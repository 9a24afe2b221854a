"""``python -m benchmarks.edi [--json]``: what it costs to read an 835, write an 837P.

Reading is measured beside a plain pass over the same bytes, which splits segments and
elements and makes a ``Decimal`` of each amount, and beside other readers; writing
beside a plain join of the same segments. Both sides run in turn, in one process, and
the better of the rounds counts.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.edi_peers import PEERS, installed
from benchmarks.edi_varied import varied
from benchmarks.posting_data import claims_to_send, envelope, remittance_file
from edi.gate import findings
from edi.x835 import read_remittances
from edi.x837 import write_claims
from settings import Settings
from wiring import open_office_offline, prepare, spare_collector

CLAIMS = 5_000
READ_GOAL, WRITE_GOAL = 0.5, 0.3
GATED = 250
"""pyx12 checks some 4,000 segments a second: it looks at a part of the claims."""
SLOW = frozenset({"x12sdk", "pyx12"})
"""Peers that are given so many as well."""
AMOUNTS = {
    "BPR": (2,),
    "CLP": (3, 4, 5),
    "CAS": (3, 6, 9, 12, 15, 18),
    "SVC": (2, 3),
    "AMT": (2,),
    "PLB": (4, 6, 8, 10, 12, 14),
}


def plain_pass(content: bytes) -> int:
    """Split everything and read every amount; how many there were."""
    amounts = 0
    for segment in content.decode().split("~"):
        elements = segment.strip().split("*")
        for position in AMOUNTS.get(elements[0], ()):
            if position < len(elements) and elements[position]:
                Decimal(elements[position])
                amounts += 1
    return amounts


def plain_join(segments: list[list[str]]) -> bytes:
    """The same file from segments that are split already."""
    return "~".join("*".join(elements) for elements in segments).encode()


def best(rounds: int, *ways: Callable[[], Any]) -> list[float]:
    """The least seconds of each way, all of them in turn."""
    seconds = [float("inf")] * len(ways)
    for _ in range(rounds):
        for number, way in enumerate(ways):
            began = time.perf_counter()
            way()
            seconds[number] = min(seconds[number], time.perf_counter() - began)
    return seconds


def measure(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Both ratios, and what pyx12 finds in what was written."""
    settings = Settings(data_dir=folder)
    prepare(settings)
    office = open_office_offline(settings)
    numbers = range(1, count + 1)
    remittance = remittance_file(office, numbers)
    claims = claims_to_send(office, numbers)
    written = write_claims(claims, envelope(1))
    part = write_claims(claims[:GATED], envelope(2))
    segments = [one.split("*") for one in written.decode().split("~")]
    other = varied(remittance)
    small = remittance_file(office, numbers[:GATED])
    office.db.close()
    spare_collector()  # as the worker does
    wrote, joined = best(
        rounds, lambda: write_claims(claims, envelope(1)), lambda: plain_join(segments)
    )
    return {
        "claims": count,
        "read_835": _read(remittance, rounds),
        "read_835_varied": _read(other, rounds),
        "peers": {
            name: _beside(name, small if name in SLOW else remittance, rounds)
            for name in PEERS
        },
        "write_837p": _figures(wrote, joined, WRITE_GOAL, len(written)),
        "pyx12_findings_of": min(GATED, count),
        "pyx12_findings": list(findings(part)),
    }


def _read(content: bytes, rounds: int) -> dict[str, float]:
    ours, plain = best(
        rounds, lambda: read_remittances(content), lambda: plain_pass(content)
    )
    return _figures(ours, plain, READ_GOAL, len(content))


def _beside(name: str, content: bytes, rounds: int) -> dict[str, float] | str:
    """How many times as long as we a peer takes."""
    peer = installed().get(name)
    if peer is None:
        return "not installed"
    ours, theirs = best(
        rounds, lambda: read_remittances(content), lambda: peer(content)
    )
    return {
        "claims": peer(content),
        "seconds": round(theirs, 3),
        "our_seconds": round(ours, 4),
        "times_ours": round(theirs / ours, 1),
    }


def _figures(ours: float, plain: float, goal: float, size: int) -> dict[str, float]:
    return {
        "seconds": round(ours, 3),
        "plain_seconds": round(plain, 3),
        "ratio": round(plain / ours, 2),
        "goal": goal,
        "megabytes": round(size / 1e6, 1),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edi", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edi-bench-") as folder:
        report = measure(Path(folder), given.claims, given.rounds)
    if given.json:
        print(json.dumps(report))
    else:
        print("\n".join(f"{name:18} {value}" for name, value in report.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
