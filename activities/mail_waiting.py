"""Files that lie in a mailbox and have not been taken in: to look at, and to take one.

A sweep takes them by itself; a person may be faster, or may want to look first. A file
is named by a mark, never by its place.
"""

import hashlib
import hmac
from dataclasses import dataclass

from activities.office import Office
from activities.receipts import acknowledge
from exchange.mailbox import (
    FileMissingError,
    InboundFile,
    MailboxError,
    TooLargeError,
)
from records.events import Because

LOOK_SECONDS = 3.0
"""For a server to answer when a page lists what lies in its mailbox."""
READ_SECONDS = 10.0
"""For each step at a server while a person waits for a file."""
SILENT = (
    "A partner's mailbox does not answer in time, so the file was not read. Nothing "
    "was done. Its sweep takes the file in by itself; or try again in a minute."
)


class MailGoneError(Exception):
    """The chosen file cannot be read now; the text says why. Nothing was done."""


@dataclass(frozen=True)
class Lying:
    """One file in one mailbox."""

    partner: str
    file: InboundFile

    def mark(self, secret: str) -> str:
        """What stands for it in a form: opaque, and of one session only."""
        place = f"{self.partner}/{self.file.name}".encode()
        return hmac.new(secret.encode(), place, "sha256").hexdigest()[:32]


def lying_in(office: Office, partner: str) -> list[Lying]:
    """The files of one mailbox, by name.

    Raises:
        MailboxError, OSError: it cannot be looked into now.
    """
    with office.open_mailbox(partner).within(LOOK_SECONDS).held() as mailbox:
        return [Lying(partner, file) for file in mailbox.list_inbound()]


def read_marked(office: Office, mark: str, secret: str) -> tuple[Lying, bytes]:
    """The file behind a mark, with its bytes.

    Raises:
        MailGoneError: it is gone, still being written or too large, or a mailbox does
            not answer.
    """
    silent = False
    for partner in office.partners():
        try:
            with office.open_mailbox(partner).within(READ_SECONDS).held() as mailbox:
                for file in mailbox.list_inbound():
                    one = Lying(partner, file)
                    if hmac.compare_digest(one.mark(secret).encode(), mark.encode()):
                        content = mailbox.read_inbound(file.name)
                        return _whole(one, content), content
        except FileMissingError:
            break
        except TooLargeError as error:
            raise MailGoneError(f"This file is not taken: {error}.") from None
        except (MailboxError, OSError):
            silent = True
    if silent:
        raise MailGoneError(SILENT)
    raise MailGoneError(
        "That file does not lie in a mailbox any more: a sweep may have taken it in. "
        "Nothing was done. See Imports."
    )


def _whole(one: Lying, content: bytes) -> Lying:
    if len(content) == one.file.size:
        return one
    raise MailGoneError(
        "That file is still being written. Nothing was done. Try again in a minute."
    )


def put_aside(
    office: Office, partner: str, name: str, sha256: str, why: Because
) -> bool:
    """Answer a file that was taken in (999) and move it aside, unless another has come
    under its name.

    False where the mailbox cannot be reached: it stays there, and the next sweep counts
    it as a copy.
    """
    try:
        with office.open_mailbox(partner).within(READ_SECONDS).held() as mailbox:
            content = mailbox.read_inbound(name)
            if hashlib.sha256(content).hexdigest() == sha256:
                acknowledge(office, mailbox, partner, content, why)
                mailbox.archive_inbound(name)
    except FileMissingError:
        return True
    except (MailboxError, OSError):
        return False
    return True
