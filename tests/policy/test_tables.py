"""The tables behind the rules: versioned, whole, and the plan's own."""

from pathlib import Path

import pytest
import yaml

from claims.task import TaskType
from policy.tables import FOLDER, rows, table, version

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
PARTS = {
    "appeal_levels": ("ladders", "id"),
    "carc_actions": ("carcs", "code"),
    "claim_status_actions": ("categories", "code"),
    "plb_reasons": ("plb", "code"),
    "prompt_pay": ("rows", "id"),
    "rarc_hints": ("rarcs", "code"),
    "statement_policy": ("profiles", "id"),
    "timers": ("timers", "id"),
}
ACTIONS = {
    "post_contractual",
    "post_info_only",
    "bill_patient_or_next_payer",
    "correct_and_resubmit",
    "submit_new_claim",
    "send_documents",
    "appeal",
    "obtain_auth_then_appeal",
    "bill_other_payer",
    "verify_eligibility",
    "verify_duplicate",
    "find_related_claim",
    "enrollment_fix",
    "write_off_request",
    "wait",
    "hold_review",
    "post_adjustment",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_table_has_a_version_that_a_decision_can_cite(name: str) -> None:
    assert version(name) == f"{name}/{table(name)['version']}"
    assert isinstance(table(name)["version"], int)


@pytest.mark.parametrize("name", sorted(PARTS))
def test_no_key_is_in_a_table_twice(name: str) -> None:
    part, key = PARTS[name]
    assert len(rows(name, part, key)) == len(table(name)[part])


@pytest.mark.parametrize("name", NAMES)
def test_our_copy_of_a_table_is_the_plans(name: str, shared_dir: Path) -> None:
    folder = shared_dir / "domain" / "tables"
    said = next(p for p in (folder / f"{name}.yaml", folder / f"{name}.example.yaml")
                if p.exists())  # fmt: skip
    assert table(name) == yaml.safe_load(said.read_text())


def test_actions_and_tasks_of_the_reason_codes_are_known() -> None:
    for row in rows("carc_actions", "carcs", "code").values():
        assert row["action"] in ACTIONS
        assert row.get("pr_action", "hold_review") in ACTIONS
        assert row["default_task"] is None or TaskType(row["default_task"])
        assert row["amt"] in ("contractual", "patient", "open", "info")
        assert set(row["groups"]) <= {"CO", "PR", "OA", "PI"}


def test_actions_of_the_remark_codes_are_known() -> None:
    for row in rows("rarc_hints", "rarcs", "code").values():
        assert row["action_override"] is None or row["action_override"] in ACTIONS


def test_r_post_04_no_reason_outside_pr_is_the_patients() -> None:
    for row in rows("carc_actions", "carcs", "code").values():
        if row["amt"] == "patient":
            assert row["groups"] == ["PR"]
