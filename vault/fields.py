"""Encrypt single columns, and index them by keyed hash for exact look-ups.

The row's key is associated data, so a value copied to another row cannot be read there.
"""

import hmac
import re
import unicodedata
from hashlib import sha256

from vault.keys import KeyRing, UnknownKeyError
from vault.sealing import Sealer, SealError, bind

INDEX_LENGTH = 32
"""Hexadecimal digits kept of a keyed hash: 128 bits."""


class FieldCipherError(Exception):
    """A stored value cannot be decrypted for this row; it was not shown."""


class FieldCipher:
    """AES-256-GCM per value; ``vault/sealing.py`` has the layout."""

    def __init__(self, ring: KeyRing) -> None:
        """Encrypt with the ring's active key."""
        self._sealer = Sealer(ring, "field")
        self._index_key = ring.subkey(ring.index, "index")

    def encrypt(self, plaintext: str | bytes, *, row_key: str) -> bytes:
        """Encrypt a value for one row; ``row_key`` is ``kind:id``."""
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        return self._sealer.seal(data, bind(row_key))

    def decrypt(self, blob: bytes, *, row_key: str) -> bytes:
        """The value as bytes.

        Raises:
            FieldCipherError: not encrypted, damaged, of another row, or its key is
                missing. Its text has the kind of the row, neither id nor content.
        """
        try:
            return self._sealer.open(blob, bind(row_key))
        except UnknownKeyError as error:
            advice = f"Put key {error.key_id} back into the key file."
        except SealError:
            advice = "Restore the row from the backup."
        raise FieldCipherError(
            f"A stored value of kind {_kind(row_key)} cannot be decrypted for its row. "
            f"It was not shown. {advice}"
        )

    def index(self, value: str, *, kind: str) -> str:
        """A keyed hash of the normalised value, the same after every key rotation.

        Case, width and spacing do not count; ``kind`` keeps equal values of different
        columns apart. 32 hexadecimal digits.
        """
        message = bind(kind, _normal(value))
        return hmac.new(self._index_key, message, sha256).hexdigest()[:INDEX_LENGTH]


def _normal(value: str) -> str:
    folded = unicodedata.normalize("NFKC", value).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _kind(row_key: str) -> str:
    kind, colon, _ = row_key.partition(":")
    return kind if colon and re.fullmatch(r"[a-z_]{1,32}", kind) else "unknown"
