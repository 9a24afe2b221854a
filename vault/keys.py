"""The key ring: master keys by id, one active; subkeys are bound to a purpose.

A key file is ``{"active": "k1", "index": "k1", "keys": {"k1": "<base64, 32 bytes>"}}``.
Old keys stay in it so that what they encrypted can be read; the index key never changes,
because keyed hashes must stay comparable.
"""

import base64
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, ValidationError

KEY_BYTES = 32


class KeyFileError(Exception):
    """The key file is missing or not one; nothing was started."""


class UnknownKeyError(KeyError):
    """Something was encrypted with a key that is not on this ring."""


class KeyRing(BaseModel):
    """Master keys by id; ``active`` encrypts, all of them decrypt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: str
    index: str
    keys: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """Read a key file.

        Raises:
            KeyFileError: missing, unreadable or wrong; the text says what to do.
        """
        try:
            ring = cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            raise KeyFileError(
                f"There is no key file {path.name}. Nothing was started. Restore it "
                "from the backup, or create one for a new installation."
            ) from None
        except (ValidationError, ValueError):
            raise KeyFileError(
                f"The key file {path.name} cannot be read as a key ring. Nothing was "
                "started. Restore it from the backup."
            ) from None
        for key_id in {ring.active, ring.index, *ring.keys}:
            ring.master(key_id)
        return ring

    @classmethod
    def create(cls, path: Path) -> "KeyRing":
        """Load the ring, making the file with mode 0600 when there is none."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
            text = json.dumps({"active": "k1", "index": "k1", "keys": {"k1": key}})
            draft = path.with_suffix(f".{os.getpid()}.tmp")
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(text)
            try:
                os.link(draft, path)  # the first of two processes wins
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls.load(path)

    def master(self, key_id: str) -> bytes:
        """The 32 bytes of a master key.

        Raises:
            UnknownKeyError: no such key; KeyFileError: it is not 32 bytes.
        """
        if key_id not in self.keys:
            raise UnknownKeyError(f"key {key_id} is not on this ring")
        key = base64.b64decode(self.keys[key_id])
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"Key {key_id} is not {KEY_BYTES} bytes long.")
        return key

    def subkey(self, key_id: str, purpose: str) -> bytes:
        """The key of one purpose, derived with HKDF-SHA256."""
        return _derive(self.master(key_id), purpose)


@lru_cache(maxsize=64)
def _derive(master: bytes, purpose: str) -> bytes:
    kdf = HKDF(
        algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"claimthread/" + purpose.encode()
    )
    return kdf.derive(master)
