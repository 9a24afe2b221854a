"""The sample files with their oracles: ours from the repository, others from
shared/."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parent.parent / "data" / "edi"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples" / "x12"


@dataclass(frozen=True)
class Sample:
    """One file of a MANIFEST."""

    name: str
    transaction: str
    version: str
    path: Path
    oracle: dict[str, Any]

    @property
    def content(self) -> bytes:
        """The bytes; the test is skipped where the planning material is absent."""
        return self.path.read_bytes()


def manifest(folder: Path) -> list[Sample]:
    table = folder / "MANIFEST.tsv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Sample(
            *(r["file"], r["transaction"], r["version"]),
            *(folder / r["file"], json.loads(r["oracle"])),
        )
        for r in rows
    ]


OURS = manifest(DATA)
OTHERS = [s for s in manifest(SHARED) if not s.name.startswith("synthetic/")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``sample`` runs over every file of the transactions a test is marked with."""
    if "sample" not in metafunc.fixturenames:
        return
    wanted = set(getattr(metafunc.function, "transactions", ()))
    found = [s for s in OURS + OTHERS if not wanted or s.transaction in wanted]
    params = [pytest.param(s, id=s.name) for s in found]
    if not OTHERS:
        params.append(pytest.param(None, id="published-samples"))
    metafunc.parametrize("sample_or_none", params)


@pytest.fixture
def sample(sample_or_none: Sample | None, missing: Callable[[str], Any]) -> Sample:
    """One file with its oracle."""
    if sample_or_none is None:
        missing("The published samples (shared/samples/x12) are not here.")
        raise AssertionError
    return sample_or_none


@pytest.fixture(scope="session")
def ours() -> dict[str, bytes]:
    """Our own synthetic files by their short name: ``a1``, ``b13`` …"""
    return {s.path.name.split("_")[0]: s.content for s in OURS}
