"""The repository's Markdown files, read once."""

from pathlib import Path

import pytest

MADE_BY_TOOLS = {"build", "__pycache__"}


@pytest.fixture(scope="session")
def documents(repo_root: Path) -> dict[Path, str]:
    """Every Markdown file of the repository with its text."""
    found = {}
    for path in sorted(repo_root.rglob("*.md")):
        folders = path.relative_to(repo_root).parts[:-1]
        if not any(f.startswith(".") or f in MADE_BY_TOOLS for f in folders):
            found[path] = path.read_text()
    return found


@pytest.fixture(scope="session")
def architecture(repo_root: Path) -> str:
    """ARCHITECTURE.md."""
    return (repo_root / "ARCHITECTURE.md").read_text()
