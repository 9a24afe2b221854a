"""Remittances as a list: what each 835 paid, and what became of it."""

from urllib.parse import urlencode

from starlette.responses import Response

from activities.story import payer_name
from claims.calendar import business_day_until
from desk.page_mark import after_mark
from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from records import remit_list
from records.remit_list import Asked

SIZE = 50
WORDS = {
    "received": "not posted yet",
    "posted": "posted",
    "suspended": "waits, does not add up",
    "duplicate": "came twice, ignored",
    "conflict": "waits, differs from an earlier one",
    "unapproved": "waits for a second person",
    "rejected": "not confirmed, not posted",
}
OUTCOMES = {
    "posted": "posted",
    "unmatched": "no claim of ours found",
    "forwarded": "passed on by the payer",
    "information": "for information",
    "linked": "linked by a person",
    "returned": "to be returned to the payer",
}


def listing(visit: Visit) -> Response:
    """Every remittance, newest first."""
    office, asked = visit.desk.office, _asked(visit)
    with office.reading() as conn:
        rows = remit_list.page(
            conn, asked, before=after_mark(visit.asked("before")), limit=SIZE + 1
        )
        count, cents = remit_list.totals(conn, asked)
    filters = {"state": asked.status, "payer": asked.payer, "trace": asked.trace}
    here = {k: v for k, v in filters.items() if v}
    more = ""
    if len(rows) > SIZE:
        last = rows[SIZE - 1]
        mark = {"before": f"{last['received_on'].isoformat()}~{last['id']}"}
        more = "/remits?" + urlencode(here | mark)
    return visit.page(
        "remits.html.j2",
        rows=rows[:SIZE],
        count=count,
        cents=cents,
        asked=asked,
        words=WORDS,
        payers=[(p, payer_name(office, p)) for p in office.payers.ids()],
        payer_name=lambda payer: payer_name(office, payer),
        first="/remits" + (f"?{urlencode(here)}" if here else ""),
        paged=bool(visit.asked("before")),
        more=more,
        closing=business_day_until(visit.today).isoformat(),
    )


def _asked(visit: Visit) -> Asked:
    status = visit.asked("state")
    if status and status not in WORDS:
        raise DeskError(
            "No remittance has such a state. Nothing was looked up. "
            "Start again from the list."
        )
    payer = visit.asked("payer")
    if payer and payer not in visit.desk.office.payers.ids():
        raise DeskError(
            "There is no such payer. Nothing was looked up. Start again from the list."
        )
    return Asked(status, payer, visit.asked("trace")[:50])


ROUTES = (Page("GET", "/remits", listing, Door.MONEY),)
