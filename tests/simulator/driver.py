"""Drives the simulator as a real process on a mailbox, as the demo does."""

import csv
import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from claims.remittance import Remittance
from edi.x277ca import ClaimStatus, read_claim_acknowledgments
from edi.x835 import read_remittances

REPO_ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"
SENT_ON = date(2026, 3, 2)


def data(name: str) -> bytes:
    """A hand-made file of ``data/``."""
    return (DATA / name).read_bytes()


class Simulator:
    """One process; ``clearinghouse`` is the partner unless another is named."""

    def __init__(self, root: Path, script: str, *, seed: int = 0) -> None:
        self.root = root / "mailbox"
        self.root.mkdir(parents=True)
        path = root / "fates.yaml"
        path.write_text(script)
        options = ["--mailbox", str(self.root), "--script", str(path)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulator", *options, "--seed", str(seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPO_ROOT,
        )

    def close(self) -> int:
        """End its input; its exit code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        return code

    def say(self, line: str) -> dict[str, Any]:
        """One line in, one line out."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def morning(self, day: date) -> int:
        """Files dropped."""
        answer = self.say(json.dumps({"day": day.isoformat(), "do": "morning"}))
        assert answer["read"] == 0
        return int(answer["dropped"])

    def collect(self, day: date) -> int:
        """Files read."""
        answer = self.say(json.dumps({"day": day.isoformat(), "do": "collect"}))
        assert answer["dropped"] == 0
        return int(answer["read"])

    def send(
        self, content: bytes, *, day: date = SENT_ON, partner: str = "clearinghouse"
    ) -> None:
        """Put a file into the outbound folder and have it collected."""
        folder = self.root / partner / "outbound"
        folder.mkdir(parents=True, exist_ok=True)
        number = len(list(folder.iterdir())) + 1
        (folder / f"{number:03d}.edi").write_bytes(content)
        assert self.collect(day) == 1

    def until(self, last: date, *, first: date = SENT_ON) -> None:
        """Every morning from ``first`` to ``last``, weekends too."""
        day = first
        while day <= last:
            self.morning(day)
            day += timedelta(1)

    def inbound(self, kind: str = "", partner: str = "clearinghouse") -> list[Path]:
        """Files the partner got, by name, whose names begin with ``kind``."""
        folder = self.root / partner / "inbound"
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [p for p in found if p.name.startswith(kind)]

    def statuses(self, partner: str = "clearinghouse") -> dict[str, ClaimStatus]:
        """The newest 277CA status of each claim."""
        return {
            status.pcn: status
            for path in self.inbound("277CA", partner)
            for status in read_claim_acknowledgments(path.read_bytes()).statuses
        }

    def remittances(self, partner: str = "clearinghouse") -> list[Remittance]:
        """Every 835, in order of date and name."""
        found = [
            one
            for path in self.inbound("835", partner)
            for one in read_remittances(path.read_bytes()).remittances
        ]
        return sorted(found, key=lambda r: (r.payment_date or date.min, r.trace))

    def rows(self, kind: str) -> list[dict[str, str]]:
        """Rows of all CSV files of a kind."""
        return [
            row
            for path in self.inbound(kind, "office")
            for row in csv.DictReader(path.read_text().splitlines())
        ]
