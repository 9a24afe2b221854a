"""``python -m benchmarks.touchless [--json]``: what a touchless claim costs.

No-op workflows, the naive design and ours run on one server in interleaved rounds, so
that a busy machine slows all of them; only their ratios mean something elsewhere.
``docs/benchmarks.md`` says what each figure is.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from temporalio.client import Client

from benchmarks.budget import Cost, cost_of, largest
from benchmarks.designs import Ground, Naive, NoOp, Ours
from benchmarks.meter import Meter
from cli import devserver
from edi.gate import warm_up
from settings import core_runtime
from vault.codec import data_converter
from vault.keys import KeyRing

Design = NoOp | Naive | Ours
SAMPLE = 25
"""Histories looked at for each design: every run of a design is alike."""
WARM_UP_CLAIMS = 10
CONNECT_TRIES = 20
SANDBOXED_ROUNDS = 2
"""The other setting is a figure beside the result: two rounds will do."""
NAIVE_SHARE = 3
"""The naive design gets a third of the claims: it is slow and has nothing to share."""


@asynccontextmanager
async def ground_of(folder: Path) -> AsyncIterator[Ground]:
    """A dev server of our own, as ``make demo`` starts it, without the web UI."""
    address = devserver.start(folder, ui=False, keep_alive=False)
    try:
        ring = KeyRing.create(folder / "keys.json")
        client = await _connect(address, ring)
        yield Ground(client, address.pid, folder, ring)
    finally:
        devserver.stop(folder)


async def _connect(address: devserver.ServerAddress, ring: KeyRing) -> Client:
    """Connect; a server on a busy machine listens before it is healthy."""
    for attempt in range(CONNECT_TRIES, 0, -1):
        try:
            return await Client.connect(
                address.target,
                namespace=address.namespace,
                data_converter=data_converter(ring, address.namespace),
                runtime=core_runtime(),
            )
        except RuntimeError:
            if attempt == 1:
                raise
            await asyncio.sleep(0.5)
    raise AssertionError("unreachable")


def designs_of(ground: Ground) -> dict[str, Design]:
    """The three designs, two of them again in the other setting of the sandbox."""
    return {
        "noop": NoOp(ground, "noop", sandbox=False),
        "naive": Naive(ground, "naive", sandbox=False),
        "ours": Ours(ground, "ours", sandbox=False),
        "noop_sandboxed": NoOp(ground, "noop-sandboxed", sandbox=True),
        "ours_sandboxed": Ours(ground, "ours-sandboxed", sandbox=True),
    }


async def measure(folder: Path, rounds: int, claims: int) -> dict[str, Any]:
    """Run every design once a round, each round in another order."""
    async with ground_of(folder) as ground, AsyncExitStack() as stack:
        designs = designs_of(ground)
        await asyncio.to_thread(warm_up)
        for design in designs.values():
            await stack.enter_async_context(design.worker())
            await design.run(min(WARM_UP_CLAIMS, claims))
        measured: dict[str, list[Meter]] = {name: [] for name in designs}
        names = list(designs)
        for number in range(rounds):
            for name in _order(names, number):
                design = designs[name]
                count = (
                    max(1, claims // NAIVE_SHARE) if design.queue == "naive" else claims
                )
                measured[name].append(await design.run(count))
        costs = {name: await _cost(ground, designs[name]) for name in names[:3]}
        shared = await _shared_actions(ground, designs["ours"])
    return _report(measured, costs) | {"shared_actions": shared}


def _order(names: Sequence[str], number: int) -> Sequence[str]:
    """Each round begins with another design; the sandboxed ones are in the first."""
    if number >= SANDBOXED_ROUNDS:
        names = [name for name in names if not name.endswith("_sandboxed")]
    first = number % len(names)
    return [*names[first:], *names[:first]]


async def _cost(ground: Ground, design: Design) -> Cost:
    query = (
        f"WorkflowType = '{design.workflow}' AND TaskQueue = '{design.queue}' "
        "AND ExecutionStatus = 'Completed'"
    )
    costs = []
    async for found in ground.client.list_workflows(query, limit=SAMPLE):
        handle = ground.client.get_workflow_handle(found.id, run_id=found.run_id)
        costs.append(cost_of((await handle.fetch_history()).events))
    return largest(costs)


async def _shared_actions(ground: Ground, design: Design) -> float:
    """Actions of sweeps, batches and remittances, shared out over their claims."""
    query = f"WorkflowType != '{design.workflow}' AND TaskQueue = '{design.queue}'"
    actions = 0
    async for found in ground.client.list_workflows(query):
        handle = ground.client.get_workflow_handle(found.id, run_id=found.run_id)
        actions += cost_of((await handle.fetch_history()).events).actions
    claims = await ground.finished(design.workflow, design.queue)
    return round(actions / claims, 2)


def _report(measured: dict[str, list[Meter]], costs: dict[str, Cost]) -> dict[str, Any]:
    rates = {n: [m.claims / m.seconds for m in found] for n, found in measured.items()}
    cpu = {name: _cpu(found) for name, found in measured.items()}
    to_noop = _ratios(rates["ours"], rates["noop"])
    to_naive = _ratios(rates["ours"], rates["naive"])
    boxed = _ratios(rates["ours_sandboxed"], rates["noop_sandboxed"])
    slower = _ratios(rates["ours_sandboxed"], rates["ours"][:SANDBOXED_ROUNDS])
    return {
        "ratio_to_noop": round(median(to_noop), 2),
        "ratio_to_naive": round(median(to_naive), 2),
        **asdict(costs["ours"]),
        "spread": {"to_noop": _spread(to_noop), "to_naive": _spread(to_naive)},
        "sandbox": False,
        "with_sandbox": {
            "ratio_to_noop": round(median(boxed), 2),
            "ratio_to_unsandboxed": round(median(slower), 2),
        },
        "cost": {name: asdict(cost) for name, cost in costs.items()},
        "cpu_ms_per_claim": cpu,
        "cpu_ratio": {
            "to_noop": _cpu_ratio(cpu["ours"], cpu["noop"]),
            "to_naive": _cpu_ratio(cpu["ours"], cpu["naive"]),
        },
        "claims_per_second": {n: round(median(r), 1) for n, r in rates.items()},
        "rounds": len(to_noop),
        "claims_per_round": measured["ours"][0].claims,
    }


def _ratios(ours: Sequence[float], other: Sequence[float]) -> list[float]:
    """Round by round: what slowed the one slowed the other."""
    return [mine / theirs for mine, theirs in zip(ours, other, strict=True)]


def _spread(ratios: Sequence[float]) -> list[float]:
    return [round(min(ratios), 2), round(max(ratios), 2)]


def _cpu(found: Sequence[Meter]) -> dict[str, float | None]:
    worker = [1000 * m.worker_cpu / m.claims for m in found]
    server = [1000 * m.server_cpu / m.claims for m in found if m.server_cpu is not None]
    return {
        "worker": round(median(worker), 1),
        "server": round(median(server), 1) if server else None,
    }


def _cpu_ratio(
    ours: dict[str, float | None], other: dict[str, float | None]
) -> float | None:
    """How many claims for the same CPU, server and worker together."""
    if ours["server"] is None or other["server"] is None:
        return None
    return round(
        sum(v or 0 for v in other.values()) / sum(v or 0 for v in ours.values()), 2
    )


def _words(report: dict[str, Any]) -> str:
    lines = [
        "A touchless claim, from import to closed:",
        f"  {report['ratio_to_noop']} of the no-op floor "
        f"(both in the sandbox: {report['with_sandbox']['ratio_to_noop']})",
        f"  {report['ratio_to_naive']} times the naive design",
        f"  {report['events']} events, {report['bytes']} bytes, "
        f"{report['actions']} billable actions",
        f"  {report['rounds']} interleaved rounds of {report['claims_per_round']}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.touchless",
        description="Measure what a touchless claim costs, beside no-op and naive.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--claims", type=int, default=100, help="per design and round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchless-") as folder:
        report = asyncio.run(measure(Path(folder), arguments.rounds, arguments.claims))
    print(json.dumps(report) if arguments.json else _words(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
