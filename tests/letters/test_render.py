"""Every letter in HTML and PDF: whole, accessible, the same bytes, never injected."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.money import usd
from letters.facts import PersonFacts
from letters.page import style_source
from letters.paper import to_png
from letters.render import (
    ALL_TITLES,
    APPEAL_TITLES,
    NOTICE_TITLES,
    STATEMENT_TITLES,
    TEMPLATES,
    LetterError,
    LetterFacts,
    RenderedLetter,
    compose,
    content_policy_style,
    escape_fact,
    render,
    stylesheet,
    template_version,
)
from letters.words import money
from tests.letters.builders import (
    KIND_FACTS,
    make_appeal,
    make_notice,
    make_statement,
    make_visit,
)
from tests.letters.pdf_text import pieces, smallest_size, text_of

ALL = tuple(ALL_TITLES)
HOSTILE = (
    "*O'Brien* <script>alert(1)</script> #set page(fill: red) $x$ `c` [a](lang:es) "
    '![i](u) | -- --- > # \\ & "q" @ref <b> _u_ ~ {{ facts }} {% raw %} &copy; 1.'
)


def facts_of(template: str) -> LetterFacts:
    if template in NOTICE_TITLES:
        return make_notice()
    if template in STATEMENT_TITLES:
        return make_statement()
    return make_appeal(**KIND_FACTS[template])


def made(template: str) -> RenderedLetter:
    return render(template, facts_of(template))


class _Reader(HTMLParser):
    """The tags of a page and its words, as a browser would show them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link"):
            self._inside.append(tag)
        if tag == "br":
            self.words += " "

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag, f"{tag} closes another element"
        self.words += " "

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.words += data


def page_of(letter: RenderedLetter) -> _Reader:
    reader = _Reader()
    reader.feed(letter.html.decode())
    return reader


def squeezed(text: str) -> str:
    return "".join(text.split())


def pages(pdf: bytes) -> int:
    found = re.search(rb"/Type/Pages/Count (\d+)", pdf)
    assert found is not None
    return int(found.group(1))


def test_every_template_file_is_a_letter_or_the_parent_of_letters() -> None:
    files = {file.name.removesuffix(".md.j2") for file in TEMPLATES.iterdir()}

    assert files == {*ALL, "_statement", "_appeal", "_notice"}


@pytest.mark.parametrize("template", ALL)
def test_html_is_whole_and_marked_up_for_reading_aloud(template: str) -> None:
    page = page_of(made(template))
    tags = [tag for tag, _ in page.tags]

    assert ("html", {"lang": "en-US"}) in page.tags
    assert tags.count("h1") == 1
    assert tags.count("main") == 1
    assert all(
        attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th"
    )


@pytest.mark.parametrize("template", ALL)
def test_html_asks_for_nothing_outside_itself(template: str) -> None:
    page = page_of(made(template))

    assert not {"script", "img", "link", "iframe", "object", "a"} & {
        tag for tag, _ in page.tags
    }
    assert not [a for _, a in page.tags if {"src", "href", "style", "onclick"} & set(a)]


def test_a_content_policy_lets_the_style_sheet_through() -> None:
    page = made("STMT_1").html

    assert page.count(b"<style>") == 1
    assert content_policy_style(page) == style_source(stylesheet())
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", content_policy_style(page))


def test_a_letter_made_before_the_sheet_changed_keeps_its_own() -> None:
    old = made("STMT_1").html.replace(b"<style>", b"<style>/* of last year */")

    assert content_policy_style(old) == style_source(
        f"/* of last year */{stylesheet()}"
    )


@pytest.mark.parametrize("template", ALL)
def test_pdf_is_tagged_titled_and_in_english(template: str) -> None:
    letter = made(template)
    pdf = letter.pdf

    assert pdf.startswith(b"%PDF-1.")
    assert b"/MarkInfo<</Marked true" in pdf
    assert b"/StructTreeRoot" in pdf
    assert b"/Lang(en-US)" in pdf
    assert b"/DisplayDocTitle true" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf


@pytest.mark.parametrize("template", ALL)
def test_a_usual_letter_is_one_page(template: str) -> None:
    assert pages(made(template).pdf) == 1


@pytest.mark.parametrize("template", ALL)
def test_the_title_names_no_person_and_no_number(template: str) -> None:
    title = made(template).title

    assert not re.search(r"\d", title)
    assert "Okoye" not in title
    assert "Bensaid" not in title


@pytest.mark.parametrize("template", ALL)
def test_same_facts_same_bytes(template: str) -> None:
    first, second = made(template), made(template)

    assert first.html == second.html
    assert first.pdf == second.pdf
    assert first.template_version == second.template_version


def test_template_version_differs_by_template() -> None:
    assert len({template_version(name) for name in ALL}) == len(ALL)


@pytest.mark.parametrize("template", ALL)
def test_html_and_text_say_the_same(template: str) -> None:
    letter = made(template)
    page = squeezed(page_of(letter).words)
    amounts = set(re.findall(r"\$[\d,]+\.\d\d", letter.text))

    assert bool(amounts) is (template != "PATIENT_COB_QUESTION")  # nothing is due
    assert all(squeezed(part) in page for part in amounts)
    assert all(squeezed(line) in page for line in letter.prose.splitlines())


