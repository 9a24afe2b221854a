"""Eligibility: ask once, read the answer on file, hold what is not active (R-ELG)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import activity

from activities import steps
from activities.authorization import pending_codes
from activities.office import Office
from activities.opening import open_claim_task
from claims.calendar import next_business_day
from claims.claim import ClaimState
from claims.decision import Decision
from claims.messages import Step
from claims.task import TaskType
from policy import eligibility as rules
from records import claims, events, inquiries, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

FRESH = timedelta(hours=72)
TRIES = 2
RECHECK = "ELIG_RECHECK"


@dataclass
class EligibilityActivities:
    """The claim's first step: it reads SQL, whatever state the claim is in."""

    office: Office

    @activity.defn
    def check_eligibility(self, claim_id: str, at: datetime) -> Step:
        """Judge the answer on file; ask, wait or hold when there is none."""
        with self.office.writing() as conn:
            row = claims.get(conn, claim_id)
            now = self.office.moment(at, conn)
            unread = steps.is_due(row, at) and not steps.is_due(row, now)
            if row.state in (ClaimState.INTAKE, ClaimState.ELIG_HOLD) and not unread:
                _check(conn, self.office, row, self.office.because(now))
            return steps.step_at(conn, self.office, claim_id, at)


def _check(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    if office.payer(row.payer_id) is None or row.service_from is None:
        _go_on(
            conn,
            office,
            row,
            why.by_rule("R-SCR-01"),
            "No plan to ask; the edits hold it",
        )
        return
    asked = inquiries.of_claim(conn, row.id, "270")
    answer = _newest_answer(conn, row, asked)
    if answer is not None and _is_stale(conn, row, answer):
        answer = None
    decision = rules.judge([answer["answer"]] if answer else [], row.service_from)
    if decision.action == "active":
        _active(conn, office, row, why.by(decision))
    elif decision.action == "none" and _is_booked(row, why) and not asked:
        _booked(conn, office, row, why)
    elif decision.action == "again":
        _ask_once_more(conn, office, row, asked, decision, answer, why)
    elif decision.action == "none":
        _ask(conn, office, row, asked, why)
    else:
        _hold(conn, office, row, decision, answer, why.by(decision))


def _is_booked(row: ClaimRow, why: Because) -> bool:
    """The service is still to come; nothing has been asked yet."""
    known = row.service_from is not None and row.service_from > why.today
    return known and row.state is ClaimState.INTAKE


def _booked(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """At booking the plan is asked, and a number that is missing is asked for at once
    (R-AUT-01)."""
    from activities.authorization import ask_for_number

    if codes := pending_codes(conn, office, row):
        _queue_270(conn, row, 1, why)
        ask_for_number(conn, office, row, codes, why)
    else:
        _ask(conn, office, row, [], why)


def confirm(conn: Connection, office: Office, row: ClaimRow, why: Because) -> bool:
    """Whether coverage is known for the day itself; else wait, ask, or hold.

    A service that is still to come is waited for; an answer older than 72 hours before
    it is asked for again (R-ELG-01).
    """
    day = row.service_from
    if office.payer(row.payer_id) is None or day is None:
        return True
    if day > why.today:
        step = steps.by_claim(
            office, row, RECHECK, day, "the day of the service", "coverage is checked"
        )
        words = "Waiting for the day of the service"
        claims.set_step(conn, row, row.state, step, why.by_rule("R-ELG-01"), words)
        return False
    asked = inquiries.of_claim(conn, row.id, "270")
    answer = _newest_answer(conn, row, asked)
    if answer is None or answer["answered_on"] < day - FRESH:
        late = [q for q in asked if q["due_on"] >= day - FRESH]
        _ask(conn, office, row, late, why)
        return False
    decision = rules.judge([answer["answer"]], day)
    if decision.action == "again":
        _ask_once_more(conn, office, row, asked, decision, answer, why)
    elif decision.action != "active":
        _hold(conn, office, row, decision, answer, why.by(decision))
    return decision.action == "active"


def _newest_answer(
    conn: Connection, row: ClaimRow, asked: list[RowMapping]
) -> RowMapping | None:
    return inquiries.answer_on_file(
        conn,
        payer_id=row.payer_id,
        member_index=row.member_index,
        traces=[q["trace"] for q in asked],
    )


def _is_stale(conn: Connection, row: ClaimRow, answer: RowMapping) -> bool:
    """An answer from before the person changed the coverage does not count."""
    if row.state is not ClaimState.ELIG_HOLD:
        return False
    return row.hold_reason == f"recheck:{answer['id']}"


def _active(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    tasks.overtake(
        conn, why, "the plan says active", claim_id=row.id, types=["ELIG_RESOLVE"]
    )
    codes = pending_codes(conn, office, row)
    if codes:
        from activities.authorization import ask_for_number

        ask_for_number(conn, office, row, codes, why)
        return
    _go_on(conn, office, row, why, "Coverage is active on the date of service")


def _go_on(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    step = steps.by_claim(
        office,
        row,
        "CHECK_DOCUMENTATION",
        why.today,
        "the documentation check",
        "the edits run",
    )
    claims.set_step(conn, row, ClaimState.CODING, step, why, words)


def _ask(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    asked: list[RowMapping],
    why: Because,
) -> None:
    """Queue a 270, once again after a silent business day, then ask a person."""
    late = [q for q in asked if q["sent_on"] and q["sent_on"] < why.today]
    queued = [q for q in asked if q["status"] == "queued"]
    if len(late) >= TRIES:
        _hold(conn, office, row, _silent(), None, why.by(_silent()))
        return
    if not queued and len(asked) == len(late):
        _queue_270(conn, row, len(asked) + 1, why)
    step = steps.by_claim(
        office,
        row,
        "ELIG_270_BATCH",
        next_business_day(why.today),
        "the plan's answer about coverage (271)",
        "the claim goes on, or the plan is asked again",
    )
    words = "Waiting for the plan's answer about coverage"
    claims.set_step(conn, row, row.state, step, why.by_rule("R-ELG-01"), words)


def _ask_once_more(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    asked: list[RowMapping],
    decision: Decision,
    answer: RowMapping | None,
    why: Because,
) -> None:
    """The plan could not answer at that moment: once more, then a person asks."""
    open_ = [q for q in asked if q["status"] in ("queued", "taken")]
    out = [q for q in asked if q["status"] == "sent" and q["sent_on"] >= why.today]
    if not open_ and not out:
        if len(asked) >= TRIES:
            _hold(conn, office, row, decision, answer, why.by(decision))
            return
        _queue_270(conn, row, len(asked) + 1, why)
    step = steps.by_claim(
        office,
        row,
        "ELIG_270_BATCH",
        next_business_day(why.today),
        "the plan's answer about coverage (271)",
        "the claim goes on, or a clerk asks the patient",
    )
    words = "The plan could not answer; it is asked once more"
    claims.set_step(conn, row, row.state, step, why.by(decision), words)


def _queue_270(conn: Connection, row: ClaimRow, number: int, why: Because) -> None:
    inquiries.queue(
        conn,
        kind="270",
        claim_id=row.id,
        payer_id=row.payer_id,
        due_on=why.today,
        try_number=number,
    )
    words = "Coverage question (270) queued"
    events.add(conn, why.by_rule("R-ELG-01"), "inquiry", words, claim_id=row.id)


def _silent() -> Decision:
    return Decision(
        action="unanswered",
        rule="R-ELG-03",
        reason="the plan did not answer two coverage questions",
    )


def _hold(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: Decision,
    answer: RowMapping | None,
    why: Because,
) -> None:
    asked = tasks.waiting(conn, claim_id=row.id, types=["ELIG_RESOLVE"])
    if asked and steps.is_due(row, why.at):  # asked already, and late by now
        steps.due_task(conn, office, row, why)
        return
    profile = office.payer(row.payer_id)
    evidence: dict[str, Any] = {
        "question_to_patient": rules.question_for(
            decision,
            plan=profile.name if profile else "",
            ended=answer["answer"].get("plan_ends") if answer else None,
        ),
        "answer": decision.reason,
        "service_date": str(row.service_from),
    }
    if mend := rules.mend_for(decision):
        evidence["what_to_mend"] = mend
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.ELIG_RESOLVE,
        why,
        key=f"{row.id}:ELIG_RESOLVE:{answer['id'] if answer else why.today}",
        words=decision.reason,
        evidence=evidence,
    )
    step = steps.by_task(office, task)
    claims.set_step(conn, row, ClaimState.ELIG_HOLD, step, why, decision.reason)


def resolve(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ELIG_RESOLVE: new coverage counts only after its own 271 (R-ELG-05)."""
    from activities.coverage import enter_coverage, make_self_pay

    reason = why.by_rule("R-ELG-05")
    if decision == "self_pay":
        return make_self_pay(conn, office, row, reason)
    if decision == "new_coverage_entered":
        enter_coverage(conn, office, row, form)
    fresh = claims.get(conn, row.id)
    asked = inquiries.of_claim(conn, row.id, "270")
    answer = inquiries.answer_on_file(
        conn,
        payer_id=fresh.payer_id,
        member_index=fresh.member_index,
        traces=[q["trace"] for q in asked if q["payer_id"] == fresh.payer_id],
    )
    claims.note(conn, row.id, hold_reason=f"recheck:{answer['id']}" if answer else None)
    inquiries.queue(
        conn,
        kind="270",
        claim_id=row.id,
        payer_id=fresh.payer_id,
        due_on=why.today,
        try_number=len(asked) + 1,
    )
    step = steps.by_claim(
        office,
        fresh,
        "ELIG_270_BATCH",
        next_business_day(why.today),
        "the plan's answer about coverage (271)",
        "the claim goes on, or a clerk looks again",
    )
    words = "Coverage entered; it counts after its own answer (271)"
    claims.set_step(conn, fresh, ClaimState.ELIG_HOLD, step, reason, words)
    return words
