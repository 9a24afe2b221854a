"""A person's note in the story of a claim."""

from desk.visit import DeskError, Visit
from records import claims, events

LONGEST = 500


def add_note(visit: Visit, claim_id: str, words: str) -> None:
    """Add a note to the story.

    Raises:
        DeskError: it is empty, too long, or names the patient; nothing was stored.
    """
    if not words or len(words) > LONGEST:
        raise DeskError(f"A note has 1 to {LONGEST} characters. No note was stored.")
    office = visit.desk.office
    with office.writing() as conn:
        claims.get(conn, claim_id)
        person = claims.content(conn, office.cipher, claim_id).patient_person
        if person.last and person.last.lower() in words.lower():
            raise DeskError(
                "The note names the patient. No note was stored. "
                "Write “the patient” instead."
            )
        events.add(conn, visit.because(), "note", words, claim_id=claim_id)
