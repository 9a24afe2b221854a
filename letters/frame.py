"""What stands around a letter's text: sender, addressee, dates, title.

The addressee is the only thing in the envelope's window. The title goes into the file's
metadata and the browser's tab, so it names no person and no number (desk law 9).
"""

from dataclasses import dataclass
from datetime import date

from letters.facts import AppealFacts, NoticeFacts, PracticeFacts, StatementFacts
from letters.words import capital, long_date

Side = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Frame:
    """The parts that a letter's layout places, beside its blocks."""

    title: str
    kind: str
    """``statement`` or ``letter``: names the layout file."""
    dated: date
    sender: str
    sender_lines: tuple[str, ...]
    to_lines: tuple[str, ...]
    side: Side
    reference: str
    """Printed at the foot of a second page."""


def statement_frame(title: str, facts: StatementFacts) -> Frame:
    """Around a patient statement."""
    practice = facts.practice
    hours = tuple(part for part in practice.hours.split(", ") if part)
    return Frame(
        title=title,
        kind="statement",
        dated=facts.statement_date,
        sender=practice.name,
        sender_lines=practice.address_lines,
        to_lines=(facts.guarantor.name, *facts.guarantor.address_lines),
        side=(
            ("Statement date", (long_date(facts.statement_date),)),
            ("Account", (facts.account_number,)),
            ("Questions? Call us", (practice.phone, *hours)),
        ),
        reference=f"Account {facts.account_number}",
    )


def notice_frame(title: str, facts: NoticeFacts) -> Frame:
    """Around a letter to a patient that is no bill."""
    practice = facts.practice
    return Frame(
        title=title,
        kind="letter",
        dated=facts.letter_date,
        sender=practice.name,
        sender_lines=(*practice.address_lines, practice.phone),
        to_lines=(facts.guarantor.name, *facts.guarantor.address_lines),
        side=(
            ("Date", (long_date(facts.letter_date),)),
            ("Account", (facts.account_number,)),
        ),
        reference=f"Account {facts.account_number}",
    )


def appeal_frame(title: str, facts: AppealFacts) -> Frame:
    """Around a letter to a payer: element one and two of desk.md section 4."""
    to = ", ".join(part for part in (facts.payer_name, facts.payer_unit) if part)
    return Frame(
        title=title,
        kind="letter",
        dated=facts.letter_date,
        sender=facts.practice.name,
        sender_lines=_sender_lines(facts.practice, facts.signed_by),
        to_lines=(to, *facts.payer_address_lines),
        side=_appeal_side(facts),
        reference=f"Claim {facts.claim_number}",
    )


def _sender_lines(practice: PracticeFacts, signer: str) -> tuple[str, ...]:
    contact = ", ".join(part for part in (signer, practice.phone) if part)
    ids = f"NPI {practice.npi} \N{MIDDLE DOT} Tax ID {practice.tax_id}"
    return (*practice.address_lines, ids, contact)


def _appeal_side(facts: AppealFacts) -> Side:
    name = f" ({facts.level_name})" if facts.level_name else ""
    pages = sum(exhibit.pages for exhibit in facts.evidence)
    side = [
        ("Date", (long_date(facts.letter_date),)),
        ("Appeal", (f"Level {facts.level}{name}", *_day_of(facts))),
    ]
    if facts.route:
        side.append(("Sent by", (capital(facts.route),)))
    if pages:
        side.append(("Enclosed", (f"{pages} page{'s' * (pages > 1)} of exhibits",)))
    return tuple(side)


def _day_of(facts: AppealFacts) -> tuple[str, ...]:
    """``day 6 of 180``: that the letter is inside the limit is in sight."""
    limit, notice = facts.legal_deadline, facts.denial.notice_date
    if limit is None:
        return ()
    by = f"limit {long_date(limit)}"
    if notice is None:
        return (by,)
    return (f"day {(facts.letter_date - notice).days} of {(limit - notice).days}", by)
