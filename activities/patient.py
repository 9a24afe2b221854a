"""Patient accounts: who may be billed today, with which letter, and what comes next.

Only ``patient_due`` is billed (R-PAT-01); every hold stops the letters of its scope
(R-PAT-06); the steps of a claim's cycle count from its own first statement (R-PAT-07).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from temporalio import activity

from activities import settle, steps
from activities.letters import keep_letter
from activities.office import Office
from activities.opening import open_claim_task
from activities.statement_letter import statement_facts
from claims.calendar import (
    STATEMENT_HOUR,
    business_day_from,
    next_business_day,
)
from claims.calendar import (
    at as at_hour,
)
from claims.claim import ClaimState
from claims.messages import Look, account_workflow_id
from claims.money import ZERO, cents
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType
from ledger.balances import Balances, balances
from ledger.entries import NewEntry, post
from policy import statements as rules
from records import accounts, claims, tasks
from records.claims import ClaimRow
from records.db import Connection, lock_claims
from records.events import Because
from records.instants import to_text

OPEN = (ClaimState.PATIENT_BALANCE, ClaimState.PLAN, ClaimState.COLLECTIONS)


@dataclass(frozen=True)
class Due:
    """One claim of the account: what the patient owes, and its next letter."""

    row: ClaimRow
    owed: Decimal
    step: int
    template: str
    kind: str
    day: date
    cycle_start: date
    held: bool


@dataclass
class PatientActivities:
    """What an account's workflow looks at."""

    office: Office

    @activity.defn
    def look_at_account(self, account_id: str, at: datetime) -> Look:
        """Send what is due today, show each claim its next date, say when to look."""
        why = self.office.because(self.office.moment(at), "R-PAT-01")
        with self.office.writing() as conn:
            lock_claims(conn, [r.id for r in claims.of_account(conn, account_id)])
            hold_without_address(conn, self.office, account_id, why)
            dues = _dues(conn, self.office, account_id, why)
            today = [
                d for d in dues if not d.held and _has_come(self.office, d.day, why.at)
            ]
            if letters := [d for d in today if d.kind in ("statement", "letter")]:
                _send(conn, self.office, account_id, letters, dues, why)
            for due in today:
                if due.kind == "task":
                    _collections(conn, self.office, due, why)
            look = _show(conn, self.office, account_id, why)
        return look.model_copy(update={"at": self.office.put_off(look.at, at)})


def hold_without_address(
    conn: Connection, office: Office, account_id: str, why: Because
) -> None:
    """No ZIP, no bill, until a person confirms an address (R-PAT-05)."""
    person = accounts.guarantor(office.cipher, accounts.get(conn, account_id))
    if not person.address.zip:
        accounts.set_hold(
            conn,
            kind="HOLD_BAD_ADDRESS",
            reason="the guarantor's address has no ZIP code",
            today=why.today,
            actor=why.actor,
            account_id=account_id,
        )


def _has_come(office: Office, day: date, at: datetime) -> bool:
    """Letters go out at 17:00 practice time of their day."""
    return at_hour(day, STATEMENT_HOUR, office.zone) <= at


def _dues(conn: Connection, office: Office, account_id: str, why: Because) -> list[Due]:
    rows = [r for r in claims.of_account(conn, account_id) if r.state in OPEN]
    money = balances(conn, [r.id for r in rows])
    account_holds = {h["kind"] for h in accounts.holds(conn, None, account_id)}
    return [
        _due(conn, row, money[row.id], account_holds, why)
        for row in rows
        if money[row.id].patient_due > ZERO
    ]


def _due(
    conn: Connection,
    row: ClaimRow,
    money: Balances,
    account_holds: set[str],
    why: Because,
) -> Due:
    sent = settle.statements_of_cycle(conn, row.id)
    cycle_start = sent[0]["cycle_start"] if sent else None
    step = rules.cycle_step((sent[-1]["step"] if sent else 0) + 1)
    if cycle_start is None:
        day = business_day_from(row.next_due or next_business_day(why.today))
    else:
        day = rules.step_on(step.step, cycle_start)
    day = business_day_from(max(day, why.today))  # late is no reason for a Sunday
    held = bool(account_holds | {h["kind"] for h in accounts.holds(conn, row.id, None)})
    too_small = money.patient_due < rules.min_statement()
    # Asked once a cycle: what the supervisor decides is the claim's step from then on.
    collected = step.kind == "task" and tasks.was_opened(
        conn, settle.collections_question(row, sent)
    )
    return Due(
        row=row,
        owed=money.patient_due,
        step=step.step,
        template=step.template,
        kind="waiting" if collected else step.kind,
        day=day,
        cycle_start=cycle_start or day,
        held=held or too_small or money.insurer_open > ZERO,
    )


def _send(
    conn: Connection,
    office: Office,
    account_id: str,
    due: list[Due],
    all_dues: list[Due],
    why: Because,
) -> None:
    """One statement for the claims that are at their step; the younger text wins."""
    gentle = min(due, key=lambda d: d.step)
    facts = statement_facts(conn, office, account_id, due, gentle, why)
    letter_id = keep_letter(
        conn,
        office,
        facts,
        template=gentle.template,
        key=f"statement:{account_id}:{why.today}",
        row=due[0].row,
        recipient="patient",
        why=why,
        account_id=account_id,
    )
    total = sum((d.owed for d in due), ZERO)
    accounts.add_statement(
        conn,
        account_id=account_id,
        letter_id=letter_id,
        dated=why.today,
        amount_cents=cents(total),
        claims=[
            {
                "claim_id": d.row.id,
                "step": d.step,
                "cycle_start": d.cycle_start if d.step > 1 else why.today,
                "template": gentle.template,
                "amount_cents": cents(d.owed),
            }
            for d in due
        ],
    )


