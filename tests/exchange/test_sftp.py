"""What only a mailbox at a server has to mind: keys, folders, a line that breaks."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from exchange import server as served
from exchange.mailbox import AccountError, MailboxError, UnreachableError
from exchange.sftp import SftpMailbox
from tests.exchange.serving import Server, running, write_key


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as found:
        yield found


def public(kind: str) -> str:
    return asyncssh.generate_private_key(kind).export_public_key().decode()


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_server_with_another_host_key_gets_nothing(server: Server, kind: str) -> None:
    mailbox = SftpMailbox(server.account(host_key=(public(kind),)))

    with pytest.raises(AccountError, match="another key than the pinned one"):
        mailbox.stage_outbound("a.837", b"claims")

    assert not server.folder.exists()


def test_a_host_key_may_be_pinned_as_ssh_keyscan_prints_it(server: Server) -> None:
    (line,) = server.account().host_key
    both = (public("ssh-ed25519"), f"[127.0.0.1]:{server.port} {line}")

    assert SftpMailbox(server.account(host_key=both)).list_inbound() == []


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ssh-rsa"])
def test_of_a_servers_keys_the_pinned_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Also where both sides would like another of them better."""
    listen = asyncssh.listen
    second = asyncssh.generate_private_key(kind)

    async def with_two(*given: Any, server_host_keys: Any, **named: Any) -> Any:
        keys = [*server_host_keys, second]
        return await listen(*given, server_host_keys=keys, **named)

    monkeypatch.setattr(asyncssh, "listen", with_two)
    pinned = second.export_public_key().decode()
    with running(tmp_path) as server:
        account = server.account(host_key=(pinned,))
        assert SftpMailbox(account).list_inbound() == []


def test_a_key_the_partner_does_not_know_is_told_as_that(
    server: Server, tmp_path: Path
) -> None:
    write_key(tmp_path / "other")
    mailbox = SftpMailbox(server.account(key_file=tmp_path / "other"))

    with pytest.raises(AccountError, match="does not let user payer-a in"):
        mailbox.list_inbound()


def test_a_user_the_partner_does_not_know_is_told_as_that(server: Server) -> None:
    with pytest.raises(AccountError, match="does not let user nobody in"):
        SftpMailbox(server.account(user="nobody")).list_inbound()


def test_nobody_there_is_told_as_that(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(UnreachableError, match="does not answer"):
            SftpMailbox(server.account(port=port)).list_inbound()


def test_a_folder_that_is_not_there_is_named(server: Server) -> None:
    mailbox = SftpMailbox(server.account(inbound="from_them"))

    with pytest.raises(AccountError, match=r"a folder is not there \(from_them"):
        mailbox.list_inbound()


def _open_to_all(path: Path) -> None:
    path.chmod(0o644)


def _nonsense(path: Path) -> None:
    path.write_text("nonsense")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_open_to_all, "other users may read or change our key"),
        (Path.unlink, "cannot be read: No such file"),
        (_nonsense, "is no private key, or it has a passphrase"),
    ],
)
def test_a_key_of_ours_that_cannot_be_used_is_told_before_anybody_is_called(
    server: Server, spoil: Callable[[Path], None], words: str
) -> None:
    account = server.account(port=1)
    spoil(account.key_file)

    with pytest.raises(AccountError, match=words):
        SftpMailbox(account).list_inbound()


def test_a_key_with_a_passphrase_is_refused(server: Server) -> None:
    key = asyncssh.generate_private_key("ssh-rsa")
    account = server.account()
    account.key_file.write_bytes(key.export_private_key("pkcs8-pem", "a word"))

    with pytest.raises(AccountError, match="passphrase"):
        SftpMailbox(account).list_inbound()


def test_a_host_key_that_is_none_is_told_with_how_to_get_it(server: Server) -> None:
    with pytest.raises(AccountError, match="ssh-keyscan -p"):
        SftpMailbox(server.account(host_key=("nonsense",))).list_inbound()


def test_a_draft_is_not_taken_for_sent_where_the_folder_itself_is_gone(
    server: Server,
) -> None:
    """Their disk is not mounted, or the account changed: nothing says that it left."""
    mailbox = SftpMailbox(server.account())
    draft = mailbox.stage_outbound("a.837", b"claims")
    moved = SftpMailbox(server.account(outbound="to_them"))

    with pytest.raises(AccountError, match="a folder is not there"):
        moved.release_outbound(draft, "a.837")


def test_a_file_that_cannot_be_moved_aside_is_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each sweep would take it in again, and nobody would know."""

    def refuses(self: asyncssh.SFTPServer, *given: Any) -> Any:
        raise asyncssh.SFTPFailure("no")

    mailbox = SftpMailbox(server.account(done="inbound/taken"))
    mailbox.list_inbound()
    (server.folder / "inbound" / "a.835").write_bytes(b"payment")
    monkeypatch.setattr(served._Window, "mkdir", refuses)

    with pytest.raises(AccountError, match="a folder is not there"):
        mailbox.archive_inbound("a.835")


# --- a line that breaks at any point -------------------------------------------------


def cut(window: asyncssh.SFTPServer) -> None:
    """The connection is gone, without a good-bye."""
    window.channel.get_connection().abort()


def breaks(name: str, when: str) -> Callable[..., Any]:
    """The server's step ``name``, whose answer never comes."""
    real = getattr(served._Window, name)

    def step(self: asyncssh.SFTPServer, *given: Any) -> Any:
        if when == "after":
            done = real(self, *given)
            cut(self)
            return done
        cut(self)
        raise asyncssh.SFTPConnectionLost("cut")

    return step


