"""Files are created whole, once, and the disk has them."""

import errno
import os
import stat
from pathlib import Path

import pytest

from vault.durable import create_whole, make_folders


def no_links(*names: object) -> None:
    raise OSError(errno.ENOTSUP, "no hard links here")


@pytest.mark.parametrize("links", [True, False])
def test_a_taken_name_is_never_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a"

    assert create_whole(path, b"first")
    assert not create_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_content_is_synced_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    synced: list[tuple[bool, bool]] = []
    real = os.fsync

    def watch(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        synced.append((is_folder, path.exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watch)
    create_whole(path, b"content")

    assert synced == [(False, False), (True, True)]


def test_mode_is_narrowed_by_the_umask_only(tmp_path: Path) -> None:
    create_whole(tmp_path / "secret", b"x", mode=0o600)

    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_folders_are_made_once_and_again(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b" / "c")
    make_folders(tmp_path / "a" / "b" / "c")

    assert (tmp_path / "a" / "b" / "c").is_dir()
