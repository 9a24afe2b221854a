"""Every match of the queue's filters as CSV or XLSX, for people who live in sheets.

Names are left out unless they are asked for, by somebody who sees patients and says
why; then each record that was written out is in the access log. Rows are read page by
page, and a sheet is written row by row, so memory does not grow with the queue.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from starlette.responses import Response, StreamingResponse

from activities.csv_rows import as_text
from activities.story import payer_name
from claims.money import from_cents
from desk.queue import row_of
from desk.queue_filters import chips, filters_of
from desk.route import Page
from desk.visit import DeskError, Visit
from desk.words import task_title
from policy.people import Door
from records import queue
from records.queue_filters import Filters

Cell = str | int | date | Decimal | None
HEADS = (
    "task",
    "type",
    "claim",
    "payer",
    "service_from",
    "due_on",
    "legal_deadline",
    "open_amount",
    "reason",
    "role",
    "assignee",
    "status",
    "created_on",
    "snoozed_until",
    "waiting_for",
    "last_opened_by",
    "last_opened_at",
)
WIDTHS = (8, 28, 20, 26, *[13] * 4, 44, *[12] * 5, 44, 12, 28, 26)
MOST = 1_000_000
"""A sheet holds 1,048,576 rows; more is split by filters, never cut off."""
PIECE = 64 * 1024
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(visit: Visit) -> Response:
    """The file of all matches of the filters in the address."""
    wanted = filters_of(visit)
    named = visit.text("names") == "yes"
    why = visit.text("why")[:200]
    if named and not why:
        raise DeskError(
            "Patients' names need a reason. Nothing was exported. "
            "Go back and say why, or leave the names out."
        )
    with visit.desk.office.reading() as conn:
        total = queue.totals(conn, wanted, visit.today)
    if total.count > MOST:
        raise DeskError(
            f"{total.count:,} tasks are more than one sheet holds. Nothing was "
            "exported. Set a filter first."
        )
    write = _csv if visit.text("format") == "csv" else _xlsx
    return write(visit, wanted, named, why)


def _rows(
    visit: Visit, wanted: Filters, *, named: bool, why: str
) -> Iterator[list[Cell]]:
    """The rows as values; the reads are logged once all were written."""
    office, seen = visit.desk.office, []
    with office.reading() as conn:
        for row in queue.export_rows(conn, wanted, visit.today):
            shown = row_of(visit, row, names=named)
            cells: list[Cell] = [
                row["number"],
                task_title(row["type"]),
                row["pcn"],
                shown["payer"],
                row["service_from"],
                row["due_on"],
                row["legal_deadline"],
                from_cents(row["amount_cents"]),
                shown["reason"],
                row["role"],
                row["holder"] or row["assignee"],
                row["status"],
                row["created_on"],
                row["snoozed_until"],
                row["waiting_for"],
                row["opened_by"],
                row["opened_at"],
            ]
            if named:
                cells.append(shown["patient"])
                seen += [row["claim_id"]] if shown["named"] else []
            yield cells
    with office.writing() as conn:
        subject = "" if seen else "no names"
        visit.saw(conn, "queue export", claim_ids=seen, subject=subject, reason=why)


def _heads(*, named: bool) -> list[str]:
    return [*HEADS, *(["patient"] if named else [])]


def _safe(cell: Cell) -> Cell:
    return as_text(cell) if isinstance(cell, str) else cell


def _line(cells: Sequence[Cell]) -> bytes:
    """One row of the CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(
        ["" if cell is None else cell for cell in cells]
    )
    return text.getvalue().encode()


def _csv(visit: Visit, wanted: Filters, named: bool, why: str) -> Response:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    file.write(_line(_heads(named=named)))
    for cells in _rows(visit, wanted, named=named, why=why):
        file.write(_line([_safe(cell) for cell in cells]))
    return _download(file, "csv", "text/csv; charset=utf-8")


def _xlsx(visit: Visit, wanted: Filters, named: bool, why: str) -> Response:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Tasks")
    sheet.freeze_panes = "A2"
    heads, count, cents = _heads(named=named), 0, Decimal(0)
    digest = hashlib.sha256(_line(heads))
    for number, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_bold(sheet, head) for head in heads])
    for cells in _rows(visit, wanted, named=named, why=why):
        values = [_safe(cell) for cell in cells]
        digest.update(_line(values))
        count, cents = count + 1, cents + Decimal(str(cells[7]))
        sheet.append([_styled(sheet, value) for value in values])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{count + 1}"
    _about(book.create_sheet("About"), visit, count, cents, digest.hexdigest())
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    book.save(file)
    return _download(file, "xlsx", XLSX)


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _styled(sheet: Any, value: Cell) -> Any:
    cell = WriteOnlyCell(sheet, value)  # type: ignore[arg-type] # decimals, dates
    if isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _about(sheet: Any, visit: Visit, count: int, cents: Decimal, sha: str) -> None:
    """Who, when, which filters, how much: a printed sheet explains itself."""
    facts: Sequence[tuple[str, Cell]] = (
        ("What", "Tasks of the work queue"),
        ("Practice", visit.desk.office.practice.name),
        ("Exported by", visit.user.display_name),
        ("Exported at", visit.now.isoformat(timespec="seconds")),
        ("Filters", _filters(visit)),
        ("Rows", count),
        ("Open amount", cents),
        ("SHA-256 of the same export as CSV", sha),
    )
    for name, value in facts:
        sheet.append([_bold(sheet, name), _styled(sheet, _safe(value))])


def _filters(visit: Visit) -> str:
    """The filters that are on, as the queue says them."""
    office = visit.desk.office
    on = chips(visit.request.query_params, lambda payer: payer_name(office, payer))
    return "; ".join(chip.words for chip in on) or "none"


def _download(file: IO[bytes], ending: str, kind: str) -> Response:
    """Send what was written, piece by piece."""
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="tasks.{ending}"'},
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


ROUTES = (Page("POST", "/tasks/export", export, Door.TASKS, "/tasks"),)
"""A POST: what it reads is logged. Listed before ``/tasks/{task}``."""
