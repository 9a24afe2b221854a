"""What only a mailbox that is a folder has to mind: pipes, times, crashes."""

import os
from pathlib import Path

import pytest

from exchange.directory import DirectoryMailbox
from exchange.mailbox import FileMissingError, MailboxError

DAY = 86_400


@pytest.fixture
def mailbox(tmp_path: Path) -> DirectoryMailbox:
    return DirectoryMailbox(tmp_path, "payer-a")


def test_layout_is_one_folder_per_partner(tmp_path: Path) -> None:
    DirectoryMailbox(tmp_path, "payer-a")

    made = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    folders = {"inbound", "inbound/done", "outbound"}
    assert made == {"payer-a", *(f"payer-a/{name}" for name in folders)}


@pytest.mark.parametrize("partner", ["", "..", "a/b", "../other", ".hidden"])
def test_a_partner_cannot_be_a_path(tmp_path: Path, partner: str) -> None:
    with pytest.raises(MailboxError):
        DirectoryMailbox(tmp_path, partner)

    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_left_alone_and_never_waited_for(mailbox: DirectoryMailbox) -> None:
    os.mkfifo(mailbox.inbound / "a.835")

    assert mailbox.list_inbound() == []
    with pytest.raises(FileMissingError):
        mailbox.read_inbound("a.835")


@pytest.mark.parametrize("age", [DAY, -DAY], ids=["set back", "set ahead"])
def test_a_modification_time_set_by_the_partner_does_not_settle_a_file(
    tmp_path: Path, age: int
) -> None:
    ours = DirectoryMailbox(tmp_path, "payer-a")
    path = ours.inbound / "a.835"
    path.write_bytes(b"half")
    changed = path.stat().st_ctime
    os.utime(path, (changed - age, changed - age))
    now = DirectoryMailbox(tmp_path, "payer-a", clock=lambda: changed + 10)
    later = DirectoryMailbox(tmp_path, "payer-a", clock=lambda: changed + 60)

    assert now.list_inbound(settle_seconds=30) == []
    assert [f.name for f in later.list_inbound(settle_seconds=30)] == ["a.835"]


def test_a_write_that_fails_leaves_nothing_behind(
    mailbox: DirectoryMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            mailbox.stage_outbound("a.837", b"claims")

    assert list(mailbox.outbound.iterdir()) == []
    mailbox.release_outbound(mailbox.stage_outbound("a.837", b"claims"), "a.837")
    assert mailbox.read_outbound("a.837") == b"claims"
