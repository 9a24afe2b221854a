"""Every task of rulebook §15: role, days, decisions, forms (R-TSK-01, -03, -05)."""

import re
from pathlib import Path

import pytest

from claims.task import (
    TASKS,
    DecisionRefused,
    Role,
    TaskType,
    validate_decision,
)

_PEOPLE = re.compile(r"\b(clerk|coder|poster|supervisor)\b")


# --- rulebook §15 --------------------------------------------------------------------


def _rows(rulebook: Path) -> list[tuple[TaskType, str, str, str]]:
    """(type, decisions, role, SLA) of each type; cells of two types are split."""
    text = rulebook.read_text().split("\n## 15.")[1].split("\n## 16.")[0]
    table = [line for line in text.splitlines() if line.startswith("| ")]
    found = []
    for line in table[1:]:
        types, _, _, decisions, role, days = (c.strip() for c in line.split("|")[1:-1])
        names = types.split(" / ")
        for place, name in enumerate(names):
            found.append(
                (
                    TaskType(name),
                    _part(decisions, place, len(names)),
                    _part(role, place, len(names)),
                    _part(days, place, len(names)),
                )
            )
    return found


def _part(cell: str, place: int, count: int) -> str:
    """The cell's part for one of ``count`` types; one part stands for all."""
    parts = cell.split(" / ")
    assert len(parts) in (1, count), cell
    return parts[place] if len(parts) == count else parts[0]


def _decisions(cell: str) -> tuple[str, ...]:
    named = re.sub(r"\(.*?\)", "", cell).split(",")
    return tuple(part.strip().replace(" ", "_") for part in named)


@pytest.fixture(scope="session")
def rulebook_rows(shared_dir: Path) -> list[tuple[TaskType, str, str, str]]:
    return _rows(shared_dir / "domain" / "rulebook.md")


Rows = list[tuple[TaskType, str, str, str]]


def test_every_task_type_of_the_rulebook_has_a_spec(rulebook_rows: Rows) -> None:
    listed = [kind for kind, *_ in rulebook_rows]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(TASKS) == set(TaskType)


def test_decisions_are_those_of_the_rulebook(rulebook_rows: Rows) -> None:
    said = {kind: _decisions(cell) for kind, cell, _, _ in rulebook_rows}
    assert {kind: spec.decisions for kind, spec in TASKS.items()} == said


def test_roles_are_those_of_the_rulebook(rulebook_rows: Rows) -> None:
    said = {kind: _PEOPLE.findall(cell)[0] for kind, _, cell, _ in rulebook_rows}
    assert {kind: spec.role.value for kind, spec in TASKS.items()} == said


def test_days_are_those_of_the_rulebook(rulebook_rows: Rows) -> None:
    said = {kind: int(cell.split()[0]) for kind, _, _, cell in rulebook_rows}
    assert {kind: spec.sla_business_days for kind, spec in TASKS.items()} == said


def test_a_limit_in_calendar_days_is_the_rulebooks(rulebook_rows: Rows) -> None:
    limits = {
        kind: re.search(r"≤ (\d+) cd", cell) for kind, _, _, cell in rulebook_rows
    }
    said = {kind: int(found[1]) for kind, found in limits.items() if found}
    ours = {k: s.max_calendar_days for k, s in TASKS.items() if s.max_calendar_days}
    assert ours == said == {TaskType.PATIENT_DISPUTE: 30}


def test_four_eyes_are_where_the_rulebook_asks_for_them(rulebook_rows: Rows) -> None:
    said = {
        (kind, decision.split()[0])
        for kind, cell, _, _ in rulebook_rows
        for decision in cell.split(", ")
        if "(4-eyes)" in decision
    }
    ours = {(k, d) for k, s in TASKS.items() for d in s.two_person}
    assert said == {
        (TaskType.REMIT_REVIEW, "patient"),
        (TaskType.PLB_REVIEW, "patient"),
    }
    assert said <= ours


