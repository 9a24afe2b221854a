"""``python -m tests.scenarios PATH… [--json]``: play scenario files, exit 1 on a
failure."""

import argparse
import asyncio
import json
import logging
import sys
import traceback
from pathlib import Path

from tests.scenarios.play import play
from tests.scenarios.watch import SDK


def files_of(paths: list[str]) -> list[Path]:
    """The YAML files named, and those of the folders named."""
    found: list[Path] = []
    for text in paths:
        path = Path(text)
        found += sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    return found


def run_one(path: Path, *, show: bool) -> dict[str, object]:
    """Play one file; what came of it."""
    name = path.stem.split("_")[0].upper()
    try:
        asyncio.run(play(path))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the difference
        if show:
            traceback.print_exc()
        words = f"{type(error).__name__}: {error}".replace("Difference: ", "")
        return {"id": name, "ok": False, "first_difference": words}
    return {"id": name, "ok": True, "first_difference": None}


def main() -> int:
    """Play every file named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.scenarios")
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--trace", action="store_true", help="show where it failed")
    arguments = parser.parse_args()
    logging.getLogger(SDK).propagate = arguments.trace
    results = []
    for path in files_of(arguments.paths):
        result = run_one(path, show=arguments.trace)
        results.append(result)
        if not arguments.json:
            said = "ok" if result["ok"] else result["first_difference"]
            sys.stdout.write(f"{result['id']}  {said}\n")
            sys.stdout.flush()
    failed = sum(not r["ok"] for r in results)
    summary = {"passed": len(results) - failed, "failed": failed, "files": results}
    if arguments.json:
        sys.stdout.write(json.dumps(summary) + "\n")
    else:
        sys.stdout.write(f"{len(results) - failed} passed, {failed} failed\n")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    raise SystemExit(main())
