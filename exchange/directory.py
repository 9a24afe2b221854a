"""A mailbox that is a folder: ``<partner>/inbound``, ``inbound/done``, ``outbound``."""

import os
import time
from pathlib import Path

from exchange.mailbox import InboundFile, MailboxError, OutboundConflictError

UNFINISHED = (".tmp", ".part", ".filepart")


class DirectoryMailbox:
    """Write under a temporary name, then rename; leave half-written files alone."""

    def __init__(self, root: Path, partner: str) -> None:
        """``root`` holds one folder per partner."""
        self.inbound = root / partner / "inbound"
        self.outbound = root / partner / "outbound"
        self.done = self.inbound / "done"
        for folder in (self.inbound, self.outbound, self.done):
            folder.mkdir(parents=True, exist_ok=True)

    def list_inbound(self, settle_seconds: float = 0.0) -> list[InboundFile]:
        """Settled files by name."""
        now = time.time()
        found = []
        for path in sorted(self.inbound.iterdir()):
            name = path.name
            if not path.is_file() or name.startswith(".") or name.endswith(UNFINISHED):
                continue
            state = path.stat()
            if now - state.st_mtime >= settle_seconds:
                found.append(InboundFile(name, state.st_size, state.st_mtime))
        return found

    def read_inbound(self, name: str) -> bytes:
        """The bytes of a waiting file."""
        return (self.inbound / _safe(name)).read_bytes()

    def archive_inbound(self, name: str) -> None:
        """Move it to ``done``; a name taken before gets a number."""
        source = self.inbound / _safe(name)
        if not source.exists():
            return
        target, number = self.done / name, 1
        while target.exists():
            target, number = self.done / f"{name}.{number}", number + 1
        source.replace(target)

    def put_outbound(self, name: str, content: bytes) -> None:
        """Write ``name`` whole, once.

        Raises:
            OutboundConflictError: the name is taken by other bytes.
        """
        target = self.outbound / _safe(name)
        if target.exists():
            if target.read_bytes() != content:
                raise OutboundConflictError(
                    f"{name} is already in the mailbox with other content. Nothing was "
                    "written. Look at the batch that wrote it."
                )
            return
        draft = self.outbound / f".{name}.{os.getpid()}.tmp"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)

    def outbound_exists(self, name: str) -> bool:
        """Whether the file is there."""
        return (self.outbound / _safe(name)).exists()

    def list_outbound(self) -> list[str]:
        """Names of finished files."""
        return sorted(
            p.name
            for p in self.outbound.iterdir()
            if p.is_file() and not p.name.startswith(".")
        )

    def read_outbound(self, name: str) -> bytes:
        """The bytes of a file we wrote."""
        return (self.outbound / _safe(name)).read_bytes()


def _safe(name: str) -> str:
    if not name or name != Path(name).name or name in (".", ".."):
        raise MailboxError("A file name may not hold a path. Nothing was done.")
    return name
