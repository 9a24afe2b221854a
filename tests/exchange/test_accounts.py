"""The file of SFTP accounts: what it may say, and one sentence for each mistake."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from exchange.accounts import AccountsError, load_accounts
from exchange.directory import DirectoryMailbox
from exchange.opening import open_mailbox
from exchange.sftp import SftpMailbox

GOOD: dict[str, Any] = {
    "host": "sftp.clearinghouse.example",
    "user": "harborpoint",
    "key_file": "keys/clearinghouse",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFictional",
}


def written(path: Path, **changed: Any) -> Path:
    fields = {k: v for k, v in (GOOD | changed).items() if v is not None}
    path.write_text(yaml.safe_dump({"clearinghouse": fields}))
    return path


def test_without_a_file_every_mailbox_is_a_folder(tmp_path: Path) -> None:
    assert load_accounts(None) == {}
    mailbox = open_mailbox(tmp_path, {}, "clearinghouse")
    assert isinstance(mailbox, DirectoryMailbox)


def test_a_partner_in_the_file_has_its_mailbox_at_a_server(tmp_path: Path) -> None:
    accounts = load_accounts(written(tmp_path / "sftp.yaml"))

    account = accounts["clearinghouse"]
    assert account.where == "sftp.clearinghouse.example:22"
    assert account.key_file == tmp_path / "keys" / "clearinghouse"
    assert (account.inbound, account.archive) == ("inbound", "inbound/done")
    opened = {
        p: open_mailbox(tmp_path, accounts, p) for p in ("clearinghouse", "office")
    }
    assert isinstance(opened["clearinghouse"], SftpMailbox)
    assert isinstance(opened["office"], DirectoryMailbox)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"host": None}, "clearinghouse: host is missing"),
        ({"host": "sftp://there"}, "clearinghouse: host String should match"),
        ({"user": None}, "clearinghouse: user is missing"),
        ({"port": 0}, "clearinghouse: port Input should be greater"),
        ({"port": "twenty-two"}, "clearinghouse: port Input should be a valid integer"),
        ({"key_file": None}, "clearinghouse: key_file is missing"),
        ({"key_file": 7}, "clearinghouse: key_file must be the path of a file"),
        ({"host_key": None}, "clearinghouse: host_key is missing"),
        ({"host_key": []}, "clearinghouse: host_key Tuple should have at least 1 item"),
        ({"inbound": ""}, "clearinghouse: inbound must be the path of a folder"),
        ({"outbound": "../x"}, "clearinghouse: outbound must be the path of a folder"),
        ({"outbound": "inbound"}, "inbound and outbound must be two folders"),
        ({"password": "secret-1"}, "password is no setting here: we log in with a key"),
        ({"hostkey": "x"}, "clearinghouse: hostkey is no setting here"),
    ],
)
def test_each_mistake_has_its_sentence(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    path = written(tmp_path / "sftp.yaml", **changed)

    with pytest.raises(AccountsError) as refused:
        load_accounts(path)

    said = str(refused.value)
    assert words in said
    assert str(path) in said
    assert "Nothing was started" in said
    assert "secret-1" not in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"clearinghouse: [", "line 1 is no YAML"),
        (b"\xff\xfe", "is no"),
        (b"- clearinghouse\n", "it must list partners"),
        (b"", "it must list partners"),
        (b"clearinghouse:\n", "clearinghouse must have host, user, key_file"),
    ],
)
def test_a_file_of_another_form_is_told_as_that(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "sftp.yaml"
    path.write_bytes(content)

    with pytest.raises(AccountsError, match=words):
        load_accounts(path)


def test_a_file_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="cannot be read: No such file"):
        load_accounts(tmp_path / "sftp.yaml")
