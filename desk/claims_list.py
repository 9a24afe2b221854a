"""The claims list: filters in the address, ordered by the next date."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.story import STAGES, payer_name, sentence_of, stage_of
from claims.money import from_cents
from desk.page_mark import after_mark
from desk.patients import name_of
from desk.queue_filters import my_work
from desk.route import Page
from desk.visit import DeskError, Visit
from ledger.balances import Balances, balances
from policy.people import Door, sees_patients
from records import claim_list, claims, sessions
from records.claim_list import NO_DATE, Listed, Wanted
from records.queue_filters import Work

SIZE = 50
SHOWN = ("open", "closed", "all")
WAITS = {
    "task": "A decision by a person",
    "batch": "A receipt or acceptance",
    "claim": "An answer, or a date of ours",
    "appeal": "The answer to an appeal",
    "account": "The patient",
}
"""What a claim waits for, by the owner of its next step."""
BROUGHT = {"accepted": "accepted", "held": "held, the payer is not known here"}
"""What an import said of its claims when it took them in."""
STAGE_WORDS = tuple(dict.fromkeys(STAGES.values()))


def claims_page(visit: Visit) -> Response:
    """One page of claims, with count and billed total of all matches."""
    office = visit.desk.office
    words, wanted = _wanted(visit)
    with office.writing() as conn:
        found = claim_list.page(
            conn,
            wanted,
            my_work(visit) or Work(()),
            after=after_mark(visit.asked("after")),
            size=SIZE,
        )
        ids = [one.row.id for one in found.rows]
        money = balances(conn, ids)
        rows = [_row(visit, one, money[one.row.id]) for one in found.rows]
        visit.saw(conn, "claims list", claim_ids=ids, subject="claims")
    return visit.page(
        "claims.html.j2",
        rows=rows,
        count=found.count,
        billed=from_cents(found.billed_cents),
        next_page=_next(visit, found.rows) if found.more else "",
        first_page="/claims?" + urlencode(_kept(visit)),
        wanted=wanted,
        words=words,
        token=visit.asked("s"),
        stages=STAGE_WORDS,
        waits=WAITS,
        chosen=visit.request.query_params.getlist("stage"),
        payers=[(p, payer_name(office, p)) for p in office.payers.ids()],
        within=visit.asked("within"),
        brought=BROUGHT.get(wanted.brought, "all that it took in"),
    )


def _wanted(visit: Visit) -> tuple[str, Wanted]:
    """What was searched for (empty: nothing), and the filters."""
    asked = visit.request.query_params
    stages = [s for s in asked.getlist("stage") if s in STAGE_WORDS]
    states = [state.value for state, word in STAGES.items() if word in stages]
    within, show = visit.asked("within"), visit.asked("show", "open")
    days = int(within) if within.isdecimal() and len(within) <= 4 else None
    words, index = _searched(visit)
    return words, Wanted(
        states=tuple(dict.fromkeys([*states, *asked.getlist("state")])),
        payers=tuple(p for p in asked.getlist("payer") if p),
        waits_for=waits if (waits := visit.asked("waits")) in WAITS else "",
        late_on=visit.today if visit.asked("late") == "1" else None,
        held=visit.asked("hold") == "1",
        due_by=None if days is None else visit.today + timedelta(days),
        show=show if show in SHOWN else "open",
        patient_index=index,
        brought_by=visit.asked("import")[:64],
        brought=brought if (brought := visit.asked("brought")) in BROUGHT else "",
    )


def _searched(visit: Visit) -> tuple[str, str | None]:
    token, office, session = visit.asked("s"), visit.desk.office, visit.session
    if not token or session is None:
        return "", None
    with office.reading() as conn:
        words = sessions.search_words(conn, office.cipher, session.id, token)
    if words is None:
        raise DeskError(
            "This search has ended with the session it was made in. Nothing is shown. "
            "Type the name in the search box again."
        )
    last = words.partition(",")[0].strip() if "," in words else words.split()[-1]
    return words, claims.patient_index(office.cipher, last)


def _next(visit: Visit, rows: tuple[Listed, ...]) -> str:
    last = rows[-1].row
    mark = f"{last.next_due or NO_DATE}~{last.pcn}"
    return "/claims?" + urlencode([*_kept(visit), ("after", mark)])


def _kept(visit: Visit) -> list[tuple[str, str]]:
    """The filters of the address, without the place."""
    given = visit.request.query_params.multi_items()
    return [(name, value) for name, value in given if name != "after"]


def _row(visit: Visit, one: Listed, money: Balances) -> Mapping[str, Any]:
    office, row = visit.desk.office, one.row
    name = ""
    if sees_patients(visit.user.roles, assigned=one.assigned):
        name = str(name_of(office.cipher, row.id, one.sealed))
    return {
        "row": row,
        "name": name,
        "payer": payer_name(office, row.payer_id),
        "stage": stage_of(row),
        "sentence": sentence_of(row),
        "money": money,
    }


ROUTES = (Page("GET", "/claims", claims_page, Door.CLAIMS),)
