"""The mailbox of one trading partner, whatever carries it (a folder, SFTP).

Every kind of mailbox keeps the contract below; tests/exchange/test_mailbox_contract.py
holds each of them to it.

A file leaves in two steps, so that a crash never sends it twice: it is staged under a
hidden draft's name, the caller notes that name, and it is released by one rename. A
draft that is gone was released, even where the partner has collected the file since.
"""

import hashlib
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, Self

MOST_BYTES = 200_000_000
"""The largest file that is read, unless a setting says otherwise."""
UNFINISHED_ENDINGS = (".tmp", ".part", ".filepart")
MAX_NAME_BYTES = 240
"""File systems take 255; the rest is for the number of an archived file."""
_SHOWN = 50
"""Characters of a file's name that its draft's repeats: 200 bytes at most."""


class MailboxError(Exception):
    """The mailbox could not do what was asked; nothing was sent or lost."""


class OutboundConflictError(MailboxError):
    """A file of this name with other bytes is already there; nothing was written."""


class FileMissingError(MailboxError):
    """There is no file of this name; nothing was read."""


class TooLargeError(MailboxError):
    """The file is larger than what is read here; nothing of it was read."""

    def __init__(self, size: int, most: int) -> None:
        """Both in bytes."""
        super().__init__(
            f"it is larger than what is read here ({size / 1e6:,.0f} MB; at most "
            f"{most / 1e6:,.0f} MB), so nothing of it was read. Ask the sender for "
            "smaller files, or raise CLAIMTHREAD_MAILBOX_MAX_MB and send it again"
        )
        self.size = size


class UnreachableError(MailboxError):
    """The partner's server did not answer or broke off; trying again may help."""


class AccountError(MailboxError):
    """A key, the login or a folder is not as it should be; a person must look."""


@dataclass(frozen=True)
class InboundFile:
    """A settled file waiting to be read."""

    name: str
    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970, UTC, as the mailbox says."""


class Mailbox(Protocol):
    """What every mailbox does. Every method may raise ``MailboxError``.

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
            TooLargeError: it holds more bytes than this mailbox reads.
        """
        ...

    def archive_inbound(self, name: str) -> None:
        """Move a file that was taken in aside; again has no effect.

        Nothing that was moved aside before is lost, even under the same name.
        """
        ...

    def held(self) -> AbstractContextManager[Self]:
        """This mailbox for several steps, over one connection where there is one."""
        ...

    def within(self, seconds: float) -> Self:
        """This mailbox for somebody who waits: a server that says nothing for so long,
        to log in or at one step, is an ``UnreachableError``."""
        ...

    def stage_outbound(self, name: str, content: bytes) -> str:
        """Write a whole file as a draft that nobody collects; the draft's name.

        Each call makes a draft of its own. One that a crash left behind stays: to take
        it away could take another worker's.
        """
        ...

    def release_outbound(self, draft: str, name: str) -> None:
        """Give a draft its file's name in one step; again has no effect.

        Raises:
            OutboundConflictError: the name is taken by other bytes.
        """
        ...

    def discard_outbound(self, draft: str) -> None:
        """Take away a draft of ours that will not be released."""
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


def draft_of(name: str) -> str:
    """A new draft's name for a file that will be called ``name``."""
    return f".{checked_name(name)[:_SHOWN]}.{secrets.token_hex(8)}.tmp"


def checked_draft(draft: str) -> str:
    """``draft`` when it is the name of a draft of ours.

    Raises:
        MailboxError: it is another file's.
    """
    if not (is_safe(draft) and draft.startswith(".") and draft.endswith(".tmp")):
        raise MailboxError(
            "This is not the name of a draft. Nothing was done. Correct the name."
        )
    return draft


def conflict(name: str) -> OutboundConflictError:
    """The sentence for a name that is taken by other bytes."""
    return OutboundConflictError(
        f"{name} is already in the mailbox with other content. Nothing was "
        "written. Look at the batch that wrote it."
    )


def missing() -> FileMissingError:
    """The sentence for a file that is not there (any more); its name is left out."""
    return FileMissingError(
        "This file is not in the mailbox. Nothing was read. List the mailbox again."
    )


def tamed(name: str, raw: bytes) -> str:
    """A name that can be listed and stored, for a file whose own cannot."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return f"{plain[:100]}-{hashlib.sha256(raw).hexdigest()[:12]}"


def is_safe(name: str) -> bool:
    """Whether a mailbox can name a file so; printable also refuses broken UTF-8."""
    plain = bool(name) and name.isprintable() and not set(name) & set("/\\")
    return plain and len(name.encode()) <= MAX_NAME_BYTES


def is_unfinished(name: str) -> bool:
    """Whether the name says that the file is still being written."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED_ENDINGS)