@pytest.mark.parametrize("template", ALL)
def test_the_pdf_shows_what_the_page_says(template: str) -> None:
    letter = made(template)
    shown = text_of(letter.pdf)

    assert [n for n in letter.prose.splitlines() if squeezed(n) not in shown] == []
    assert all(amount in shown for amount in re.findall(r"\$[\d,.]+\d", letter.text))
    for part in (letter.text.splitlines()[0], letter.text.split("\n\n")[2]):
        assert squeezed(part) in shown


@pytest.mark.parametrize("template", ALL)
def test_nothing_is_set_smaller_than_twelve_points(template: str) -> None:
    assert smallest_size(made(template).pdf) >= 12


def test_a_date_is_never_torn_over_two_lines() -> None:
    letter = made("STMT_1")

    assert '<span class="nb">18 April 2026</span>' in letter.html.decode()
    assert any("18\u00a0April\u00a02026" in words for words, _ in pieces(letter.pdf))


# --- nothing is injected -------------------------------------------------------------


@pytest.mark.parametrize("template", STATEMENT_TITLES)
def test_a_hostile_name_is_read_as_itself_in_a_statement(template: str) -> None:
    plain = page_of(made(template))
    facts = make_statement(
        make_visit(patient_name=HOSTILE, clinician=HOSTILE, service_words=HOSTILE),
        guarantor=PersonFacts(name=HOSTILE, address_lines=(HOSTILE, "Lakeport")),
    )
    letter = render(template, facts)
    page = page_of(letter)

    assert squeezed(page.words).count(squeezed(HOSTILE)) == 5
    assert squeezed(letter.text).count(squeezed(HOSTILE)) == 5
    shape = [tag for tag, _ in page.tags if tag not in ("br", "span")]
    assert shape == [tag for tag, _ in plain.tags if tag not in ("br", "span")]
    assert text_of(letter.pdf).count(squeezed(HOSTILE)) >= 4


@pytest.mark.parametrize("template", APPEAL_TITLES)
def test_a_hostile_name_is_read_as_itself_in_an_appeal(template: str) -> None:
    letter = render(
        template,
        make_appeal(**{**KIND_FACTS[template], "patient_name": HOSTILE}),
    )
    plain = page_of(made(template))
    page = page_of(letter)

    assert squeezed(HOSTILE) in squeezed(page.words)
    shape = [tag for tag, _ in page.tags if tag not in ("br", "span")]
    assert shape == [tag for tag, _ in plain.tags if tag not in ("br", "span")]


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_name_leaves_the_shape_of_the_letter_alone(name: str) -> None:
    _, document = compose("STMT_1", make_statement(make_visit(patient_name=name)))
    _, plain = compose("STMT_1", make_statement())

    assert [type(b) for b in document.body] == [type(b) for b in plain.body]
    assert document.body[0] == plain.body[0]


def test_marks_that_turn_the_reading_direction_are_taken_out() -> None:
    assert "\u202e" not in escape_fact("Ana\u202eLee")
    assert escape_fact("Ana\x00\nLee") == "Ana Lee"


# --- what does not fit ---------------------------------------------------------------


def test_a_long_name_stays_out_of_the_envelope_window_and_the_text() -> None:
    long = "Wilhelmina-Theodora Featherstonehaugh van der Meulen-Abernathy " * 3
    facts = make_statement(
        guarantor=PersonFacts(name=long, address_lines=("1 A St", "Lakeport, IL 62501"))
    )
    usual, made_long = (compose("STMT_1", each) for each in (make_statement(), facts))

    assert pages(render("STMT_1", facts).pdf) == 1
    assert len(to_png(*made_long)) == len(to_png(*usual)) == 1


def test_large_amounts_are_shown_in_full() -> None:
    visit = make_visit(
        charge="1234567.89",
        plan_discount="1000000.00",
        plan_paid="234443.89",
    )
    letter = render("STMT_1", make_statement(visit))

    assert "$1,234,567.89" in letter.text
    assert f"{money(-usd('1000000.00'))}" in letter.text
    assert pages(letter.pdf) == 1


def test_many_visits_run_over_pages_and_say_which() -> None:
    visits = [make_visit(claim_ref=str(n)) for n in range(12)]
    letter = render("STMT_1", make_statement(*visits))

    assert pages(letter.pdf) > 1
    assert letter.text.count("office visit") == 12


# --- what cannot be made -------------------------------------------------------------


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(LetterError, match=r"no letter STMT_9 .*No letter was made"):
        render("STMT_9", make_statement())


def test_facts_of_the_other_kind_are_refused() -> None:
    with pytest.raises(LetterError, match="no letter APPEAL_50 for StatementFacts"):
        render("APPEAL_50", make_statement())
    with pytest.raises(LetterError, match="no letter STMT_1 for AppealFacts"):
        render("STMT_1", make_appeal())


def test_a_fact_that_is_absent_is_never_printed() -> None:
    with pytest.raises(LetterError, match="absent"):
        escape_fact(None)
