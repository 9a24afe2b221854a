"""R-ACK-03 and R-FUP-01: the status category decides."""

import pytest

from claims.task import TaskType
from policy.status import decide, hint
from policy.tables import rows

CATEGORIES = rows("claim_status_actions", "categories", "code")


@pytest.mark.parametrize(
    ("category", "action"),
    [
        ("A0", "wait"),
        ("A1", "wait"),
        ("A2", "mark_accepted"),
        ("A3", "reject_fix"),
        ("A4", "lost_claim"),
        ("A5", "mark_accepted"),
        ("A6", "reject_fix"),
        ("A7", "reject_fix"),
        ("A8", "reject_fix"),
        ("E4", "status_review"),
    ],
)
def test_r_ack_03_a_277ca_category_decides(category: str, action: str) -> None:
    decision = decide(category, seen_in="277CA")
    assert (decision.action, decision.rule) == (action, "R-ACK-03")
    assert decision.evidence == (category,)
    assert decision.table == "claim_status_actions/1"


@pytest.mark.parametrize(
    "category", sorted(c for c in CATEGORIES if c[0] in "DFPRX" or c == "E0")
)
def test_r_ack_03_what_only_a_277_may_say_is_reviewed_in_a_277ca(
    category: str,
) -> None:
    in_ack = decide(category, seen_in="277CA")
    in_status = decide(category, seen_in="277")
    assert (in_ack.action, in_ack.rule) == ("status_review", "R-ACK-03")
    assert (in_status.action, in_status.rule) == (
        CATEGORIES[category]["action"],
        "R-FUP-01",
    )


@pytest.mark.parametrize(
    ("category", "action"),
    [
        ("P0", "reschedule"),
        ("P1", "reschedule"),
        ("P3", "document_request"),
        ("P4", "patient_request"),
        ("R4", "document_request"),
        ("F1", "expect_835"),
        ("F2", "denial_notice"),
        ("F3F", "mark_crossover"),
        ("F4", "status_review"),
        ("D0", "widen_search"),
        ("E1", "retry"),
        ("A2", "mark_accepted"),
        ("A4", "lost_claim"),
    ],
)
def test_r_fup_01_a_277_category_decides(category: str, action: str) -> None:
    assert decide(category, seen_in="277").action == action


@pytest.mark.parametrize("category", ["", "Z9", "a2", "P9", "DR01"])
def test_r_sta_01_an_unknown_category_is_reviewed_never_guessed(category: str) -> None:
    for document in ("277", "277CA"):
        assert decide(category, seen_in=document).action == "status_review"


def test_tasks_and_timers_of_the_table_exist() -> None:
    timers = rows("timers", "timers", "id")
    for row in CATEGORIES.values():
        assert row["task"] is None or TaskType(row["task"])
        assert row["next_timer"] is None or row["next_timer"] in timers


def test_a_status_code_hints_in_our_words_where_to_look() -> None:
    assert hint("562") == "NPI; NM109, Luhn"
    assert hint("9999") == "status 9999"
