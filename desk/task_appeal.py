"""An appeal's review: the letter as it would be mailed, what it has, and where it goes.

The page shows one letter and carries its hash; while it waits for approval the frame
and the PDF show that letter, or say that it is another one now. What is confirmed is
checked against the same hash (``activities/appeal_review.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from activities.appeal_review import Review, approved, prepared_words, review
from claims.task import TaskType
from desk import letter_bytes
from desk.patients import may_see
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, MissingError, Visit
from letters.facts import AppealFacts
from letters.render import LetterError
from payers.profile import PayerProfile
from policy.people import Door
from policy.tasks import may_decide
from records import drafts, tasks
from records.db import Connection, RowMapping

UNREAD = "none"
"""The hash of the letter of somebody who was shown none."""
WAITING = ("open", "prepared")


class ChangedLetterError(DeskError):
    """The letter is not the one whose page was opened."""

    status = 409
    title = "The letter changed"


@dataclass(frozen=True)
class Way:
    """One way to send the letter."""

    name: str
    label: str
    where: str


@dataclass(frozen=True)
class Panel:
    """What the task's page shows of its letter."""

    letter: Review | None
    problem: str = ""
    """Why no letter can be made."""
    ways: tuple[Way, ...] = ()
    signs: bool = False
    """Whether this person's decision would sign it."""


def panel(visit: Visit, row: RowMapping, given: Mapping[str, str]) -> Panel | None:
    """The letter of a task and what is known of it; None where there is none to see.

    ``given`` is what the form says now.
    """
    if row["type"] != TaskType.APPEAL_PREPARE or not may_see(visit, [row]):
        return None
    with visit.desk.office.reading() as conn:
        try:
            found = _letter(visit, conn, row, given)
        except LetterError as error:
            return Panel(None, str(error))
    if found is None:
        return None
    profile = visit.desk.office.payer(row["payer_id"] or "")
    ways = _ways(found.facts, profile)
    return Panel(found, ways=ways, signs=_signs(visit, row))


def _letter(
    visit: Visit, conn: Connection, row: RowMapping, given: Mapping[str, str]
) -> Review | None:
    """Approved: as it was approved. Prepared: as the first person had it. Open: as the
    form has it."""
    office = visit.desk.office
    if row["status"] not in WAITING:
        return approved(conn, office, row)
    if row["status"] == "prepared":
        given = prepared_words(conn, office, row["id"])
    signer = visit.user.name if _signs(visit, row) else ""
    why = visit.because(row["rule"])
    return review(conn, office, row, why, typed=given, approver=signer)


def _signs(visit: Visit, row: RowMapping) -> bool:
    """Whether this person may be the second one on this task now."""
    if row["status"] != "prepared" or row["prepared_by"] == visit.user.name:
        return False
    kind = TaskType(row["type"])
    mine = may_decide(visit.user.roles, kind, row["decision"], second=True)
    return mine and visit.may(Door.DECIDE)


def _ways(facts: AppealFacts, profile: PayerProfile | None) -> tuple[Way, ...]:
    fax = profile.appeals.fax if profile else ""
    known = (
        Way("portal", "The payer's portal", "upload it there"),
        Way("fax", "Fax", fax or "no number on file"),
        Way("mail", "Mail", ", ".join(facts.payer_address_lines) or "no address"),
    )
    if facts.route in [way.name for way in known]:
        return known
    return (*known, Way(facts.route, facts.route, "as typed"))


def as_read(visit: Visit, row: RowMapping, form: dict[str, str]) -> dict[str, str]:
    """The form of a decision, without marks that were not sent; of a letter's approval,
    with the letter that was read."""
    given = {name: value for name, value in form.items() if name != "marks"}
    if row["type"] == TaskType.APPEAL_PREPARE and row["status"] == "prepared":
        given["letter"] = visit.text("letter") or UNREAD
    return given


# --- the letter itself ---------------------------------------------------------------


def html(visit: Visit) -> Response:
    """The letter inside the task's page."""
    try:
        return letter_bytes.page(_asked(visit).html(visit.desk.office))
    except ChangedLetterError as error:  # our error page may not stand in a frame
        words = str(error).encode()
        return letter_bytes.page(words, kind="text/plain", status=error.status)


def pdf(visit: Visit) -> Response:
    """The letter as it is printed."""
    return letter_bytes.paper(_asked(visit).pdf(visit.desk.office))


def _asked(visit: Visit) -> Review:
    """The letter that is asked for; who may not see the patient does not read it."""
    office = visit.desk.office
    with office.writing() as conn:
        row = tasks.get(conn, visit.path("task"))
        if row["type"] != TaskType.APPEAL_PREPARE:
            raise MissingError("This task has no appeal letter. Nothing was changed.")
        if not may_see(visit, [row]):
            raise ForbiddenError("Letters name patients. Nothing was shown.")
        draft = drafts.newest(conn, office.cipher, row["id"])
        try:
            found = _letter(visit, conn, row, draft.form if draft else {})
        except LetterError as error:
            raise MissingError(str(error)) from error
        if found is None:
            raise MissingError("This task has no appeal letter. Nothing was changed.")
        visit.saw(conn, "letter", claim_ids=[row["claim_id"]])
    asked = visit.asked("letter", found.seal.sha256)
    if row["status"] == "prepared" and asked != found.seal.sha256:
        raise ChangedLetterError(
            "The letter changed since this page was opened. Nothing was approved. "
            "Load the task's page again to read the new one."
        )
    return found


ROUTES = (
    Page("GET", "/tasks/{task}/letter", html, Door.TASKS),
    Page("GET", "/tasks/{task}/letter.pdf", pdf, Door.TASKS),
)
