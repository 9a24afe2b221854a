"""What the payers say to a 270 and a 276, by the script and by what they remember."""

from collections.abc import Iterator
from itertools import groupby

from edi.x270 import AskedEligibility, CoverageAnswer, read_eligibility_inquiries
from edi.x276 import StatusAnswer, read_status_inquiries
from simulator.cases import Cases
from simulator.fates import Script
from simulator.plans import PLANS, Plan


def coverage_answers(
    script: Script, content: bytes
) -> Iterator[tuple[Plan, list[CoverageAnswer]]]:
    """Answers of each plan asked in a 270; a plan with nothing to say is left out."""
    asked = sorted(read_eligibility_inquiries(content), key=lambda a: a.payer_edi_id)
    for edi_id, questions in groupby(asked, key=lambda a: a.payer_edi_id):
        plan = PLANS.get(edi_id)
        if plan is None:
            continue
        answers = [_coverage(script, plan, question) for question in questions]
        said = [answer for answer in answers if answer is not None]
        if said:
            yield plan, said


def status_answers(
    cases: Cases, content: bytes
) -> Iterator[tuple[Plan, list[StatusAnswer]]]:
    """Answers of each payer asked in a 276."""
    asked = sorted(read_status_inquiries(content), key=lambda a: a.payer_edi_id)
    for edi_id, questions in groupby(asked, key=lambda a: a.payer_edi_id):
        if plan := PLANS.get(edi_id):
            yield plan, [cases.status(question) for question in questions]


def _coverage(
    script: Script, plan: Plan, asked: AskedEligibility
) -> CoverageAnswer | None:
    coverage = script.fate(asked.member_id).coverage
    if coverage.answer == "silence":
        return None
    answer = CoverageAnswer(
        trace=asked.trace,
        member_id=asked.member_id,
        last_name=asked.last_name or "MEMBER",
        first_name=asked.first_name,
    )
    if coverage.answer == "unmatched":
        return answer.model_copy(update={"eb01": "", "aaa": coverage.aaa or "75"})
    if coverage.answer == "inactive":
        return answer.model_copy(update={"eb01": "6"})
    day = asked.service_date
    percent = f"{plan.coinsurance_percent:f}" if plan.coinsurance_percent else None
    return answer.model_copy(
        update={
            "plan_begins": day.replace(month=1, day=1) if day else None,
            "deductible": coverage.deductible,
            "deductible_remaining": coverage.deductible_remaining,
            "coinsurance_percent": percent,
        }
    )
