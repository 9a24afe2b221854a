"""Decision records have one form; dependencies and locks are as they say."""

import re
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest

from tests.docs.test_architecture import rows, section

SECTIONS = ["Context", "Decision", "Consequences"]
ALLOWED = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|LGPL|MPL|Mozilla|EPL"
)
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)( ; [^\\]+)? \\$")


def plain(name: str) -> str:
    """A distribution's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(path: Path) -> set[str]:
    """The names in an ``.in`` file."""
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    names = [re.match(r"[A-Za-z0-9._-]+", line) for line in lines]
    return {plain(m[0]) for m in names if m and not m[0].startswith("-")}


def pins(path: Path) -> set[tuple[str, str]]:
    """Name and version of every pin of a lock."""
    found = (PIN.match(line) for line in path.read_text().splitlines())
    return {(plain(m[1]), m[2]) for m in found if m}


def licence(name: str) -> str:
    """What an installed distribution says its licence is."""
    about = metadata.metadata(name)
    said = list(about.get_all("License-Expression") or [])
    said += [text[:60] for text in about.get_all("License") or []]
    said += [c for c in about.get_all("Classifier") or [] if "License" in c]
    for file in metadata.files(name) or []:
        if not said and file.name.startswith("LICENSE"):
            said.append(str(file.read_text())[:60])
    return " ".join(said)


@pytest.fixture(scope="module")
def records(repo_root: Path) -> list[Path]:
    """Every decision record, by number."""
    return sorted((repo_root / "docs" / "decisions").glob("*.md"))


@pytest.fixture(scope="module")
def reasons(repo_root: Path) -> dict[str, str]:
    """The licence that 0005 gives for each dependency."""
    text = (repo_root / "docs" / "decisions" / "0005-dependencies.md").read_text()
    return {plain(row[0]): row[3] for row in rows(section(text, "Decision"))}


def test_every_record_has_the_form(records: list[Path]) -> None:
    for path in records:
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert re.search(r"^Status: (accepted|superseded by \d{4}), ", text, re.M)
        parts = re.findall(r"^## (.+)$", text, re.M)
        assert [p for p in parts if p != "Alternatives"] == SECTIONS, path.name


def test_numbers_are_used_once_and_the_index_has_all(
    records: list[Path], repo_root: Path
) -> None:
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers)
    index = (repo_root / "docs" / "README.md").read_text()
    assert [p.name for p in records if f"(decisions/{p.name})" not in index] == []


def test_the_index_has_every_document(repo_root: Path) -> None:
    folder = repo_root / "docs"
    index = (folder / "README.md").read_text()
    others = [p.name for p in folder.glob("*.md") if p.name != "README.md"]
    assert [name for name in others if f"({name})" not in index] == []


def test_every_dependency_has_its_line(
    reasons: dict[str, str], repo_root: Path
) -> None:
    names = wanted(repo_root / "requirements.in")
    names |= wanted(repo_root / "requirements-dev.in")
    assert set(reasons) == names


def test_the_licences_are_those_of_the_distributions(reasons: dict[str, str]) -> None:
    installed = {plain(d.metadata["Name"]) for d in metadata.distributions()}
    for name in sorted(set(reasons) & installed):
        for said in reasons[name].split(" or "):
            family = said.split("-")[0]
            assert family in licence(name), f"{name}: {licence(name)}"
    assert {"temporalio", "cryptography", "psycopg"} <= installed


def test_everything_that_runs_has_a_licence_we_accept(repo_root: Path) -> None:
    installed = {plain(d.metadata["Name"]) for d in metadata.distributions()}
    names = {name for name, _ in pins(repo_root / "requirements.lock")}
    refused = {
        n: licence(n) for n in names & installed if not ALLOWED.search(licence(n))
    }
    assert refused == {}


def test_the_locks_hold_every_dependency_and_agree(repo_root: Path) -> None:
    runtime = pins(repo_root / "requirements.lock")
    everything = pins(repo_root / "requirements-dev.lock")
    assert runtime <= everything
    assert wanted(repo_root / "requirements.in") <= {name for name, _ in runtime}
    dev = wanted(repo_root / "requirements-dev.in")
    assert dev <= {name for name, _ in everything}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_holds_pins_with_hashes_and_no_address(
    name: str, repo_root: Path
) -> None:
    lines = (repo_root / name).read_text().splitlines()
    for number, line in enumerate(lines, 1):
        known = line.startswith(("    --hash=sha256:", "    # ")) or PIN.match(line)
        assert known, f"{name}:{number}: {line}"
        assert "://" not in line, f"{name}:{number}"
    for line, below in pairwise(lines):
        if PIN.match(line):
            assert below.startswith("    --hash=sha256:"), line
