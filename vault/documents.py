"""Files as sent and received: encrypted, named by SHA-256 of the plaintext.

Never changed: a file that exists is not written again, not even to repair it.
"""

import re
from hashlib import sha256
from pathlib import Path

from vault.durable import create_whole, make_folders
from vault.keys import KeyRing
from vault.sealing import Sealer, SealError, bind


class DocumentMissingError(LookupError):
    """No document has this hash."""


class DocumentDamagedError(Exception):
    """The stored bytes are not what was put there."""


class DocumentStore:
    """One folder of encrypted files, ``aa/bb/<sha256>``."""

    def __init__(self, root: Path, ring: KeyRing) -> None:
        """Keep documents under ``root``, encrypted with the ring's active key."""
        self.root = root
        self._sealer = Sealer(ring, "document")

    def put(self, content: bytes) -> str:
        """Store bytes once, on the disk when this returns; the hash of the plaintext.

        Raises:
            DocumentDamagedError: it was here before and is damaged. It was left alone.
            UnknownKeyError: it was here before, under a key the ring does not have.
        """
        sha = sha256(content).hexdigest()
        path = self._path(sha)
        if not path.exists():
            make_folders(path.parent)
            if create_whole(path, self._sealer.seal(content, bind(sha)), mode=0o600):
                return sha
        self.get(sha)  # the caller is about to rely on what is there
        return sha

    def get(self, sha: str) -> bytes:
        """The plaintext of a document, checked against its hash.

        Raises:
            DocumentMissingError: no such document.
            DocumentDamagedError: it was changed on disk.
            UnknownKeyError: its key is not on the ring.
        """
        if not _is_hash(sha):
            raise DocumentMissingError(
                "That is not a document's hash. Nothing was read."
            )
        try:
            blob = self._path(sha).read_bytes()
        except FileNotFoundError:
            raise DocumentMissingError(
                f"Document {sha[:12]} is not in the store. Nothing was read. Restore "
                "it from the backup."
            ) from None
        try:
            content = self._sealer.open(blob, bind(sha))
        except SealError:
            content = None
        if content is None or sha256(content).hexdigest() != sha:
            raise DocumentDamagedError(
                f"Document {sha[:12]} was changed on disk. It was not used. Restore it "
                "from the backup."
            )
        return content

    def exists(self, sha: str) -> bool:
        """Whether a document of this hash is here; it is not opened."""
        return _is_hash(sha) and self._path(sha).is_file()

    def _path(self, sha: str) -> Path:
        return self.root / sha[:2] / sha[2:4] / sha


def _is_hash(sha: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", sha) is not None
