"""The access log: who read which record, when, why and from where."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from claims.calendar import at
from desk.audit import AT_ONCE, claim_of, shown
from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from records import accesses, claims
from records.accesses import Asked
from records.claims import ClaimRow


def everything(visit: Visit) -> Response:
    """The access log of the practice, filtered."""
    return _page(visit, None)


def of_claim(visit: Visit) -> Response:
    """The access log of one claim."""
    return _page(visit, claim_of(visit))


def _page(visit: Visit, row: ClaimRow | None) -> Response:
    chosen = {name: visit.asked(name)[:64] for name in ("user", "claim", "from", "to")}
    with visit.desk.office.reading() as conn:
        wanted = row or (
            claims.find(conn, chosen["claim"]) if chosen["claim"] else None
        )
        unknown = bool(chosen["claim"]) and wanted is None
        asked = _asked(visit, chosen, wanted)
        found = [] if unknown else accesses.newest(conn, asked, AT_ONCE + 1)
    with visit.desk.office.writing() as conn:
        ids = [wanted.id] if wanted else []
        visit.saw(conn, "access log", claim_ids=ids, reason="access log")
    more = len(found) > AT_ONCE
    rows = shown(found[:AT_ONCE])
    return visit.page(
        "audit_access.html.j2",
        row=row,
        rows=rows,
        chosen=chosen,
        unknown=unknown,
        older=_older(chosen, rows) if more else "",
    )


def _asked(visit: Visit, chosen: dict[str, str], row: ClaimRow | None) -> Asked:
    before = visit.asked("before")
    return Asked(
        actor=chosen["user"],
        claim_id=row.id if row else "",
        since=_start(visit, chosen["from"], 0),
        until=_start(visit, chosen["to"], 1),
        before=int(before) if before.isascii() and before.isdigit() else None,
    )


def _start(visit: Visit, text: str, days: int) -> datetime | None:
    """The start of a day in the practice's zone, ``days`` later; None for no day."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
        return at(day, time(0), visit.desk.office.zone)
    except (ValueError, OverflowError):
        raise DeskError(
            "A date of the filter is not a date. Nothing was shown. "
            "Write it as year-month-day, for example 2026-05-12."
        ) from None


def _older(chosen: dict[str, str], rows: list[dict[str, Any]]) -> str:
    kept = {name: value for name, value in chosen.items() if value}
    return "?" + urlencode({**kept, "before": rows[-1]["id"]})


ROUTES = (
    Page("GET", "/audit/access", everything, Door.AUDIT),
    Page("GET", "/audit/claims/{claim}/access", of_claim, Door.AUDIT),
)