# --- the same without the rulebook ---------------------------------------------------

SNAPSHOT = """
ELIG_RESOLVE clerk 1 new_coverage_entered same_coverage_confirmed self_pay
AUTH_OBTAIN clerk 2 auth_requested not_required approved refused rescheduled
AUTH_FOLLOW_UP clerk 1 auth_requested not_required approved refused rescheduled
GFE_SEND clerk 1 sent not_applicable
DOC_QUERY coder 3 answered withdrawn
CODE_REVIEW coder 2 approved query
SCRUB_FIX coder 2 fixed override_warning send_back
ACK_MISSING clerk 1 resent found escalated
REJECT_FIX clerk 2 fixed void eligibility
LOST_CLAIM clerk 2 resend_as_original resend_as_original_with_proof found
STATUS_REVIEW clerk 5 wait_until call no_action
PAYER_REQUEST_DOCS clerk 5 sent not_available dispute_request
PATIENT_INFO_REQUEST clerk 5 sent not_available dispute_request
FOLLOW_UP_CALL clerk 20 in_process paid denied resend escalate
ERA_MISSING poster 4 resend_requested in_process_next_call manual_post
EFT_UNMATCHED poster 4 linked_to_era trace_opened other_account
ERA_UNBALANCED poster 1 replacement_requested
ERA_CONFLICT poster 1 keep_first keep_second_after_reversal
ERA_UNMATCHED_CLAIM poster 4 linked not_ours_return
REMIT_REVIEW poster 4 adjust deny_route patient payer_reprocesses line_chosen
PLB_REVIEW poster 4 adjust deny_route patient payer_reprocesses line_chosen
MANUAL_EOB_POST poster 4 posted unreadable
DENIAL_REVIEW clerk 10 correct_freq_7 new_claim documents appeal other_payer patient \
write_off
CORRECT_CLAIM clerk 10 corrected_freq_7 new_claim void
APPEAL_PREPARE clerk 10 sent waived
APPEAL_FOLLOW_UP clerk 5 wait_until resend
APPEAL_DECISION clerk 5 next_level stop_aic stop accept
COB_UPDATE clerk 5 new_order same_order no_answer
SECONDARY_REVIEW clerk 5 bill_secondary wait patient
UNDERPAYMENT_REVIEW clerk 10 dispute accept fix_table
WRITE_OFF_APPROVE supervisor 5 approved refused
REFUND_APPROVE supervisor 5 approved refused
CREDIT_REVIEW poster 10 refund move move_then_refund not_a_credit
RECOUPMENT_REVIEW poster 5 agree dispute
PATIENT_ADDRESS_FIX clerk 5 address_confirmed unreachable
PATIENT_QUESTION clerk 2 answered made_dispute
PATIENT_DISPUTE clerk 20 corrected upheld plan
HARDSHIP_REVIEW clerk 10 approved refused
PLAN_SETUP clerk 2 agreed
PLAN_DEFAULT clerk 5 resume_dunning new_plan hardship
COLLECTIONS_APPROVE supervisor 10 place hold write_off
FILING_DEADLINE clerk 1 submitted accepted waived_with_reason
DAILY_CLOSE_EXCEPTION poster 1 resolved carried_with_reason
ENROLLMENT_FIX clerk 10 fixed
PAYER_RULE_UPDATE supervisor 10 rule_added no_rule
"""


def test_task_specs_are_unchanged() -> None:
    ours = [
        " ".join((s.type, s.role, str(s.sla_business_days), *s.decisions))
        for s in TASKS.values()
    ]
    assert ours == SNAPSHOT.strip().splitlines()


