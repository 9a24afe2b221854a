"""Create a file whole or not at all, and have it on the disk before going on.

Keys, documents and outbound files are written once and never changed. So the name is
taken exclusively: of two writers one wins, and nobody replaces what is already there.
"""

import errno
import os
import secrets
from pathlib import Path

DRAFT_ENDING = ".tmp"
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def create_whole(path: Path, content: bytes, *, mode: int = 0o666) -> bool:
    """Create ``path`` holding ``content``; False when the name is already taken.

    The bytes are written under a hidden temporary name, synced, then given their name
    in one step; a crash leaves at most the hidden file. The umask narrows ``mode``.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}{DRAFT_ENDING}")
    try:
        _write_synced(draft, content, mode)
        created = _take_name(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    return created


def make_folders(path: Path) -> None:
    """``mkdir --parents`` whose new folders survive a power cut."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in new:
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_synced(draft: Path, content: bytes, mode: int) -> None:
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_name(draft: Path, path: Path) -> bool:
    try:
        # Unlike a rename, a link refuses a name that is taken.
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(path):
            return False
        draft.rename(path)
    return True
