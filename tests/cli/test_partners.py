"""Partners' SFTP servers, and ours: looked at by ``doctor``, served by ``sftp``."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from activities import mail_state
from exchange.directory import DirectoryMailbox
from exchange.mailbox import AccountError, TooLargeError
from exchange.sftp import SftpMailbox
from tests.cli.conftest import Desk
from tests.exchange.serving import Server, running, write_key


def choose_sftp(
    monkeypatch: pytest.MonkeyPatch, server: Server, partner: str, **changed: object
) -> None:
    """A practice's own file of accounts, with this one in it."""
    account = server.account().model_dump(mode="json", exclude={"done"}) | changed
    account["host_key"] = list(server.account().host_key)
    path = server.keys.parent / "sftp.yaml"
    path.write_text(yaml.safe_dump({partner: account}))
    monkeypatch.setenv("CLAIMTHREAD_SFTP_FILE", str(path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The partner's machine."""
    made = tmp_path / "partner"
    made.mkdir()
    return made


def test_doctor_logs_in_and_counts_what_waits(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(home) as server:
        choose_sftp(monkeypatch, server, "clearinghouse")
        SftpMailbox(server.account()).list_inbound()
        (server.folder / "inbound" / "a.835").write_bytes(b"payment")
        said = desk("doctor")

    assert f"clearinghouse: logged in at 127.0.0.1:{server.port}" in said.out
    assert "files waiting: 1" in said.out


def test_doctor_says_what_is_wrong_with_an_account(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(home) as server:
        choose_sftp(monkeypatch, server, "clearinghouse", user="nobody")
        said = desk("--json", "doctor")

        error = AccountError("x")
        since = datetime(2026, 5, 4, 14, 5, tzinfo=UTC)
        mail_state.note(desk.office().db, "clearinghouse", error, since)
        later = desk("--json", "doctor")

    line = next(text for text in said.out.splitlines() if '"mailbox"' in text)
    assert "does not let user nobody in with our key" in line
    assert "Since" not in line
    told = next(text for text in later.out.splitlines() if '"mailbox"' in text)
    assert "Since 2026-05-04" in told
    assert '"ok": false' in line
    assert said.code == 3


def test_an_account_of_a_partner_that_nobody_knows_starts_nothing(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(home) as server:
        choose_sftp(monkeypatch, server, "clearinghuose")
        said = desk("list")

    assert said.code == 2
    assert "names clearinghuose, but the partners are" in said.err
    assert "clearinghouse" in said.err


def test_the_server_lets_a_partner_in_and_ends_when_it_is_interrupted(
    desk: Desk, home: Path, repo_root: Path
) -> None:
    keys = desk.folder / "sftp"
    keys.mkdir()
    ours = write_key(home / "our_key")
    (keys / "clearinghouse.pub").write_bytes(ours.export_public_key())
    (home / "keys").mkdir()
    with subprocess.Popen(
        [sys.executable, "starter.py", "sftp", "--port", "0"],
        cwd=repo_root,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            ready = process.stdout.readline()
            port = int(ready.split("127.0.0.1:")[1].split(",")[0])
            account = Server(port, keys, desk.folder / "mailbox").account(
                user="clearinghouse", key_file=home / "our_key"
            )
            mailbox = SftpMailbox(account)
            assert mailbox.list_inbound() == []
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(20)

    assert "for clearinghouse" in ready
    assert code == 130


def test_a_key_of_nobody_we_know_starts_no_server(desk: Desk) -> None:
    (desk.folder / "sftp").mkdir()
    (desk.folder / "sftp" / "clearinghuose.pub").write_text("ssh-ed25519 AAAA")

    said = desk("sftp", "--port", "0")

    assert said.code == 2
    assert "has keys of clearinghuose" in said.err


def test_files_settle_for_half_a_minute_unless_a_practice_says_otherwise(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.office().settle_seconds == 30
    monkeypatch.setenv("CLAIMTHREAD_MAILBOX_SETTLE_SECONDS", "5")
    assert desk.office().settle_seconds == 5
    monkeypatch.setenv("CLAIMTHREAD_MAILBOX_SETTLE_SECONDS", "an hour")
    said = desk("files")
    assert said.code == 2
    assert "do not fit: CLAIMTHREAD_MAILBOX_SETTLE_SECONDS. Nothing" in said.err


def test_the_largest_file_of_a_mailbox_is_a_setting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAIMTHREAD_MAILBOX_MAX_MB", "10")
    mailbox = desk.office().open_mailbox("office")
    assert isinstance(mailbox, DirectoryMailbox)
    path = mailbox.inbound / "a.csv"
    path.touch()
    os.truncate(path, 10_000_001)

    with pytest.raises(TooLargeError, match="at most 10 MB"):
        mailbox.read_inbound("a.csv")
