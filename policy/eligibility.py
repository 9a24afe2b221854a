"""Eligibility: is the plan active on the date of service (R-ELG-02, R-ELG-04)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from claims.decision import Decision
from policy.coverage_rejects import reason

ACTIVE = frozenset("12345")
INACTIVE = frozenset("678")
WHOLE_PLAN = "30"


def judge(answers: Sequence[Mapping[str, Any]], service_date: date) -> Decision:
    """active, inactive, unclear, rejected, again, or none when no answer is on file.

    ``again``: the plan could not answer at that moment, and said nothing else.

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
        again = all(reason(code).again for code in rejects)
        return Decision(
            action="again" if again else "rejected",
            rule="R-ELG-04",
            reason="the plan could not answer"
            if again
            else "the plan could not match the patient",
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
    if refused := _refused(decision):
        return " ".join(dict.fromkeys(reason(code).question for code in refused))
    if decision.action == "inactive" and plan and ended:
        last = f"{_date(ended):%m/%d/%Y}"
        return f"Your plan with {plan} ended on {last}. Do you have a new card?"
    if decision.action == "inactive":
        return (
            "Your plan says it was not active on that day. Which plan do you have now?"
        )
    return "Which plan covered you on that day, and what number is on the card?"


def mend_for(decision: Decision) -> str:
    """What of ours is to be mended before the plan can answer; "" when nothing is."""
    wrong = (reason(code).mend for code in _refused(decision))
    return " ".join(dict.fromkeys(words for words in wrong if words))


def _refused(decision: Decision) -> list[str]:
    said = [code for code in decision.evidence if code.startswith("AAA ")]
    return [code.removeprefix("AAA ") for code in said]
