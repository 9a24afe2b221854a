"""Key files are made once, read strictly, and never show a key."""

import base64
import json
import multiprocessing
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

from vault.keys import KeyFileError, KeyRing, Purpose, UnknownKeyError

KEY = base64.b64encode(b"s3cr3t-s3cr3t-s3cr3t-s3cr3t-1234").decode()


def written(path: Path, **content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_a_new_file_is_private_and_is_loaded_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys.json"
    ring = KeyRing.create(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert KeyRing.create(path) == KeyRing.load(path) == ring
    assert (ring.active, ring.index, len(ring.keys["k1"])) == ("k1", "k1", 32)


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    assert KeyRing.create(tmp_path / "a") != KeyRing.create(tmp_path / "b")


def test_processes_that_start_at_once_share_one_ring(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ProcessPoolExecutor(
        4, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        keys = set(pool.map(created_key, [path] * 8))

    assert keys == {KeyRing.load(path).keys["k1"]}
    assert list(tmp_path.iterdir()) == [path]


def created_key(path: Path) -> bytes:
    return KeyRing.create(path).keys["k1"]


def test_keys_keep_the_order_of_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path / "keys.json",
        active="k3",
        index="k1",
        keys={"k1": KEY, "k3": KEY, "k2": KEY},
    )
    assert list(KeyRing.load(path).keys) == ["k1", "k3", "k2"]


def test_a_file_without_index_hashes_with_its_first_key(tmp_path: Path) -> None:
    path = written(tmp_path / "keys.json", active="k2", keys={"k1": KEY, "k2": KEY})

    assert KeyRing.load(path).index == "k1"


@pytest.mark.parametrize(
    "content",
    [
        {"active": "k1", "index": "k1", "keys": {}},
        {"active": "k2", "index": "k1", "keys": {"k1": KEY}},
        {"active": "k1", "index": "k2", "keys": {"k1": KEY}},
        {"active": "k1", "index": "k1", "keys": {"k1": KEY}, "extra": 1},
        {"active": "k1", "index": "k1", "keys": {"k1": KEY[:-4]}},
        {"active": "k1", "index": "k1", "keys": {"k1": KEY[:-4] + "!!!!"}},
        {"active": "k 1", "index": "k 1", "keys": {"k 1": KEY}},
        {"active": "k1", "index": "k1", "keys": {"k1": 7}},
        {"keys": {"k1": KEY}},
    ],
)
def test_a_wrong_file_is_refused_without_showing_it(
    tmp_path: Path, content: dict[str, object]
) -> None:
    path = written(tmp_path / "keys.json", **content)
    with pytest.raises(KeyFileError, match="Nothing was started") as caught:
        KeyRing.create(path)

    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))
    assert KEY[:20] not in "".join(traceback.format_exception(caught.value))
    assert json.loads(path.read_text()) == content


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(b"\xff\x00")

    with pytest.raises(KeyFileError, match="Restore it from the backup"):
        KeyRing.load(tmp_path / "keys.json")


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"There is no key file keys\.json"):
        KeyRing.load(tmp_path / "keys.json")
    with pytest.raises(KeyFileError, match="cannot be opened"):
        KeyRing.load(tmp_path)


def test_a_ring_shows_no_key(ring: KeyRing) -> None:
    assert "1111" not in f"{ring!r}{ring}"


def test_a_ring_cannot_be_changed(ring: KeyRing) -> None:
    with pytest.raises(TypeError):
        ring.keys["k9"] = b"9" * 32  # type: ignore[index]  # what is tested


def test_each_purpose_and_key_has_its_own_subkey(rotated: KeyRing) -> None:
    purposes: tuple[Purpose, ...] = get_args(Purpose)
    subkeys = {rotated.subkey(key, p) for key in rotated.keys for p in purposes}

    assert len(subkeys) == len(rotated.keys) * len(purposes)
    assert {len(subkey) for subkey in subkeys} == {32}
    assert not subkeys & set(rotated.keys.values())


def test_subkeys_never_change_between_versions(ring: KeyRing) -> None:
    # Computed apart with hmac from RFC 5869: a change would lose what is encrypted.
    expected = "544f21b9ebab8b3f78a7aa465812742215c1650f21597949826f18ac5d788a6f"
    assert ring.subkey("k1", "field").hex() == expected


@pytest.mark.parametrize(("key_id", "shown"), [("k9", "k9"), ("Doe, Jane", "not a")])
def test_an_unknown_key_is_named_only_if_it_looks_like_one(
    ring: KeyRing, key_id: str, shown: str
) -> None:
    with pytest.raises(UnknownKeyError, match=shown) as caught:
        ring.subkey(key_id, "field")

    assert "Jane" not in str(caught.value)
    assert "was not read" in str(caught.value)
