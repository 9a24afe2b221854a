"""The versioned tables behind the rules; a ``Decision`` names the version it used."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "tables"


@cache
def table(name: str) -> dict[str, Any]:
    """One table as read from YAML; data wins over prose (rulebook, preface)."""
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return loaded


@cache
def rows(name: str, part: str, key: str) -> dict[str, dict[str, Any]]:
    """The rows of ``part`` of a table by their ``key``."""
    return {str(row[key]): row for row in table(name)[part]}


def version(name: str) -> str:
    """``carc_actions/1``: what a decision cites."""
    return f"{name}/{table(name)['version']}"
