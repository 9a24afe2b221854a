"""Files of a mailbox whose bytes nobody read here: too large, or not to be opened.

They are listed like any other, so that a person learns of them. Where a read file has
its hash these have one of their place, size and time, for their bytes are not known.
"""

import hashlib
from collections.abc import Mapping

from activities.office import Office
from exchange.mailbox import InboundFile, MailboxError, TooLargeError
from records import files
from records.db import Connection
from records.events import Because
from records.files import UNREAD, End


class UnreadError(Exception):
    """A waiting file cannot be read now; its cause says why. It stays where it is."""


def refuse(
    office: Office, partner: str, file: InboundFile, error: TooLargeError, why: Because
) -> None:
    """Quarantine a file that is too large, by its name alone."""
    key = _key(partner, file)
    with office.writing() as conn:
        _register(conn, key, partner, file, error.size, why)
        files.end(conn, key, End.QUARANTINED, reason=str(error))


def remember(
    office: Office, partner: str, left: Mapping[InboundFile, UnreadError], why: Because
) -> None:
    """List what cannot be read in this mailbox now, and nothing that could be since."""
    keys = {_key(partner, file): file for file in left}
    with office.writing() as conn:
        files.forget_unread(conn, partner, but=keys)
        for key, file in keys.items():
            _register(conn, key, partner, file, file.size, why)
            files.explain(conn, key, _words(left[file].__cause__))


def _register(
    conn: Connection,
    key: str,
    partner: str,
    file: InboundFile,
    size: int,
    why: Because,
) -> None:
    files.register(
        conn,
        sha256=key,
        direction="in",
        partner=partner,
        name=file.name,
        kind=UNREAD,
        size=size,
        today=why.today,
        at=why.at,
    )


def _words(cause: BaseException | None) -> str:
    """Why it cannot be read; what a server or the system says of its name is left
    out."""
    known = isinstance(cause, MailboxError)
    said = str(cause) if known else getattr(cause, "strerror", None) or "no cause given"
    return f"it cannot be read in its mailbox, where each sweep tries again: {said}"


def _key(partner: str, file: InboundFile) -> str:
    place = f"unread:{partner}/{file.name}/{file.size}/{file.modified}"
    return hashlib.sha256(place.encode()).hexdigest()
