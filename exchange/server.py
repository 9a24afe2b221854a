"""An SFTP server before the mailboxes that are folders, for partners who come to us.

A partner logs in under its mailbox's name with a key we hold as ``<name>.pub`` and sees
its own inbound and outbound, nothing else. No password, no shell, no forwarding, no
links; the folders themselves cannot be moved, removed or closed to us.
"""

import posixpath
from pathlib import Path
from typing import Any

import asyncssh

from exchange.directory import DirectoryMailbox
from exchange.mailbox import checked_name, is_safe
from vault.durable import create_whole, make_folders

LOGIN_SECONDS = 30
HOST_KEY = "host_key"
FOLDERS = ("inbound", "outbound")
ARCHIVE = ["inbound", "done"]


def host_key(keys: Path) -> asyncssh.SSHKey:
    """The server's own key, made the first time; partners pin its public half."""
    path = keys / HOST_KEY
    make_folders(keys)
    if not path.exists():
        made = asyncssh.generate_private_key("ssh-ed25519")
        create_whole(path, made.export_private_key(), mode=0o600)
    return asyncssh.read_private_key(path)


def partners(keys: Path) -> list[str]:
    """Who may log in."""
    return sorted(path.stem for path in keys.glob("*.pub") if is_safe(path.stem))


async def serve(
    root: Path, keys: Path, *, host: str, port: int
) -> asyncssh.SSHAcceptor:
    """Serve the mailboxes below ``root`` until the acceptor is closed.

    Raises:
        OSError: the port is taken.
    """
    return await asyncssh.listen(
        host,
        port,
        server_host_keys=[host_key(keys)],
        server_factory=lambda: _Door(keys),
        sftp_factory=lambda channel: _Window(channel, root),
        allow_pty=False,
        agent_forwarding=False,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=LOGIN_SECONDS,
        config=None,
    )


class _Door(asyncssh.SSHServer):
    """Who may come in: a partner whose public key is on file, with that key."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._conn: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn

    def begin_auth(self, username: str) -> bool:
        if self._conn is not None and username in partners(self._keys):
            self._conn.set_authorized_keys(str(self._keys / f"{username}.pub"))
        return True


class _Window(asyncssh.SFTPServer):
    """One partner's view of its own mailbox."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", root: Path) -> None:
        name = checked_name(str(channel.get_extra_info("username")))
        DirectoryMailbox(root, name)  # makes the folders of a new partner
        super().__init__(channel, chroot=bytes(root.resolve() / name))

    def remove(self, path: bytes) -> Any:
        return super().remove(_a_file(path))

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        return super().rename(_a_file(oldpath), _a_file(newpath))

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        return super().posix_rename(_a_file(oldpath), _a_file(newpath))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        return super().open(_a_file(path), pflags, attrs)

    def open56(
        self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs
    ) -> Any:
        return super().open56(_a_file(path), desired_access, flags, attrs)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        return super().setstat(_a_file(path), attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        return super().lsetstat(_a_file(path), attrs)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> Any:
        raise _refused()

    def rmdir(self, path: bytes) -> Any:
        raise _refused()

    def symlink(self, oldpath: bytes, newpath: bytes) -> Any:
        raise _refused()

    def link(self, oldpath: bytes, newpath: bytes) -> Any:
        raise _refused()


def _a_file(path: bytes) -> bytes:
    """``path`` when it lies in one of the two folders."""
    parts = posixpath.normpath(b"/" + path.lstrip(b"/")).split(b"/")
    place = [part.decode(errors="replace") for part in parts[1:]]
    if len(place) < 2 or place[0] not in FOLDERS or place == ARCHIVE:
        raise _refused()
    return path


def _refused() -> asyncssh.SFTPPermissionDenied:
    return asyncssh.SFTPPermissionDenied("only files in inbound and outbound")
