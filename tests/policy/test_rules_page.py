"""docs/rules.md is what the code says, rule by rule."""

import re
from pathlib import Path

import pytest

from policy import rules_page
from policy.rule_words import ACTION_WORDS, RULE_WORDS
from policy.rules_page import PAGE, RULE, SOURCES, cited_rules, page
from policy.scrub import EDITS
from policy.step_rules import STEP_RULE_WORDS, text_of
from policy.tables import rows, table

PROGRAM = (
    *("activities", "claims", "cli", "desk", "edi", "exchange", "ledger", "letters"),
    *("payers", "policy", "records", "vault", "workflows"),
)


def cited() -> set[str]:
    found: set[str] = set()
    for folder in SOURCES:
        for path in (rules_page.ROOT / folder).glob("*.py"):
            if path.stem not in ("rules_page", "rule_words", "step_rules"):
                found |= set(cited_rules(path.read_text()))
    return found


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text() == page(), "Run: python -m policy.rules_page"


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_page, "PAGE", tmp_path / "rules.md")
    rules_page.main()
    assert (tmp_path / "rules.md").read_text() == page()


def test_every_rule_that_code_cites_is_explained_and_no_other() -> None:
    assert cited() == set(RULE_WORDS)


def test_every_rule_that_the_program_cites_has_words_once() -> None:
    sources = [
        p for folder in PROGRAM for p in (rules_page.ROOT / folder).rglob("*.py")
    ]
    program = {rule for path in sources for rule in cited_rules(path.read_text())}
    assert set(STEP_RULE_WORDS) == program - set(RULE_WORDS)
    assert [rule for rule in program if not text_of(rule)] == []


def test_a_number_that_no_rule_has_has_no_words() -> None:
    assert text_of("R-DEN-99") is None


def test_every_rule_that_has_words_is_in_the_rulebook(shared_dir: Path) -> None:
    rulebook = (shared_dir / "domain" / "rulebook.md").read_text()
    known = set(re.findall(r"\*\*(R-[A-Z]+-\d\d)\*\*", rulebook))
    assert set(RULE_WORDS) | set(STEP_RULE_WORDS) <= known


def test_no_rule_is_cited_in_short_as_if_it_were_a_number() -> None:
    for folder in SOURCES:
        for path in (rules_page.ROOT / folder).glob("*.py"):
            assert not re.search(r"R-[A-Z]{3,4}-\d\d(,? to|,) -\d\d", path.read_text())


def test_every_action_of_the_tables_has_words_and_no_other_is_explained() -> None:
    used = {row["action"] for row in rows("carc_actions", "carcs", "code").values()}
    used |= {
        row["action_override"] for row in rows("rarc_hints", "rarcs", "code").values()
    }
    used |= {"bill_patient_or_next_payer", "write_off_request"}
    assert used - {None} == set(ACTION_WORDS)


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("## Edits", list(EDITS)),
        ("## Reason codes", list(rows("carc_actions", "carcs", "code"))),
        ("## Remark codes", list(rows("rarc_hints", "rarcs", "code"))),
        ("## Clocks", [row["id"] for row in table("timers")["timers"]]),
        (
            "## Status categories",
            list(rows("claim_status_actions", "categories", "code")),
        ),
    ],
)
def test_each_row_of_a_table_is_one_row_of_the_page(
    heading: str, keys: list[str]
) -> None:
    section = page().split(f"\n{heading}")[1].split("\n## ")[0]
    first_cells = re.findall(r"^\| (\S+) \|", section, re.MULTILINE)
    assert first_cells[2:] == keys


def test_the_rows_of_a_grid_have_as_many_cells_as_its_head() -> None:
    width = 0
    for line in page().splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert cells == width or 0 in (cells, width)
        width = cells


def test_each_module_shows_its_tables_with_their_version() -> None:
    section = page().split("### `policy/appeal.py`")[1].split("\n### ")[0]
    assert "`appeal_levels/1`" in section
    assert "`carc_actions/1`" in section
    assert "**R-APP-02**" in section
    assert RULE.findall(section)
