"""Keep a rendered letter: its exact bytes in the document store, its row in SQL."""

import hashlib

from activities.office import Office
from letters.facts import AppealFacts, StatementFacts
from letters.render import render
from records import accounts, events
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because


def keep_letter(
    conn: Connection,
    office: Office,
    facts: AppealFacts | StatementFacts,
    *,
    template: str,
    key: str,
    row: ClaimRow | None,
    recipient: str,
    why: Because,
    account_id: str | None = None,
) -> str:
    """Render ``facts`` and put the letter in the outbox, once by ``key`` (R-IDM-01)."""
    made = render(template, facts)
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
        facts_sha256=hashlib.sha256(facts.model_dump_json().encode()).hexdigest(),
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
