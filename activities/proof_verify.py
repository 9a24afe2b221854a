"""Check a Claimthread proof of one claim: ``python verify.py [ZIP or FOLDER]``.

This file is shipped inside every proof and needs Python 3.9 or later, nothing else. It
prints one line that begins with OK and exits with 0, or names the first record that is
wrong and exits with 10. It cannot check the seal, which needs the keys of the
installation that made it, and a copy of this file that came with a proof proves as much
as the proof does: take yours from a source you trust.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035 - reads alike in 3.9

SCHEMA = "claimthread-proof/1"
FAILED = 10
MANIFEST = "manifest.json"
SEAL = "seal.json"
START = "0" * 64
LARGEST = 1 << 30
"""Bytes of one member that are read at most."""
RECORDS = ("events", "history", "ledger", "tasks", "access", "documents")
SIGN = {
    "charge": 1,
    "paid_payer": -1,
    "paid_patient": -1,
    "adjusted": -1,
    "patient_due": -1,
    "insurer_open": -1,
    "credit": 1,
}
"""charge = paid + adjusted + patient_due + insurer_open - credit."""
VIEW = {
    "charge": (-1, ("revenue",)),
    "paid_payer": (1, ("payer_clearing", "payer_refunds_paid")),
    "paid_patient": (1, ("patient_cash",)),
    "adjusted": (
        1,
        ("contractual_adjustment", "other_adjustment", "bad_debt", "charity"),
    ),
    "patient_due": (1, ("patient_receivable",)),
    "insurer_open": (1, ("insurance_receivable",)),
    "credit": (-1, ("refunds_payable",)),
}
"""The accounts whose debit balance, times the sign, is a bucket."""
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


class BadRecordError(Exception):
    """The proof does not hold; the text names the first bad record."""


@dataclass(frozen=True)
class Report:
    """What a proof that holds says of itself."""

    claim: str
    made_at: str
    made_by: str
    runs: int
    history: int
    no_history: str
    events: int
    rows: int
    files: int

    def line(self, seal: str) -> str:
        """The OK line; ``seal`` is what became of the seal."""
        told = (
            f"{_count(self.history, 'event')} in {_count(self.runs, 'run')} · no gaps"
        )
        if not self.history:
            told = "no workflow history"
        if self.no_history:
            told += f" ({self.no_history})"
        parts = [
            told,
            f"{_count(self.events, 'log event')}",
            f"made {self.made_at} by {self.made_by}",
            f"{_count(self.rows, 'ledger row')} sum to $0.00",
            f"{_count(self.files, 'file')} match",
            seal,
        ]
        return "OK  " + " · ".join(parts)


def read(path: Path) -> dict[str, bytes]:
    """Every member of a ZIP, or every file below a folder, by name.

    Raises:
        BadRecordError: it cannot be read, or a name is in it twice.
    """
    if path.is_dir():
        return {
            found.relative_to(path).as_posix(): found.read_bytes()
            for found in sorted(path.rglob("*"))
            if not found.is_dir()
        }
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(_members(archive))
    except (zipfile.BadZipFile, OSError):
        raise BadRecordError(f"{path.name}: cannot be read as a ZIP") from None


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    seen = set()
    for info in archive.infolist():
        name = info.filename
        if name in seen:
            raise BadRecordError(f"{name}: is in the ZIP twice")
        seen.add(name)
        if info.file_size > LARGEST:
            raise BadRecordError(f"{name}: is too large to be part of a proof")
        try:
            yield name, archive.read(info)
        except (
            zipfile.BadZipFile,
            zlib.error,
            struct.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ):
            raise BadRecordError(f"{name}: was changed in the ZIP") from None


def check(members: dict[str, bytes]) -> Report:
    """Check everything but the seal.

    Raises:
        BadRecordError: the first record that is wrong.
    """
    if MANIFEST not in members or SEAL not in members:
        missing = MANIFEST if MANIFEST not in members else SEAL
        raise BadRecordError(f"{missing}: is missing")
    try:
        manifest = json.loads(members[MANIFEST])
        if manifest["schema"] != SCHEMA:
            raise BadRecordError(f"{MANIFEST}: is of a schema that is not known here")
        _files(manifest["files"], members)
        records = {
            name: _chained(name, manifest["chains"], members) for name in RECORDS
        }
        _hashes(manifest["files"], members, chained=True)
        report = _contents(manifest, records, members)
        _unchanged(members)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        what = type(error).__name__
        raise BadRecordError(
            f"{MANIFEST}: a record is not of the form it should have ({what})"
        ) from None
    return report


def seal_file(fields: dict[str, str]) -> bytes:
    """``seal.json`` of these fields and of a SHA-256 that anybody can check."""
    own = hashlib.sha256(json.dumps(fields).encode()).hexdigest()
    return (json.dumps({**fields, "sha256": own}, indent=1) + "\n").encode()


def _unchanged(members: dict[str, bytes]) -> None:
    """The manifest is the sealed one, byte for byte; whose the seal is, is not seen."""
    try:
        seal = json.loads(members[SEAL])
        seal.pop("sha256")
        whole = seal_file(seal) == members[SEAL]
        manifest = seal["manifest_sha256"]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise BadRecordError(f"{SEAL}: is no seal") from None
    if not whole:
        raise BadRecordError(f"{SEAL}: was changed")
    if manifest != hashlib.sha256(members[MANIFEST]).hexdigest():
        raise BadRecordError(f"{MANIFEST}: was changed: its SHA-256 is another")


def _files(listed: list[dict[str, Any]], members: dict[str, bytes]) -> None:
    """No file is missing, none was added, and the plain ones are unchanged."""
    names = [one["name"] for one in listed]
    if len(set(names)) < len(names):
        raise BadRecordError(f"{MANIFEST}: lists a file twice")
    for name in names:
        if name not in members:
            raise BadRecordError(f"{name}: is missing")
    for name in members:
        if name not in names and name not in (MANIFEST, SEAL):
            raise BadRecordError(f"{name}: was added")
    _hashes(listed, members, chained=False)


def _hashes(
    listed: list[dict[str, Any]], members: dict[str, bytes], *, chained: bool
) -> None:
    for one in listed:
        name = one["name"]
        if (name in [f"{record}.jsonl" for record in RECORDS]) is not chained:
            continue
        found = hashlib.sha256(members[name]).hexdigest()
        if (len(members[name]), found) != (one["size"], one["sha256"]):
            raise BadRecordError(f"{name}: was changed: its SHA-256 is another")


def chain(content: bytes) -> list[str]:
    """For each line SHA-256 of the hash before it (hex) and the line's bytes."""
    found, last = [], START
    for line in content.splitlines(keepends=True):
        last = hashlib.sha256(last.encode() + line).hexdigest()
        found.append(last)
    return found


