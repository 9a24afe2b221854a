"""The key ring: master keys by id, one active; subkeys are bound to a purpose.

A key file is ``{"active": "k1", "index": "k1", "keys": {"k1": "<base64, 32 bytes>"}}``.
To rotate, add a key and make it active. Old keys stay in the file so that what they
encrypted can be read; ``index`` is never changed, because keyed hashes must stay
comparable. A file without ``index`` uses its first key.
"""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, ValidationError

from vault.durable import create_whole, make_folders

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")

Purpose = Literal["payload", "field", "document", "index", "proof"]


class KeyFileError(Exception):
    """The key file is missing or not one; nothing was started."""


class UnknownKeyError(LookupError):
    """Something was encrypted with a key that is not on this ring."""

    def __init__(self, key_id: str) -> None:
        """``key_id`` is shown only when it has the form of one."""
        self.key_id = key_id if KEY_ID.fullmatch(key_id) else "(not a key id)"
        super().__init__(
            f"Key {self.key_id} is not in the key file. What it encrypted was not "
            "read. Put the key back from the backup of the key file."
        )


class _KeyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    active: str
    index: str | None = None
    keys: dict[str, str]


@dataclass(frozen=True)
class KeyRing:
    """Master keys by id, in the order of the file.

    ``active`` encrypts, all of them decrypt, ``index`` hashes.
    """

    active: str
    index: str
    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a ring that could not work.

        Raises:
            KeyFileError: a bad key id, a key that is not 32 bytes, or a missing one.
        """
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))
        for key_id, key in self.keys.items():
            if not KEY_ID.fullmatch(key_id) or len(key) != KEY_BYTES:
                raise KeyFileError(
                    f"A key ring needs keys of {KEY_BYTES} bytes, named by up to 32 "
                    "letters, digits, - and _. Nothing was started."
                )
        for role, key_id in (("active", self.active), ("index", self.index)):
            if key_id not in self.keys:
                raise KeyFileError(
                    f"The {role} key of a key ring must be one of its keys. "
                    "Nothing was started."
                )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key file.

        Raises:
            KeyFileError: missing, unreadable or wrong; the text says what to do.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(
                f"There is no key file {path.name}. Nothing was started. Restore it "
                "from the backup, or create one for a new installation."
            ) from None
        except OSError as error:
            raise KeyFileError(
                f"The key file {path.name} cannot be opened ({error.strerror}). "
                "Nothing was started. Let the user that runs Claimthread read it."
            ) from None
        try:
            return cls._parse(text)
        # A traceback must not carry key material, so the cause is cut off.
        except (ValidationError, binascii.Error, ValueError, KeyFileError):
            raise KeyFileError(
                f"The key file {path.name} cannot be read as a key ring. Nothing was "
                "started. Restore it from the backup."
            ) from None

    @classmethod
    def _parse(cls, text: bytes) -> Self:
        file = _KeyFile.model_validate_json(text)
        keys = {
            key_id: base64.b64decode(key, validate=True)
            for key_id, key in file.keys.items()
        }
        index = file.index if file.index is not None else next(iter(keys), "")
        return cls(active=file.active, index=index, keys=keys)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Load the ring, making the file with mode 0600 when there is none.

        Of several processes that start at once one makes it, and all load that one.

        Raises:
            KeyFileError: there is a file and it is not a key file. It is left alone.
        """
        if not path.exists():
            make_folders(path.parent)
            key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
            text = json.dumps({"active": "k1", "index": "k1", "keys": {"k1": key}})
            create_whole(path, text.encode(), mode=0o600)
        return cls.load(path)

    def subkey(self, key_id: str, purpose: Purpose) -> bytes:
        """The 32-byte key of one purpose, derived with HKDF-SHA256 (RFC 5869).

        Raises:
            UnknownKeyError: no such key on this ring.
        """
        if key_id not in self.keys:
            raise UnknownKeyError(key_id)
        return _derive(self.keys[key_id], purpose)


@lru_cache(maxsize=64)
def _derive(master: bytes, purpose: Purpose) -> bytes:
    info = f"claimthread/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(
        master
    )
