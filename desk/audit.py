"""The auditor's pages of one claim: its history beside our event log, and its proof.

A history is decoded here, so each look at it is logged first (R-SEC-01). Without a
server, or when the server has dropped it, the page says so and shows our event log.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from activities.history import Told, log_reading
from activities.proof import UNREACHABLE, Kept, Made, kept_history, log_export, prove
from activities.proof_records import event_hashes
from claims.messages import claim_workflow_id
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from policy.people import Door
from records import accesses, claims, events
from records.accesses import Asked
from records.claims import ClaimRow
from records.instants import from_text
from vault.stamps import Stamper

AT_ONCE = 200
LATEST = 20


def home(visit: Visit) -> Response:
    """Choose a claim; the newest rows of the access log, and the exports made."""
    asked = visit.asked("claim")
    error = ""
    with visit.desk.office.reading() as conn:
        row = claims.find(conn, asked) if asked else None
        if row is not None:
            return RedirectResponse(f"/audit/claims/{row.pcn}", 303)
        latest = accesses.newest(conn, Asked(), LATEST)
        exports = accesses.newest(conn, Asked(what="proof export"), LATEST)
    if asked:
        error = "No claim has this number. Nothing was shown. Look at it once more."
    with visit.desk.office.writing() as conn:
        visit.saw(conn, "access log", reason="newest rows")
    return visit.page(
        "audit.html.j2",
        404 if error else 200,
        error=error,
        asked=asked,
        latest=shown(latest),
        exports=shown(exports),
    )


def shown(rows: list[Any]) -> list[dict[str, Any]]:
    """Stored rows with their instants."""
    return [{**row, "at": from_text(row["at"])} for row in rows]


def claim_of(visit: Visit) -> ClaimRow:
    """The claim of the address.

    Raises:
        MissingError: there is none with this number.
    """
    with visit.desk.office.reading() as conn:
        row = claims.find(conn, visit.path("claim"))
    if row is None:
        raise MissingError(
            "There is no claim with this number. Nothing was shown. Choose it on Audit."
        )
    return row


@dataclass(frozen=True)
class Part:
    """Which rows are shown: the order, the page, and whether routine ones are."""

    newest: bool
    number: int
    routine: bool

    def of(self, rows: list[Any]) -> list[Any]:
        """The rows of this page; ``rows`` come oldest first."""
        ordered = rows[::-1] if self.newest else rows
        return ordered[(self.number - 1) * AT_ONCE : self.number * AT_ONCE]

    def address(self, **changed: Any) -> str:
        """The query of the same page with something changed."""
        new = {**vars(self), **changed}
        order = "newest" if new["newest"] else "oldest"
        routine = "&routine=1" if new["routine"] else ""
        return f"?order={order}&page={new['number']}{routine}"


def _part(visit: Visit) -> Part:
    number = visit.asked("page", "1")
    fine = number.isascii() and number.isdigit() and len(number) < 6
    return Part(
        newest=visit.asked("order") == "newest",
        number=max(1, int(number)) if fine else 1,
        routine=visit.asked("routine") == "1",
    )


async def history(visit: Visit) -> Response:
    """Every run of the claim's workflow, and our event log beside it."""
    office = visit.desk.office
    row = await asyncio.to_thread(claim_of, visit)
    await asyncio.to_thread(
        log_reading,
        office,
        row,
        visit.user,
        visit.asked("reason") or "history on the desk",
        visit.now,
        visit.address,
    )
    found = Kept(missing=UNREACHABLE)
    if await visit.desk.connect():
        found = await kept_history(office, row)
    return await asyncio.to_thread(_history_page, visit, row, found)


def _history_page(visit: Visit, row: ClaimRow, found: Kept) -> Response:
    with visit.desk.office.reading() as conn:
        log = events.of_claim(conn, row.id)
    hashes = event_hashes(log)
    rows = [
        {**e, "n": n, "at": from_text(e["at"]), "hash": sealed}
        for n, (e, sealed) in enumerate(zip(log, hashes, strict=True), start=1)
    ]
    part = _part(visit)
    told: list[Told] = [t for t in found.told if part.routine or not t.routine]
    return visit.page(
        "audit_history.html.j2",
        row=row,
        part=part,
        missing=found.missing,
        runs=len({t.run_id for t in found.told}),
        folded=len(found.told) - len(told),
        total=len(rows),
        told_total=len(told),
        pages=max(1, -(-max(len(rows), len(told)) // AT_ONCE)),
        events=part.of(rows),
        told=part.of(told),
        head=hashes[-1] if hashes else "",
        workflow_id=claim_workflow_id(row.id),
    )


async def export(visit: Visit) -> Response:
    """The proof of the claim as a ZIP to save; a reason is asked for and logged."""
    office, reason = visit.desk.office, visit.text("reason")
    row = await asyncio.to_thread(claim_of, visit)
    if not reason:
        raise DeskError(
            "An export needs a reason. Nothing was exported. Go back and say why."
        )
    made = Made(visit.now, visit.user.name, reason)
    await visit.desk.connect()
    await asyncio.to_thread(log_export, office, row, visit.user, made, visit.address)
    proof = await prove(office, row, made, Stamper(visit.desk.ring))
    return Response(
        proof.content,
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{proof.name}"'},
    )


ROUTES = (
    Page("GET", "/audit", home, Door.AUDIT),
    Page("GET", "/audit/claims/{claim}", history, Door.AUDIT),
    Page(
        "POST",
        "/audit/claims/{claim}/export",
        export,
        Door.AUDIT,
        "/audit/claims/{claim}",
    ),
)
