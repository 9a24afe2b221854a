"""A bill to a patient: amounts that tie, plain words, no codes (R-PAT-03, -07, -08)."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from claims.money import ZERO, from_cents, usd
from letters.check import GRADE_MAX, sums_add_up
from letters.facts import (
    EarlierVisitFacts,
    PersonFacts,
    PlanOfferFacts,
    PlanPaidFacts,
    ReasonFacts,
    StatementFacts,
    VisitFacts,
)
from letters.render import STATEMENT_TITLES, LetterError, RenderedLetter, render
from letters.words import money
from tests.letters.builders import OFFER, PRACTICE, make_statement, make_visit

SECOND = make_visit(
    claim_ref="V2",
    date_of_service=date(2026, 3, 10),
    patient_name="Lina Okoye",
    service_words="video visit",
    charge="260.00",
    plan_discount="96.00",
    plan_paid="80.00",
    you_paid="20.00",
    you_owe="64.00",
    reasons=(ReasonFacts(kind="copay", amount=usd("84.00")),),
)
REASONS = {
    "deductible": ReasonFacts(
        kind="deductible",
        amount=usd("124.00"),
        deductible_total=usd("1500.00"),
        deductible_met_before=usd("1376.00"),
        plan_year_start="January 1",
    ),
    "coinsurance": ReasonFacts(
        kind="coinsurance", amount=usd("124.00"), percent=Decimal("12.50")
    ),
    "coinsurance without a percent": ReasonFacts(
        kind="coinsurance", amount=usd("124.00")
    ),
    "copay": ReasonFacts(kind="copay", amount=usd("124.00")),
    "not covered": ReasonFacts(kind="not_covered", amount=usd("124.00")),
    "other": ReasonFacts(kind="other", amount=usd("124.00")),
    "second plan": ReasonFacts(
        kind="deductible", amount=usd("124.00"), plan="your second plan"
    ),
}
# desk.md section 4: words that a patient letter does not use.
FLAGGED = (
    "adjudicat", "remit", "coinsurance", "eob", "delinquent", "copay", "carc", "cpt",
    "denial", "payer", "claim",
)  # fmt: skip


def everything() -> StatementFacts:
    """A statement in which every part is used."""
    return make_statement(
        make_visit(
            earlier=EarlierVisitFacts(
                date_of_service=date(2025, 11, 4), you_owed=usd("20.80")
            )
        ),
        SECOND,
        still_with_plan=(date(2026, 3, 12), date(2026, 3, 14)),
        plan_offer=PlanOfferFacts(monthly=usd("47.00"), months=4, last=usd("47.00")),
        previous_statement_date=date(2026, 2, 17),
        what_changed="your plan changed its decision on your visit of 3 March 2026",
    )


def said(template: str = "STMT_1", **changes: Any) -> str:
    return render(template, make_statement(**changes)).prose


def prose_of(visit: VisitFacts) -> str:
    return render("STMT_1", make_statement(visit)).prose


# --- amounts -------------------------------------------------------------------------


def _row(letter: RenderedLetter, day: str) -> list[str]:
    """The five figures of a visit's row, as the page shows them."""
    page = re.sub(r"<[^>]+>", "|", letter.html.decode())
    start = page.index(f"|{day}")
    return re.findall(r"\u2212?\$[\d,]+\.\d\d", page[start : start + 400])[:5]


def _value(shown: str) -> Decimal:
    amount = usd(re.sub(r"[^\d.]", "", shown))
    return -amount if shown.startswith("\u2212") else amount


@pytest.mark.parametrize("template", STATEMENT_TITLES)
def test_each_row_of_the_page_adds_up(template: str) -> None:
    letter = render(template, everything())

    for day, owed in (("3 March 2026", "124.00"), ("10 March 2026", "64.00")):
        price, discount, plan, own, owe = map(_value, _row(letter, day))
        assert price + discount + plan + own == owe == usd(owed)


def test_two_visits_share_a_statement_and_its_total_is_their_sum() -> None:
    letter = render("STMT_1", make_statement(make_visit(), SECOND))

    assert "You owe $188.00." in letter.prose
    assert "In all: You owe $188.00" in letter.text
    assert "Your visit on 3 March." in letter.prose
    assert "Your visit on 10 March." in letter.prose
    assert "for Bram Okoye" in letter.text
    assert "for Lina Okoye" in letter.text


