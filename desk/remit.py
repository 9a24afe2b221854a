"""One remittance: its sum, its claims beside what became of them, and its money."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.csv_files import CsvError
from activities.eob import read_keyed
from activities.provider_level import about
from activities.story import payer_name
from claims.money import ZERO, from_cents
from claims.remittance import ProviderAdjustment
from claims.task import TASKS
from desk.desk import Desk
from desk.file_names import called, log_names
from desk.remit_claims import CHOICES, OFFERED, Chosen, Known
from desk.remit_outlines import Outline
from desk.remits import OUTCOMES, WORDS
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from desk.words import task_title
from edi.errors import EdiError
from edi.explain.values import code, lower
from edi.x835 import read_set_at
from policy import plb
from policy.people import Door
from records import claims, files, remit_list, remittances
from records.db import Connection, RowMapping
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError


def show(visit: Visit) -> Response:
    """One remittance: its sum, a page of its claims, its provider-level adjustments."""
    office, only, page = visit.desk.office, _only(visit), _page(visit)
    with office.reading() as conn:
        row = remittances.get(conn, visit.path("remittance"))
        if row is None:
            raise MissingError("There is no such remittance. Nothing was changed.")
        file = files.get(conn, row["file_sha256"])
        deposits = remit_list.deposits_of(conn, row["id"])
        outcomes = remit_list.outcomes(conn, row["id"])
    read = _read(visit.desk, row)
    chosen = Chosen.of(read.claims if read else (), outcomes, only, page)
    with office.reading() as conn:
        known = Known.of(conn, row, chosen.groups)
        adjustments = [
            _adjustment(conn, visit, row, one)
            for one in (read.provider_adjustments if read else ())
        ]
    with office.writing() as conn:
        log_names(visit, conn, f"remittance {row['trace']}")
        visit.saw(
            conn,
            "remittance",
            claim_ids=known.claim_ids(),
            subject=f"remittance {row['trace']}",
        )
    here = f"/remits/{row['id']}"
    return visit.page(
        "remit.html.j2",
        row=row,
        state=WORDS[row["status"]],
        reason=_reason(row),
        payer=payer_name(office, row["payer_id"]),
        method=lower(code("method", read.method) or read.method) if read else "",
        place="row" if row["keyed_by"] else "segment",
        chosen=chosen,
        groups=[[known.line(one) for one in group] for group in chosen.groups],
        choices=CHOICES,
        offered=[o for o in OFFERED if chosen.counts.get(o) or o == only],
        link=lambda only, page=1: _link(here, only, page),
        outcomes=OUTCOMES,
        task=known.waits.get(None),
        adjustments=adjustments,
        sums=_sums(read, row) if read else None,
        file=file and {**file, "name": called(visit, file)},
        deposits=deposits,
    )


def _link(here: str, only: str, page: int) -> str:
    asked = {"only": only} if only else {}
    asked |= {"page": str(page)} if page > 1 else {}
    return here + (f"?{urlencode(asked)}" if asked else "") + "#claims"


def _reason(row: RowMapping) -> str:
    """Why it is not posted; a task's type becomes its title."""
    said = str(row["reason"] or "")
    kind, colon, rest = said.partition(": ")
    return f"{task_title(kind)}: {rest}" if colon and kind in TASKS else said


def _only(visit: Visit) -> str:
    only = visit.asked("only")
    if only not in CHOICES:
        raise DeskError(
            "No claim of a remittance ends so. Nothing was looked up. "
            "Start again from the list."
        )
    return only


def _page(visit: Visit) -> int:
    page = visit.asked("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 7 and int(page)):
        raise DeskError(
            "A remittance has no such page. Nothing was looked up. "
            "Start again from its first page."
        )
    return int(page)


def _read(desk: Desk, row: RowMapping) -> Outline | None:
    """The set as its file says it; None when the file cannot be read any more."""
    sha, position, office = row["file_sha256"], row["st_segment"], desk.office
    try:
        if row["keyed_by"]:
            with office.reading() as conn:
                return Outline.of(read_keyed(conn, office, row))
        return desk.outlines.get(
            sha,
            position,
            lambda: Outline.of(read_set_at(office.documents.get(sha), position)),
        )
    except (
        EdiError,
        CsvError,
        DocumentMissingError,
        DocumentDamagedError,
        UnknownKeyError,
    ):
        return None


def _adjustment(
    conn: Connection, visit: Visit, row: RowMapping, one: ProviderAdjustment
) -> Mapping[str, Any]:
    """A provider-level amount with the claim that its reference names, by our number:
    the reference itself may hold a member's."""
    office, reference = visit.desk.office, one.reference or ""
    named = about(conn, office, row["payer_id"], reference).claim_id
    return {
        "code": one.code,
        "words": plb.meaning(one.code) or "not in our table",
        "amount": one.amount,
        "segment": one.position,
        "claim_id": named,
        "claim": claims.get(conn, named).practice_number if named else "",
    }


def _sums(read: Outline, row: RowMapping) -> Mapping[str, Any]:
    """R-ERA-01: sum of CLP04 minus sum of PLB is BPR02; the difference, if any."""
    paid = sum((one.paid for one in read.claims), ZERO)
    taken = sum((one.amount for one in read.provider_adjustments), ZERO)
    check = from_cents(row["paid_cents"])
    return {
        "claims": paid,
        "taken": taken,
        "check": check,
        "difference": check - (paid - taken),
    }


ROUTES = (Page("GET", "/remits/{remittance}", show, Door.MONEY),)
