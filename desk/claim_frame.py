"""What every tab of a claim page shows: who, which plan, what it waits for, money."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from starlette.responses import Response

from activities.story import payer_name, sentence_of, stage_of
from claims.money import from_cents
from desk import patients
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import day
from ledger.balances import Balances, balances
from policy import filing
from policy.people import may_act, sees_patients
from policy.tasks import roles_of
from records import accounts, audit, claims, dossier, events
from records.claims import ClaimRow
from records.db import Connection, RowMapping

GLASS = timedelta(minutes=60)
"""How long a reason to open somebody's chart holds."""


class Frame(NamedTuple):
    """One claim as this person may see it."""

    row: ClaimRow
    money: Balances
    tasks: list[RowMapping]
    name: str


class Card(NamedTuple):
    """One deadline: what, the date, and a sentence."""

    what: str
    day: date
    words: str


def frame(visit: Visit, tab: str) -> Frame:
    """Read the claim and log that it was read."""
    office, claim_id = visit.desk.office, visit.path("claim")
    with office.reading() as conn:
        row = claims.get(conn, claim_id)
        tasks = audit.tasks_of(conn, claim_id)
        name = _name(conn, visit, row, tasks)
        money = balances(conn, [claim_id])[claim_id]
    with office.writing() as conn:
        visit.saw(conn, f"claim {tab}", claim_ids=[claim_id])
    return Frame(row, money, tasks, name)


def _name(
    conn: Connection, visit: Visit, row: ClaimRow, tasks: list[RowMapping]
) -> str:
    if not sees(conn, visit, row.id, tasks):
        return ""
    person = claims.content(conn, visit.desk.office.cipher, row.id).patient_person
    return f"{person.first} {person.last}".strip()


def sees(
    conn: Connection, visit: Visit, claim_id: str, tasks: Iterable[RowMapping]
) -> bool:
    """Whether this person sees a claim's patient: by role, by one of the claim's tasks
    that waits for them, or by a reason they gave within the hour."""
    if patients.may_see(visit, [t for t in tasks if t["closed_on"] is None]):
        return True
    return may_break(visit) and events.opened_by_reason(
        conn, actor=visit.user.name, claim_id=claim_id, since=visit.now - GLASS
    )


def may_break(visit: Visit) -> bool:
    """Whether a reason opens a chart to this person: not to ops, who see no names."""
    return sees_patients(visit.user.roles, assigned=True)


def break_glass(visit: Visit) -> Response:
    """Log the reason; the name shows for an hour.

    Raises:
        DeskError: no reason was given. ForbiddenError: the role never sees names.
    """
    reason, claim_id = visit.text("reason"), visit.path("claim")
    if not reason:
        raise DeskError("No reason was given. Nothing was shown. Say why.")
    if not may_break(visit):
        raise ForbiddenError(
            "Your role never sees the names of patients. Nothing was shown."
        )
    with visit.desk.office.writing() as conn:
        claims.get(conn, claim_id)
        visit.saw(conn, events.BREAK_GLASS, claim_ids=[claim_id], reason=reason)
    return visit.go(f"/claims/{claim_id}", "Open for 60 minutes. Your reason is kept.")


def show(visit: Visit, template: str, tab: str, found: Frame, **facts: Any) -> Response:
    """The page of one tab inside the frame."""
    row, money = found.row, found.money
    verbs = ("retry", "release" if row.held_for else "hold")
    with visit.desk.office.reading() as conn:
        cards = list(_cards(conn, visit, row, found.money))
        letters = dossier.letter_count(conn, row.id)
    return visit.page(
        template,
        claim=row,
        stage=stage_of(row),
        sentence=sentence_of(row),
        money=money,
        billed=from_cents(row.charge_cents),
        name=found.name,
        may_break=may_break(visit),
        payer=payer_name(visit.desk.office, row.payer_id),
        parts=_parts(money),
        cards=cards,
        tab=tab,
        tabs=_tabs(found, letters),
        verbs=[v for v in verbs if row.state.is_open and may_act(roles(visit), v)],
        **facts,
    )


def roles(visit: Visit) -> set[str]:
    """The person's roles with those they include."""
    return roles_of(visit.user.roles)


def _parts(money: Balances) -> list[tuple[str, str, Any, int, int]]:
    """Words, class, dollars, and place and width of each part in the bar."""
    named = (
        ("Plan paid", "paid", money.paid_payer),
        ("Contract discount", "adj", money.adjusted - money.written_off),
        ("Written off", "adj", money.written_off),
        ("Patient paid", "paid", money.paid_patient),
        ("Patient owes", "pat", money.patient_due),
        ("Open with plan", "open", money.insurer_open),
    )
    whole = sum(amount for _, _, amount in named) or 1
    made, start = [], 0
    for words, kind, amount in named:
        width = int(1000 * amount / whole)
        made.append((words, kind, amount, start, max(width - 3, 0)))
        start += width
    return made


def _cards(
    conn: Connection, visit: Visit, row: ClaimRow, money: Balances
) -> Iterator[Card]:
    if row.next_due:
        yield Card("Next step", row.next_due, row.then_what or "")
    if row.accepted_on:
        yield Card("Filed on time", row.accepted_on, "Accepted by the payer")
    elif limit := filing_limit(visit, row, money):
        work = filing.work_by(limit)
        yield Card("Filing limit", limit, f"Work by {day(work)}")
    for appeal in accounts.appeals_of(conn, row.id):
        words = f"Level {appeal['level']}: {appeal['status']}"
        yield Card("Appeal deadline", appeal["legal_deadline"], words)


def filing_limit(visit: Visit, row: ClaimRow, money: Balances) -> date | None:
    """The last day on which the payer must have a claim that it has not accepted; None
    for one that no plan is asked to pay."""
    profile = visit.desk.office.payer(row.payer_id, row.service_from)
    self_pay = money.charge and not money.insurer_open
    if row.accepted_on or self_pay or not row.state.is_open:
        return None
    if profile is None or row.service_from is None:
        return None
    last = row.service_to or row.service_from
    return filing.legal_limit(profile, row.service_from, last)


def _tabs(found: Frame, letters: int) -> list[tuple[str, str, str]]:
    base = f"/claims/{found.row.id}"
    return [
        ("Story", base, ""),
        ("Lines", f"{base}/lines", ""),
        ("Money", f"{base}/money", ""),
        ("EDI", f"{base}/edi", ""),
        ("Documents", f"{base}/documents", str(letters) if letters else ""),
        ("Tasks", f"{base}/tasks", str(len(found.tasks)) if found.tasks else ""),
        ("Rules that ran", f"{base}/rules", ""),
        ("Access", f"{base}/access", ""),
    ]
