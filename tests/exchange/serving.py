"""A real SFTP server on loopback, in a thread of this process, as long as a test."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from exchange.accounts import SftpAccount
from exchange.server import host_key, serve

PARTNER = "payer-a"
WAIT = 20


@dataclass(frozen=True)
class Server:
    """Where it listens, and the folders of both ends."""

    port: int
    keys: Path
    folder: Path
    """The partner's mailbox as it lies on the server's disk."""

    def account(self, **changed: Any) -> SftpAccount:
        """Our account there."""
        pinned = host_key(self.keys).export_public_key().decode()
        known = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": PARTNER,
            "key_file": self.keys.parent / "our_key",
            "host_key": (pinned,),
        }
        return SftpAccount.model_validate(known | changed)


def write_key(path: Path) -> asyncssh.SSHKey:
    """A new private key in a file that only we may read."""
    made = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(mode=0o600)
    path.write_bytes(made.export_private_key())
    return made


@contextmanager
def running(root: Path) -> Iterator[Server]:
    """The server over ``root``, where the partner is let in with our key."""
    keys = root / "keys"
    keys.mkdir()
    ours = write_key(root / "our_key")
    (keys / f"{PARTNER}.pub").write_bytes(ours.export_public_key())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, loop).result(WAIT)

    try:
        acceptor = run(serve(root / "boxes", keys, host="127.0.0.1", port=0))
        try:
            yield Server(acceptor.get_port(), keys, root / "boxes" / PARTNER)
        finally:
            run(_close(acceptor))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT)
        loop.close()


async def _close(acceptor: asyncssh.SSHAcceptor) -> None:
    acceptor.close()
    await acceptor.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=WAIT)
