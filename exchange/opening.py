"""Which kind of mailbox a partner has: an account at an SFTP server, else a folder."""

from collections.abc import Mapping
from pathlib import Path

from exchange.accounts import SftpAccount
from exchange.directory import DirectoryMailbox
from exchange.mailbox import MOST_BYTES, Mailbox


def open_mailbox(
    root: Path,
    accounts: Mapping[str, SftpAccount],
    partner: str,
    *,
    most_bytes: int = MOST_BYTES,
) -> Mailbox:
    """The partner's mailbox; nobody is called before its first step."""
    account = accounts.get(partner)
    if account is None:
        return DirectoryMailbox(root, partner, most_bytes=most_bytes)
    # Here, so that a practice without SFTP does not wait for asyncssh at each command.
    from exchange.sftp import SftpMailbox

    return SftpMailbox(account, most_bytes=most_bytes)
