"""Remittances: what each 835 paid, whether it adds up, and what became of it."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.office import Office
from activities.story import payer_name
from claims.money import ZERO, from_cents
from claims.remittance import ProviderAdjustment, Remittance
from desk.page_mark import after_mark
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from edi.errors import EdiError
from edi.explain.values import code, lower
from edi.x835 import read_remittances
from policy import plb
from policy.people import Door
from records import files, remit_list, remittances
from records.db import RowMapping
from records.remit_list import Asked

SIZE = 50
WORDS = {
    "received": "not posted yet",
    "posted": "posted",
    "suspended": "waits, does not add up",
    "duplicate": "came twice, ignored",
    "conflict": "waits, differs from an earlier one",
}
OUTCOMES = {
    "posted": "posted",
    "unmatched": "no claim of ours found",
    "forwarded": "passed on by the payer",
    "information": "for information",
}


def listing(visit: Visit) -> Response:
    """Every remittance, newest first."""
    office, asked = visit.desk.office, _asked(visit)
    with office.reading() as conn:
        rows = remit_list.page(
            conn, asked, before=after_mark(visit.asked("before")), limit=SIZE + 1
        )
        count, cents = remit_list.totals(conn, asked)
    more = ""
    if len(rows) > SIZE:
        last = rows[SIZE - 1]
        mark = f"{last['received_on'].isoformat()}~{last['id']}"
        kept = {"state": asked.status, "payer": asked.payer, "before": mark}
        more = "/remits?" + urlencode({k: v for k, v in kept.items() if v})
    return visit.page(
        "remits.html.j2",
        rows=rows[:SIZE],
        count=count,
        cents=cents,
        asked=asked,
        words=WORDS,
        payers=[(p, payer_name(office, p)) for p in office.payers.ids()],
        payer_name=lambda payer: payer_name(office, payer),
        paged=bool(visit.asked("before")),
        more=more,
    )


def _asked(visit: Visit) -> Asked:
    status = visit.asked("state")
    if status and status not in WORDS:
        raise DeskError(
            "No remittance has such a state. Nothing was looked up. "
            "Start again from the list."
        )
    return Asked(status, visit.asked("payer")[:64])


def show(visit: Visit) -> Response:
    """One remittance: its sum, its claims, its provider-level adjustments."""
    office = visit.desk.office
    with office.reading() as conn:
        row = remittances.get(conn, visit.path("remittance"))
        if row is None:
            raise MissingError("There is no such remittance. Nothing was changed.")
        ended = remit_list.claims_of(conn, row["id"])
        file = files.get(conn, row["file_sha256"])
        deposits = remit_list.deposits_of(conn, row["id"])
    read = _read(office, row)
    with office.writing() as conn:
        ours = [one["claim_id"] for one in ended if one["claim_id"]]
        visit.saw(
            conn, "remittance", claim_ids=ours, subject=f"remittance {row['trace']}"
        )
    return visit.page(
        "remit.html.j2",
        row=row,
        state=WORDS[row["status"]],
        payer=payer_name(office, row["payer_id"]),
        method=lower(code("method", read.method) or read.method) if read else "",
        claims=list(_claims(read, ended)),
        adjustments=[_adjustment(one) for one in read.provider_adjustments]
        if read
        else [],
        sums=_sums(read, row),
        file=file,
        deposits=deposits,
    )


def _read(office: Office, row: RowMapping) -> Remittance | None:
    """The set as its file says it; None when the file cannot be read any more."""
    try:
        found = read_remittances(office.documents.get(row["file_sha256"]))
    except (EdiError, LookupError):
        return None
    listed = (*found.remittances, *found.incomplete)
    return next((one for one in listed if one.position == row["st_segment"]), None)


def _claims(
    read: Remittance | None, ended: list[RowMapping]
) -> Iterator[Mapping[str, Any]]:
    """Each CLP of the file with how it ended here; no patient."""
    known = {row["position"]: row for row in ended}
    for one in read.claims if read else ():
        row = known.get(one.position)
        yield {
            "number": (row["pcn"] if row else None) or one.pcn,
            "claim_id": row["claim_id"] if row else None,
            "status": code("clp02", one.status) or one.status,
            "takes_back": one.status == "22",
            "charge": one.charge,
            "paid": one.paid,
            "patient": one.patient_responsibility,
            "outcome": OUTCOMES.get(row["outcome"], row["outcome"])
            if row
            else "not posted",
            "segment": one.position,
        }


def _adjustment(one: ProviderAdjustment) -> Mapping[str, Any]:
    known = plb.get(one.code)
    return {
        "code": one.code,
        "words": known["meaning"] if known else "not in our table",
        "amount": one.amount,
        "segment": one.position,
    }


def _sums(read: Remittance | None, row: RowMapping) -> Mapping[str, Any] | None:
    """R-ERA-01: sum of CLP04 minus sum of PLB is BPR02; the difference, if any."""
    if read is None:
        return None
    claims = sum((one.paid for one in read.claims), ZERO)
    taken = sum((one.amount for one in read.provider_adjustments), ZERO)
    check = from_cents(row["paid_cents"])
    return {
        "claims": claims,
        "taken": taken,
        "check": check,
        "difference": check - (claims - taken),
    }


ROUTES = (
    Page("GET", "/remits", listing, Door.MONEY),
    Page("GET", "/remits/{remittance}", show, Door.MONEY),
)
