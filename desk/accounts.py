"""Patient accounts: who owes what, and why, from the ledger."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from activities.story import payer_name, sentence_of, stage_of
from claims.decision import MACHINE
from claims.money import ZERO
from desk import letter
from desk.patients import HIDDEN, may_see
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from ledger import account_list
from ledger.account_list import Only
from ledger.balances import balances
from policy.people import Door
from records import accounts, users
from records.claims import ClaimRow
from records.db import RowMapping

SIZE = 50
WORDS = {
    Only.ALL: "all accounts",
    Only.INSURANCE: "waiting on insurance",
    Only.PATIENT: "patient owes",
    Only.CREDIT: "with a credit",
    Only.HELD: "on hold",
}


def listing(visit: Visit) -> Response:
    """Accounts by number, with what is open on them."""
    only, office = _only(visit), visit.desk.office
    with office.reading() as conn:
        rows, sums = account_list.listing(
            conn, only, after=visit.asked("after"), limit=SIZE + 1
        )
    more = ""
    if len(rows) > SIZE:
        mark = rows[SIZE - 1]["public_ref"]
        more = "/accounts?" + urlencode({"only": only.value, "after": mark})
    named = may_see(visit, ())
    shown = [{**row, "name": _name(visit, row, named=named)} for row in rows[:SIZE]]
    with office.writing() as conn:
        seen = [row["id"] for row in shown] if named else []
        visit.saw(
            conn,
            "accounts",
            account_ids=seen,
            subject="accounts" if seen else "no names",
        )
    return visit.page(
        "accounts.html.j2",
        rows=shown,
        sums=sums,
        only=only,
        words=WORDS,
        paged=bool(visit.asked("after")),
        more=more,
    )


def _only(visit: Visit) -> Only:
    try:
        return Only(visit.asked("only", Only.ALL))
    except ValueError:
        raise DeskError(
            "There is no such list of accounts. Nothing was looked up. "
            "Choose one of the list."
        ) from None


def _name(visit: Visit, row: RowMapping, *, named: bool) -> str:
    if not named:
        return HIDDEN
    person = accounts.guarantor(visit.desk.office.cipher, row)
    return " ".join(filter(None, (person.first, person.last)))


def show(visit: Visit) -> Response:
    """One account: its claims, open tasks, letters, payments and holds."""
    office = visit.desk.office
    with office.reading() as conn:
        row = accounts.find(conn, visit.path("account"))
        if row is None:
            raise MissingError("There is no such account. Nothing was changed.")
        rows = account_list.claims_of(conn, row["id"])
        money = balances(conn, [one.id for one in rows])
        waiting = account_list.tasks_of(conn, row["id"])
        letters = account_list.letters_of(conn, row["id"])
        payments = account_list.payments_of(conn, row["id"])
        holds = account_list.holds_of(conn, row["id"])
        known = {user.name: user.display_name for user in users.every_user(conn)}
    named = may_see(visit, waiting)
    with office.writing() as conn:
        visit.saw(conn, "account", account_ids=[row["id"]], subject=row["public_ref"])
    parts = ("insurer_open", "patient_due", "credit")
    return visit.page(
        "account.html.j2",
        row=row,
        name=_name(visit, row, named=named),
        claims=[_claim(visit, one, money[one.id]) for one in rows],
        sums={p: sum((getattr(money[r.id], p) for r in rows), ZERO) for p in parts},
        tasks=waiting,
        letters=[(one, _may_read(visit, one, waiting)) for one in letters],
        titles=letter.TITLES,
        sent=letter.STATES,
        payments=payments,
        holds=holds,
        who=lambda name: (
            "by rule" if name == MACHINE else f"by {known.get(name, name)}"
        ),
    )


def _may_read(visit: Visit, one: RowMapping, waiting: list[RowMapping]) -> bool:
    """As the letter's own page asks it: by the open tasks of its claim."""
    claim_id = one["claim_id"]
    mine = [t for t in waiting if claim_id and t["claim_id"] == claim_id]
    return visit.may(Door.TASKS) and may_see(visit, mine)


def _claim(visit: Visit, row: ClaimRow, money: Any) -> Mapping[str, Any]:
    return {
        "row": row,
        "payer": payer_name(visit.desk.office, row.payer_id),
        "stage": stage_of(row),
        "sentence": sentence_of(row),
        "money": money,
    }


ROUTES = (
    Page("GET", "/accounts", listing, Door.MONEY),
    Page("GET", "/accounts/{account}", show, Door.MONEY),
)
