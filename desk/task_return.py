"""Return with marks: the second person sends a proposal back to who prepared it."""

from starlette.responses import Response

from activities.marks import give_back
from desk.patients import may_see
from desk.queue_acts import take_next
from desk.task_draft import number
from desk.visit import Visit
from records import marks, users
from records.db import RowMapping
from records.marks import Marks


def send_back(visit: Visit, reference: str, entry: dict[str, str]) -> Response:
    """Give the task back with what to change.

    Raises:
        DecisionRefused, NotPermittedError, ChangedError: nothing was returned.
    """
    row = give_back(
        visit.desk.office,
        reference,
        version=number(visit.text("version")),
        words=entry.get("marks", ""),
        why=visit.because("R-TSK-05"),
    )
    to = _name(visit, row["prepared_by"])
    words = f"Task {row['number']} is with {to} again, with your marks."
    if visit.text("do") == "next":
        return take_next(visit, words)
    return visit.go(f"/tasks/{row['id']}", words)


def marks_on(visit: Visit, row: RowMapping) -> tuple[str, Marks] | None:
    """Who sent a waiting task back last, and with which marks; for those who may see
    the patient, whom they may name."""
    if row["status"] not in ("open", "prepared") or not may_see(visit, [row]):
        return None
    office = visit.desk.office
    with office.reading() as conn:
        found = marks.newest(conn, office.cipher, row["id"])
    return (_name(visit, found.actor), found) if found else None


def _name(visit: Visit, who: str) -> str:
    with visit.desk.office.reading() as conn:
        user = users.get_user(conn, who)
    return user.display_name if user else who
