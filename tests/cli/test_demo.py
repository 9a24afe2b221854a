"""The demo's parts that need no server; tests/e2e/test_demo.py runs it whole."""

from pathlib import Path

import pytest
import yaml

from claims.task import TASKS, validate_decision
from cli import demo, demo_report
from cli.people import Answer, Script
from policy.tasks import may_decide
from records import users
from settings import Settings, load
from wiring import open_office_offline, prepare

SCRIPT = Script.load(demo.SAMPLES / "people.yaml")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"CLAIMTHREAD_DATA_DIR": str(tmp_path / "data")})


def _kind(settings: Settings, kind: str) -> None:
    prepare(settings)
    office = open_office_offline(settings)
    with office.writing() as conn:
        users.set_fact(conn, "kind", kind)
    office.db.close()


def test_an_installation_that_is_no_demo_is_never_cleared(settings: Settings) -> None:
    _kind(settings, "production")

    with pytest.raises(demo.DemoError, match="Nothing was changed"):
        demo.clear(settings)
    assert (settings.data_dir / "claimthread.db").exists()


def test_the_last_demo_is_cleared_but_its_keys_stay(settings: Settings) -> None:
    _kind(settings, "demo")

    demo.clear(settings)

    assert [p.name for p in settings.data_dir.iterdir()] == ["keys.json"]


def test_a_first_demo_has_nothing_to_clear(settings: Settings) -> None:
    demo.clear(settings)

    assert not settings.data_dir.exists()


def test_a_slow_import_makes_practice_days_longer_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quickest, slowest = demo.SECONDS_PER_DAY
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))

    assert demo.pace(0.0) == quickest
    assert quickest < demo.pace(demo.IMPORT_SECONDS * 1.2) < slowest
    assert demo.pace(60.0) == slowest
    monkeypatch.setattr("os.getloadavg", lambda: (64.0, 0.0, 0.0))
    assert demo.pace(0.0) == slowest


@pytest.mark.parametrize(
    "answer", SCRIPT.decisions, ids=lambda a: f"{a.task} {a.claim}"
)
def test_what_the_script_decides_is_a_decision_its_people_may_give(
    answer: Answer,
) -> None:
    roles = {person.name: person.roles for person in SCRIPT.users}
    spec = TASKS[answer.task]
    form = dict(answer.form)
    if answer.wait_days:
        form["next_date"] = "2026-02-02"

    validate_decision(answer.task, answer.decision, form)
    assert may_decide(roles[answer.by], answer.task, answer.decision, second=False)
    if answer.second:
        assert answer.decision in spec.two_person
        assert answer.second != answer.by
        assert may_decide(
            roles[answer.second], answer.task, answer.decision, second=True
        )


def test_the_readme_of_the_samples_names_every_claim_of_the_script() -> None:
    text = (demo.SAMPLES / "README.md").read_text()
    named = {a.claim for a in SCRIPT.decisions if a.claim}

    assert named == {claim for claim in named if claim in text}


def test_fates_name_members_once() -> None:
    text = (demo.SAMPLES / "fates.yaml").read_text()
    members = yaml.safe_load(text)["members"]

    assert all(text.count(f"  {member}:") >= 1 for member in members)
    assert text.count("front_door:") >= 3


FOUND = {
    "days": 45,
    "practice_date": "2026-05-12",
    "claims": 2,
    "claims_by_outcome": {"Closed: paid": 2},
    "billed": "12345.60",
    "paid": "10000.00",
    "adjusted": "2000.00",
    "patient_paid": "300.00",
    "written_off": "0.00",
    "open": "45.60",
    "tasks_open": {},
    "tasks_overdue": 0,
    "letters": {"STMT_1": 1},
    "remittances": {"posted": 3},
    "corrections": [
        {"day": "2026-03-18", "about": "HP260012", "what": "The payer took back $20.00"}
    ],
    "next_steps": [],
}


def test_the_table_shows_every_figure(settings: Settings) -> None:
    shown = demo_report.table(FOUND, settings, 61.4, ("http://desk.test", "word"))

    for words in (
        "12,345.60",
        "10,000.00",
        "45.60",
        "STMT_1",
        "HP260012",
        "took back $20.00",
        "for 45 days in 61 s",
        "make stop",
        "http://desk.test",
    ):
        assert words in shown
    assert "Tasks waiting (0)\n    none" in shown
