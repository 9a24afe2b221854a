"""Stamp bytes with a key of the ring, so that this installation knows them again.

HMAC-SHA-256 with the ring's purpose key ``proof``. It shows that somebody who had the
keys made these bytes, to somebody who has the keys too; it is no public signature.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256

from vault.keys import KeyRing

ALGORITHM = "HMAC-SHA-256"


@dataclass(frozen=True)
class Stamp:
    """The id of the key used, and 64 hexadecimal digits."""

    key_id: str
    mac: str


class Stamper:
    """Stamps with the active key, checks with any key of the ring."""

    def __init__(self, ring: KeyRing) -> None:
        """Use the keys of ``ring``."""
        self._ring = ring

    def stamp(self, content: bytes) -> Stamp:
        """The stamp of these bytes by the active key."""
        return Stamp(self._ring.active, self._mac(self._ring.active, content))

    def is_ours(self, content: bytes, stamp: Stamp) -> bool:
        """Whether a key of this ring stamped exactly these bytes.

        Raises:
            UnknownKeyError: the key it names is not on the ring.
        """
        known = self._mac(stamp.key_id, content)
        return hmac.compare_digest(known.encode(), stamp.mac.encode())

    def _mac(self, key_id: str, content: bytes) -> str:
        key = self._ring.subkey(key_id, "proof")
        return hmac.new(key, content, sha256).hexdigest()
