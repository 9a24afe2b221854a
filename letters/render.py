"""Facts and a template's name -> one letter as text, HTML and PDF
(docs/decisions/0003).

Jinja2 fills a Markdown template; every fact is escaped on its way in, so that a name
can become neither Markdown, HTML nor Typst. The filled Markdown is read once into
blocks (``blocks.py``), and the three outputs are written from these. Statements that do
not add up are refused; an appeal that lacks an element calls itself a draft.
"""

import hashlib
import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta
from markupsafe import Markup

from letters import words
from letters.blocks import Document, plain, prose, read, to_text
from letters.check import missing_elements, reading_grade, sums_add_up
from letters.facts import AppealFacts, NoticeFacts, StatementFacts
from letters.frame import Frame, appeal_frame, notice_frame, statement_frame
from letters.page import style_source, to_html
from letters.paper import LAYOUT, to_pdf

TEMPLATES = Path(__file__).parent / "templates"
STATEMENT_TITLES = {
    "STMT_1": "Your statement",
    "STMT_2": "Your statement: second bill",
    "STMT_PAST_DUE": "Your statement: past due",
    "FINAL_NOTICE": "Your statement: final notice",
}
APPEAL_TITLES = {
    "APPEAL_50": "Appeal: medical necessity",
    "APPEAL_197": "Appeal: authorization",
    "APPEAL_97": "Appeal: separate service",
    "APPEAL_29": "Appeal: filing time",
    "APPEAL_22": "Appeal: other coverage",
    "APPEAL_GENERIC": "Appeal",
    "UNDERPAYMENT": "Payment dispute",
}


NOTICE_TITLES = {
    "PATIENT_REFUND": "Your refund",
    "PATIENT_COB_QUESTION": "A question about your health plans",
}
ALL_TITLES = {**STATEMENT_TITLES, **APPEAL_TITLES, **NOTICE_TITLES}
LetterFacts = StatementFacts | AppealFacts | NoticeFacts


class LetterError(ValueError):
    """A letter cannot be made from these facts. Nothing was made; nothing was sent."""


@dataclass(frozen=True)
class RenderedLetter:
    """One letter in all its forms; ``html`` and ``pdf`` are the bytes to archive."""

    template_id: str
    template_version: str
    """SHA-256 over the template, its parents and the layout, hexadecimal."""
    title: str
    """Names no person and no number."""
    text: str
    prose: str
    """The sentences alone, without tables and addresses."""
    reading_grade: Decimal
    """US grade of ``prose``; above ``check.GRADE_MAX`` it is not for patients."""
    html: bytes
    pdf: bytes


def render(template_id: str, facts: LetterFacts) -> RenderedLetter:
    """Make the letter; the same facts and template give the same bytes.

    Raises:
        LetterError: no such template, facts of the other kind, or a statement whose
            amounts do not add up (R-PAT-03). The message holds no patient data.
    """
    frame, document = compose(template_id, facts)
    sentences = prose(document.body)
    return RenderedLetter(
        template_id=template_id,
        template_version=template_version(template_id),
        title=frame.title,
        text=_text(frame, document),
        prose=sentences,
        reading_grade=reading_grade(sentences),
        html=to_html(frame, document, stylesheet()),
        pdf=to_pdf(frame, document),
    )


def compose(template_id: str, facts: LetterFacts) -> tuple[Frame, Document]:
    """The letter before it becomes bytes; raises as ``render`` does."""
    if isinstance(facts, StatementFacts) and template_id in STATEMENT_TITLES:
        if problems := sums_add_up(facts):
            raise LetterError(
                f"The statement does not add up. {' '.join(problems)} No letter was "
                "made. Look at the claim's money in the ledger."
            )
        frame = statement_frame(STATEMENT_TITLES[template_id], facts)
        return frame, _fill(template_id, facts=facts)
    if isinstance(facts, AppealFacts) and template_id in APPEAL_TITLES:
        frame = appeal_frame(APPEAL_TITLES[template_id], facts)
        lacking = [name.replace("_", " ") for name in missing_elements(facts)]
        return frame, _fill(template_id, facts=facts, lacking=lacking)
    if isinstance(facts, NoticeFacts) and template_id in NOTICE_TITLES:
        frame = notice_frame(NOTICE_TITLES[template_id], facts)
        return frame, _fill(template_id, facts=facts)
    raise LetterError(
        f"There is no letter {template_id} for {type(facts).__name__}. No letter was "
        f"made. Choose one of {', '.join(ALL_TITLES)}."
    )


@cache
def template_version(template_id: str) -> str:
    """SHA-256 of everything of ours that shapes this letter's bytes."""
    digest = hashlib.sha256()
    files = [TEMPLATES / name for name in _family(f"{template_id}.md.j2")]
    for file in [*files, *sorted(LAYOUT.iterdir())]:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _family(name: str) -> list[str]:
    """A template and the templates it extends or includes."""
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    others = meta.find_referenced_templates(environment().parse(source))
    return [name, *(part for other in others if other for part in _family(other))]


@cache
def stylesheet() -> str:
    """The sheet inside every HTML letter."""
    return (LAYOUT / "letter.css").read_text(encoding="utf-8")


def content_policy_style(page: bytes) -> str:
    """What a page that shows this letter must add to ``style-src``: the sheet that the
    letter itself carries, which an old letter has from the day it was made."""
    sheet = page.partition(b"<style>")[2].partition(b"</style>")[0]
    return style_source(sheet.decode())


# --- filling -------------------------------------------------------------------------

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
# Other, control, surrogate, private, unassigned: nothing a letter could print.
_UNPRINTABLE = ("Cc", "Cs", "Co", "Cn")
# Marks that turn the reading direction of what follows, and so could hide a word.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def escape_fact(value: Any) -> Markup:
    """``value`` as Markdown that reads as itself: no markup, one line.

    Raises:
        LetterError: a template prints a fact that is absent.
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        raise LetterError("The template prints a fact that is absent. No letter made.")
    line = " ".join(_DIRECTION.sub("", str(value)).split())
    shown = "".join(c for c in line if unicodedata.category(c) not in _UNPRINTABLE)
    return Markup(_PUNCTUATION.sub(r"\\\1", shown))  # noqa: S704 - escaped just here


_FILTERS: dict[str, Callable[..., str]] = {
    "and_list": words.and_list,
    "capital": words.capital,
    "day_and_month": words.day_and_month,
    "ended": words.ended,
    "less": words.less,
    "long_date": words.long_date,
    "money": words.money,
    "month": words.month,
    "percent": words.percent,
    "sentence": words.sentence,
}


@cache
def environment() -> Environment:
    """Jinja2 as letters use it: strict, and every printed value through a gate."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,  # so that macros and blocks count as text already escaped
        finalize=escape_fact,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(_FILTERS)
    return env


def _fill(template_id: str, **context: Any) -> Document:
    return read(environment().get_template(f"{template_id}.md.j2").render(context))


def _text(frame: Frame, document: Document) -> str:
    side = (f"{label}: {', '.join(lines)}" for label, lines in frame.side)
    parts = [
        "\n".join((frame.sender, *frame.sender_lines)),
        "\n".join(side),
        "\n".join(frame.to_lines),
        to_text(document.body),
        "\n".join(plain(part) for part in document.close),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
