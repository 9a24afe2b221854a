"""Eligibility: is the plan active on the date of service (R-ELG-02, R-ELG-04)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from claims.decision import Decision

ACTIVE = frozenset("12345")
INACTIVE = frozenset("678")
WHOLE_PLAN = "30"

QUESTIONS = {
    "42": "The plan could not answer. Is the member number on the card still the same?",
    "43": "The plan does not know our provider. Which plan is printed on the card?",
    "56": "The plan did not accept the date. On which day was the visit?",
    "57": "The plan did not accept the date. On which day was the visit?",
    "58": "The birth date is missing or wrong. What is the patient's birth date?",
    "60": "The birth date lies after the visit. What is the patient's birth date?",
    "62": "The plan cannot look that far back. Was the plan in force on that day?",
    "64": "The member number is missing or wrong. What number is on the card?",
    "65": "The name differs. How is the name spelled on the card?",
    "66": "The sex recorded at the plan differs. What does the plan have on file?",
    "67": "The plan does not find the patient. What number and name are on the card?",
    "68": "The plan finds several patients. What number is on the card?",
    "71": "The birth date differs. What is the patient's birth date?",
    "72": "The member number is not found. What number is on the card?",
    "73": "The name differs. How is the name spelled on the card?",
    "74": "The sex recorded at the plan differs. What does the plan have on file?",
    "75": "The member is not found at this plan. Is this still the patient's plan?",
    "76": "The plan finds the member twice. What number is on the card?",
}
OTHER = "The plan did not accept the question. Is the card still valid?"


def judge(answers: Sequence[Mapping[str, Any]], service_date: date) -> Decision:
    """active, inactive, unclear, rejected, or none when no answer is on file.

    ``answers`` are 271 answers as stored, the newest first: ``aaa`` (reject codes),
    ``benefits`` (EB), ``plan_begins`` and ``plan_ends``. What the plan says of itself
    (service type 30 or none) counts before what it says of single service types.
    """
    if not answers:
        return Decision(
            action="none", rule="R-ELG-01", reason="no answer of the plan is on file"
        )
    answer = answers[0]
    if rejects := [str(code) for code in answer.get("aaa", [])]:
        return Decision(
            action="rejected",
            rule="R-ELG-04",
            reason="the plan could not match the patient",
            evidence=tuple(f"AAA {code}" for code in rejects),
        )
    codes = _codes(answer)
    evidence = tuple(f"EB01 {c}" for c in sorted(codes))
    if codes & ACTIVE and not codes & INACTIVE:
        if not _covers(answer, service_date):
            return Decision(
                action="inactive",
                rule="R-ELG-02",
                reason="the plan's dates do not include the date of service",
                evidence=evidence,
            )
        return Decision(
            action="active",
            rule="R-ELG-02",
            reason="the plan says active on the date of service",
            evidence=evidence,
        )
    if codes & INACTIVE and not codes & ACTIVE:
        return Decision(
            action="inactive",
            rule="R-ELG-02",
            reason="the plan says not active on the date of service",
            evidence=evidence,
        )
    return Decision(
        action="unclear",
        rule="R-ELG-02",
        reason="the plan's answer does not say whether it was active",
        evidence=evidence,
    )


def _codes(answer: Mapping[str, Any]) -> set[str]:
    said = [eb for eb in answer.get("benefits", []) if eb["code"] in ACTIVE | INACTIVE]
    plan = [eb for eb in said if _of_whole_plan(eb)]
    return {str(eb["code"]) for eb in plan or said}


def _of_whole_plan(benefit: Mapping[str, Any]) -> bool:
    types = benefit.get("service_types", ())
    return not types or WHOLE_PLAN in types


def _covers(answer: Mapping[str, Any], day: date) -> bool:
    begins, ends = answer.get("plan_begins"), answer.get("plan_ends")
    return (begins is None or _date(begins) <= day) and (
        ends is None or day <= _date(ends)
    )


def _date(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def question_for(
    decision: Decision, *, plan: str = "", ended: str | None = None
) -> str:
    """What the clerk can ask the patient; never only a code (R-ELG-04)."""
    for code in decision.evidence:
        if code.startswith("AAA "):
            return QUESTIONS.get(code.removeprefix("AAA "), OTHER)
    if decision.action == "inactive" and plan and ended:
        last = f"{_date(ended):%m/%d/%Y}"
        return f"Your plan with {plan} ended on {last}. Do you have a new card?"
    if decision.action == "inactive":
        return (
            "Your plan says it was not active on that day. Which plan do you have now?"
        )
    return "Which plan covered you on that day, and what number is on the card?"
