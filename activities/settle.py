"""R-STA-02: the state of a claim from its lines, money, tasks and appeals, and its
step.

Called in the transaction of every posting and decision from the first remittance on.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from activities import next_payer, steps, void
from activities.filing import forget_proof, is_unprocessed, watch_filing
from activities.office import Office
from claims.claim import ClaimState
from claims.messages import claim_workflow_id
from claims.money import ZERO
from ledger.accounts import EntryType
from ledger.balances import Balances, balances, entries_of
from policy.state import StateFacts, state_after
from policy.statements import first_statement_on
from records import accounts, claims, news, submissions, tasks
from records.claims import ClaimRow, NextStep
from records.db import Connection, RowMapping
from records.events import Because

QUESTIONS = ("REMIT_REVIEW", "ERA_UNMATCHED_CLAIM")
TAKEN_BACK = "RECOUPMENT_REVIEW"
IN_FLIGHT = ("queued", "taken", "sent", "accepted")
PENDING, CREDIT = "HOLD_INSURANCE_PENDING", "HOLD_CREDIT"
OUT = ("sent", "overturned")
DEPOSIT = "EFT_UNMATCHED"
ANNOUNCED = "announced"
"""Subject of a DENIAL_REVIEW that a 277 opened before the reason was known."""
SHARE = {
    EntryType.CHARGE_SELF_PAY: 1,
    EntryType.TRANSFER_TO_PATIENT: 1,
    EntryType.TRANSFER_TO_INSURER: -1,
}
"""What makes a balance the patient's, and takes it back."""
LOOK_AGAIN_DAYS = 30


def settle(
    conn: Connection, office: Office, claim_id: str, why: Because, words: str
) -> ClaimState:
    """Give the claim the first state that holds, with its next step (R-STA-02)."""
    row = claims.get(conn, claim_id)
    money = balances(conn, [claim_id])[claim_id]
    lines, newest = claims.lines(conn, claim_id), submissions.newest(conn, claim_id)
    if void.is_confirmed(conn, row, newest, lines, money):
        money = _void(conn, office, row, money, why)
        lines = claims.lines(conn, claim_id)
    waiting = tasks.waiting(conn, claim_id=claim_id)
    if row.first_remit_on is not None:
        _end_announced(conn, waiting, why)
    unprocessed = any(map(_not_processed, lines)) and is_unprocessed(conn, claim_id)
    if unprocessed:
        forget_proof(conn, claim_id)
    facts = _facts(conn, office, row, money, lines, newest, waiting)
    decision = state_after(facts)
    _keep_holds(conn, row, money, facts, why)
    if money.patient_due == ZERO:
        said, types = "the patient owes nothing any more", ["COLLECTIONS_APPROVE"]
        tasks.overtake(conn, why, said, claim_id=claim_id, types=types)
    state = ClaimState(decision.action)
    asked = (row.state, row.next_what) == (ClaimState.NEXT_PAYER, next_payer.COVERAGE)
    if asked and state is ClaimState.ACCEPTED:
        return row.state  # not sent to that plan yet: its answer decides, not money
    if state is ClaimState.PATIENT_BALANCE and row.state is ClaimState.COLLECTIONS:
        placed = statements_of_cycle(conn, row.id)
        state = row.state if placed else state  # the agency has what is left
    step = step_for(conn, office, row, state, why) if state.is_open else None
    claims.set_step(conn, row, state, step, why, words)
    if unprocessed:
        watch_filing(conn, office, claim_id, why)
    if not state.is_open:
        _leave_nothing(conn, row, why)
    if money.patient_due != ZERO or row.state is ClaimState.PATIENT_BALANCE:
        tell_account(conn, row, why)
    return state


def _not_processed(line: RowMapping) -> bool:
    """Its denial says: no initial decision (MA130)."""
    return bool((line["denial"] or {}).get("rule") == "R-DEN-05")


def _end_announced(
    conn: Connection, waiting: Sequence[RowMapping], why: Because
) -> None:
    """What a 277 announced is known now: the remittance says what was denied."""
    for task in waiting:
        if (task["type"], task["subject"]) == ("DENIAL_REVIEW", ANNOUNCED):
            tasks.withdraw(
                conn, task["id"], why, "the remittance says what was decided"
            )


