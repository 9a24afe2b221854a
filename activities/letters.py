"""Keep a rendered letter: its exact bytes in the document store, its row in SQL."""

from activities.office import Office
from letters.check import GRADE_MAX
from letters.facts import AppealFacts
from letters.render import LetterError, LetterFacts, RenderedLetter, render
from records import accounts, events
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because


def keep_letter(
    conn: Connection,
    office: Office,
    facts: LetterFacts,
    *,
    template: str,
    key: str,
    row: ClaimRow | None,
    recipient: str,
    why: Because,
    account_id: str | None = None,
) -> str:
    """Render ``facts`` and put the letter in the outbox, once by ``key`` (R-IDM-01).

    The row is the last step: what cannot be rendered, or reads too hard for a patient,
    leaves no letter behind. Documents are named by their bytes, so a repeat finds them.

    Raises:
        LetterError: no letter can be made from these facts; nothing was kept.
    """
    if known := accounts.letter_kept(conn, key):
        return known
    made = _readable(render(template, facts), facts)
    letter_id = accounts.add_letter(
        conn,
        key=key,
        template=template,
        template_version=made.template_version,
        claim_id=row.id if row else None,
        account_id=account_id,
        recipient=recipient,
        dated=why.today,
        status="outbox",
        html_sha256=office.documents.put(made.html),
        pdf_sha256=office.documents.put(made.pdf),
        facts_sha256=office.documents.put(facts.model_dump_json().encode()),
    )
    words = f"Letter {template} to the {recipient} is ready to be mailed"
    events.add(
        conn,
        why,
        "letter",
        words,
        claim_id=row.id if row else None,
        account_id=account_id,
    )
    return letter_id


def _readable(made: RenderedLetter, facts: LetterFacts) -> RenderedLetter:
    """A patient's letter reads at US grade 8 or below (R-PAT-03)."""
    if not isinstance(facts, AppealFacts) and made.reading_grade > GRADE_MAX:
        raise LetterError(
            f"Letter {made.template_id} reads at US grade {made.reading_grade}; "
            f"{GRADE_MAX} is the most for patients. No letter was made. Shorten its "
            "sentences in letters/templates."
        )
    return made