def _chained(
    name: str, chains: dict[str, Any], members: dict[str, bytes]
) -> list[dict[str, Any]]:
    """The lines of one record file, after its chain was followed."""
    file = f"{name}.jsonl"
    content = members[file]
    made, kept = chain(content), members[f"{name}.chain"].decode().split()
    for number in range(max(len(made), len(kept))):
        if number >= len(made):
            raise BadRecordError(f"{file} line {number + 1}: is missing")
        if number >= len(kept) or made[number] != kept[number]:
            raise BadRecordError(f"{file} line {number + 1}: breaks the chain")
    head = made[-1] if made else START
    if head != chains[file]["head"] or len(made) != chains[file]["lines"]:
        raise BadRecordError(f"{file}: its chain does not end in the manifest's head")
    return [json.loads(line) for line in content.splitlines()]


def _contents(
    manifest: dict[str, Any],
    records: dict[str, list[dict[str, Any]]],
    members: dict[str, bytes],
) -> Report:
    for name in RECORDS:
        if manifest["counts"][name] != len(records[name]):
            raise BadRecordError(f"{name}.jsonl: has not as many lines as counted")
        if name != "history":
            _numbered(name, records[name])
    runs = _runs(records["history"])
    if runs != manifest["counts"]["runs"]:
        raise BadRecordError("history.jsonl: has not as many runs as counted")
    rows = _ledger(records["ledger"], manifest["ledger"])
    _documents(records["documents"], members)
    return Report(
        claim=str(manifest["claim"]),
        made_at=_day(manifest["made"]["at"]),
        made_by=str(manifest["made"]["by"]),
        runs=runs,
        history=len(records["history"]),
        no_history=str(manifest["history"]["missing"]),
        events=len(records["events"]),
        rows=rows,
        files=len(manifest["files"]),
    )


