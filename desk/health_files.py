"""Files in the health page: what came, and what of it has not come to its end."""

from collections.abc import Iterator

from activities.mail_state import away
from desk.health_line import Line, State
from desk.health_words import partner_words
from desk.visit import Visit
from desk.words import day, instant
from policy.people import Door
from records import audit, file_list
from records.db import Connection
from records.files import UNREAD, End


def _mailboxes(visit: Visit, conn: Connection) -> Iterator[Line]:
    office = visit.desk.office
    found = away(conn, office.partners())
    for one in found:
        whose = partner_words(office, one.partner)
        since = instant(one.since, office.zone).striptags()
        yield Line(
            f"Mailbox of {whose}",
            State.STOPPED,
            f"cannot be reached since {since}: {one.words}. Claims wait to leave and "
            "answers lie there; it is tried again by itself",
            "Ask operations to run: python starter.py doctor",
        )
    if not found:
        yield Line("Mailboxes", State.OK, "every one could be reached")


def file_lines(visit: Visit, conn: Connection) -> Iterator[Line]:
    """Files begun, not to be read, in quarantine and not posted; the last of each
    partner."""
    open_ = audit.files_without_end(conn)
    begun = sum(row["kind"] != UNREAD for row in open_)
    if begun:
        fix = "Start the same file again: what is known stays unchanged"
        yield Line(
            "Files begun",
            State.STOPPED,
            f"{begun} began and did not end",
            fix,
            "/imports?ended=none",
            Door.OPERATE,
        )
    else:
        yield Line("Files begun", State.OK, "all have ended")
    if unread := len(open_) - begun:
        yield Line(
            "Files not to be read",
            State.LATE,
            f"{unread} in a mailbox, tried again by each sweep",
            "Mend its rights, or ask the sender for it again",
            "/imports?ended=none",
            Door.OPERATE,
        )
    if bad := file_list.count(conn, End.QUARANTINED):
        yield Line(
            "Files in quarantine",
            State.LOOK,
            f"{bad}, kept and not used",
            "Ask the sender for a good copy",
            "/imports?ended=quarantined",
            Door.OPERATE,
        )
    else:
        yield Line("Files in quarantine", State.OK, "none")
    if part := file_list.count(conn, "waiting"):
        are = "file of money is" if part == 1 else "files of money are"
        yield Line(
            "Files posted",
            State.LOOK,
            f"{part} {are} not all in the ledger",
            "See which payments wait, and for whom",
            "/imports?ended=waiting",
            Door.OPERATE,
        )
    else:
        yield Line("Files posted", State.OK, "all money that came is in the ledger")
    yield from _mailboxes(visit, conn)
    for partner, on, _ in audit.last_files(conn):
        whose = partner_words(visit.desk.office, partner)
        yield Line(f"Files from {whose}", State.OK, f"the last came on {day(on)}")
