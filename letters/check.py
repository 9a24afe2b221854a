"""Checks before a letter may leave: nine elements, sums, reading grade.

An appeal with a missing element is never sent (R-APP-03); a statement must add up and
read at US grade 8 or below (R-PAT-03). Each check returns what is wrong; it raises
nothing, so that a screen can show all of it at once.
"""

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

from claims.money import ZERO
from letters.facts import LETTER_MUST_HAVE, AppealFacts, StatementFacts, VisitFacts
from letters.words import money

GRADE_MAX = Decimal(8)
"""``statement_policy.yaml``: plain_language.reading_grade_max."""


# --- appeals -------------------------------------------------------------------------


def missing_elements(facts: AppealFacts) -> list[str]:
    """The elements of ``LETTER_MUST_HAVE`` that ``facts`` lack; empty: may be sent."""
    return [name for name in LETTER_MUST_HAVE if not _ELEMENTS[name](facts)]


def _said(*texts: str) -> bool:
    return all(text.strip() for text in texts)


def _claim(facts: AppealFacts) -> bool:
    known = facts.date_of_service is not None and bool(facts.lines)
    return known and _said(facts.claim_number)


def _denial(facts: AppealFacts) -> bool:
    denial = facts.denial
    return denial.notice_date is not None and _said(denial.code, denial.words)


def _why(facts: AppealFacts) -> bool:
    told = any(_said(paragraph) for paragraph in facts.argument)
    shown = (facts.authorization, facts.code_pair, facts.filing, facts.other_coverage)
    return told or bool(facts.criteria) or any(part is not None for part in shown)


def _evidence(facts: AppealFacts) -> bool:
    return bool(facts.evidence) and all(_said(e.sha256) for e in facts.evidence)


def _citation(facts: AppealFacts) -> bool:
    cited = facts.citation
    return cited is not None and _said(cited.text, cited.document_id)


def _request(facts: AppealFacts) -> bool:
    return facts.request_amount > ZERO and _said(facts.request_words)


def _enclosures(facts: AppealFacts) -> bool:
    listed = all(_said(e.letter, e.title) and e.pages > 0 for e in facts.evidence)
    letters = [e.letter for e in facts.evidence]
    return bool(letters) and listed and len(set(letters)) == len(letters)


_ELEMENTS: dict[str, Callable[[AppealFacts], bool]] = {
    "patient": lambda facts: _said(facts.patient_name, facts.member_id),
    "claim": _claim,
    "denial_code_and_words": _denial,
    "why_it_is_wrong": _why,
    "evidence": _evidence,
    "policy_or_contract_citation": _citation,
    "exact_request": _request,
    "enclosures": _enclosures,
    "signature": lambda facts: _said(facts.signed_by, facts.approved_by),
}


# --- statements ----------------------------------------------------------------------


def sums_add_up(facts: StatementFacts) -> list[str]:
    """What does not add up, in words with both figures; empty when all does."""
    problems = [p for visit in facts.visits for p in _visit_sums(visit)]
    owed = sum((visit.you_owe for visit in facts.visits), ZERO)
    if owed != facts.total_due:
        problems.append(
            f"The visits come to {money(owed)}, the total says "
            f"{money(facts.total_due)}."
        )
    offer = facts.plan_offer
    if offer is not None:
        parts = offer.monthly * (offer.months - 1) + offer.last
        if parts != facts.total_due:
            problems.append(
                f"The parts of the plan offer come to {money(parts)}, the total says "
                f"{money(facts.total_due)}."
            )
    return problems


def _visit_sums(visit: VisitFacts) -> Iterable[str]:
    taken_off = visit.plan_discount + visit.our_discount
    left = visit.charge - taken_off - visit.plan_paid - visit.you_paid
    if left != visit.you_owe:
        yield (
            f"Claim {visit.claim_ref}: price less discounts, plan and own payments is "
            f"{money(left)}, you owe says {money(visit.you_owe)}."
        )
    share = visit.you_owe + visit.you_paid
    reasons = sum((reason.amount for reason in visit.reasons), ZERO)
    if visit.reasons and reasons != share:
        yield (
            f"Claim {visit.claim_ref}: the reasons explain {money(reasons)}, the "
            f"patient's share is {money(share)}."
        )
    paid = sum((plan.paid for plan in visit.plans), ZERO)
    if visit.plans and paid != visit.plan_paid:
        yield (
            f"Claim {visit.claim_ref}: the plans paid {money(paid)} one by one, "
            f"{money(visit.plan_paid)} together."
        )


# --- reading grade -------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W\d_]+)*")
_FIGURE = re.compile(r"\S*\d\S*")
_ABBREVIATION = re.compile(r"\b(Dr|Mr|Mrs|Ms|St|a\.m|p\.m)\.")
_NAME = re.compile(r"(?<=[a-z,;] )(?!I\b)[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")


def reading_grade(text: str) -> Decimal:
    """Flesch-Kincaid US grade of ``text``, one decimal, never below zero.

    A figure or a name inside a sentence counts as one short word: it makes the sentence
    longer, but nobody can write it more simply. Give it sentences
    (``RenderedLetter.prose``), not tables.
    """
    plain = _ABBREVIATION.sub("", text)
    sentences = [_words(part) for part in _split(plain)]
    sentences = [words for words in sentences if words]
    if not sentences:
        return Decimal("0.0")
    words = [word for sentence in sentences for word in sentence]
    count = Decimal(len(words))
    grade = (
        Decimal("0.39") * count / len(sentences)
        + Decimal("11.8") * sum(syllables(word) for word in words) / count
        - Decimal("15.59")
    )
    return max(grade, ZERO).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _split(text: str) -> list[str]:
    return _SENTENCE_END.split(text)


def _words(sentence: str) -> list[str]:
    return _WORD.findall(_NAME.sub("it", _FIGURE.sub("it", sentence.strip())))


_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?<=[^aeioulytd])ed$|(?<=[^aeiouyl])es?$|(?<=[aeiouy]l)e$")
_SOUNDED_ES = re.compile(r"(?:[sxzcg]|ch|sh)es$")
_APART = re.compile(r"ia|io(?!n)|ua(?!r)|eo|iu")


def syllables(word: str) -> int:
    """Syllables of an English word by its vowel groups; good to about one in twenty."""
    word = word.lower()
    count = len(_VOWELS.findall(word)) + len(_APART.findall(word))
    if _SILENT.search(word) and not _SOUNDED_ES.search(word):
        count -= 1
    return max(count, 1)