def _numbered(name: str, lines: list[dict[str, Any]]) -> None:
    last_id = 0
    for number, line in enumerate(lines, start=1):
        where = f"{name}.jsonl line {number}"
        if line["n"] != number:
            raise BadRecordError(f"{where}: a number is missing before it")
        if name in ("events", "access", "ledger"):
            if line["id"] <= last_id:
                raise BadRecordError(f"{where}: is not in the order it was written")
            last_id = line["id"]


def _runs(lines: list[dict[str, Any]]) -> int:
    """How many runs; each begins at event 1 and leaves no number out."""
    run, event = 0, 0
    for number, line in enumerate(lines, start=1):
        here = (line["run"], line["event"])
        if here not in ((run, event + 1), (run + 1, 1)) or here[0] == 0:
            raise BadRecordError(
                f"history.jsonl line {number}: run {run} has a gap after event {event}"
            )
        run, event = here
    return run


def _ledger(lines: list[dict[str, Any]], stated: dict[str, Any]) -> int:
    """How many rows; debits equal credits, and both views give the stated buckets."""
    buckets, rows = dict.fromkeys(SIGN, 0), 0
    accounts: dict[str, int] = {}
    for line in lines:
        where = f"ledger.jsonl line {line['n']}"
        if sum(r["debit_cents"] - r["credit_cents"] for r in line["rows"]) != 0:
            raise BadRecordError(f"{where}: debit and credit differ")
        for row in line["rows"]:
            kind = row["account"].partition(":")[0]
            net = row["debit_cents"] - row["credit_cents"]
            accounts[kind] = accounts.get(kind, 0) + net
            rows += 1
        for bucket, cents in line["effect_cents"].items():
            buckets[bucket] += cents
    _identity(buckets, accounts)
    if buckets != stated["buckets_cents"] or rows != stated["rows"]:
        raise BadRecordError("ledger.jsonl: does not come to the manifest's amounts")
    return rows


def _identity(buckets: dict[str, int], accounts: dict[str, int]) -> None:
    for bucket, (sign, kinds) in VIEW.items():
        if buckets[bucket] != sign * sum(accounts.get(kind, 0) for kind in kinds):
            raise BadRecordError(f"ledger.jsonl: {bucket} differs from its accounts")
        if buckets[bucket] < 0:
            raise BadRecordError(f"ledger.jsonl: {bucket} is below zero")
    if sum(SIGN[bucket] * cents for bucket, cents in buckets.items()) != 0:
        raise BadRecordError("ledger.jsonl: the claim's amounts do not add up")


def _documents(lines: list[dict[str, Any]], members: dict[str, bytes]) -> None:
    """Each document named is here, and a whole one is the original."""
    for line in lines:
        where, name = f"documents.jsonl line {line['n']}", line["file"]
        if not name:
            continue
        if name not in members:
            raise BadRecordError(f"{where}: its file is missing")
        found = hashlib.sha256(members[name]).hexdigest()
        if line["included"] == "whole" and found != line["sha256"]:
            raise BadRecordError(f"{where}: its file is not the original")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _day(instant: str) -> str:
    """``12 May 2026 14:42 UTC`` of an instant in UTC."""
    month = int(instant[5:7]) * 3
    day = f"{int(instant[8:10])} {MONTHS[month - 3 : month]} {instant[:4]}"
    return f"{day} {instant[11:16]} UTC"


def main(arguments: list[str]) -> int:
    """Check the proof named, or the folder this file lies in; the exit code."""
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    if not path.exists():
        sys.stderr.write(f"There is no file or folder {path.name}.\n")
        return 2
    try:
        report = check(read(path))
    except BadRecordError as error:
        sys.stdout.write(f"BAD  {error}\n")
        return FAILED
    sys.stdout.write(report.line("seal not checked here") + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
