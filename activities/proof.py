"""The auditor's proof of one claim: a ZIP that can be read and checked without us.

A readable page, the same records as JSON lines with a hash chain, the claim's own
documents, a manifest of hashes, and a verifier of one file (proof_verify.py). The same
data, made at the same moment, is the same bytes. The seal tells this installation that
the manifest is its own; nobody without its keys can check it.
"""

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from activities import proof_verify
from activities.history import WENT_ON, NoHistoryError, Told, history
from activities.office import Office
from activities.proof_documents import documents
from activities.proof_page import Page, page
from activities.proof_records import records_of, text_of
from activities.proof_verify import BadRecordError
from activities.story import Story, story
from activities.tasks import NotPermittedError
from policy.people import may_read_history, sees_patients
from records import events
from records.claims import ClaimRow
from records.instants import to_text
from records.users import User
from vault.keys import UnknownKeyError
from vault.stamps import ALGORITHM, Stamp, Stamper

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""The oldest a ZIP knows: its own times would make equal proofs differ."""
PAGE = "index.html"
VERIFIER = "verify.py"
UNREACHABLE = "the Temporal server could not be reached"
GONE = "the server keeps no history any more"
PARTLY_GONE = "the server no longer keeps the runs before these"


@dataclass(frozen=True)
class Made:
    """When, by whom and why a proof was made."""

    at: datetime
    by: str
    why: str


@dataclass(frozen=True)
class Proof:
    """The ZIP, the name to save it under, and what it holds in one line."""

    name: str
    content: bytes
    words: str


@dataclass(frozen=True)
class Kept:
    """What the server keeps of a history; ``missing`` says why it is not all of it."""

    told: tuple[Told, ...] = ()
    missing: str = ""


def log_export(
    office: Office, row: ClaimRow, reader: User, made: Made, address: str = ""
) -> None:
    """Check that this person may take a proof away, and log that they do.

    Raises:
        NotPermittedError: neither an auditor nor a supervisor; nothing was read.
    """
    roles = reader.roles
    if not (may_read_history(roles) and sees_patients(roles, assigned=False)):
        raise NotPermittedError(
            f"{reader.name} may not export the proof of a claim. Nothing was read. "
            "It needs an auditor or a supervisor."
        )
    with office.writing() as conn:
        events.log_accesses(
            conn,
            at=made.at,
            actor=reader.name,
            what="proof export",
            reason=made.why[:200],
            claim_ids=[row.id],
            address=address,
        )


async def prove(office: Office, row: ClaimRow, made: Made, stamper: Stamper) -> Proof:
    """The proof of a claim; without its history where the server has none to give.

    ``log_export`` comes first: this reads patient data and asks nobody.
    """
    told = await kept_history(office, row)
    return await asyncio.to_thread(_build, office, row, made, stamper, told)


async def kept_history(office: Office, row: ClaimRow) -> Kept:
    """The history of a claim as far as the server has it.

    The caller logs the read first (``history.log_reading``).
    """
    if office.client is None:
        return Kept(missing=UNREACHABLE)
    try:
        told = tuple(await history(office, row))
    except NoHistoryError:
        return Kept(missing=GONE)
    except RPCError:
        return Kept(missing=UNREACHABLE)
    return Kept(told, PARTLY_GONE if told[0].words.startswith(WENT_ON) else "")


def _build(
    office: Office, row: ClaimRow, made: Made, stamper: Stamper, told: Kept
) -> Proof:
    whole = story(office, row)
    with office.reading() as conn:
        found = documents(conn, office, row)
        records = records_of(conn, office, row, told.told, found)
    members = {d.name: d.content for d in found if d.name}
    for name, lines in records.items():
        content = text_of(lines)
        members[f"{name}.jsonl"] = content
        members[f"{name}.chain"] = text_of(proof_verify.chain(content))
    shown = {name: [json.loads(x) for x in lines] for name, lines in records.items()}
    members[PAGE] = _page(office, whole, made, told, shown)
    members[VERIFIER] = Path(proof_verify.__file__).read_bytes()
    manifest = _pretty(_manifest(row, made, told, shown, members))
    members[proof_verify.MANIFEST] = manifest
    members[proof_verify.SEAL] = _seal(stamper, manifest)
    name = f"proof-{row.pcn}.zip"
    return Proof(name, _zip(members), _words(members))


def _words(members: dict[str, bytes]) -> str:
    """What the verifier says of it: books that do not add up are proven as they are."""
    try:
        return proof_verify.check(members).line("sealed")
    except BadRecordError as error:
        return f"BAD  {error}"


def _page(
    office: Office,
    whole: Story,
    made: Made,
    told: Kept,
    records: Mapping[str, list[dict[str, Any]]],
) -> bytes:
    return page(
        Page(
            zone=office.zone,
            practice=office.practice.name,
            story=whole,
            made_at=made.at,
            made_by=made.by,
            why=made.why,
            no_history=told.missing,
            records=records,
        )
    ).encode()


def _manifest(
    row: ClaimRow,
    made: Made,
    told: Kept,
    records: Mapping[str, list[dict[str, Any]]],
    members: Mapping[str, bytes],
) -> dict[str, Any]:
    runs = told.told[-1].run if told.told else 0
    ledger = records["ledger"]
    buckets = {
        bucket: sum(entry["effect_cents"].get(bucket, 0) for entry in ledger)
        for bucket in proof_verify.SIGN
    }
    return {
        "schema": proof_verify.SCHEMA,
        "claim": row.pcn,
        "claim_id": row.id,
        "made": {"at": to_text(made.at), "by": made.by, "why": made.why},
        "history": {"missing": told.missing},
        "counts": {name: len(lines) for name, lines in records.items()}
        | {"runs": runs},
        "ledger": {
            "identity": "charge = paid_payer + paid_patient + adjusted + patient_due "
            "+ insurer_open - credit",
            "buckets_cents": buckets,
            "difference_cents": sum(
                sign * buckets[bucket] for bucket, sign in proof_verify.SIGN.items()
            ),
            "rows": sum(len(entry["rows"]) for entry in ledger),
        },
        "chains": {
            f"{name}.jsonl": {
                "lines": len(lines),
                "head": _head(members[f"{name}.chain"]),
            }
            for name, lines in records.items()
        },
        "files": [
            {
                "name": name,
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
            }
            for name, content in sorted(members.items())
        ],
    }


def _head(chain: bytes) -> str:
    hashes = chain.decode().split()
    return hashes[-1] if hashes else proof_verify.START


def _seal(stamper: Stamper, manifest: bytes) -> bytes:
    made = stamper.stamp(manifest)
    return proof_verify.seal_file(
        {
            "of": proof_verify.MANIFEST,
            "manifest_sha256": sha256(manifest).hexdigest(),
            "algorithm": ALGORITHM,
            "key": made.key_id,
            "seal": made.mac,
        }
    )


def verify(path: Path, stamper: Stamper | None) -> str:
    """Check a ZIP or folder with its seal; the OK line.

    Raises:
        BadRecordError: what is wrong first; nothing was written.
    """
    members = proof_verify.read(path)
    report = proof_verify.check(members)
    if stamper is None:
        return report.line("seal not checked: this installation has no keys")
    seal = json.loads(members[proof_verify.SEAL])
    try:
        made = Stamp(str(seal["key"]), str(seal["seal"]))
        ours = stamper.is_ours(members[proof_verify.MANIFEST], made)
    except UnknownKeyError as error:
        raise BadRecordError(
            f"{proof_verify.SEAL}: made with key {error.key_id}, which is not in the "
            "key file of this installation"
        ) from None
    except LookupError:
        raise BadRecordError(f"{proof_verify.SEAL}: is no seal") from None
    if not ours:
        raise BadRecordError(
            f"{proof_verify.SEAL}: is not the seal of this manifest by this "
            "installation: the proof was changed, or another installation made it"
        )
    return report.line(f"seal of key {made.key_id} holds")


def _pretty(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _zip(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return out.getvalue()
