"""The mailbox of one trading partner, whatever carries it (a folder, SFTP)."""

from dataclasses import dataclass
from typing import Protocol


class MailboxError(Exception):
    """The mailbox could not do what was asked; nothing was sent or lost."""


class OutboundConflictError(MailboxError):
    """A file of this name with other bytes is already there; nothing was written."""


@dataclass(frozen=True)
class InboundFile:
    """A settled file waiting to be read."""

    name: str
    size: int
    modified: float


class Mailbox(Protocol):
    """What every mailbox does."""

    def list_inbound(self, settle_seconds: float = 0.0) -> list[InboundFile]:
        """Settled files by name; half-written ones are left out."""
        ...

    def read_inbound(self, name: str) -> bytes:
        """The bytes of a waiting file."""
        ...

    def archive_inbound(self, name: str) -> None:
        """Move a file that was taken in aside; again has no effect."""
        ...

    def put_outbound(self, name: str, content: bytes) -> None:
        """Write a whole file or nothing; the same bytes again have no effect."""
        ...

    def outbound_exists(self, name: str) -> bool:
        """Whether this file was written before."""
        ...

    def list_outbound(self) -> list[str]:
        """Names of the files written, in order."""
        ...

    def read_outbound(self, name: str) -> bytes:
        """The bytes of a file we wrote."""
        ...
