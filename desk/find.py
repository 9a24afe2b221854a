"""The search box: a number goes to its record, other words to the claims of a name.

What was typed never stands in an address: the list gets an opaque token instead.
"""

from urllib.parse import urlencode

from starlette.responses import Response

from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import claim_list, remittances, sessions
from records.db import Connection


def find(visit: Visit) -> Response:
    """One match opens; a name becomes a list; nothing typed goes to the list."""
    words = visit.text("q")[:80]
    if not words:
        return visit.go("/claims")
    with visit.desk.office.reading() as conn:
        place = _place(visit, conn, words)
    return visit.go(place or _listed(visit, words))


def _place(visit: Visit, conn: Connection, words: str) -> str | None:
    ids = claim_list.exact(conn, words) or claim_list.exact(conn, words.upper())
    if len(ids) == 1:
        return f"/claims/{ids[0]}"
    if ids or not visit.may(Door.MONEY):
        return None
    if account := claim_list.account_with(conn, words.upper()):
        return f"/accounts/{account}"
    traced = remittances.of_trace(conn, words)
    if len(traced) > 1:
        return "/remits?" + urlencode({"trace": words})
    return f"/remits/{traced[0]['id']}" if traced else None


def _listed(visit: Visit, words: str) -> str:
    office, session = visit.desk.office, visit.session
    if session is None:
        return "/sign-in"
    with office.writing() as conn:
        token = sessions.keep_search(
            conn, office.cipher, session.id, words, visit.desk.wall()
        )
    return f"/claims?s={token}&show=all"


ROUTES = (Page("POST", "/find", find, Door.CLAIMS, "/claims"),)
