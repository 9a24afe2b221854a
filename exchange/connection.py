"""One connection to a partner's SFTP server, and what went wrong with it in words.

We log in with a key only, and only where the server shows the host key that is pinned.
"""

import asyncio
import stat
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import asyncssh
from asyncssh import SFTPClient

from exchange.accounts import SftpAccount
from exchange.mailbox import AccountError, MailboxError, UnreachableError

CONNECT_SECONDS = 30
# After the pinned types, so that a server with another key shows it and is refused for
# it: without, the two would only fail to agree, and each may hang up first.
_OTHER_KEYS = (
    "+ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "rsa-sha2-512,rsa-sha2-256"
)

T = TypeVar("T")
Step = Callable[[SFTPClient], Coroutine[Any, Any, T]]
GONE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_LOST = (
    *(OSError, TimeoutError, asyncssh.ConnectionLost, asyncssh.ChannelOpenError),
    *(asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection),
)


class Line:
    """One connection, on an event loop of its own."""

    def __init__(
        self, account: SftpAccount, runner: asyncio.Runner, sftp: SFTPClient
    ) -> None:
        self._account = account
        self._runner = runner
        self._sftp = sftp

    def run(self, step: Step[T], seconds: float) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(seconds):
                return await step(self._sftp)

        with _in_words(self._account):
            return self._runner.run(bounded())


@contextmanager
def connected(account: SftpAccount, seconds: float | None = None) -> Iterator[Line]:
    """One connection; ``seconds`` to get it and to end it, if somebody waits for it."""
    bound = CONNECT_SECONDS if seconds is None else seconds
    options = _options(account) | {"connect_timeout": bound, "login_timeout": bound}
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        with _in_words(account):
            conn, sftp = runner.run(_connect(account, options, bound))
        try:
            yield Line(account, runner, sftp)
        finally:
            runner.run(_close(conn, bound))


async def _connect(
    account: SftpAccount, options: dict[str, Any], bound: float
) -> tuple[asyncssh.SSHClientConnection, SFTPClient]:
    conn = await asyncssh.connect(account.host, account.port, **options)
    try:
        async with asyncio.timeout(bound):
            # A name that is no UTF-8 must not keep us from listing the others.
            return conn, await conn.start_sftp_client(path_errors="surrogateescape")
    except BaseException:
        await _close(conn, bound)
        raise


async def _close(conn: asyncssh.SSHClientConnection, bound: float) -> None:
    conn.close()
    with suppress(*_LOST, asyncssh.Error):
        async with asyncio.timeout(bound):
            await conn.wait_closed()


def _options(account: SftpAccount) -> dict[str, Any]:
    """The key and host keys of the account only: no agent, no ~/.ssh, no password."""
    return {
        "username": account.user,
        "client_keys": [_our_key(account)],
        "known_hosts": (_host_keys(account), [], []),
        "server_host_key_algs": _OTHER_KEYS,
        "config": None,
        "agent_path": None,
        "preferred_auth": "publickey",
        "keepalive_interval": CONNECT_SECONDS,
    }


def _our_key(account: SftpAccount) -> asyncssh.SSHKey:
    path = account.key_file
    try:
        if path.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            raise _account_error(
                account,
                f"other users may read or change our key {path}",
                f"chmod 600 {path}, and make a new key if others had it",
            )
        return asyncssh.read_private_key(path)
    except OSError as error:
        what = f"our key {path} cannot be read: {error.strerror}"
        raise _account_error(account, what, "correct key_file") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise _account_error(
            account,
            f"{path} is no private key, or it has a passphrase, which nobody is there "
            "to type",
            "make one with: ssh-keygen -t ed25519 -N ''",
        ) from None


def _host_keys(account: SftpAccount) -> list[asyncssh.SSHKey]:
    try:
        return [asyncssh.import_public_key(_bare(line)) for line in account.host_key]
    except asyncssh.KeyImportError:
        raise _account_error(
            account,
            "host_key is no public key",
            f"copy a line of: ssh-keyscan -p {account.port} {account.host}, and "
            "compare its fingerprint with the partner's",
        ) from None


def _bare(line: str) -> str:
    """Without the host in front that ssh-keyscan prints."""
    words = line.split()
    starts = [n for n, w in enumerate(words) if w.startswith(("ssh-", "ecdsa-", "sk-"))]
    return " ".join(words[starts[0] :]) if starts else line


@contextmanager
def _in_words(account: SftpAccount) -> Iterator[None]:
    """What went wrong, as one sentence; what the server said is left out."""
    try:
        yield
    except MailboxError:
        raise
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed):
        raise _account_error(
            account,
            "the server showed another key than the pinned one, so it may be another "
            "server",
            "ask the partner whether they changed it, then correct host_key",
        ) from None
    except asyncssh.PermissionDenied:
        what = f"it does not let user {account.user} in with our key"
        fix = "ask the partner whether they have our public key"
        raise _account_error(account, what, fix) from None
    except GONE:
        what = f"a folder is not there ({account.inbound} or {account.outbound})"
        fix = "correct inbound, outbound or done"
        raise _account_error(account, what, fix) from None
    except asyncssh.SFTPPermissionDenied:
        what = "it does not let us read, write or rename in our folders"
        raise _account_error(account, what, "ask the partner for the right") from None
    except (*_LOST, asyncssh.Error) as error:
        lost = isinstance(error, _LOST)
        what = "does not answer or broke off" if lost else "refused a step"
        raise UnreachableError(
            f"The SFTP server {account.where} {what} ({type(error).__name__}). Nothing "
            "was sent or lost. It is tried again; if it stays so, "
            f"{'correct host and port or ' * lost}ask the partner."
        ) from None


def _account_error(account: SftpAccount, what: str, fix: str) -> AccountError:
    return AccountError(
        f"SFTP server {account.where}: {what}. Nothing was sent or lost. "
        f"{fix[0].upper()}{fix[1:]}."
    )
