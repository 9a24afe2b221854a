"""Follow-up: ask a silent payer, act on what it says, never wait without a date
(R-FUP).

``follow_up`` is the claim's own look: a timer is a wake-up, not the truth, so it acts
only when the dated next step in SQL has come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile

from temporalio import activity

from activities import next_payer, refunds, settle, steps, void
from activities.deposits import (
    CLOCK,
    late_on,
    open_unmatched,
    waiting_deposit,
    was_asked,
)
from activities.filing import watch_filing
from activities.office import Office
from activities.opening import open_claim_task
from activities.scrub import changes_of, findings_of
from activities.submission import lost, queue_claim
from claims.calendar import deadline, next_business_day
from claims.claim import Claim, ClaimState
from claims.correction import apply_correction
from claims.messages import Step
from claims.money import ZERO
from claims.task import DecisionRefused, TaskType
from ledger.accounts import EntryType
from ledger.balances import balances
from ledger.entries import NewEntry, post
from policy import timers
from records import claims, inquiries, submissions
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text

ANSWER = "ANSWER_276"
FINAL = "ERA_AFTER_FINAL"
TRIES = 5
WIDEN = "D0"
"""The payer found no claim, or too many, by what we asked."""


@dataclass
class FollowUpActivities:
    """The look of a claim that waits for somebody else."""

    office: Office

    @activity.defn
    def follow_up(self, claim_id: str, at: datetime) -> Step:
        """Read SQL; act when the claim's own next step is due, else only report it."""
        with self.office.writing() as conn:
            row = claims.get(conn, claim_id)
            now = self.office.moment(at, conn)
            if steps.is_due(row, now):
                _due(conn, self.office, row, self.office.because(now))
            return steps.step_at(conn, self.office, claim_id, at)