@pytest.mark.parametrize(
    ("name", "when"),
    [(n, w) for n in ("open", "write") for w in ("before", "after")]
    + [("close", "after")],
)
def test_a_line_that_breaks_while_writing_leaves_no_file(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str, when: str
) -> None:
    mailbox = SftpMailbox(server.account())
    with monkeypatch.context() as broken:
        broken.setattr(served._Window, name, breaks(name, when))
        with pytest.raises(MailboxError):
            mailbox.stage_outbound("a.837", b"claims" * 9000)

    assert mailbox.list_outbound() == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("collected", [False, True])
def test_a_line_that_breaks_while_renaming_sends_once(
    server: Server, monkeypatch: pytest.MonkeyPatch, when: str, collected: bool
) -> None:
    """Also where the partner takes the file away before we ask again."""
    mailbox = SftpMailbox(server.account())
    draft = mailbox.stage_outbound("a.837", b"claims")
    with monkeypatch.context() as broken:
        broken.setattr(served._Window, "rename", breaks("rename", when))
        with pytest.raises(UnreachableError):
            mailbox.release_outbound(draft, "a.837")
    path = server.folder / "outbound" / "a.837"
    assert path.exists() == (when == "after")
    gone = collected and when == "after"
    if gone:
        path.unlink()

    mailbox.release_outbound(draft, "a.837")

    assert mailbox.list_outbound() == ([] if gone else ["a.837"])
    assert len(list(path.parent.iterdir())) == (0 if gone else 1)


def test_a_file_whose_move_aside_was_cut_off_waits_still_or_no_longer(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = SftpMailbox(server.account())
    mailbox.list_inbound()
    for when, waits in (("before", ["a.835"]), ("after", [])):
        (server.folder / "inbound" / "a.835").write_bytes(b"payment")
        with monkeypatch.context() as broken:
            broken.setattr(served._Window, "rename", breaks("rename", when))
            with pytest.raises(UnreachableError):
                mailbox.archive_inbound("a.835")
        assert [f.name for f in mailbox.list_inbound()] == waits
        mailbox.archive_inbound("a.835")
    kept = sorted(p.name for p in (server.folder / "inbound" / "done").iterdir())
    assert kept == ["a.835", "a.835.1"]


def test_a_server_that_replaces_what_is_there_is_asked_first(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served._Window, "rename", served._Window.posix_rename)
    mailbox = SftpMailbox(server.account())
    mailbox.release_outbound(mailbox.stage_outbound("a.837", b"claims"), "a.837")
    other = mailbox.stage_outbound("a.837", b"other claims")

    with pytest.raises(MailboxError, match="other content"):
        mailbox.release_outbound(other, "a.837")
    assert mailbox.read_outbound("a.837") == b"claims"


def test_what_the_server_says_is_not_repeated(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may quote a file's name, and that may hold a patient's."""

    def refuses(self: asyncssh.SFTPServer, *given: Any) -> Any:
        raise asyncssh.SFTPFailure("QUILL_MARA.835 cannot be opened")

    monkeypatch.setattr(served._Window, "open", refuses)
    with pytest.raises(UnreachableError) as refused:
        SftpMailbox(server.account()).stage_outbound("a.837", b"claims")

    assert "QUILL" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes the call and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_who_waits_gives_up_a_silent_server_after_their_own_time(
    server: Server, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a bound of its own it would be asked for an hour here."""
    monkeypatch.setattr("exchange.connection.CONNECT_SECONDS", 3600)
    mailbox = SftpMailbox(server.account(port=silent_port)).within(0.1)
    steps: list[Callable[[], object]] = [
        mailbox.list_inbound,
        lambda: mailbox.read_inbound("a.835"),
        lambda: mailbox.archive_inbound("a.835"),
    ]

    for step in steps:
        with pytest.raises(UnreachableError, match="does not answer or broke off"):
            step()
    with (
        pytest.raises(UnreachableError, match="does not answer or broke off"),
        mailbox.held(),
    ):
        pass


def test_who_waits_gives_up_a_server_that_falls_silent_after_the_login(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange.sftp.STEP_SECONDS", 3600)

    async def silence(*_: object) -> None:
        await asyncio.sleep(3600)

    mailbox = SftpMailbox(server.account()).within(5)
    with mailbox.held() as held:
        monkeypatch.setattr(held, "_seconds", 0.1)
        monkeypatch.setattr("exchange.sftp._read", silence)
        with pytest.raises(UnreachableError, match="does not answer"):
            held.read_inbound("a.835")
