"""The last look at an appeal letter: what the second person confirms is what they read.

The letter that stands on the page has one hash (``Seal.sha256``). An approval names it;
if the letter of this moment has another one, the approval is refused and nothing is
stored. If it is the same, its bytes are stored with the approval, and these are filed
and mailed, however late the decision is applied (R-APP-03, R-TSK-05).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from activities import letters
from activities.appeal_letter import appeal_facts
from activities.letters import Seal
from activities.office import Office
from claims.task import AppealLetterForm, DecisionRefused, Form, TaskType
from letters.elements import Element, elements, lacking_for_approval
from letters.facts import AppealFacts
from letters.render import LetterError, RenderedLetter
from letters.words import and_list, long_date, money
from records import accounts, claims, tasks
from records.db import Connection, RowMapping
from records.events import Because

SENT = "sent"
TYPED = ("route", "argument")
"""Fields of the form that the letter prints."""


@dataclass(frozen=True)
class Review:
    """One letter with all that is read before, and after, it is approved.

    ``made`` is None for an approved letter: its bytes are in the document store.
    """

    appeal: RowMapping
    facts: AppealFacts
    seal: Seal
    made: RenderedLetter | None = None

    @property
    def elements(self) -> tuple[Element, ...]:
        """The nine elements, ticked."""
        return elements(self.facts)

    @property
    def lacking(self) -> list[str]:
        """What is missing and no approval can add."""
        return lacking_for_approval(self.facts)

    def html(self, office: Office) -> bytes:
        """The letter for the screen."""
        return self.made.html if self.made else _stored(office, self.seal.html_sha256)

    def pdf(self, office: Office) -> bytes:
        """The letter as it is printed."""
        return self.made.pdf if self.made else _stored(office, self.seal.pdf_sha256)


def _stored(office: Office, sha: str) -> bytes:
    return office.documents.get(sha)


def review(
    conn: Connection,
    office: Office,
    task: RowMapping,
    why: Because,
    *,
    typed: Mapping[str, str],
    approver: str = "",
) -> Review | None:
    """The letter as it is now; None for a task that has none.

    ``typed``: what is in the form. ``approver``: the person who would approve it, empty
    for anybody who cannot; the letter then calls itself a draft.

    Raises:
        LetterError: no letter can be made from what is on file.
    """
    appeal = accounts.get_appeal(conn, task["subject"] or "")
    if task["type"] != TaskType.APPEAL_PREPARE or appeal is None:
        return None
    row = claims.get(conn, appeal["claim_id"])
    facts = appeal_facts(
        conn,
        office,
        row,
        appeal,
        why,
        approver=approver,
        route=typed.get("route", ""),
        argument=typed.get("argument", ""),
    )
    made = letters.make(appeal["template"], facts)
    seal = letters.seal_of(made, facts, facts.letter_date)
    return Review(appeal, facts, seal, made)


def approved(conn: Connection, office: Office, task: RowMapping) -> Review | None:
    """The letter that was approved, filed or not; None when there is none."""
    appeal = accounts.get_appeal(conn, task["subject"] or "")
    if task["type"] != TaskType.APPEAL_PREPARE or appeal is None:
        return None
    seal = None
    if task["status"] == "saved":
        seal = _approved_seal(conn, office, task["id"])
    elif filed := accounts.get_letter(conn, appeal["letter_id"] or ""):
        seal = Seal(**{name: filed[name] for name in Seal.model_fields})
    if seal is None:
        return None
    text = office.documents.get(seal.facts_sha256)
    return Review(appeal, AppealFacts.model_validate_json(text), seal)


def _approved_seal(conn: Connection, office: Office, task_id: str) -> Seal | None:
    newest = tasks.decisions_of(conn, task_id)[-1]
    stored = tasks.stored_decision(conn, newest["id"])
    sha = json.loads(tasks.decision_form(office.cipher, stored)).get("letter")
    return letters.stored_seal(office, sha) if sha else None


def prepared_words(conn: Connection, office: Office, task_id: str) -> dict[str, str]:
    """What the first person had the letter say; empty when nobody prepared it."""
    _, form = tasks.prepared_form(conn, office.cipher, task_id)
    given = json.loads(form)
    return {name: str(given[name]) for name in TYPED if given.get(name)}


def bind(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    given: Form,
    why: Because,
) -> Form:
    """The form of a decision; of an approval, with the letter that is approved.

    A form that names no letter approves the one of this moment.

    Raises:
        DecisionRefused: no letter can be made, an element is missing, or it is not the
            letter that was read.
    """
    if not isinstance(given, AppealLetterForm) or decision != SENT:
        return given
    try:
        return _bound(conn, office, task, given, why)
    except LetterError as error:
        raise DecisionRefused(f"Nothing was stored. {error}") from error


def _bound(
    conn: Connection,
    office: Office,
    task: RowMapping,
    given: AppealLetterForm,
    why: Because,
) -> AppealLetterForm:
    if task["status"] == "open":
        _check(review(conn, office, task, why, typed=given.model_dump()))
        return given
    words = prepared_words(conn, office, task["id"])
    found = review(conn, office, task, why, typed=words, approver=why.actor)
    _check(found)
    if found is None or found.made is None:
        return given
    if given.letter and given.letter != found.seal.sha256:
        raise DecisionRefused(_another(found.facts))
    letters.store(office, found.made, found.facts, found.seal.dated)
    letters.store_seal(office, found.seal)
    return given.model_copy(update={"letter": found.seal.sha256})


def _check(found: Review | None) -> None:
    if found is not None and found.lacking:
        raise DecisionRefused(
            f"Not sent: the letter lacks {and_list([n.lower() for n in found.lacking])}"
            " (R-APP-03). Nothing was stored. Add what is missing and decide again."
        )


def _another(now: AppealFacts) -> str:
    return (
        "The letter is not the one you read: it changed since. Nothing was approved "
        f"and nothing was sent. It is now dated {long_date(now.letter_date)} and asks "
        f"for {money(now.request_amount)}. Read it again, then confirm it."
    )
