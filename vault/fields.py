"""Encrypt single columns, and index them by keyed hash for exact look-ups.

The row's key is associated data, so a value copied to another row cannot be read there.
"""

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.keys import KeyRing

NONCE = 12
INDEX_LENGTH = 32


class FieldCipherError(Exception):
    """A stored value cannot be decrypted for this row; it was not shown."""


class FieldCipher:
    """AES-256-GCM per value; layout: key id length, key id, nonce, ciphertext."""

    def __init__(self, ring: KeyRing) -> None:
        """Encrypt with the ring's active key."""
        self._ring = ring
        self._cipher: dict[str, AESGCM] = {}

    def _gcm(self, key_id: str) -> AESGCM:
        if key_id not in self._cipher:
            self._cipher[key_id] = AESGCM(self._ring.subkey(key_id, "field"))
        return self._cipher[key_id]

    def encrypt(self, plaintext: str | bytes, *, row_key: str) -> bytes:
        """Encrypt a value for one row; ``row_key`` is ``table:id``."""
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        nonce = os.urandom(NONCE)
        key_id = self._ring.active
        sealed = self._gcm(key_id).encrypt(nonce, data, row_key.encode())
        name = key_id.encode()
        return bytes([len(name)]) + name + nonce + sealed

    def decrypt(self, blob: bytes, *, row_key: str) -> bytes:
        """The value as bytes.

        Raises:
            FieldCipherError: damaged, or encrypted for another row.
        """
        try:
            size = blob[0]
            key_id = blob[1 : 1 + size].decode()
            start = 1 + size
            nonce, sealed = blob[start : start + NONCE], blob[start + NONCE :]
            return self._gcm(key_id).decrypt(nonce, sealed, row_key.encode())
        except (InvalidTag, IndexError, ValueError):
            kind = row_key.split(":")[0]
            raise FieldCipherError(
                f"A stored {kind} value cannot be decrypted for its row. It was not shown."
            ) from None

    def index(self, value: str, *, kind: str) -> str:
        """A keyed hash of the normalised value, comparable for ever."""
        key = self._ring.subkey(self._ring.index, f"index/{kind}")
        normal = " ".join(value.upper().split())
        return hmac.new(key, normal.encode(), sha256).hexdigest()[:INDEX_LENGTH]
