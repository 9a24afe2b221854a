"""The measure of reading, dates and money in words, and the Markdown of letters."""

from datetime import date
from decimal import Decimal

import pytest

from letters import words
from letters.blocks import Items, Table, TemplateError, Terms, read, to_text
from letters.check import reading_grade, syllables

EASY = "You owe this. Please pay it now. Call us if it looks wrong."
HARD = (
    "Notwithstanding prior adjudicatory determinations concerning reimbursement, "
    "participating organizations reconsidered the applicability of contractual "
    "obligations regarding beneficiary responsibilities."
)


def test_plain_words_read_easier_than_official_ones() -> None:
    assert reading_grade(EASY) <= Decimal("2")
    assert reading_grade(HARD) > Decimal("20")


def test_the_grade_is_that_of_flesch_and_kincaid() -> None:
    # 1 sentence, 10 words, 14 syllables: 0.39 * 10 + 11.8 * 1.4 - 15.59 = 4.83.
    sentence = "The doctor will see you today after your visit ends."
    assert sum(map(syllables, sentence.rstrip(".").split())) == 14
    assert reading_grade(sentence) == Decimal("4.8")


def test_longer_sentences_and_longer_words_raise_the_grade() -> None:
    short = reading_grade("We will call you. You can pay by mail.")
    joined = reading_grade("We will call you and you can pay by mail.")
    longer = reading_grade("We will telephone you. You can settle by mail.")

    assert short < joined
    assert short < longer


def test_figures_and_names_count_as_one_short_word() -> None:
    plain = reading_grade("You owe it to us by it")

    assert reading_grade("You owe $1,234,567.89 to us by it") == plain
    assert reading_grade("You owe it to us by Featherstonehaugh") == plain


def test_an_abbreviation_ends_no_sentence() -> None:
    assert reading_grade("You saw Dr. Lee at 8 a.m. on that day") == reading_grade(
        "You saw Lee at 8 on that day"
    )


def test_nothing_has_no_grade() -> None:
    assert reading_grade("") == reading_grade("$12.00. 3!") == Decimal("0.0")


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("plan", 1), ("paid", 1), ("owe", 1), ("price", 1), ("taken", 2),
        ("office", 2), ("visit", 2), ("because", 2), ("yearly", 2), ("added", 2),
        ("services", 3), ("agreement", 3), ("deductible", 4), ("insurance", 3),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def test_dates_and_amounts_read_one_way() -> None:
    assert words.long_date(date(2026, 5, 2)) == "2 May 2026"
    assert words.money(Decimal("-1234.50")) == "\u2212$1,234.50"
    assert words.less(Decimal("0.00")) == "$0.00"
    assert words.percent(Decimal("20.00")) == "20%"
    assert words.percent(Decimal("100")) == "100%"
    assert words.and_list(["A", "B", "C"]) == "A, B and C"
    assert words.and_list(["A"]) == "A"
    assert words.ended("Stop!") == "Stop!"
    assert words.sentence("go on") == "Go on."


# --- Markdown ------------------------------------------------------------------------


def test_a_list_of_bold_terms_is_a_list_of_terms() -> None:
    (block,) = read("- **Phone** 1\n- **Mail** 2\n").body

    assert isinstance(block, Terms)
    assert to_text((block,)) == "Phone: 1\nMail: 2"


def test_other_lists_stay_lists() -> None:
    (block,) = read("1. one\n1. two\n").body

    assert isinstance(block, Items)
    assert to_text((block,)) == "1. one\n2. two"


def test_a_last_row_in_bold_is_the_total() -> None:
    (block,) = read("| Visit | Price |\n|---|---:|\n| a | 1 |\n| **All** | 1 |\n").body

    assert isinstance(block, Table)
    assert block.right == (False, True)
    assert len(block.rows) == 1
    assert block.total


@pytest.mark.parametrize(
    "markdown",
    ["- a\n  - b\n", "a *b*\n", "a [b](http://example.org)\n", "- a\n\n  b\n"],
    ids=["nested list", "italics", "link", "two paragraphs in one item"],
)
def test_markdown_that_letters_do_not_have_is_an_error(markdown: str) -> None:
    with pytest.raises(TemplateError, match=r"Letters have no .* No letter was made"):
        read(markdown)
