"""README shows what the demo really prints: its form, and figures that add up."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cli.demo_report import table
from settings import Settings

SHOWN = re.compile(r"<!-- demo output: begin.*?```\n(.*?)^```", re.S | re.M)
AMOUNTS = ("paid", "adjusted", "patient_paid", "written_off", "open")
HEADINGS = (
    "Claims by outcome",
    "Dollars (billed is the sum of the others)",
    "Letters written",
    "Remittances",
    "Taken back, or not posted as it came",
    "Next dated steps",
)


def figures(text: str, heading: str) -> dict[str, Decimal]:
    """The rows of one part of the table: what is counted, and how much."""
    part = text.split(f"  {heading}", 1)[1].split("\n\n", 1)[0]
    found = re.findall(r"^    (\S.*?) {2,}([\d,.]+)$", part, re.M)
    return {label: Decimal(number.replace(",", "")) for label, number in found}


def faults(text: str) -> list[str]:
    """What keeps ``text`` from being the output of a demo."""
    missing = [heading for heading in HEADINGS if f"  {heading}\n" not in text]
    if missing:
        return missing
    claims = re.search(r"^Practice day \S+: (\d+) claims followed", text, re.M)
    counted = sum(figures(text, "Claims by outcome").values())
    billed, *others = figures(text, HEADINGS[1]).values()
    wrong = []
    if claims is None or int(claims[1]) != counted:
        wrong.append(f"the outcomes are of {counted} claims")
    if len(others) != len(AMOUNTS) or billed != sum(others):
        wrong.append(f"{billed} billed is not the sum of {others}")
    return wrong


def report(*, billed: str, claims: int) -> str:
    """A demo's table, made by the code that makes it."""
    counts = {"Closed: paid": 2, "With payer": 1}
    found = {
        "days": 120,
        "practice_date": "2026-05-12",
        "claims": claims,
        "claims_by_outcome": counts,
        "billed": billed,
        **dict.fromkeys(AMOUNTS, "1200.50"),
        "tasks_open": {"DENIAL_REVIEW": 1},
        "tasks_overdue": 0,
        "letters": {"STMT_1 sent": 2},
        "remittances": {"posted": 1},
        "corrections": [],
        "next_steps": [],
    }
    return table(found, Settings(), 60.0, ("http://desk.test", "word"))


@pytest.fixture(scope="module")
def readme(repo_root: Path) -> str:
    """README.md."""
    return (repo_root / "README.md").read_text()


def test_readme_shows_what_a_demo_prints(readme: str) -> None:
    shown = SHOWN.search(readme)
    assert shown is not None, "README has no block with the demo's output"
    assert faults(shown[1]) == []


def test_output_that_does_not_add_up_is_noticed() -> None:
    assert faults(report(billed="6002.50", claims=3)) == []
    assert len(faults(report(billed="6002.51", claims=3))) == 1
    assert len(faults(report(billed="6002.50", claims=4))) == 1
    assert faults("OUTPUT\n") == list(HEADINGS)


def test_readme_says_what_it_is_for_whom_on_its_first_screen(readme: str) -> None:
    screen = "\n".join(readme.splitlines()[:40])
    for words in ("clerks", "operations", "auditors", "make demo"):
        assert words in screen