@given(
    charge=st.integers(1, 10**8),
    parts=st.lists(st.integers(0, 10**8), min_size=4, max_size=4),
)
def test_amounts_that_tie_are_printed_and_others_refused(
    charge: int, parts: list[int]
) -> None:
    names = ("plan_discount", "our_discount", "plan_paid", "you_paid")
    amounts = {n: from_cents(p) for n, p in zip(names, parts, strict=True)}
    owed = from_cents(charge) - sum(amounts.values(), ZERO)
    visit = make_visit(charge=from_cents(charge), you_owe="1.00", reasons=(), **amounts)
    problems = sums_add_up(make_statement(visit))

    assert (problems == []) == (owed == usd("1.00"))
    if problems:
        assert money(owed) in problems[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plan_paid": "95.00"}, r"is \$125\.00, you owe says \$124\.00"),
        ({"plan_discount": "199.99"}, r"is \$124\.01"),
        ({"you_paid": "10.00"}, r"is \$114\.00"),
        (
            {"reasons": (ReasonFacts(kind="copay", amount=usd("25.00")),)},
            r"reasons explain \$25\.00, the patient's share is \$124\.00",
        ),
        (
            {"plans": (PlanPaidFacts(plan="Medicare", paid=usd("90.00")),)},
            r"\$90\.00 one by one, \$96\.00 together",
        ),
    ],
)
def test_a_visit_that_does_not_add_up_is_refused_with_both_figures(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(LetterError, match=words):
        render("STMT_1", make_statement(make_visit(**changes)))


def test_a_total_that_is_not_the_sum_is_refused() -> None:
    with pytest.raises(LetterError, match=r"come to \$124\.00, the total says \$120"):
        render("STMT_1", make_statement(total_due="120.00"))


def test_an_error_about_amounts_names_no_person() -> None:
    with pytest.raises(LetterError) as refused:
        render("STMT_1", make_statement(make_visit(plan_paid="1.00")))

    assert "Okoye" not in str(refused.value)


# --- paying in parts -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (OFFER, "You can pay $31.00 a month for 4 months."),
        (
            PlanOfferFacts(monthly=usd("41.33"), months=3, last=usd("41.34")),
            "You can pay $41.33 a month for 2 months, then $41.34 in the last month.",
        ),
        (
            PlanOfferFacts(monthly=usd("60.00"), months=2, last=usd("64.00")),
            "You can pay $60.00 the first month and $64.00 the next.",
        ),
    ],
)
def test_parts_of_an_offer_come_to_the_total(offer: PlanOfferFacts, words: str) -> None:
    assert words in said(plan_offer=offer)
    assert "no fees and no interest" in said(plan_offer=offer)


def test_an_offer_whose_parts_do_not_come_to_the_total_is_refused() -> None:
    offer = PlanOfferFacts(monthly=usd("31.00"), months=4, last=usd("30.00"))
    with pytest.raises(LetterError, match=r"plan offer come to \$123\.00"):
        render("STMT_1", make_statement(plan_offer=offer))


def test_without_an_offer_help_is_still_named() -> None:
    assert "ask us for help with the cost" in said()


# --- words ---------------------------------------------------------------------------


@pytest.mark.parametrize("template", STATEMENT_TITLES)
def test_a_statement_reads_at_grade_eight_or_below(template: str) -> None:
    letter = render(template, everything())
    sentences = [s for s in re.split(r"[.!?]\s", letter.prose) if s]
    words = sum(len(s.split()) for s in sentences)

    assert letter.reading_grade <= GRADE_MAX
    assert words / len(sentences) <= 20


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_every_reason_is_told_in_plain_words(reason: ReasonFacts) -> None:
    letter = render("STMT_1", make_statement(make_visit(reasons=(reason,))))

    assert "$124.00" in letter.prose
    assert letter.reading_grade <= GRADE_MAX
    assert not [word for word in FLAGGED if word in letter.prose.lower()]


@pytest.mark.parametrize("template", STATEMENT_TITLES)
def test_a_patient_letter_has_no_codes(template: str) -> None:
    text = render(template, everything()).text
    for ours in ("62501", "A-20731", PRACTICE.npi):
        text = text.replace(ours, "")

    assert not re.search(r"\b(CO|PR|OA|PI)-?\d+\b", text)
    assert not re.search(r"\b\d{5}\b", text)
    assert not re.search(r"\b[A-TV-Z]\d\d\.\d", text)
    assert not [word for word in FLAGGED if word in text.lower()]


@pytest.mark.parametrize("template", STATEMENT_TITLES)
def test_a_patient_letter_shows_what_policy_asks_for(template: str) -> None:
    letter = render(template, everything())
    must_show = {
        "who_was_seen": "for Bram Okoye",
        "date": "3 March 2026",
        "what_the_plan_paid": "Your plan paid $96.00.",
        "what_was_taken_off": "$200.00 was taken off by your plan agreement.",
        "why_you_owe": "Why you owe this",
        "due_date": "by 18 April 2026",
        "how_to_pay": "Mail: a check to our address above. Write A-20731 on it.",
        "how_to_ask_or_dispute": "If you think this bill is wrong",
        "plan_offer": "$47.00 a month for 4 months",
        "financial_help_line": "help with the cost",
    }

    assert [n for n, words in must_show.items() if words not in letter.text] == []


