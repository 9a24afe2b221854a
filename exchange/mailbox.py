"""The mailbox of one trading partner, whatever carries it (a folder, SFTP).

Every kind of mailbox keeps the contract below; tests/exchange/test_mailbox_contract.py
holds each of them to it.
"""

from dataclasses import dataclass
from typing import Protocol

UNFINISHED_ENDINGS = (".tmp", ".part", ".filepart")
MAX_NAME_BYTES = 240
"""File systems take 255; the rest is for the number of an archived file."""


class MailboxError(Exception):
    """The mailbox could not do what was asked; nothing was sent or lost."""


class OutboundConflictError(MailboxError):
    """A file of this name with other bytes is already there; nothing was written."""


class FileMissingError(MailboxError):
    """There is no file of this name; nothing was read."""


@dataclass(frozen=True)
class InboundFile:
    """A settled file waiting to be read."""

    name: str
    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970, UTC, as the mailbox says."""


class Mailbox(Protocol):
    """What every mailbox does.

    A name is refused with ``MailboxError`` where it could leave the mailbox (a path) or
    would never be listed (hidden, unfinished): see ``checked_name``.
    """

    def list_inbound(self, settle_seconds: float = 0.0) -> list[InboundFile]:
        """Settled files by name; half-written ones are left out.

        Left out are hidden names, names with an unfinished ending, and files that
        changed within the last ``settle_seconds``.
        """
        ...

    def read_inbound(self, name: str) -> bytes:
        """The bytes of a waiting file.

        Raises:
            FileMissingError: it is not waiting (any more).
        """
        ...

    def archive_inbound(self, name: str) -> None:
        """Move a file that was taken in aside; again has no effect.

        Nothing that was moved aside before is lost, even under the same name.
        """
        ...

    def put_outbound(self, name: str, content: bytes) -> None:
        """Write a whole file or nothing; the same bytes again have no effect.

        Raises:
            OutboundConflictError: the name is taken by other bytes.
        """
        ...

    def outbound_exists(self, name: str) -> bool:
        """Whether this file was written before."""
        ...

    def list_outbound(self) -> list[str]:
        """Names of the files written, in order."""
        ...

    def read_outbound(self, name: str) -> bytes:
        """The bytes of a file we wrote.

        Raises:
            FileMissingError: it is not there.
        """
        ...


def checked_name(name: str) -> str:
    """``name`` when it is safe as the name of a finished file.

    Raises:
        MailboxError: it is empty, too long or hidden, holds a path separator or what
            cannot be printed or stored, or has the ending of an unfinished file.
    """
    if not is_safe(name) or is_unfinished(name):
        raise MailboxError(
            "A file name must be a plain name: no path, not hidden, not the name of an "
            "unfinished file. Nothing was done. Correct the name."
        )
    return name


def is_safe(name: str) -> bool:
    """Whether a mailbox can name a file so; printable also refuses broken UTF-8."""
    plain = bool(name) and name.isprintable() and not set(name) & set("/\\")
    return plain and len(name.encode()) <= MAX_NAME_BYTES


def is_unfinished(name: str) -> bool:
    """Whether the name says that the file is still being written."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED_ENDINGS)
