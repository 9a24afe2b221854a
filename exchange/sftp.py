"""A mailbox at a partner's SFTP server.

Every method blocks and runs an event loop of its own; call it from a thread, as
activities do. Outside ``held`` each call has its own connection.

An OpenSSH server renames only to a name that is free, in one step, so of two writers
one wins. One that replaces what is there is asked first.
"""

import asyncio
import copy
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import Self, TypeVar

import asyncssh
from asyncssh import SFTPClient

from exchange.accounts import SftpAccount
from exchange.connection import GONE, Line, Step, connected
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

STEP_SECONDS = 120
"""One call, the waiting for files to settle not counted."""

T = TypeVar("T")
_TAKEN = (asyncssh.SFTPFileAlreadyExists, asyncssh.SFTPFailure)


class SftpMailbox:
    """Stage, then rename; leave files alone that still change."""

    def __init__(
        self,
        account: SftpAccount,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """``pause`` waits between the two looks that show whether a file changes."""
        self._account = account
        self._pause = pause
        self._most = most_bytes
        self._line: Line | None = None
        self._seconds: float | None = None

    @contextmanager
    def held(self) -> Iterator[Self]:
        """This mailbox over one connection."""
        with connected(self._account, self._seconds) as line:
            held = copy.copy(self)
            held._line = line
            yield held

    def within(self, seconds: float) -> Self:
        """This mailbox, with so long for the login and for each step."""
        made = copy.copy(self)
        made._seconds = seconds
        return made

    def list_inbound(self, settle_seconds: float = 0.0) -> list[InboundFile]:
        """Settled files by name; one that cannot be listed by its name is renamed.

        The server's clock may differ from ours and its times may be set by whoever
        uploads: a file has settled when two looks so far apart find it the same.
        """

        async def listed(sftp: SFTPClient) -> list[InboundFile]:
            found = await self._waiting(sftp)
            if not (found and settle_seconds):
                return found
            await self._pause(settle_seconds)
            later = set(await self._waiting(sftp))
            return [file for file in found if file in later]

        return self._do(listed, STEP_SECONDS + settle_seconds)

    def read_inbound(self, name: str) -> bytes:
        """The bytes of a waiting file."""
        path = _in(self._account.inbound, checked_name(name))
        return self._do(lambda sftp: _read(sftp, path, self._most))

    def archive_inbound(self, name: str) -> None:
        """Move it to the folder of those taken in; a taken name gets a number."""
        source = _in(self._account.inbound, checked_name(name))
        target = _in(self._account.archive, name)

        async def moved(sftp: SFTPClient) -> None:
            if not await _exists(sftp, source):
                return
            if not await sftp.isdir(self._account.archive):
                with suppress(*_TAKEN):  # another worker's sweep made it just now
                    await sftp.mkdir(self._account.archive)
            for number in itertools.count():
                free = f"{target}.{number}" if number else target
                if not await _exists(sftp, free):
                    break
            try:
                await sftp.rename(source, free)
            except GONE:
                if await _exists(sftp, source):
                    raise

        self._do(moved)

    def stage_outbound(self, name: str, content: bytes) -> str:
        """Write a whole file as a draft; on the server's disk where it can say so."""
        draft = draft_of(name)
        path = _in(self._account.outbound, draft)

        async def written(sftp: SFTPClient) -> None:
            try:
                async with sftp.open(path, "xb") as file:
                    await file.write(content)
                    with suppress(asyncssh.SFTPOpUnsupported):
                        await file.fsync()
            except asyncssh.SFTPError:
                with suppress(asyncssh.SFTPError):
                    await sftp.remove(path)
                raise

        self._do(written)
        return draft

    def release_outbound(self, draft: str, name: str) -> None:
        """Give a draft its name in one step, unless that was done before."""
        source = _in(self._account.outbound, checked_draft(draft))
        target = _in(self._account.outbound, checked_name(name))

        async def released(sftp: SFTPClient) -> None:
            if not await _exists(sftp, source):
                # Gone is sent, but not when everything is gone.
                await sftp.readdir(self._account.outbound)
                return
            if not await _exists(sftp, target):
                try:
                    await sftp.rename(source, target)
                except _TAKEN:
                    if not await _exists(sftp, target):
                        raise
                else:
                    return
            if not await _is_same(sftp, target, source):
                raise conflict(name)
            await sftp.remove(source)

        self._do(released)

    def discard_outbound(self, draft: str) -> None:
        """Take away a draft that will not be released."""
        path = _in(self._account.outbound, checked_draft(draft))

        async def removed(sftp: SFTPClient) -> None:
            with suppress(*GONE):
                await sftp.remove(path)

        self._do(removed)

    def outbound_exists(self, name: str) -> bool:
        """Whether the file is there."""
        path = _in(self._account.outbound, checked_name(name))
        return self._do(lambda sftp: _exists(sftp, path))

    def list_outbound(self) -> list[str]:
        """Names of finished files."""

        async def listed(sftp: SFTPClient) -> list[str]:
            found = await _regular_files(sftp, self._account.outbound)
            return sorted(name for name in found if not is_unfinished(name))

        return self._do(listed)

    def read_outbound(self, name: str) -> bytes:
        """The bytes of a file we wrote."""
        path = _in(self._account.outbound, checked_name(name))
        return self._do(lambda sftp: _read(sftp, path, self._most))

    async def _waiting(self, sftp: SFTPClient) -> list[InboundFile]:
        found = []
        for given, state in (await _regular_files(sftp, self._account.inbound)).items():
            name = given
            if is_unfinished(given):
                continue
            if not is_safe(given):
                name = tamed(given, given.encode("utf-8", "surrogateescape"))
                folder = self._account.inbound
                try:
                    await sftp.rename(_in(folder, given), _in(folder, name))
                except GONE:
                    continue
            found.append(InboundFile(name, state.size or 0, state.mtime or 0))
        return sorted(found, key=lambda file: file.name)

    def _do(self, step: Step[T], seconds: float = STEP_SECONDS) -> T:
        if self._seconds is not None:
            seconds = min(seconds, self._seconds)
        if self._line is not None:
            return self._line.run(step, seconds)
        with connected(self._account, self._seconds) as line:
            return line.run(step, seconds)


def _in(folder: str, name: str) -> str:
    return str(PurePosixPath(folder) / name)


async def _regular_files(
    sftp: SFTPClient, folder: str
) -> dict[str, asyncssh.SFTPAttrs]:
    """Regular files by name: links, which may lead anywhere, are left out."""
    entries = await sftp.readdir(folder)
    return {
        str(entry.filename): entry.attrs
        for entry in entries
        if entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR
    }


async def _exists(sftp: SFTPClient, path: str) -> bool:
    return await _size(sftp, path) is not None


async def _size(sftp: SFTPClient, path: str) -> int | None:
    """Bytes of a regular file; None for anything else."""
    try:
        state = await sftp.lstat(path)
    except GONE:
        return None
    regular = state.type == asyncssh.FILEXFER_TYPE_REGULAR
    return state.size or 0 if regular else None


async def _is_same(sftp: SFTPClient, target: str, source: str) -> bool:
    """Whether a file holds our draft's bytes; one of another size is not read."""
    size = await _size(sftp, source)
    if size is None or await _size(sftp, target) != size:
        return False
    return await _read(sftp, target, size) == await _read(sftp, source, size)


async def _read(sftp: SFTPClient, path: str, most: int) -> bytes:
    size = await _size(sftp, path)
    if size is None:
        raise missing()
    if size > most:
        raise TooLargeError(size, most)
    try:
        async with sftp.open(path, "rb") as file:
            # No further, should it grow meanwhile or be larger than the server says.
            content: bytes = await file.read(size + 1)
            return content
    except GONE:
        raise missing() from None
