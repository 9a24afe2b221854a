"""The records of a proof as JSON lines: what SQL and the workflow's history say.

Rows go out as they are stored, so that nobody has to trust a translation. Each file is
numbered from 1 by ``n``; the history has the numbers of its runs and events.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from activities.history import Told
from activities.office import Office
from activities.proof_documents import Document
from activities.proof_verify import chain
from ledger.journal import Posting, postings_of
from records import audit, dossier, events, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.instants import to_text


def records_of(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    told: Sequence[Told],
    found: Sequence[Document],
) -> dict[str, list[str]]:
    """The lines of each file by its name without ``.jsonl``."""
    return {
        "events": _lines(_plain(e, "claim_id") for e in events.of_claim(conn, row.id)),
        "history": [_json(t.model_dump()) for t in told],
        "ledger": _lines(_posting(p) for p in postings_of(conn, row.id)),
        "tasks": _lines(_tasks(conn, office, row)),
        "access": _lines(_plain(a, "claim_id") for a in audit.accesses(conn, row.id)),
        "documents": _lines(_document(d) for d in found),
    }


def event_hashes(rows: Iterable[RowMapping]) -> list[str]:
    """The hash of each event of a claim, as ``events.chain`` of its proof has it."""
    return chain(text_of(_lines(_plain(row, "claim_id") for row in rows)))


def _posting(posting: Posting) -> dict[str, Any]:
    rows = [_plain(line, "entry_id") for line in posting.lines]
    entry = _plain(posting.entry, "claim_id")
    return entry | {"rows": rows, "effect_cents": dict(posting.effect)}


def _tasks(conn: Connection, office: Office, row: ClaimRow) -> Iterable[dict[str, Any]]:
    """Each task with every decision given on it, and the form the person filled in."""
    given: dict[str, list[dict[str, Any]]] = {}
    for made in dossier.decisions(conn, row.id):
        form = json.loads(tasks.decision_form(office.cipher, made))
        told = _plain(made, "task_id", "form_enc") | {"form": form}
        given.setdefault(made["task_id"], []).append(told)
    for task in audit.tasks_of(conn, row.id):
        yield _plain(task, "claim_id") | {"decisions": given.get(task["id"], [])}


def _document(found: Document) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "direction": found.direction,
        "dated": found.dated,
        "sha256": found.sha256,
        "included": found.included,
        "note": found.note,
        "file": found.name,
    }


def _plain(row: RowMapping, *without: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in without}


def _lines(found: Iterable[dict[str, Any]]) -> list[str]:
    return [_json({"n": n} | one) for n, one in enumerate(found, start=1)]


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain_text)


def _plain_text(value: object) -> str:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no record of a proof holds a {type(value).__name__}")


def text_of(lines: Iterable[str]) -> bytes:
    """The bytes of a file of these lines."""
    return "".join(f"{line}\n" for line in lines).encode()
