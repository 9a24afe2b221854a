"""``docs/files.md`` names each column of each file of rows, and which are required."""

import re
from pathlib import Path

import pytest

from activities.csv_rows import KINDS

HEADS = {
    "CLAIMS": "## Claims: ",
    "COVERAGES": "## Patients' other plans: ",
    "EOB": "## Paper remittances: ",
    "DEPOSITS": "- **Deposits**",
    "PAYMENTS": "- **Patient payments**",
    "REFUNDS": "- **Refunds that were sent**",
    "AUTHORIZATIONS": "- **Authorizations**",
    "APPEAL_DECISIONS": "- **Answers to appeals**",
}
_NAME = re.compile(r"`([a-z][a-z0-9_]*)(\*?)`")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_every_column_and_which_are_required(
    kind: str, repo_root: Path
) -> None:
    text = (repo_root / "docs" / "files.md").read_text()
    part = re.split(r"\n(?:## |- )", text.split(HEADS[kind])[1])[0]
    fields = KINDS[kind].model_fields
    named = {name: bool(star) for name, star in _NAME.findall(part) if name in fields}

    required = {name: field.is_required() for name, field in fields.items()}
    said = _NAME.findall(part)
    assert named.keys() == required.keys()
    assert {name for name, star in said if star} == {
        name for name, needed in required.items() if needed
    }