def _due(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    act = DUE.get(row.next_what or "")
    if act is not None:
        act(conn, office, row, why)
    elif row.next_owner == "task":
        steps.due_task(conn, office, row, why)
    else:
        later = next_business_day(max(why.today, row.next_due or why.today))
        claims.rearm(conn, row.id, deadline(later, office.zone))
    watch_filing(conn, office, row.id, why)


def ask_status(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """Send a 276 today; past the last date for an 835, ask a poster (R-FUP-01, -04)."""
    since = row.accepted_on or _sent_on(conn, row)
    if since is not None:
        last = timers.due("ERA_MISSING", since, office.payer(row.payer_id))
        if why.today >= last:
            era_missing(conn, office, row, why)
            return
    asked = inquiries.of_claim(conn, row.id, "276")
    inquiries.queue(
        conn,
        kind="276",
        claim_id=row.id,
        payer_id=row.payer_id,
        due_on=why.today,
        try_number=len(asked) + 1,
    )
    step = steps.by_claim(
        office,
        row,
        ANSWER,
        next_business_day(why.today),
        "the payer's answer to a status inquiry (277)",
        "the payer is asked again",
    )
    reason = why.by_rule("R-FUP-01", tries=len(asked) + 1)
    claims.set_step(conn, row, row.state, step, reason, "Status inquiry (276) queued")


def _sent_on(conn: Connection, row: ClaimRow) -> date | None:
    """When it last left: a payer may say that it has it and never send a 277CA."""
    newest = submissions.newest(conn, row.id)
    return newest["sent_on"] if newest is not None else None


def _answers(conn: Connection, claim_id: str) -> list[str]:
    """Categories of the answers to our 276s, the newest first."""
    asked = inquiries.of_claim(conn, claim_id, "276")
    said = [(q["answer"] or {}).get("status", "") for q in reversed(asked)]
    return [status.split(":")[0] for status in said if status]


def failures(conn: Connection, claim_id: str) -> int:
    """How many of the newest answers in a row say nothing of the claim."""
    failed = takewhile(
        lambda c: c.startswith("E") or c == WIDEN, _answers(conn, claim_id)
    )
    return len(list(failed))


def is_to_widen(conn: Connection, claim_id: str) -> bool:
    """Whether the payer did not find the claim by what we asked (D0)."""
    return _answers(conn, claim_id)[:1] == [WIDEN]


def was_widened(conn: Connection, claim_id: str) -> bool:
    """Whether it did not find it by less either."""
    return _answers(conn, claim_id)[:2] == [WIDEN, WIDEN]


def _not_accepted(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> None:
    """Received by the payer and never accepted: ask once, look for it (R-ACK-06)."""
    if row.next_owner != "claim":  # its batch looks after it
        later = next_business_day(max(why.today, row.next_due or why.today))
        claims.rearm(conn, row.id, deadline(later, office.zone))
        return
    inquiries.queue(
        conn,
        kind="276",
        claim_id=row.id,
        payer_id=row.payer_id,
        due_on=why.today,
        try_number=len(inquiries.of_claim(conn, row.id, "276")) + 1,
    )
    reason = why.by_rule("R-ACK-06")
    lost(conn, office, row.id, reason, "the payer has not accepted it")


def _no_answer(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """No 277 to our 276: ask again, after five tries a person looks."""
    asked = inquiries.of_claim(conn, row.id, "276")
    unanswered = [q for q in asked if q["status"] != "answered"]
    if len(unanswered) < TRIES:
        ask_status(conn, office, row, why)
        return
    review(
        conn,
        office,
        row,
        why.by_rule("R-FUP-01"),
        "five status inquiries unanswered",
        {},
    )


def await_835(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    """Final at the payer: wait for the 835, or until a deposit is late without it."""
    said = _said_final(conn, row)
    start = date.fromisoformat(said["payment_date"]) if "payment_date" in said else None
    due = (start or why.today) + timedelta(timers.timer(FINAL).length)
    what, due = FINAL, max(due, why.today)
    deposit = waiting_deposit(conn, row)
    asked = deposit is not None and was_asked(conn, row, deposit)
    if deposit is not None and not asked and late_on(deposit) < due:
        what, due = CLOCK, max(late_on(deposit), why.today)
    waiting = "the remittance (835)"
    step = steps.by_claim(office, row, what, due, waiting, "a poster asks for it")
    claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, words)


def _said_final(conn: Connection, row: ClaimRow) -> dict[str, str]:
    """Payment date and trace of the newest status answer that names them."""
    for asked in reversed(inquiries.of_claim(conn, row.id, "276")):
        said = asked["answer"] or {}
        if "payment_date" in said or "trace" in said:
            return dict(said)
    return {}


def _deposit_late(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> None:
    open_unmatched(conn, office, row, why)
    await_835(conn, office, row, why, "A deposit has no remittance yet")


def era_missing(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """The payer says final, or 45 days passed, and no 835 came (R-FUP-04)."""
    to_person(
        conn,
        office,
        row,
        TaskType.ERA_MISSING,
        why.by_rule("R-FUP-04"),
        "no remittance (835) has come",
        {
            "accepted_on": str(row.accepted_on),
            **{k: v for k, v in _said_final(conn, row).items() if k != "status"},
        },
    )


def call(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """Nothing has moved: a clerk calls (R-FUP-05)."""
    to_person(
        conn,
        office,
        row,
        TaskType.FOLLOW_UP_CALL,
        why.by_rule("R-FUP-05"),
        "nothing has moved on this claim",
        {"last_step": row.next_what or ""},
    )


def review(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    why: Because,
    words: str,
    evidence: dict[str, object],
) -> None:
    """A status nobody can act on by rule."""
    to_person(conn, office, row, TaskType.STATUS_REVIEW, why, words, evidence)


def to_person(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    task_type: TaskType,
    why: Because,
    words: str,
    evidence: dict[str, object],
    legal_deadline: date | None = None,
) -> None:
    """FOLLOW_UP with one task."""
    open_claim_task(
        conn,
        office,
        row,
        task_type,
        why,
        key=f"{row.id}:{task_type.value}:{why.today}:{row.version}",
        words=words,
        evidence=dict(evidence),
        legal_deadline=legal_deadline,
    )
    step = settle.step_for(conn, office, row, ClaimState.FOLLOW_UP, why)
    claims.set_step(conn, row, ClaimState.FOLLOW_UP, step, why, words)


def _still_held(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """Nobody released the hold: say so, look again. Without one, the claim leaves."""
    step = steps.by_outbox(office, row, why)
    words = "Still on hold; nothing was sent" if row.held_for else "No longer on hold"
    claims.set_step(conn, row, row.state, step, why.by_rule("R-PAT-06"), words)


DUE: dict[str, Callable[[Connection, Office, ClaimRow, Because], None]] = {
    "STATUS_FIRST": ask_status,
    "STATUS_REPEAT": ask_status,
    "STATUS_RETRY": ask_status,
    "ACK_277CA_HARD": _not_accepted,
    ANSWER: _no_answer,
    FINAL: era_missing,
    CLOCK: _deposit_late,
    refunds.CLOCK: refunds.refund_late,
    next_payer.COVERAGE: next_payer.ask_again,
    next_payer.SECONDARY: next_payer.bill_next,
    next_payer.CROSSOVER: call,
    "NO_ACTIVITY_E": call,
    "FOLLOW_UP": call,
    steps.HOLD_REVIEW: _still_held,
}


def resend(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    content: Claim,
    state: ClaimState,
    why: Because,
    words: str,
) -> str:
    """Queue the claim's next submission; refused while an error edit is left.

    Raises:
        DecisionRefused: error edits; each is named with its field.
    """
    found = findings_of(conn, office, row, content, why)
    errors = [f for f in found if f.severity == "error"]
    if errors:
        listed = "; ".join(f"{f.edit} {f.field}: {f.reason}" for f in errors)
        raise DecisionRefused(
            f"Not sent: {listed}. Nothing was changed. Correct and retry."
        )
    claims.replace_content(conn, office.cipher, row.id, content)
    number = queue_claim(conn, office, row.id, content, why)
    _charge_difference(conn, row, content, number, why)
    fresh = claims.get(conn, row.id)
    claims.set_step(conn, fresh, state, steps.by_outbox(office, fresh, why), why, words)
    return f"{words}: submission {number} leaves with the payer's next batch"


def _charge_difference(
    conn: Connection, row: ClaimRow, content: Claim, number: int, why: Because
) -> None:
    """A charge corrected before any payer decided; later it is posted with the payer's
    next decision (R-COR-05)."""
    more = content.charge - balances(conn, [row.id])[row.id].charge
    if more == ZERO or row.first_remit_on is not None:
        return
    entry = NewEntry(
        key=f"charge:{row.id}:{number}",
        type=EntryType.CHARGE if more > ZERO else EntryType.CHARGE_VOID,
        amount=abs(more),
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"claim {row.pcn} submission {number}",
        ref="claim corrected",
        rule="R-MON-04",
        actor=why.actor,
        memo="the charge was corrected",
    )
    post(conn, [entry], posted_at=to_text(why.at))


def corrected(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str]
) -> Claim:
    """The claim with the field changes of a form; not stored yet."""
    content = claims.content(conn, office.cipher, row.id)
    for name, value in changes_of(form):
        content = apply_correction(content, name, value)
    return content


def as_original(content: Claim) -> Claim:
    """Frequency 1 without a reference: it was never filed (R-ACK-03)."""
    return content.model_copy(update={"frequency": "1", "payer_icn": ""})


def resolve_rejection(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply REJECT_FIX: fix and send as an original (R-ACK-03)."""
    if decision == "eligibility":
        return _check_coverage_again(conn, office, row, why)
    if decision == "void":
        return _void_unfiled(conn, office, row, why)
    content = as_original(corrected(conn, office, row, form))
    return resend(
        conn,
        office,
        row,
        content,
        ClaimState.REJECTED,
        why.by_rule("R-ACK-03"),
        "Fixed after the rejection",
    )


def _void_unfiled(conn: Connection, office: Office, row: ClaimRow, why: Because) -> str:
    """A claim that no payer has is taken off the books; nobody has to be told."""
    filed = any(s["accepted_on"] for s in submissions.of_claim(conn, row.id))
    if filed or row.first_remit_on is not None:
        raise DecisionRefused(
            "An earlier submission of this claim is at the payer, so it cannot simply "
            "be dropped. Nothing was changed. Fix it, and have the payer void it."
        )
    submissions.withdraw(conn, row.id)
    void.take_off_books(conn, row, balances(conn, [row.id])[row.id], why)
    words = "Taken off the books: the claim was never filed"
    settle.settle(conn, office, row.id, why.by_rule("R-SUB-01"), words)
    return words


def _check_coverage_again(
    conn: Connection, office: Office, row: ClaimRow, why: Because
) -> str:
    from activities.eligibility import resolve

    return resolve(conn, office, row, "same_coverage_confirmed", {}, why)


def resolve_lost(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply LOST_CLAIM: resend as original, or it was found (R-ACK-06)."""
    reason = why.by_rule("R-ACK-06")
    if decision.startswith("resend"):
        content = as_original(claims.content(conn, office.cipher, row.id))
        words = "Sent again because the payer does not have it"
        return resend(conn, office, row, content, ClaimState.CORRECTING, reason, words)
    return _wait_for_payer(conn, office, row, reason, "Found at the payer", form)


def resolve_ack(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ACK_MISSING."""
    reason = why.by_rule("R-ACK-02")
    if decision == "resent":
        content = as_original(claims.content(conn, office.cipher, row.id))
        words = "Sent again because no receipt came"
        return resend(conn, office, row, content, ClaimState.CORRECTING, reason, words)
    step = steps.by_timer(
        office,
        row,
        "ACK_277CA_HARD",
        row.state_since,
        "the payer's acceptance (277CA)",
        "a clerk looks for the claim",
    )
    claims.set_step(conn, row, row.state, step, reason, f"Receipt: {decision}")
    return f"Noted: {decision}"


def resolve_call(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply a call or a status review: it always ends in a dated step (R-FUP-03)."""
    reason = why.by_rule("R-FUP-03", decision=decision)
    if decision == "resend":
        content = as_original(claims.content(conn, office.cipher, row.id))
        return resend(
            conn, office, row, content, ClaimState.CORRECTING, reason, "Sent again"
        )
    words = f"The payer was asked: {decision.replace('_', ' ')}"
    money = balances(conn, [row.id])[row.id]
    if money.patient_due > ZERO and money.insurer_open == ZERO:
        words = words.replace("The payer was asked", "Looked at")
        settle.settle(conn, office, row.id, reason, words)
        return words
    return _wait_for_payer(conn, office, row, reason, words, form)


def resolve_documents(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply PAYER_REQUEST_DOCS: sent, or a person decides the denial (R-DEN-04)."""
    reason = why.by_rule("R-DEN-04", decision=decision)
    denied = [
        n["number"] for n in claims.lines(conn, row.id) if n["status"] == "denied"
    ]
    if decision == "sent":
        for number in denied:
            claims.decide_line(
                conn,
                row.id,
                number,
                status="undecided",
                denial=None,
                decided_by="documents sent",
            )
        words = "The documents the payer asked for were sent"
        return _wait_for_payer(conn, office, row, reason, words, form)
    from activities.denial import open_review

    open_review(conn, office, row, reason, "the documents cannot be sent")
    words = f"Documents: {decision.replace('_', ' ')}"
    state = ClaimState.DENIED if denied else ClaimState.FOLLOW_UP
    step = settle.step_for(conn, office, row, state, why)
    claims.set_step(conn, row, state, step, reason, words)
    return words


def _wait_for_payer(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    why: Because,
    words: str,
    form: dict[str, str],
) -> str:
    """Back to the payer: until the named next date, else the repeat timer."""
    named = form.get("next_date") or form.get("wait_until")
    if named:
        day = max(date.fromisoformat(named), next_business_day(why.today))
        step = steps.by_claim(
            office, row, "STATUS_REPEAT", day, "the payer", "the payer is asked"
        )
    else:
        step = steps.by_timer(
            office, row, "STATUS_REPEAT", why.today, "the payer", "the payer is asked"
        )
    claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, words)
    return f"{words}; next look {step.due}"
