"""The nine elements of an appeal as a checklist: is it there, and where to read it.

Computed from the facts that the letter is made of, by the checks that keep an
incomplete letter from leaving (``letters.check``, R-APP-03).
"""

from collections.abc import Callable
from dataclasses import dataclass

from letters.check import missing_elements
from letters.facts import LETTER_MUST_HAVE, AppealFacts
from letters.words import and_list, long_date, money


@dataclass(frozen=True)
class Element:
    """One element: its name in ``LETTER_MUST_HAVE`` and in words."""

    name: str
    title: str
    present: bool
    where: str
    """Where it stands and what it says; when it is missing, what to do."""


def elements(facts: AppealFacts) -> tuple[Element, ...]:
    """All nine, in the order of ``LETTER_MUST_HAVE``."""
    lacking = missing_elements(facts)
    found = []
    for name in LETTER_MUST_HAVE:
        title, where, mend = _SHOWN[name]
        present = name not in lacking
        found.append(Element(name, title, present, where(facts) if present else mend))
    return tuple(found)


def _lines(facts: AppealFacts) -> str:
    numbers = [str(line.number) for line in facts.lines]
    return f"line{'s' * (len(numbers) > 1)} {and_list(numbers)}"


def _visit(facts: AppealFacts) -> str:
    day = facts.date_of_service
    return f" of {long_date(day)}" if day else ""


def _notice(facts: AppealFacts) -> str:
    day = facts.denial.notice_date
    return f", notice of {long_date(day)}" if day else ""


def _points(facts: AppealFacts) -> str:
    own = (facts.authorization, facts.code_pair, facts.filing, facts.other_coverage)
    count = len(facts.argument) + sum(part is not None for part in own)
    said = f"{count} point{'s' * (count != 1)}"
    if facts.criteria:
        said += f", {len(facts.criteria)} criteria of the payer"
    return said


def _letters(facts: AppealFacts) -> str:
    listed = [exhibit.letter for exhibit in facts.evidence]
    return f"exhibit{'s' * (len(listed) > 1)} {and_list(listed)}"


def _pages(facts: AppealFacts) -> str:
    count = sum(exhibit.pages for exhibit in facts.evidence)
    return f"{count} page{'s' * (count != 1)}"


_SHOWN: dict[str, tuple[str, Callable[[AppealFacts], str], str]] = {
    "patient": (
        "Patient",
        lambda _: "At the top: name and member number",
        "Correct the patient's name or member number in the claim.",
    ),
    "claim": (
        "Claim",
        lambda f: f"At the top: {f.claim_number}, visit{_visit(f)}, {_lines(f)}",
        "The claim number, the visit's date or the denied lines are not on file.",
    ),
    "denial_code_and_words": (
        "The denial, its code and words",
        lambda f: f"\u201cWhat you decided\u201d: {f.denial.code}{_notice(f)}",
        "The denial's code or its notice date is not on file: post the remittance.",
    ),
    "why_it_is_wrong": (
        "Why it is wrong",
        lambda f: f"\u201cWhy this is wrong\u201d: {_points(f)}",
        "Say in the form why the decision is wrong.",
    ),
    "evidence": (
        "Evidence",
        lambda f: f"On file: {_letters(f)}",
        "No document on file shows it: bring in the notice or the approval.",
    ),
    "policy_or_contract_citation": (
        "Policy or contract cited",
        lambda f: f"\u201cThe rule\u201d: {f.citation.text if f.citation else ''}",
        "The payer's profile names no policy for this kind of denial.",
    ),
    "exact_request": (
        "The exact request",
        lambda f: (
            f"\u201cWhat we ask\u201d: {money(f.request_amount)}, {f.request_words}"
        ),
        "Nothing is open with the insurer on these lines.",
    ),
    "enclosures": (
        "Enclosures listed",
        lambda f: f"\u201cEnclosed\u201d: {_letters(f)}, {_pages(f)}",
        "An exhibit has no letter, no title or no pages.",
    ),
    "signature": (
        "Signature",
        lambda f: f"At the end: {f.signed_by}, approved by {f.approved_by}",
        "The second person's approval adds it.",
    ),
}


def lacking_for_approval(facts: AppealFacts) -> list[str]:
    """Titles of what is missing and the second person's approval does not add."""
    approved = facts.model_copy(update={"approved_by": facts.approved_by or "somebody"})
    return [_SHOWN[name][0] for name in missing_elements(approved)]
