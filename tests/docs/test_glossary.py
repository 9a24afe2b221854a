"""The glossary explains words that the code uses, and the files it exchanges."""

import re
from pathlib import Path

import pytest

from edi.segments import FileKind

ENDINGS = {".py", ".yaml", ".yml", ".toml", ".j2", ".typ"}
NOT_CODE = {"tests", "docs", "build"}


@pytest.fixture(scope="module")
def terms(repo_root: Path) -> list[str]:
    """Every term, one that has two names as two."""
    text = (repo_root / "docs" / "glossary.md").read_text()
    cells = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", text, re.M)
    return [t for c in cells if c != "term" and set(c) != {"-"} for t in c.split(" / ")]


@pytest.fixture(scope="module")
def code(repo_root: Path) -> str:
    """Every file that runs or is read by what runs, in lower case."""
    files = [
        path
        for path in repo_root.rglob("*")
        if path.suffix in ENDINGS
        and not any(
            part.startswith(".") or part in NOT_CODE
            for part in path.relative_to(repo_root).parts
        )
    ]
    return "\n".join(path.read_text() for path in files).lower()


def occurs(term: str, code: str) -> bool:
    """Whether a term stands in the code as a word; PracticeClock counts as two."""
    words = r"[\s_-]*".join(re.escape(word) for word in term.lower().split())
    return re.search(rf"(?<![a-z0-9]){words}", code) is not None


def test_every_term_occurs_in_the_code(terms: list[str], code: str) -> None:
    assert len(terms) > 100
    assert [term for term in terms if not occurs(term, code)] == []


def test_a_word_that_nobody_uses_is_noticed(code: str) -> None:
    assert not occurs("plug account", code)
    assert occurs("practice clock", "class practiceclock")


def test_a_term_is_explained_once(terms: list[str]) -> None:
    assert sorted(t for t in terms if terms.count(t) > 1) == []


def test_every_kind_of_file_is_explained(terms: list[str]) -> None:
    assert {kind.value for kind in FileKind} - {FileKind.UNKNOWN} <= set(terms)
