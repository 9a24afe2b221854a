"""Files as sent and received: encrypted, named by SHA-256 of the plaintext, never changed."""

import os
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.keys import KeyRing

NONCE = 12


class DocumentMissingError(LookupError):
    """No document has this hash."""


class DocumentDamagedError(Exception):
    """The stored bytes are not what was put there."""


class DocumentStore:
    """One folder of encrypted files, ``aa/bb/<sha256>``."""

    def __init__(self, root: Path, ring: KeyRing) -> None:
        """Keep documents under ``root``."""
        self.root = root
        self._ring = ring

    def _path(self, sha: str) -> Path:
        if len(sha) != 64 or not set(sha) <= set("0123456789abcdef"):
            raise DocumentMissingError("not a document hash")
        return self.root / sha[:2] / sha[2:4] / sha

    def put(self, content: bytes) -> str:
        """Store bytes once; their hash."""
        sha = sha256(content).hexdigest()
        path = self._path(sha)
        if path.exists():
            return sha
        path.parent.mkdir(parents=True, exist_ok=True)
        key_id = self._ring.active
        nonce = os.urandom(NONCE)
        gcm = AESGCM(self._ring.subkey(key_id, "document"))
        name = key_id.encode()
        sealed = bytes([len(name)]) + name + nonce
        sealed += gcm.encrypt(nonce, content, sha.encode())
        draft = path.with_name(f".{sha}.{os.getpid()}.{os.urandom(4).hex()}")
        with draft.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return sha

    def get(self, sha: str) -> bytes:
        """The plaintext of a document.

        Raises:
            DocumentMissingError: no such document.
            DocumentDamagedError: it was changed on disk.
        """
        path = self._path(sha)
        if not path.exists():
            raise DocumentMissingError(f"document {sha[:12]} is not in the store")
        blob = path.read_bytes()
        try:
            size = blob[0]
            key_id, start = blob[1 : 1 + size].decode(), 1 + size
            gcm = AESGCM(self._ring.subkey(key_id, "document"))
            nonce, sealed = blob[start : start + NONCE], blob[start + NONCE :]
            return gcm.decrypt(nonce, sealed, sha.encode())
        except (InvalidTag, IndexError, ValueError):
            raise DocumentDamagedError(f"document {sha[:12]} is damaged") from None

    def exists(self, sha: str) -> bool:
        """Whether the document is here."""
        return self._path(sha).exists()
