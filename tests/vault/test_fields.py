"""Columns are readable only in their own row; keyed hashes are stable and apart."""

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.fields import FieldCipher, FieldCipherError
from vault.keys import KeyRing

ROW = "coverage:7f3a"
RING = KeyRing("k1", "k1", {"k1": b"1" * 32})


@given(content=st.binary(max_size=500), row_key=st.text(max_size=40))
def test_any_bytes_come_back_for_their_row(content: bytes, row_key: str) -> None:
    cipher = FieldCipher(RING)
    sealed = cipher.encrypt(content, row_key=row_key)

    assert cipher.decrypt(sealed, row_key=row_key) == content
    assert len(content) < 4 or content not in sealed


def test_text_is_stored_as_utf8(ring: KeyRing) -> None:
    cipher = FieldCipher(ring)

    assert cipher.decrypt(cipher.encrypt("Zoë", row_key=ROW), row_key=ROW) == (
        "Zoë".encode()
    )


def test_the_same_value_never_looks_the_same(ring: KeyRing) -> None:
    cipher = FieldCipher(ring)

    assert cipher.encrypt("W123", row_key=ROW) != cipher.encrypt("W123", row_key=ROW)


def test_every_changed_or_missing_byte_is_noticed(ring: KeyRing) -> None:
    cipher = FieldCipher(ring)
    sealed = cipher.encrypt("W123", row_key=ROW)
    damaged = [
        sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :]
        for i in range(len(sealed))
    ]
    cut = [sealed[:i] for i in range(len(sealed))]

    for blob in [*damaged, *cut, sealed + b"\0"]:
        with pytest.raises(FieldCipherError):
            cipher.decrypt(blob, row_key=ROW)


@given(blob=st.binary(max_size=80))
def test_bytes_we_did_not_seal_are_refused(blob: bytes) -> None:
    with pytest.raises(FieldCipherError):
        FieldCipher(RING).decrypt(blob, row_key=ROW)


@pytest.mark.parametrize(
    ("row_key", "kind"), [("claim:7f3a", "claim"), ("7f3a", "unknown")]
)
def test_a_value_of_another_row_is_refused_and_only_its_kind_is_named(
    ring: KeyRing, row_key: str, kind: str
) -> None:
    cipher = FieldCipher(ring)
    sealed = cipher.encrypt("W123456789", row_key="claim:0000")
    with pytest.raises(FieldCipherError, match=f"of kind {kind} ") as caught:
        cipher.decrypt(sealed, row_key=row_key)

    shown = "".join(traceback.format_exception(caught.value, limit=0))
    assert "7f3a" not in shown
    assert "W123" not in shown


@pytest.mark.parametrize("plain", [b"Doe, Jane", b"Jane", b"\x01\xffJane"])
def test_plaintext_left_in_a_column_is_refused_without_being_shown(
    ring: KeyRing, plain: bytes
) -> None:
    with pytest.raises(FieldCipherError) as caught:
        FieldCipher(ring).decrypt(plain, row_key=ROW)

    assert "Jane" not in str(caught.value)


def test_old_values_are_readable_after_rotation_and_new_ones_use_the_new_key(
    ring: KeyRing, rotated: KeyRing
) -> None:
    old = FieldCipher(ring).encrypt("W123", row_key=ROW)
    new = FieldCipher(rotated).encrypt("W123", row_key=ROW)

    assert FieldCipher(rotated).decrypt(old, row_key=ROW) == b"W123"
    assert FieldCipher(rotated).decrypt(new, row_key=ROW) == b"W123"
    with pytest.raises(FieldCipherError, match="Put key k2 back"):
        FieldCipher(ring).decrypt(new, row_key=ROW)


def test_a_key_of_the_same_id_but_other_bytes_opens_nothing(
    ring: KeyRing, stranger: KeyRing
) -> None:
    sealed = FieldCipher(ring).encrypt("W123", row_key=ROW)

    with pytest.raises(FieldCipherError, match="of kind coverage"):
        FieldCipher(stranger).decrypt(sealed, row_key=ROW)


def test_an_index_is_the_same_after_rotation(ring: KeyRing, rotated: KeyRing) -> None:
    before = FieldCipher(ring).index("W123", kind="member")

    assert FieldCipher(rotated).index("W123", kind="member") == before
    assert len(before) == 32
    assert set(before) <= set("0123456789abcdef")


@pytest.mark.parametrize("same", ["w123 zoË", "  W123\tZOE\u0308 ", "\uff37123 Zoë"])
def test_an_index_ignores_case_width_and_spacing(ring: KeyRing, same: str) -> None:
    cipher = FieldCipher(ring)

    assert cipher.index(same, kind="member") == cipher.index("W123 Zoë", kind="member")


@pytest.mark.parametrize("other", ["W124", "W12 3", "W-123", ""])
def test_an_index_keeps_other_values_apart(ring: KeyRing, other: str) -> None:
    cipher = FieldCipher(ring)

    assert cipher.index(other, kind="member") != cipher.index("W123", kind="member")


def test_an_index_keeps_kinds_and_installations_apart(
    ring: KeyRing, stranger: KeyRing
) -> None:
    ours = FieldCipher(ring)
    hashes = {
        ours.index("W123", kind="member"),
        ours.index("W123", kind="claim"),
        ours.index("rW123", kind="membe"),
        FieldCipher(stranger).index("W123", kind="member"),
    }

    assert len(hashes) == 4
