"""Imports: every file that came in, how it ended, its counts and what was left out."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.csv_rows import as_text
from activities.file_words import end_of, kind_words
from activities.intake import CLAIM_KINDS
from activities.rejects import code_of, shapes
from desk.file_names import called, log_names
from desk.health_words import partner_words
from desk.route import Page
from desk.visit import MissingError, Visit
from policy.people import Door
from records import file_list
from records.db import Connection, RowMapping
from records.file_list import NO_SETS, Sets
from records.files import End
from records.instants import from_text
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError

SIZE = 50
ENDS = {
    "": "any end",
    End.POSTED.value: "posted",
    "waiting": "not all posted",
    End.ROUTED.value: "passed on to claims",
    End.QUARANTINED.value: "in quarantine",
    "none": "not ended",
}
_COLUMNS = {
    "reference": "reference",
    "segment": "_segment",
    "field": "_field",
    "shape": "_value_masked",
    "code": "_code",
    "reason": "_reason",
    "fix": "_fix",
}
"""Of the reject file, by what a reject has (without the input's columns:
any of them may name a patient)."""


def listing(visit: Visit) -> Response:
    """Files that came in, newest first."""
    asked = visit.asked("ended")
    ended = asked if asked in ENDS else ""
    at, _, sha = visit.asked("before").partition("~")
    before = (at, sha) if sha else None
    with visit.desk.office.writing() as conn:
        log_names(visit, conn, "imports")
        rows = file_list.page(conn, ended, before=before, limit=SIZE + 1)
        total = file_list.count(conn, ended)
        sets = file_list.sets(conn, [row["sha256"] for row in rows])
    more = ""
    if len(rows) > SIZE:
        last = rows[SIZE - 1]
        mark = f"{last['received_at']}~{last['sha256']}"
        more = "/imports?" + urlencode({"ended": ended, "before": mark})
    return visit.page(
        "imports.html.j2",
        rows=[_row(visit, row, sets) for row in rows[:SIZE]],
        total=total,
        ended=ended,
        ends=ENDS,
        paged=before is not None,
        more=more,
    )


def _row(visit: Visit, row: RowMapping, sets: Mapping[str, Sets]) -> Mapping[str, Any]:
    of = sets.get(row["sha256"], NO_SETS)
    return {
        **row,
        "name": called(visit, row),
        "words": kind_words(row["kind"]),
        "whose": partner_words(visit.desk.office, row["partner"]),
        "end": end_words(row, of),
        "whole": of.posted == of.count,
        "claims": not set(CLAIM_KINDS).isdisjoint(row["kind"].split("+")),
        "at": from_text(row["received_at"]),
    }


def end_words(row: RowMapping, sets: Sets) -> str:
    """How a file ended, in the words of these pages."""
    end = end_of(row, sets)
    return str(end._replace(word=ENDS.get(end.word, end.word)))


def show(visit: Visit) -> Response:
    """One file: counts, what was left out and why, how many of its claims started."""
    sha = visit.path("import")
    with visit.desk.office.writing() as conn:
        row = _one(conn, sha)
        log_names(visit, conn, f"file {sha[:12]}")
        progress = file_list.progress(conn, sha)
        sets = file_list.sets(conn, [sha])
    return visit.page(
        "import.html.j2",
        row=_row(visit, row, sets),
        progress=progress,
        rejects=shaped(_content(visit, row), row["kind"], row["rejects"] or []),
        most=200,
    )


def shaped(
    content: bytes, kind: str, rejects: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Rejects with the shape of what stood there and a code; no value."""
    found = shapes(content, kind, rejects)
    return [
        {**one, "shape": form, "code": code_of(str(one["reason"]))}
        for one, form in zip(rejects, found, strict=True)
    ]


def _content(visit: Visit, row: RowMapping) -> bytes:
    """The kept file of rejects; nothing when there are none or it cannot be read."""
    try:
        return visit.desk.office.documents.get(row["sha256"]) if row["rejects"] else b""
    except (DocumentMissingError, DocumentDamagedError, UnknownKeyError):
        return b""


def _one(conn: Connection, sha: str) -> RowMapping:
    row = file_list.one(conn, sha)
    if row is None:
        raise MissingError("No file with this hash came in. Nothing was changed.")
    return row


def rejects(visit: Visit) -> Response:
    """What was left out, as CSV: where, why and how to mend it; shapes, no values."""
    with visit.desk.office.reading() as conn:
        row = _one(conn, visit.path("import"))
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(["_row", *_COLUMNS.values()])
    for one in shaped(_content(visit, row), row["kind"], row["rejects"] or []):
        cells = (as_text(str(one[name])) for name in _COLUMNS)
        out.writerow([one["position"], *cells])
    name = f"rejects-{row['sha256'][:12]}.csv"
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ROUTES = (
    Page("GET", "/imports", listing, Door.OPERATE),
    Page("GET", "/imports/{import}", show, Door.OPERATE),
    Page("GET", "/imports/{import}/rejects.csv", rejects, Door.OPERATE),
)
