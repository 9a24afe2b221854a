"""Files in and out of the mailboxes: temporary name, then rename; none is deleted."""

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PARTNERS = ("clearinghouse", "P-RIVERBEND")
OFFICE = "office"


@dataclass(frozen=True)
class Sent:
    """A file the practice sent."""

    partner: str
    name: str
    content: bytes


class Mailboxes:
    """The folders of all partners below one root. What was read is remembered."""

    def __init__(self, root: Path) -> None:
        """``root`` holds ``<partner>/inbound`` and ``<partner>/outbound``."""
        self.root = root
        self._read: set[tuple[str, str]] = set()

    def new(self) -> Iterator[Sent]:
        """Finished outbound files that were not read before, by partner and name."""
        for partner in PARTNERS:
            folder = self.root / partner / "outbound"
            for path in sorted(folder.iterdir() if folder.is_dir() else ()):
                unfinished = path.name.startswith(".") or path.suffix == ".tmp"
                if unfinished or not path.is_file():
                    continue
                if (partner, path.name) not in self._read:
                    self._read.add((partner, path.name))
                    yield Sent(partner, path.name, path.read_bytes())

    def drop(self, partner: str, name: str, content: bytes) -> None:
        """Put a whole file into the partner's inbound folder."""
        folder = self.root / partner / "inbound"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{name}.tmp"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)


def as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Rows of one kind with their header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
