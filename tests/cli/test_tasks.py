"""``task list|show|decide``: two people, versions, roles; saved without a server."""

import json
from datetime import UTC, date, datetime

import pytest

from claims.task import TaskType
from records import claims, tasks
from records.tasks import NewTask

from .conftest import Desk


def open_task(
    desk: Desk, kind: TaskType, role: str, number: str = "HP260001", **more: object
) -> int:
    """A waiting task of a claim; its number."""
    office = desk.office()
    why = office.because(datetime(2026, 3, 3, 15, tzinfo=UTC), "R-TSK-01")
    with office.writing() as conn:
        row = claims.find(conn, number)
        assert row is not None
        task_id = tasks.open_task(
            conn,
            NewTask(
                key=f"{row.id}:{kind}",
                type=kind.value,
                workflow_id=f"claim-{row.id}",
                role=role,
                due_on=date(2026, 3, 5),
                rule="R-TSK-01",
                why="for a test",
                claim_id=row.id,
                payer_id=row.payer_id,
                amount_cents=12345,
                evidence={"carc": "CO-16", **more},
            ),
            why,
        )
        return int(tasks.get(conn, task_id)["number"])


@pytest.fixture
def review(desk: Desk) -> int:
    """A DENIAL_REVIEW for a clerk."""
    return open_task(desk, TaskType.DENIAL_REVIEW, "clerk")


@pytest.fixture
def signing(desk: Desk) -> int:
    """A REMIT_REVIEW whose *patient* needs two people."""
    return open_task(desk, TaskType.REMIT_REVIEW, "poster")


def decide(desk: Desk, number: int, *rest: str) -> tuple[int, str]:
    """Decide with these options: the exit code, and what was said."""
    said = desk("task", "decide", str(number), *rest)
    return said.code, said.out + said.err


def test_the_list_names_number_claim_and_due_date(desk: Desk, review: int) -> None:
    said = desk("task", "list")

    assert str(review) in said.out
    assert "DENIAL_REVIEW" in said.out
    assert "123.45" in said.out
    assert "late" in said.out
    assert f"task show {review}" in said.err
    assert "DENIAL" not in desk("task", "list", "--role", "poster").out
    assert desk("task", "list", "--type", "NONE").code == 2


def test_show_prints_the_command_to_type_next(desk: Desk, review: int) -> None:
    said = desk("task", "show", str(review))

    assert "for a test  (rule R-TSK-01)" in said.out
    assert "CO-16" in said.out
    assert "ask a supervisor to approve a write-off; needs reason" in said.out
    command = f"python starter.py task decide {review} --version 1 --decision"
    assert command in said.out


def test_the_printed_command_is_understood(desk: Desk, review: int) -> None:
    shown = desk("task", "show", str(review)).out
    line = next(x for x in shown.splitlines() if "starter.py task decide" in x)
    words = line.split("starter.py ")[1].replace("USER", "cleo").split()

    assert desk(*words).code == 0


def test_with_no_server_a_decision_is_saved(desk: Desk, review: int) -> None:
    code, words = decide(
        desk,
        review,
        *("--decision", "write_off", "--set", "reason=small", "--as", "sam"),
    )

    assert code == 0
    assert "Will be applied when processing resumes" in words
    with desk.office().reading() as conn:
        [saved] = tasks.undelivered(conn)
    assert saved["decision"] == "write_off"


def test_a_changed_task_is_five_and_nothing_is_stored(desk: Desk, review: int) -> None:
    order = ("--decision", "appeal", "--as", "cleo")
    assert decide(desk, review, "--version", "1", *order)[0] == 0
    code, words = decide(desk, review, "--version", "1", *order)

    assert code == 5
    assert "changed while you worked" in words
    with desk.office().reading() as conn:
        assert len(tasks.undelivered(conn)) == 1


def test_a_version_that_never_was_is_five(desk: Desk, review: int) -> None:
    order = ("--version", "7", "--decision", "appeal", "--as", "cleo")

    assert decide(desk, review, *order)[0] == 5


@pytest.mark.parametrize("who", ["olga", "audrey", "nobody"])
def test_who_may_not_decide_is_seven(desk: Desk, review: int, who: str) -> None:
    assert decide(desk, review, "--decision", "appeal", "--as", who)[0] == 7


def test_nobody_named_is_seven_unless_the_environment_names_one(
    desk: Desk, review: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert decide(desk, review, "--decision", "appeal")[0] == 7
    monkeypatch.setenv("CLAIMTHREAD_USER", "cleo")
    assert decide(desk, review, "--decision", "appeal")[0] == 0


def test_one_prepares_and_another_confirms(desk: Desk, signing: int) -> None:
    order = ("--decision", "patient", "--set", "line=1")
    first = decide(desk, signing, "--version", "1", *order, "--as", "cleo")
    same = decide(desk, signing, "--version", "2", *order, "--as", "cleo")
    wrong_role = decide(desk, signing, "--version", "2", *order, "--as", "cody")
    other = decide(
        desk, signing, "--version", "2", "--decision", "adjust", "--as", "sam"
    )
    second = decide(desk, signing, "--version", "2", *order, "--as", "sam")

    assert first[0] == 0
    assert "Another person (supervisor)" in first[1]
    assert (same[0], wrong_role[0], other[0]) == (7, 7, 6)
    assert second[0] == 0
    assert "saved" in second[1]


def test_a_prepared_task_says_who_prepared_it(desk: Desk, signing: int) -> None:
    decide(desk, signing, "--decision", "patient", "--as", "cleo")
    shown = desk("task", "show", str(signing)).out

    assert "cleo prepared patient" in shown
    assert f"task decide {signing} --version 2 --decision patient" in shown


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (("--decision", "bogus"), 6, "correct_freq_7"),
        (("--decision", "write_off"), 6, "needs reason"),
        (("--decision", "appeal", "--set", "colour=red"), 6, "colour"),
        (("--decision", "appeal", "--set", "novalue"), 2, "FIELD=VALUE"),
    ],
    ids=["no such decision", "field missing", "unknown field", "no value"],
)
def test_what_does_not_fit_the_form_is_refused(
    desk: Desk, review: int, given: tuple[str, ...], code: int, words: str
) -> None:
    found = decide(desk, review, *given, "--as", "cleo")

    assert found[0] == code
    assert words in found[1]
    with desk.office().reading() as conn:
        assert tasks.undelivered(conn) == []


def test_an_unknown_task_is_not_found(desk: Desk) -> None:
    assert desk("task", "show", "999").code == 4
    assert decide(desk, 999, "--decision", "appeal", "--as", "cleo")[0] == 4


def test_every_decision_says_what_it_does_in_its_own_words(
    desk: Desk, review: int
) -> None:
    shown = json.loads(desk("task", "show", str(review), "--json").out)

    assert shown["decisions"][0] == "correct_freq_7"
    assert shown["form"]["new_value"] == "what it should say"
    assert shown["version"] == 1
