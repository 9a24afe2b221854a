"""ARCHITECTURE.md says what is: its paths, packages, workflows and stages exist."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from activities.claims import RESOLVE
from activities.remittance import RESOLVE_FILE
from claims import messages
from claims.claim import ClaimState
from claims.task import WITHOUT_WORKFLOW, TaskType
from tests.scenarios.play import EVENTS
from worker import WORKFLOWS

CODE = re.compile(r"`([^`]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.*-]+)*/?")
FILE_ENDINGS = (".py", ".yaml", ".yml", ".md", ".j2", ".toml")


def section(text: str, title: str) -> str:
    """The text below a heading, up to the next one of its level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, f"there is no section {title}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in ``text``, headings left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {i - 1 for i, line in enumerate(lines) if set(line) <= set("|- ")}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for i, line in enumerate(lines)
        if i not in heads and i - 1 not in heads
    ]


def paths(text: str) -> list[str]:
    """What is written as code and looks like a path of the repository."""
    marked = [m for m in CODE.findall(text) if PATH.fullmatch(m)]
    return [m for m in marked if "/" in m or m.endswith(FILE_ENDINGS)]


def exists(root: Path, path: str) -> bool:
    """Whether the path, or something that its ``*`` stands for, is there."""
    return any(root.glob(path.rstrip("/")))


@pytest.fixture(scope="module")
def picture(architecture: str) -> list[str]:
    """The lines of the layer picture."""
    found = re.search(r"^```\n(.*?)^```", section(architecture, "Layers"), re.M | re.S)
    assert found is not None
    return found[1].splitlines()


@pytest.fixture(scope="module")
def linter(repo_root: Path) -> dict[str, Any]:
    """The import contracts."""
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text())
    found: dict[str, Any] = settings["tool"]["importlinter"]
    return found


def test_every_question_is_answered_by_paths_that_exist(
    architecture: str, repo_root: Path
) -> None:
    table = rows(section(architecture, "Where is…?"))
    assert len(table) >= 12
    for question, answer in table:
        assert paths(answer), question
        for path in paths(answer):
            assert exists(repo_root, path), f"{question} {path}"


def test_every_path_of_the_text_exists(architecture: str, repo_root: Path) -> None:
    missing = [p for p in paths(architecture) if not exists(repo_root, p)]
    assert missing == []


def test_a_path_that_does_not_exist_is_noticed(repo_root: Path) -> None:
    assert paths("`ledger/plug.py` and `--json`") == ["ledger/plug.py"]
    assert not exists(repo_root, "ledger/plug.py")


def test_every_top_level_package_is_in_the_picture(
    picture: list[str], repo_root: Path, linter: dict[str, Any]
) -> None:
    packages = {p.parent.name for p in repo_root.glob("*/__init__.py")}
    shown = {name for line in picture for name in re.findall(r"\b([a-z]+)/", line)}
    assert packages | set(linter["root_packages"]) <= shown


def test_the_picture_has_the_layers_of_the_import_contract(
    picture: list[str], linter: dict[str, Any]
) -> None:
    layers = next(c for c in linter["contracts"] if c["type"] == "layers")["layers"]
    where = []
    for layer in layers:
        names = [f"{name.strip()}/" for name in layer.split("|")]
        found = [
            n for n, line in enumerate(picture) if line.split()[: len(names)] == names
        ]
        assert len(found) == 1, layer
        where += found
    assert all(above < below for above, below in pairwise(where))


def test_the_table_of_workflows_is_that_of_the_worker(architecture: str) -> None:
    table = {row[0].strip("`") for row in rows(section(architecture, "Workflows"))}
    assert table == {kind.__name__ for kind in WORKFLOWS}


def test_messages_names_the_workflows_of_the_worker() -> None:
    names = {
        value
        for name, value in vars(messages).items()
        if name.isupper() and isinstance(value, str) and value.endswith("Workflow")
    }
    assert names == {
        kind.__temporal_workflow_definition.name  # type: ignore[attr-defined] # the SDK's own mark
        for kind in WORKFLOWS
    }


def test_the_ids_of_the_table_are_those_of_messages(architecture: str) -> None:
    ids = {
        row[0].strip("`"): CODE.findall(row[1])
        for row in rows(section(architecture, "Workflows"))
    }
    assert ids["ClaimWorkflow"] == [messages.claim_workflow_id("<uuid>")]
    assert ids["AppealWorkflow"] == [messages.appeal_workflow_id("<uuid>")]
    assert ids["PatientAccountWorkflow"] == [messages.account_workflow_id("<uuid>")]
    sweeps = [*ids["SubmitBatchWorkflow"], *ids["ReceiveFilesWorkflow"]]
    for example in [*sweeps, *ids["InquiryBatchWorkflow"]]:
        real = re.sub(r"<(payer|partner)>", "P-X", example)
        real = real.replace("<time>", "2026-03-03T23:00:00Z")
        assert messages.Sweep.from_workflow_id(real).partner == "P-X"


def test_every_state_belongs_to_one_stage(architecture: str) -> None:
    table = rows(section(architecture, "The life of a claim"))
    states = [s.strip() for row in table for s in row[1].split(",") if s.strip()]
    assert sorted(states) == sorted(state.value for state in ClaimState)


def test_the_stages_are_those_of_the_claim_in_its_order(
    architecture: str, repo_root: Path
) -> None:
    stages = [
        row[0].strip("`")
        for row in rows(section(architecture, "The life of a claim"))
        if row[0].startswith("`")
    ]
    source = (repo_root / "workflows" / "claim.py").read_text()
    walked = re.findall(r"await (\w+)\(life\)", source)
    assert [*walked[1:], walked[0]] == stages, "close comes last in the table"


def bullet(text: str, start: str) -> str:
    """One point of a list, by the words it begins with."""
    found = re.search(rf"^- \*\*{re.escape(start)}.*?(?=^- |\Z)", text, re.M | re.S)
    assert found is not None, f"there is no point {start}"
    return found[0]


def test_tasks_that_nothing_carries_out_are_named(architecture: str) -> None:
    missing = bullet(section(architecture, "Not there yet"), "Task types")
    named = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", missing))
    carried_out = set(RESOLVE) | set(RESOLVE_FILE) | WITHOUT_WORKFLOW
    assert named == {kind.value for kind in set(TaskType) - carried_out}


def test_events_that_are_not_played_are_named(architecture: str) -> None:
    missing = bullet(section(architecture, "Not there yet"), "Payment plans")
    named = [name for name in CODE.findall(missing) if "/" not in name]
    assert len(named) == 4
    assert set(named).isdisjoint(EVENTS)
