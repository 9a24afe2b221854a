"""A decision is checked, then stored once, whoever else decides at that moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from activities import tasks as deciding
from activities.office import Office
from activities.tasks import ChangedError, NotPermittedError, decide
from claims.task import DecisionRefused, TaskType
from records import tasks, users
from records.events import Because
from records.tables import decision
from tests.activities.conftest import open_office

WORDS = "The approval of Quixzelworth is enclosed"


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """The practice's people, and a server that is away."""
    made = open_office(tmp_path, repo_root, database_url)
    with made.writing() as conn:
        for name, role in (
            ("cleo", "clerk"),
            ("cora", "clerk"),
            ("saul", "supervisor"),
            ("pia", "poster"),
        ):
            users.put_user(
                conn, users.User(name=name, display_name=name.title(), roles=(role,))
            )
        gone = users.User(
            name="gone", display_name="Gone", roles=("clerk",), active=False
        )
        users.put_user(conn, gone)
    yield made
    made.db.close()


def open_task(office: Office, why: Because, kind: TaskType) -> Any:
    """A task about nothing in particular."""
    with office.writing() as conn:
        task_id = tasks.open_task(
            conn,
            tasks.NewTask(
                key=f"test:{kind}",
                type=kind.value,
                workflow_id="claim-none",
                role="clerk",
                due_on=date(2026, 6, 20),
                rule="R-TSK-01",
                why="a test asks",
            ),
            why,
        )
        return tasks.get(conn, task_id)


async def give(office: Office, why: Because, row: Any, actor: str, **more: Any) -> str:
    """Decide a task; how it ended."""
    given = {"version": row["version"], "decision": "appeal", "form": {}} | more
    outcome = await decide(office, row["id"], why=replace(why, actor=actor), **given)
    return outcome.status


def stored(office: Office) -> int:
    """How many decisions are on file."""
    with office.reading() as conn:
        return int(
            conn.execute(select(func.count()).select_from(decision)).scalar_one()
        )


def again(office: Office, row: Any) -> Any:
    """The task as it is now."""
    with office.reading() as conn:
        return tasks.get(conn, row["id"])


async def test_a_decision_is_stored_sealed(office: Office, why: Because) -> None:
    row = open_task(office, why, TaskType.DENIAL_REVIEW)
    assert await give(office, why, row, "cleo", form={"evidence": WORDS}) == "saved"
    assert again(office, row)["status"] == "saved"
    with office.reading() as conn:
        kept = conn.execute(select(decision)).mappings().one()
    assert WORDS.encode() not in bytes(kept["form_enc"])
    assert deciding.form_of(office, kept)["evidence"] == WORDS


@pytest.mark.parametrize(
    ("actor", "more", "refusal"),
    [
        ("nobody", {}, NotPermittedError),
        ("gone", {}, NotPermittedError),
        ("pia", {}, NotPermittedError),
        ("cleo", {"version": 7}, ChangedError),
        ("cleo", {"decision": "shrug"}, DecisionRefused),
        ("cleo", {"decision": "write_off"}, DecisionRefused),
        ("cleo", {"form": {"colour": "red"}}, DecisionRefused),
    ],
    ids=["unknown", "inactive", "role", "version", "decision", "missing", "field"],
)
async def test_what_is_refused_leaves_nothing_behind(
    office: Office,
    why: Because,
    actor: str,
    more: dict[str, Any],
    refusal: type[Exception],
) -> None:
    row = open_task(office, why, TaskType.DENIAL_REVIEW)
    with pytest.raises(refusal, match=r"Nothing was stored|Not applied"):
        await give(office, why, row, actor, **more)
    assert again(office, row) == row
    assert stored(office) == 0


async def test_a_letter_needs_two_people(office: Office, why: Because) -> None:
    row = open_task(office, why, TaskType.APPEAL_PREPARE)
    assert await give(office, why, row, "cleo", decision="sent") == "prepared"
    row = again(office, row)
    with pytest.raises(NotPermittedError, match="another person"):
        await give(office, why, row, "cleo", decision="sent")
    with pytest.raises(NotPermittedError, match="supervisor"):
        await give(office, why, row, "cora", decision="sent")
    other = {"decision": "waived", "form": {"reason": "late"}}
    with pytest.raises(DecisionRefused, match="confirms that one"):
        await give(office, why, row, "saul", **other)
    assert await give(office, why, row, "saul", decision="sent") == "saved"
    assert again(office, row)["prepared_by"] == "cleo"


async def test_of_many_at_once_one_is_stored(office: Office, why: Because) -> None:
    """SQL has the last word: nobody's decision overwrites another's (R-TSK-03)."""
    row = open_task(office, why, TaskType.DENIAL_REVIEW)

    def one(actor: str) -> str:
        try:
            deciding._store(
                office, row["id"], 1, "appeal", {}, replace(why, actor=actor)
            )
        except ChangedError as changed:
            return f"changed {changed.version}"
        return "stored"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(one, ["cleo", "cora"] * 8))
    assert said.count("stored") == 1
    assert stored(office) == 1
    assert set(said) <= {"stored", "changed 1", "changed 2"}
