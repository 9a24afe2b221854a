"""AES-256-GCM with the ring's active key, bound to where the bytes belong.

A sealed blob is: format byte, length of key id, key id, nonce, ciphertext with tag.
Nonces are random, 96 bits (NIST SP 800-38D): rotate a key before it has sealed 2**32
values.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.keys import KeyRing, Purpose

FORMAT = 1
NONCE_BYTES = 12
TAG_BYTES = 16


class SealError(Exception):
    """The bytes are not sealed, were changed, or belong elsewhere."""


def bind(*parts: str) -> bytes:
    """Associated data of ``parts``; lengths go in, so no two lists are alike."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


class Sealer:
    """Seals and opens for one purpose."""

    def __init__(self, ring: KeyRing, purpose: Purpose) -> None:
        """Seal with the active key of ``ring``, open with any of its keys."""
        self._ring = ring
        self._purpose: Purpose = purpose
        self._ciphers: dict[str, AESGCM] = {}

    def encrypt(self, plain: bytes, bound: bytes) -> tuple[str, bytes]:
        """The id of the key used, and nonce with ciphertext."""
        key_id = self._ring.active
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher(key_id).encrypt(nonce, plain, _header(key_id) + bound)
        return key_id, nonce + sealed

    def decrypt(self, key_id: str, body: bytes, bound: bytes) -> bytes:
        """What ``encrypt`` was given.

        Raises:
            SealError: changed, cut, or bound elsewhere.
            UnknownKeyError: no such key on the ring.
        """
        if len(body) < NONCE_BYTES + TAG_BYTES:
            raise SealError("sealed bytes are cut off")
        nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            return self._cipher(key_id).decrypt(nonce, sealed, _header(key_id) + bound)
        except InvalidTag:
            raise SealError("sealed bytes were changed or belong elsewhere") from None

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        """One blob that carries its key id."""
        key_id, body = self.encrypt(plain, bound)
        return _header(key_id) + body

    def open(self, blob: bytes, bound: bytes) -> bytes:
        """What ``seal`` was given.

        Raises:
            SealError: not sealed, changed, cut, or bound elsewhere.
            UnknownKeyError: no such key on the ring.
        """
        # The format byte keeps plaintext out of the search for a key, and so out of
        # the error that names the key.
        if len(blob) < 2 or blob[0] != FORMAT:
            raise SealError("bytes are not sealed")
        start = 2 + blob[1]
        try:
            key_id = blob[2:start].decode("ascii")
        except UnicodeDecodeError:
            raise SealError("bytes are not sealed") from None
        return self.decrypt(key_id, blob[start:], bound)

    def _cipher(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:
            self._ciphers[key_id] = AESGCM(self._ring.subkey(key_id, self._purpose))
        return self._ciphers[key_id]


def _header(key_id: str) -> bytes:
    encoded = key_id.encode()
    return bytes([FORMAT, len(encoded)]) + encoded