def _collections(conn: Connection, office: Office, due: Due, why: Because) -> None:
    """Day 120: a supervisor decides (R-DSP-04)."""
    task = open_claim_task(
        conn,
        office,
        due.row,
        TaskType.COLLECTIONS_APPROVE,
        why.by_rule("R-DSP-04"),
        key=settle.collections_question(
            due.row, settle.statements_of_cycle(conn, due.row.id)
        ),
        words="120 days after the first statement the balance is still open",
        evidence={
            "balance": str(due.owed),
            "letters": [
                f"{s['template']} {s['dated']}"
                for s in accounts.statements_of_claim(conn, due.row.id)
            ],
        },
        workflow_id=account_workflow_id(due.row.account_id),
    )
    step = steps.by_task(office, task)
    words = "Four letters unanswered; a supervisor decides about collections"
    claims.set_step(conn, due.row, due.row.state, step, why, words)


def _show(conn: Connection, office: Office, account_id: str, why: Because) -> Look:
    """Write each claim's next letter date, and the account's own next look."""
    dues = _dues(conn, office, account_id, why)
    open_tasks = tasks.waiting(conn, workflow_id=account_workflow_id(account_id))
    dues = [due for due in dues if due.kind != "waiting"]
    if not dues and not open_tasks:
        return Look(done=True)
    for task in open_tasks:
        if task["due_on"] < why.today:
            tasks.raise_overdue(conn, task["id"], why)
    days = [next_business_day(max(why.today, t["due_on"])) for t in open_tasks]
    for due in dues:
        _show_claim(conn, office, due, why)
        days.append(due.day)
    day = min(days)
    instant = at_hour(day, STATEMENT_HOUR, office.zone)
    if instant <= why.at:
        instant = at_hour(next_business_day(why.today), STATEMENT_HOUR, office.zone)
    return Look(what="next statement", at=instant)


_LETTERS = {
    "STMT_2": "the second statement",
    "STMT_PAST_DUE": "the past due statement",
    "FINAL_NOTICE": "the final notice",
    "COLLECTIONS_APPROVE": "a person decides about collections",
}
"""What comes after each wait, as the claim's sentence says it."""


def _show_claim(conn: Connection, office: Office, due: Due, why: Because) -> None:
    first = due.step == 1
    what = "first statement" if first else f"STATEMENT_CYCLE step {due.step}"
    if (due.row.next_what, due.row.next_due) == (what, due.day):
        return
    step = steps.by_account(
        office,
        due.row,
        what,
        due.day,
        "the first statement" if first else "the patient's payment",
        "the patient pays" if first else _LETTERS.get(due.template, "the next letter"),
    )
    words = f"Next letter to the patient: {due.template} on {due.day}"
    claims.set_step(conn, due.row, due.row.state, step, why.by_rule("R-PAT-04"), words)


def resolve_collections(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply COLLECTIONS_APPROVE: place, hold, or write off (R-DSP-04)."""
    reason = why.by_rule("R-DSP-04", decision=decision)
    amount = balances(conn, [row.id])[row.id].patient_due
    if amount == ZERO:
        raise DecisionRefused(
            "The patient owes nothing any more, so there is nothing to collect. "
            "Nothing was changed. See the claim's payments: show CLAIM"
        )
    if decision == "write_off":
        entry = NewEntry(
            key=f"baddebt:{form['_task']}",
            type=EntryType.WRITE_OFF_BAD_DEBT,
            amount=amount,
            claim_id=row.id,
            account_id=row.account_id,
            payer_id=row.payer_id,
            business_date=why.today,
            source=f"person {why.actor}",
            ref="bad debt",
            rule="R-WOF-01",
            actor=why.actor,
            memo="approved by a supervisor",
        )
        post(conn, [entry], posted_at=to_text(why.at))
        words = f"Written off {amount} as bad debt"
        settle.settle(conn, office, row.id, reason, words)
        settle.tell_claim(conn, row.id, f"baddebt:{form['_task']}", "task", why.today)
        return words
    if decision == "hold":
        accounts.set_hold(
            conn,
            kind="HOLD_SUPERVISOR",
            reason=form.get("reason", "held by a supervisor"),
            today=why.today,
            actor=why.actor,
            claim_id=row.id,
        )
        later = why.today + timedelta(30)
        step = steps.by_task_free(office, row, later)
        claims.set_step(conn, row, row.state, step, reason, "Collections held")
        return f"Held; looked at again on {later}"
    if decision != "place":
        raise DecisionRefused(f"{decision} is not one of place, hold, write_off.")
    step = steps.by_task_free(office, row, why.today + timedelta(90))
    claims.set_step(
        conn, row, ClaimState.COLLECTIONS, step, reason, "Placed with the agency"
    )
    return "Placed with the agency"