def _void(
    conn: Connection, office: Office, row: ClaimRow, money: Balances, why: Because
) -> Balances:
    """The payer took our void: the charge goes, the patient's money is a credit."""
    from activities.refunds import review_credit

    void.take_off_books(conn, row, money, why)
    review_credit(conn, office, row, why, f"void:{row.submission_number}")
    return balances(conn, [row.id])[row.id]


def _leave_nothing(conn: Connection, row: ClaimRow, why: Because) -> None:
    """A closed claim's workflow ends: what only it could answer is asked no more.

    A deposit without its remittance is handed over to the remittance (R-CLO-01).
    """
    own = {
        task["type"]
        for task in tasks.waiting(
            conn, claim_id=row.id, workflow_id=claim_workflow_id(row.id)
        )
    }
    if types := own - {DEPOSIT}:
        tasks.overtake(conn, why, "the claim is closed", claim_id=row.id, types=types)


def _keep_holds(
    conn: Connection, row: ClaimRow, money: Balances, facts: StateFacts, why: Because
) -> None:
    """Holds that follow from money alone: set and cleared by every posting
    (R-PAT-06)."""
    pending = money.insurer_open > ZERO or facts.replacement_in_flight is not None
    kept = accounts.holds(conn, row.id, None)
    _keep_hold(conn, PENDING, "a payer has not finished", pending, kept, row.id, why)
    account = row.account_id
    kept = accounts.holds(conn, None, account)
    credit = money.credit > ZERO and money.insurer_open == ZERO
    if credit or any(hold["kind"] == CREDIT for hold in kept):
        others = [r.id for r in claims.of_account(conn, account) if r.id != row.id]
        credit |= any(m.credit > ZERO for m in balances(conn, others).values())
        words = "we hold money that is the patient's"
        _keep_hold(conn, CREDIT, words, credit, kept, account, why)


def _keep_hold(
    conn: Connection,
    kind: str,
    reason: str,
    wanted: bool,
    kept: Sequence[RowMapping],
    scope: str,
    why: Because,
) -> None:
    known = [hold for hold in kept if hold["kind"] == kind]
    if wanted and not known:
        accounts.set_hold(
            conn,
            kind=kind,
            reason=reason,
            today=why.today,
            actor=why.actor,
            **{"account_id" if kind == CREDIT else "claim_id": scope},
        )
    for hold in () if wanted else known:
        accounts.clear_hold(conn, hold["id"], today=why.today, actor=why.actor)


def _facts(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    money: Balances,
    lines: Sequence[RowMapping],
    newest: RowMapping | None,
    waiting: Sequence[RowMapping],
) -> StateFacts:
    status = {line["status"] for line in lines}
    is_void = void.is_void(lines)
    flying = not is_void and newest is not None and newest["status"] in IN_FLIGHT
    in_flight = newest["status"] if newest is not None and flying else None
    return StateFacts(
        open_remit_question="held" in status or any(map(_is_question, waiting)),
        appeal_out="appealed" in status,
        replacement_in_flight=_flight_state(in_flight),
        denied_line_without_action="denied" in status,
        contract_shortfall="short" in status,
        another_payer_due=money.insurer_open > ZERO
        and status <= {"paid", "settled"}
        and next_payer.is_due(conn, office, row),
        undecided_line="undecided" in status,
        credit=money.credit,
        insurer_open=money.insurer_open,
        plan_active=False,
        patient_due=money.patient_due,
        is_void=is_void,
    )


def _is_question(task: RowMapping) -> bool:
    """Money of the claim waits for a person: also what a payer has taken back
    unannounced; what it announced is on the claim already (R-PLB-02)."""
    taken = task["type"] == TAKEN_BACK and task["evidence"].get("taken") == "now"
    return taken or task["type"] in QUESTIONS


def _flight_state(status: str | None) -> ClaimState | None:
    states = {
        "queued": ClaimState.CORRECTING,
        "taken": ClaimState.CORRECTING,
        "sent": ClaimState.SUBMITTED,
        "accepted": ClaimState.ACCEPTED,
    }
    return states.get(status or "")


