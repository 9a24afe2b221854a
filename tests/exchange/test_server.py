"""The SFTP server before our mailboxes: a partner sees its own folder and no more."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import asyncssh
import pytest

from exchange.directory import DirectoryMailbox
from exchange.server import host_key, partners
from tests.exchange.serving import PARTNER, Server, running

Try = Callable[[asyncssh.SFTPClient], Any]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as found:
        yield found


async def connected(server: Server, **changed: Any) -> asyncssh.SSHClientConnection:
    account = server.account()
    options: dict[str, Any] = {
        "username": account.user,
        "client_keys": [str(account.key_file)],
        "known_hosts": ([host_key(server.keys).convert_to_public()], [], []),
        "config": None,
        "agent_path": None,
    }
    return await asyncssh.connect(account.host, account.port, **(options | changed))


REFUSED: dict[str, Try] = {
    "read above": lambda sftp: sftp.open("../secret", "rb"),
    "read by its path": lambda sftp: sftp.open("/etc/passwd", "rb"),
    "write at the top": lambda sftp: sftp.open("new", "wb"),
    "make a folder": lambda sftp: sftp.mkdir("inbound/new"),
    "remove a folder": lambda sftp: sftp.rmdir("inbound/done"),
    "move a folder": lambda sftp: sftp.rename("inbound", "elsewhere"),
    "move the archive": lambda sftp: sftp.rename("inbound/done", "inbound/else"),
    "shut a folder": lambda sftp: sftp.chmod("inbound", 0o500),
    "shut the mailbox": lambda sftp: sftp.chmod(".", 0o500),
    "shut the archive": lambda sftp: sftp.chmod("inbound/done", 0o500),
    "link out": lambda sftp: sftp.symlink("/etc/passwd", "inbound/a.835"),
    "link in": lambda sftp: sftp.link("inbound/a", "inbound/b"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_partner_may_not(server: Server, tmp_path: Path, what: str) -> None:
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "secret").write_text("another partner's")
    async with await connected(server) as conn, conn.start_sftp_client() as sftp:
        await sftp.listdir("inbound")
        with pytest.raises(asyncssh.SFTPError):
            await REFUSED[what](sftp)
    kept = {str(p.relative_to(server.folder)) for p in server.folder.rglob("*")}
    assert kept == {"inbound", "inbound/done", "outbound"}


@pytest.mark.parametrize("command", ["id", None], ids=["command", "shell"])
async def test_nobody_gets_a_shell(server: Server, command: str | None) -> None:
    async with await connected(server) as conn:
        with pytest.raises(asyncssh.ChannelOpenError):
            await conn.create_process(command)


async def test_no_port_is_forwarded(server: Server) -> None:
    async with await connected(server) as conn:
        with pytest.raises(asyncssh.ChannelOpenError):
            await conn.open_connection("127.0.0.1", server.port)


@pytest.mark.parametrize("user", ["payer-b", "", "../payer-a", "*"])
async def test_only_a_partner_on_file_comes_in(server: Server, user: str) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await connected(server, username=user)


async def test_a_password_opens_nothing(server: Server) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await connected(server, client_keys=None, password="")


def test_the_host_key_stays_and_only_we_may_read_it(tmp_path: Path) -> None:
    first, again = host_key(tmp_path / "keys"), host_key(tmp_path / "keys")

    assert first.get_fingerprint() == again.get_fingerprint()
    assert (tmp_path / "keys" / "host_key").stat().st_mode & 0o077 == 0
    assert partners(tmp_path / "keys") == []


def test_openssh_brings_and_collects(
    server: Server, tmp_path: Path, missing: Callable[[str], NoReturn]
) -> None:
    """A client that is not ours: whole files, by their names, in the right folders."""
    program = shutil.which("sftp")
    if program is None:
        missing("sftp (OpenSSH) is not installed.")
    (tmp_path / "a.835").write_bytes(b"payment")
    mailbox = DirectoryMailbox(tmp_path / "boxes", PARTNER)
    mailbox.release_outbound(mailbox.stage_outbound("a.837", b"claims"), "a.837")
    known = tmp_path / "known_hosts"
    (line,) = server.account().host_key
    known.write_text(f"[127.0.0.1]:{server.port} {line}")
    batch = (
        f"put {tmp_path}/a.835 inbound/.a.835\nrename inbound/.a.835 inbound/a.835\n"
        f"get outbound/a.837 {tmp_path}/got.837\nrm outbound/a.837\n"
    )
    options = [
        "IdentityAgent=none",
        "IdentitiesOnly=yes",
        f"UserKnownHostsFile={known}",
    ]
    done = subprocess.run(
        [
            *(program, "-F", "none", "-b", "-", "-P", str(server.port)),
            *("-i", server.account().key_file),
            *(part for option in options for part in ("-o", option)),
            f"{PARTNER}@127.0.0.1",
        ],
        input=batch,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert mailbox.read_inbound("a.835") == b"payment"
    assert (tmp_path / "got.837").read_bytes() == b"claims"
    assert mailbox.list_outbound() == []


async def test_many_partners_files_at_once_stay_whole(server: Server) -> None:
    """Uploads that overlap on one connection do not mix."""
    contents = {f"{n}.835": bytes([n]) * 70_000 for n in range(8)}

    async def put(sftp: asyncssh.SFTPClient, name: str) -> None:
        async with sftp.open(f"inbound/{name}", "wb") as file:
            await file.write(contents[name])

    async with await connected(server) as conn, conn.start_sftp_client() as sftp:
        await asyncio.gather(*(put(sftp, name) for name in contents))

    found = server.folder / "inbound"
    assert {p.name: p.read_bytes() for p in found.glob("*.835")} == contents