def test_the_deductible_is_explained_with_its_year() -> None:
    words = prose_of(make_visit(reasons=(REASONS["deductible"],)))

    assert "Your plan year starts over each January 1." in words
    assert "until you have paid $1,500.00 yourself this year." in words
    assert "$1,376.00 had been met before this visit." in words


def test_a_higher_share_is_set_beside_the_last_visit() -> None:
    earlier = EarlierVisitFacts(date_of_service=date(2025, 11, 4), you_owed=usd("20.8"))
    words = prose_of(make_visit(earlier=earlier))

    assert "This is why it is more than your $20.80 in November." in words


def test_both_parts_of_a_share_are_named_with_their_sum() -> None:
    words = said()

    assert "Your share is $124.00. It has 2 parts." in words
    assert "$100.00 is your yearly deductible." in words
    assert "$24.00 is your 20% share. Your plan pays the other 80%." in words


def test_two_plans_are_named_one_by_one() -> None:
    plans = (
        PlanPaidFacts(plan="Medicare", paid=usd("72.00")),
        PlanPaidFacts(plan="your second plan", paid=usd("24.00")),
    )
    words = prose_of(make_visit(plans=plans))

    assert "Medicare paid $72.00. Your second plan paid $24.00." in words
    assert "Your plan paid" not in words


def test_what_we_took_off_is_not_called_the_plans_discount() -> None:
    visit = make_visit(plan_discount="150.00", our_discount="50.00")
    letter = render("STMT_1", make_statement(visit))

    assert "$150.00 was taken off by your plan agreement." in letter.prose
    assert "We took off $50.00 more." in letter.prose
    assert "Taken off \u2212$200.00" in letter.text
    assert "Plan discount" not in letter.text


def test_money_already_paid_is_taken_off_before_the_rest_is_asked_for() -> None:
    visit = make_visit(you_paid="20.00", you_owe="104.00")
    words = prose_of(visit)

    assert "You paid $20.00, so $104.00 is left." in words
    assert "You owe $104.00." in words


def test_a_correction_says_what_changed_before_the_amounts() -> None:
    text = render("STMT_1", everything()).text
    what = "Your plan changed its decision on your visit of 3 March 2026."

    assert text.index("What changed") < text.index(what) < text.index("Price $420.00")


def test_visits_that_are_still_with_the_plan_are_named_and_not_summed() -> None:
    one = said(still_with_plan=(date(2026, 3, 12),))
    two = said(still_with_plan=(date(2026, 3, 12), date(2026, 3, 14)))

    assert "Your visit on 12 March is not in this bill." in one
    assert "Your visits on 12 March and 14 March are not in this bill." in two
    assert "You owe $124.00." in two


def test_each_step_says_more_than_the_one_before_and_threatens_nothing() -> None:
    sent = {"previous_statement_date": date(2026, 2, 17)}
    last = said("FINAL_NOTICE", **sent)

    assert "You owe $124.00." in said("STMT_1")
    assert "We sent you a bill on 17 February." in said("STMT_2", **sent)
    assert "Your bill is past due." in said("STMT_PAST_DUE", **sent)
    assert "a person at our office will look at your bill" in last
    assert "Tell us that the bill is wrong." in last
    assert not re.search(r"credit report|lawsuit|court|legal", last)


def test_without_a_page_to_pay_on_no_online_way_is_offered() -> None:
    offline = PRACTICE.model_copy(update={"pay_url": None})
    text = render("STMT_1", make_statement(practice=offline)).text

    assert "Online" not in text
    assert "online" not in text
    assert "7KQ2-M4XD" not in text


# --- facts that are missing ----------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"guarantor": {"name": "", "address_lines": ("1 A St",)}},
        {"guarantor": {"name": "Bram Okoye", "address_lines": ()}},
        {"visits": ()},
        {"total_due": "0.00"},
        {"total_due": "-5.00"},
        {"pay_code": ""},
        {"account_number": ""},
        {"statement_date": None},
    ],
)
def test_a_statement_without_a_needed_fact_names_the_field_and_no_value(
    changes: dict[str, Any],
) -> None:
    values = make_statement().model_dump() | changes
    with pytest.raises(ValidationError) as refused:
        StatementFacts.model_validate(values)

    assert next(iter(changes)) in str(refused.value)
    assert "Okoye" not in str(refused.value)


def test_an_address_longer_than_the_window_is_refused() -> None:
    with pytest.raises(ValidationError, match="address_lines"):
        PersonFacts(name="A", address_lines=("1", "2", "3", "4", "5"))
