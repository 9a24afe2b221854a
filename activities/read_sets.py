"""Transaction sets that were just read, kept until they are posted.

A file is read when it comes, to be registered, and each of its sets again when it is
posted, often seconds later in the same worker. A few are kept, so that memory follows
the size of a set and not of a file; any other is read again from the stored file.
"""

from collections import OrderedDict
from threading import Lock

from claims.remittance import Remittance

KEPT = 2


class ReadSets:
    """The newest sets by file and position; the bytes behind a hash never change."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._sets: OrderedDict[tuple[str, int], Remittance] = OrderedDict()
        self._lock = Lock()

    def keep(self, sha: str, one: Remittance) -> None:
        """Keep a set until it is taken, or until others crowd it out."""
        with self._lock:
            self._sets[sha, one.position] = one
            while len(self._sets) > KEPT:
                self._sets.popitem(last=False)

    def take(self, sha: str, position: int) -> Remittance | None:
        """The set, which is not kept any longer; None when it is to be read again."""
        with self._lock:
            return self._sets.pop((sha, position), None)