def test_decisions_that_need_a_second_person() -> None:
    assert {(k, d, r) for k, s in TASKS.items() for d, r in s.two_person.items()} == {
        (TaskType.APPEAL_PREPARE, "sent", Role.SUPERVISOR),
        (TaskType.REMIT_REVIEW, "patient", Role.SUPERVISOR),
        (TaskType.PLB_REVIEW, "patient", Role.SUPERVISOR),
        (TaskType.PLB_REVIEW, "adjust", Role.SUPERVISOR),
        (TaskType.PLB_REVIEW, "line_chosen", Role.SUPERVISOR),
        (TaskType.RECOUPMENT_REVIEW, "agree", Role.SUPERVISOR),
        (TaskType.HARDSHIP_REVIEW, "approved", Role.SUPERVISOR),
        (TaskType.FILING_DEADLINE, "waived_with_reason", Role.SUPERVISOR),
    }


@pytest.mark.parametrize("kind", list(TaskType))
def test_what_a_spec_names_exists(kind: TaskType) -> None:
    spec = TASKS[kind]
    assert set(spec.two_person) <= set(spec.decisions)
    assert set(spec.required) <= set(spec.decisions)
    for names in spec.required.values():
        assert set(names) <= set(spec.form.model_fields)
    assert spec.title


# --- forms (R-TSK-03) ----------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TaskType))
def test_a_decision_of_another_task_is_refused(kind: TaskType) -> None:
    with pytest.raises(DecisionRefused, match="has no decision 'guess'") as refused:
        validate_decision(kind, "guess", {})
    assert all(name in str(refused.value) for name in TASKS[kind].decisions)


@pytest.mark.parametrize(
    ("kind", "decision", "field"),
    [
        (k, d, name)
        for k, s in TASKS.items()
        for d, names in s.required.items()
        for name in names
    ],
)
def test_a_required_field_left_out_is_named(
    kind: TaskType, decision: str, field: str
) -> None:
    values = dict.fromkeys(TASKS[kind].required[decision], "2026-04-01")
    assert validate_decision(kind, decision, values)

    del values[field]
    with pytest.raises(DecisionRefused, match=f"{decision} needs {field}") as refused:
        validate_decision(kind, decision, values)
    assert f"--set {field}=" in str(refused.value)


def test_a_call_needs_who_reference_and_answer_whatever_was_said() -> None:
    spec = TASKS[TaskType.FOLLOW_UP_CALL]
    assert set(spec.required) == set(spec.decisions)
    assert all(
        {"who", "reference", "answer"} <= set(names) for names in spec.required.values()
    )


def test_an_unknown_field_is_named_with_those_the_form_has() -> None:
    with pytest.raises(DecisionRefused, match="weather: unknown field") as refused:
        validate_decision(TaskType.GFE_SEND, "sent", {"weather": "rain"})
    assert "This form has: reason, note." in str(refused.value)


def test_several_fields_of_a_claim_can_be_changed_at_once() -> None:
    form = validate_decision(
        TaskType.CORRECT_CLAIM,
        "corrected_freq_7",
        {"change.2310A NM109": "1003000126", "change.2300 REF G1": "A1"},
    )
    assert form.model_dump()["changes"] == {
        "2310A NM109": "1003000126",
        "2300 REF G1": "A1",
    }


def test_a_change_is_no_field_of_a_form_without_claim_fields() -> None:
    with pytest.raises(DecisionRefused, match="unknown field"):
        validate_decision(TaskType.GFE_SEND, "sent", {"change.2300 HI": "I10"})


def test_a_value_of_the_wrong_kind_is_refused_without_repeating_it() -> None:
    values = {"auth_number": "A1", "units": "OKOYE"}
    with pytest.raises(DecisionRefused, match=r"^units: .*Nothing was stored") as no:
        validate_decision(TaskType.AUTH_OBTAIN, "approved", values)
    assert "OKOYE" not in str(no.value)


def test_text_becomes_the_fields_own_kind() -> None:
    form = validate_decision(
        TaskType.AUTH_OBTAIN,
        "approved",
        {"auth_number": "A1", "units": "2", "valid_to": "2026-06-30"},
    )
    assert form.model_dump(mode="json", exclude_defaults=True) == {
        "auth_number": "A1",
        "units": 2,
        "valid_to": "2026-06-30",
    }
