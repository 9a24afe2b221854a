"""A mailbox that is a folder: ``<partner>/inbound``, ``inbound/done``, ``outbound``.

Partners write to ``inbound`` (an SFTP server may serve it), so nothing there is
trusted: links are not followed, and only regular files are read.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from exchange.mailbox import (
    MOST_BYTES,
    InboundFile,
    TooLargeError,
    checked_draft,
    checked_name,
    conflict,
    draft_of,
    is_safe,
    is_unfinished,
    missing,
    tamed,
)
from vault.durable import create_whole, make_folders, sync_folder


class DirectoryMailbox:
    """Stage, then rename; leave half-written files alone."""

    def __init__(
        self,
        root: Path,
        partner: str,
        *,
        clock: Callable[[], float] = time.time,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """``root`` holds one folder per partner; ``clock`` tells what has settled."""
        folder = root / checked_name(partner)
        self.inbound = folder / "inbound"
        self.done = self.inbound / "done"
        self.outbound = folder / "outbound"
        self._clock = clock
        self._most = most_bytes
        for part in (self.done, self.outbound):
            make_folders(part)

    def list_inbound(self, settle_seconds: float = 0.0) -> list[InboundFile]:
        """Settled files by name.

        A file whose name no mailbox could carry is renamed first, so that it cannot
        lie there for ever unseen.
        """
        now = self._clock()
        found = []
        for path in self.inbound.iterdir():
            if is_unfinished(path.name):
                continue
            state = _regular(path)
            if state is not None and now - _changed(state, now) >= settle_seconds:
                name = path.name if is_safe(path.name) else _tame(path)
                if name:
                    found.append(InboundFile(name, state.st_size, state.st_mtime))
        return sorted(found, key=lambda file: file.name)

    def read_inbound(self, name: str) -> bytes:
        """The bytes of a waiting file."""
        return _read(self.inbound / checked_name(name), self._most)

    def archive_inbound(self, name: str) -> None:
        """Move it to ``done``; a name taken before gets a number."""
        source = self.inbound / checked_name(name)
        target, number = self.done / name, 1
        while os.path.lexists(target):
            target, number = self.done / f"{name}.{number}", number + 1
        try:
            source.rename(target)
        except FileNotFoundError:
            return
        sync_folder(self.done)
        sync_folder(self.inbound)

    @contextmanager
    def held(self) -> Iterator[Self]:
        """A folder needs no connection."""
        yield self

    def within(self, seconds: float) -> Self:
        """A folder answers at once."""
        return self

    def stage_outbound(self, name: str, content: bytes) -> str:
        """Write a whole file as a draft; on the disk when this returns."""
        draft = draft_of(name)
        create_whole(self.outbound / draft, content)
        return draft

    def release_outbound(self, draft: str, name: str) -> None:
        """Give a draft its name in one step, unless that was done before."""
        source = self.outbound / checked_draft(draft)
        target = self.outbound / checked_name(name)
        with _alone_in(self.outbound):
            staged = _regular(source)
            if staged is None:
                return
            if not os.path.lexists(target):
                source.rename(target)
            elif _is_same(target, source, staged.st_size):
                source.unlink()
            else:
                raise conflict(name)
        sync_folder(self.outbound)

    def discard_outbound(self, draft: str) -> None:
        """Take away a draft that will not be released."""
        (self.outbound / checked_draft(draft)).unlink(missing_ok=True)

    def outbound_exists(self, name: str) -> bool:
        """Whether the file is there."""
        return _regular(self.outbound / checked_name(name)) is not None

    def list_outbound(self) -> list[str]:
        """Names of finished files."""
        return sorted(
            path.name
            for path in self.outbound.iterdir()
            if not is_unfinished(path.name) and _regular(path) is not None
        )

    def read_outbound(self, name: str) -> bytes:
        """The bytes of a file we wrote."""
        return _read(self.outbound / checked_name(name), self._most)


def _regular(path: Path) -> os.stat_result | None:
    """The state of a regular file; None for anything else, and for one just gone."""
    try:
        state = path.lstat()
    except FileNotFoundError:
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _changed(state: os.stat_result, now: float) -> float:
    """When the file last changed.

    A partner's client may set any modification time, an old one or one to come; the
    change time is the server's own and moves with every write.
    """
    if state.st_mtime > now:
        return state.st_ctime
    return max(state.st_mtime, state.st_ctime)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One of our writers at a time: a rename would replace what is there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _tame(path: Path) -> str:
    """Rename a file to a name that can be listed and stored; "" when it is gone."""
    name = tamed(path.name, os.fsencode(path.name))
    try:
        path.rename(path.with_name(name))
    except FileNotFoundError:
        return ""
    return name


def _is_same(target: Path, source: Path, size: int) -> bool:
    """Whether a file holds our draft's bytes; one of another size is not read."""
    state = _regular(target)
    same_size = state is not None and state.st_size == size
    return same_size and _read(target, size) == _read(source, size)


def _read(path: Path, most: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except OSError:
        if _regular(path) is None:
            raise missing() from None
        raise
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise missing()
        if state.st_size > most:
            raise TooLargeError(state.st_size, most)
        return file.read(state.st_size + 1)  # no further, should it grow meanwhile
