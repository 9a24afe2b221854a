"""Make a letter and keep it: its exact bytes in the document store, its row in SQL.

There is one way to make a letter, ``make``: what a person reads before approving it and
what is mailed afterwards cannot differ. ``Seal`` names those bytes.
"""

from datetime import date
from hashlib import sha256

from pydantic import BaseModel, ConfigDict

from activities.office import Office
from letters.check import GRADE_MAX
from letters.facts import AppealFacts
from letters.render import LetterError, LetterFacts, RenderedLetter, render
from records import accounts, events
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because


class Seal(BaseModel):
    """The exact bytes of one letter, by their SHA-256."""

    model_config = ConfigDict(frozen=True)

    template: str
    template_version: str
    dated: date
    html_sha256: str
    pdf_sha256: str
    facts_sha256: str

    @property
    def sha256(self) -> str:
        """One hash that is another one as soon as anything in the letter is."""
        return _hash(self.model_dump_json().encode())


def make(template: str, facts: LetterFacts) -> RenderedLetter:
    """The letter, to be read or to be mailed.

    Raises:
        LetterError: no letter can be made from these facts, or a patient's letter
            reads above US grade 8 (R-PAT-03).
    """
    made = render(template, facts)
    if not isinstance(facts, AppealFacts) and made.reading_grade > GRADE_MAX:
        raise LetterError(
            f"Letter {made.template_id} reads at US grade {made.reading_grade}; "
            f"{GRADE_MAX} is the most for patients. No letter was made. Shorten its "
            "sentences in letters/templates."
        )
    return made


def seal_of(made: RenderedLetter, facts: LetterFacts, dated: date) -> Seal:
    """What names the bytes of ``made``; nothing is stored."""
    return Seal(
        template=made.template_id,
        template_version=made.template_version,
        dated=dated,
        html_sha256=_hash(made.html),
        pdf_sha256=_hash(made.pdf),
        facts_sha256=_hash(_facts(facts)),
    )


def store(
    office: Office, made: RenderedLetter, facts: LetterFacts, dated: date
) -> Seal:
    """Put the letter's bytes and its facts into the document store.

    Documents are named by their bytes, so a repeat finds them.
    """
    for content in (made.html, made.pdf, _facts(facts)):
        office.documents.put(content)
    return seal_of(made, facts, dated)


def store_seal(office: Office, seal: Seal) -> None:
    """Keep the seal itself, for a letter that is approved before it is filed."""
    office.documents.put(seal.model_dump_json().encode())


def stored_seal(office: Office, sha: str) -> Seal:
    """The seal that ``store_seal`` kept.

    Raises:
        DocumentMissingError: there is none of this hash.
    """
    return Seal.model_validate_json(office.documents.get(sha))


def _facts(facts: LetterFacts) -> bytes:
    return facts.model_dump_json().encode()


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


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
    """Make a letter and put it in the outbox, once by ``key`` (R-IDM-01).

    The row is the last step: what cannot be made leaves no letter behind.

    Raises:
        LetterError: no letter can be made from these facts; nothing was kept.
    """
    if known := accounts.letter_kept(conn, key):
        return known
    seal = store(office, make(template, facts), facts, why.today)
    return keep_sealed(
        conn,
        seal,
        key=key,
        row=row,
        recipient=recipient,
        why=why,
        account_id=account_id,
    )


def keep_sealed(
    conn: Connection,
    seal: Seal,
    *,
    key: str,
    row: ClaimRow | None,
    recipient: str,
    why: Because,
    account_id: str | None = None,
) -> str:
    """Put a letter that is in the document store in the outbox, once by ``key``."""
    if known := accounts.letter_kept(conn, key):
        return known
    letter_id = accounts.add_letter(
        conn,
        **seal.model_dump(),
        key=key,
        claim_id=row.id if row else None,
        account_id=account_id,
        recipient=recipient,
        status="outbox",
    )
    words = f"Letter {seal.template} to the {recipient} is ready to be mailed"
    events.add(
        conn,
        why,
        "letter",
        words,
        claim_id=row.id if row else None,
        account_id=account_id,
    )
    return letter_id
