"""A letter as it will be, or was, mailed: its own bytes."""

from starlette.responses import Response

from desk import letter_bytes
from desk.claim_frame import sees
from desk.patients import may_see
from desk.route import Page
from desk.visit import ForbiddenError, MissingError, Visit
from letters.render import ALL_TITLES
from policy.people import Door
from records import accounts, dossier, tasks
from records.db import RowMapping

TITLES = ALL_TITLES | {
    "STMT_1": "First statement",
    "STMT_2": "Second statement",
    "STMT_PAST_DUE": "Past due statement",
    "FINAL_NOTICE": "Final notice",
    "PATIENT_REFUND": "Notice of a refund",
    "PATIENT_COB_QUESTION": "Question about other plans",
}
"""What staff call a letter of each template."""
STATES = {"outbox": "waits to be mailed", "sent": "mailed"}
"""Of a letter in words; draft and withdrawn are words already."""


def html(visit: Visit) -> Response:
    """The letter's page."""
    sha = _letter(visit)["html_sha256"]
    return letter_bytes.page(visit.desk.office.documents.get(sha))


def pdf(visit: Visit) -> Response:
    """The letter as it is printed."""
    sha = _letter(visit)["pdf_sha256"]
    return letter_bytes.paper(visit.desk.office.documents.get(sha))


def _letter(visit: Visit) -> RowMapping:
    """The letter's row; who may see the patient of none of its claims does not read
    it."""
    with visit.desk.office.writing() as conn:
        found = accounts.get_letter(conn, visit.path("letter"))
        if found is None:
            raise MissingError("There is no such letter. Nothing was changed.")
        about = sorted(dossier.claims_of_letter(conn, found))
        if not may_see(visit, []) and not any(
            sees(conn, visit, one, tasks.waiting(conn, claim_id=one)) for one in about
        ):
            raise ForbiddenError("Letters name patients. Nothing was shown.")
        visit.saw(
            conn,
            "letter",
            claim_ids=about,
            account_ids=[found["account_id"]] if found["account_id"] else [],
        )
    return found


ROUTES = (
    Page("GET", "/letters/{letter}", html, Door.TASKS),
    Page("GET", "/letters/{letter}/pdf", pdf, Door.TASKS),
)
