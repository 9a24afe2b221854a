"""Exports: all matches, real dates and decimals, no formula, no name unasked."""

import csv
import hashlib
import io
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from records import accesses, claims, queue, tasks
from records.claims import ClaimRow
from records.queue_filters import Filters
from tests.desk.conftest import Site, token_of

COUNT = 60
"""More than one page of the queue."""


@pytest.fixture
def waiting(site: Site) -> list[ClaimRow]:
    """Denials that wait for a clerk; the first reason looks like a formula."""
    why = site.office.because(site.desk.now(), "R-TSK-01")
    with site.office.writing() as conn:
        rows = claims.every(conn)
        for number in range(COUNT):
            row = rows[number % len(rows)]
            new = tasks.NewTask(
                key=f"export-{number}",
                type="DENIAL_REVIEW",
                workflow_id="w",
                role="clerk",
                due_on=why.today,
                rule="R-TSK-02",
                why="=2+3" if not number else "denied",
                claim_id=row.id,
                subject=str(number),
                payer_id=row.payer_id,
                amount_cents=12_345,
            )
            tasks.open_task(conn, new, why)
    return rows


def export(client: TestClient, query: str = "", **form: str) -> bytes:
    """The bytes of an export."""
    token = token_of(client.get("/password"))
    answer = client.post(f"/tasks/export{query}", data={"csrf": token, **form})
    assert answer.status_code == 200, answer.text[:300]
    assert "attachment" in answer.headers["content-disposition"]
    return bytes(answer.content)


def matches(site: Site) -> int:
    """How many tasks a supervisor sees without filters."""
    with site.office.reading() as conn:
        return queue.totals(conn, Filters(), site.desk.now().date()).count


def test_csv_has_all_matches_with_iso_dates_and_no_name(
    site: Site, waiting: list[ClaimRow]
) -> None:
    content = export(site.signed_in("supervisor"), "?role=any", format="csv")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == matches(site) > 50
    assert "patient" not in rows[0]
    denial = next(r for r in rows if r["reason"].endswith("=2+3"))
    assert denial["reason"] == "'=2+3"
    assert denial["open_amount"] == "123.45"
    date.fromisoformat(denial["due_on"])


def test_xlsx_has_dates_decimals_a_frozen_header_and_says_what_it_is(
    site: Site, waiting: list[ClaimRow]
) -> None:
    content = export(site.signed_in("supervisor"), "?role=any", format="xlsx")
    book = load_workbook(io.BytesIO(content))
    sheet, about = book["Tasks"], book["About"]
    heads = [cell.value for cell in sheet[1]]
    found: list[dict[Any, Any]] = [
        dict(zip(heads, values, strict=True))
        for values in sheet.iter_rows(min_row=2, values_only=True)
    ]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:Q{len(found) + 1}"
    assert len(found) == matches(site)
    assert isinstance(found[0]["due_on"], datetime)
    assert isinstance(found[0]["open_amount"], int | float)
    formula = next(r for r in found if str(r["reason"]).endswith("=2+3"))
    assert formula["reason"] == "'=2+3"
    told: dict[Any, Any] = {row[0]: row[1] for row in about.iter_rows(values_only=True)}
    twin = export(site.signed_in("supervisor"), "?role=any", format="csv")
    digest = hashlib.sha256(twin).hexdigest()
    assert told["SHA-256 of the same export as CSV"] == digest
    assert told["Rows"] == len(found)
    assert told["Filters"] == "Every role"
    assert told["Open amount"] == pytest.approx(sum(r["open_amount"] for r in found))


def test_names_need_a_reason_and_each_record_is_logged(
    site: Site, waiting: list[ClaimRow]
) -> None:
    supervisor = site.signed_in("supervisor")
    token = token_of(supervisor.get("/password"))
    refused = supervisor.post(
        "/tasks/export", data={"csrf": token, "format": "csv", "names": "yes"}
    )
    assert refused.status_code == 400
    assert "Nothing was exported" in refused.text
    content = export(supervisor, "?role=any", format="csv", names="yes", why="a call")
    with site.office.reading() as conn:
        person = claims.content(conn, site.office.cipher, waiting[0].id).patient_person
        logged = accesses.newest(conn, accesses.Asked(what="queue export"), 500)
    assert person.last in content.decode()
    assert waiting[0].id in {row["claim_id"] for row in logged}
    assert {row["reason"] for row in logged} == {"a call"}


def test_operations_never_get_a_name(site: Site, waiting: list[ClaimRow]) -> None:
    content = export(
        site.signed_in("ops"), "?role=any", format="csv", names="yes", why="curious"
    )
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert {row["patient"] for row in rows} == {"Patient hidden"}