def step_for(
    conn: Connection, office: Office, row: ClaimRow, state: ClaimState, why: Because
) -> NextStep:
    """The dated next step of a claim that is now in ``state``."""
    if state is ClaimState.CORRECTING:
        return steps.by_outbox(office, row, why)
    if state is ClaimState.APPEAL:
        return _appeal_step(conn, office, row, why)
    if state is ClaimState.NEXT_PAYER:
        return next_payer.step(conn, office, row, why)
    if state in (ClaimState.PATIENT_BALANCE, ClaimState.COLLECTIONS):
        return patient_step(conn, office, row, why)
    if waiting := tasks.waiting(conn, claim_id=row.id):
        return steps.by_task(office, waiting[0])
    if state is ClaimState.UNDERPAID:
        return _appeal_step(conn, office, row, why)
    if state is ClaimState.ACCEPTED:
        return steps.by_timer(
            office, row, "STATUS_REPEAT", why.today, "the payer", "the payer is asked"
        )
    return steps.safety_net(office, row, why)


def _appeal_step(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> NextStep:
    out = [a for a in accounts.appeals_of(conn, row.id) if a["status"] in OUT]
    if not out and (waiting := tasks.waiting(conn, claim_id=row.id)):
        return steps.by_task(office, waiting[0])
    if not out:
        return steps.safety_net(office, row, why)
    newest = out[-1]
    if newest["status"] == "overturned":
        return steps.by_appeal(
            office,
            newest["id"],
            "FOLLOW_UP_CALL if no 835",
            newest["expected_on"],
            "the corrected payment (835)",
            "a clerk calls the payer",
        )
    return steps.by_appeal(
        office,
        newest["id"],
        "appeal decision expected",
        newest["expected_on"],
        f"the payer's decision on appeal level {newest['level']}",
        "a clerk asks for it",
    )


def patient_step(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> NextStep:
    """The next letter about the patient's share; the account owns the clock."""
    sent = statements_of_cycle(conn, row.id)
    if sent and tasks.was_opened(conn, collections_question(row, sent)):
        return _after_cycle(conn, office, row, why)
    if not sent:
        return first_statement_step(office, row, why)
    due = max(sent[-1]["dated"] + timedelta(1), why.today)
    return steps.by_account(
        office, row, "STATEMENT_CYCLE", due, "the patient's payment", "a reminder"
    )


def first_statement_step(office: Office, row: ClaimRow, why: Because) -> NextStep:
    """The patient owes a share and has not been told yet."""
    return steps.by_account(
        office,
        row,
        "first statement",
        first_statement_on(why.today),
        "the first statement",
        "the patient pays",
    )


def _after_cycle(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> NextStep:
    """The letters are over: a supervisor decides, or has set the date of a look."""
    if waiting := tasks.waiting(conn, claim_id=row.id):
        return steps.by_task(office, waiting[0])
    day = why.today + timedelta(LOOK_AGAIN_DAYS)
    if row.next_what == steps.FREE_LOOK and row.next_due and row.next_due > why.today:
        day = row.next_due
    return steps.by_task_free(office, row, day)


def collections_question(row: ClaimRow, sent: Sequence[RowMapping]) -> str:
    """The key of the one question about collections that a cycle ends with."""
    return f"{row.id}:COLLECTIONS_APPROVE:{sent[0]['cycle_start']}"


def statements_of_cycle(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Statements since the patient's share was last raised, which starts anew at step 1
    (R-REV-02)."""
    sent = accounts.statements_of_claim(conn, claim_id)
    raised = _share_raised_on(conn, claim_id) if sent else None
    return [one for one in sent if raised is None or one["dated"] >= raised]


def _share_raised_on(conn: Connection, claim_id: str) -> date | None:
    """The last day that ended with more moved to the patient than the day before."""
    by_day: dict[date, int] = {}
    for entry in entries_of(conn, claim_id):
        sign = SHARE.get(EntryType(entry["entry_type"]), 0) * entry["direction"]
        if sign:
            day = entry["business_date"]
            by_day[day] = by_day.get(day, 0) + sign * entry["amount_cents"]
    return max((day for day, cents in by_day.items() if cents > 0), default=None)


def tell_account(conn: Connection, row: ClaimRow, why: Because) -> None:
    """The guarantor's account must look at this claim's balance."""
    news.add(
        conn,
        workflow_id=f"account-{row.account_id}",
        kind="balance",
        ref=balance_ref(row),
        today=why.today,
    )


def balance_ref(row: ClaimRow) -> str:
    """Names the balance that the claim's next version has, for its account."""
    return f"balance:{row.id}:{row.version + 1}"


def tell_claim(conn: Connection, claim_id: str, ref: str, kind: str, day: date) -> str:
    """Store the news that wakes this claim; its id."""
    return news.add(
        conn, workflow_id=f"claim-{claim_id}", kind=kind, ref=ref, today=day
    )
