"""What answers a file or a question about coverage: TA1, 999, 271 (R-ACK, R-ELG).

A receipt is recorded and wakes nobody; a rejection and an inactive coverage are news. A
receipt that comes after the payer's own word changes nothing (R-BAD-04). What a payer
says of one claim (277CA, 277) is in claim_status.py.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from activities import next_payer, settle, steps
from activities.filing import watch_filing
from activities.office import Office
from activities.opening import open_claim_task
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.task import TaskType
from edi.acks import (
    FileAcknowledgment,
    InterchangeAcknowledgment,
    segment_of,
)
from edi.x270 import EligibilityAnswer
from policy import eligibility as coverage_rules
from policy import timers
from records import claims, events, inquiries, submissions, tasks
from records.db import Connection, RowMapping
from records.events import Because

HEARS_COVERAGE = (ClaimState.INTAKE, ClaimState.ELIG_HOLD, ClaimState.CODING)
OF_FILES = ("TA1", "999")
AT_PAYER = (
    ClaimState.SUBMITTED,
    ClaimState.ACCEPTED,
    ClaimState.FOLLOW_UP,
    ClaimState.CORRECTING,
)


def take_ta1(
    conn: Connection,
    office: Office,
    partner: str,
    answer: InterchangeAcknowledgment,
    sha: str,
    why: Because,
) -> str:
    """TA1: an error means the whole interchange never arrived (R-ACK-02)."""
    ours = [*office.payers_of(partner), partner]  # its own name: our 999s to it
    batch = submissions.batch_by_number(
        conn, ours, number=int(answer.isa13), by="isa13"
    )
    if batch is None:
        return "a TA1 for an interchange we did not send"
    submissions.mark_batch(conn, batch["id"], ta1=answer.code)
    if answer.code == "R" and batch["kind"] == "837P":
        for row in submissions.of_batch(conn, batch["id"]):
            evidence = {"file": batch["file_name"], "note": answer.note}
            reason = why.by_rule("R-ACK-02", answer_file=sha)
            reject(conn, office, row, "TA1", evidence, sha, reason)
    return f"TA1 {answer.code} for batch {batch['isa13']}"


def take_999(
    conn: Connection,
    office: Office,
    partner: str,
    answer: FileAcknowledgment,
    sha: str,
    why: Because,
) -> str:
    """999: A and E mean the syntax is fine; R and P reject sets (R-ACK-01)."""
    batch = submissions.batch_by_number(
        conn, office.payers_of(partner), number=int(answer.gs06), by="gs06"
    )
    if batch is None:
        return "a 999 for a group we did not send"
    submissions.mark_batch(conn, batch["id"], ack_999=answer.code)
    if batch["kind"] != "837P":
        return f"999 {answer.code} for inquiry batch {batch['isa13']}"
    rejected = answer.code in ("R", "P", "M", "W", "X")
    for row in submissions.of_batch(conn, batch["id"]):
        if rejected:
            evidence = _syntax(answer)
            reason = why.by_rule("R-ACK-01", answer_file=sha)
            reject(conn, office, row, "999", evidence, sha, reason)
        else:
            _received(
                conn,
                office,
                batch,
                row,
                why.by_rule("R-ACK-01", ak9=answer.code, answer_file=sha),
            )
    return f"999 {answer.code} for batch {batch['isa13']}"


def _syntax(answer: FileAcknowledgment) -> dict[str, Any]:
    """What a 999 says is wrong: the first segment it names, and every place."""
    named = [segment_of(error) for one in answer.sets for error in one.errors]
    first = {"segment": named[0]} if named else {}
    return {**first, "positions": list(answer.errors), "ak9": answer.code}


def _received(
    conn: Connection, office: Office, batch: RowMapping, row: RowMapping, why: Because
) -> None:
    submissions.mark(conn, row["id"], only_from=("sent",), acknowledged_on=why.today)
    claim_row = claims.get(conn, row["claim_id"])
    newest = row["number"] == claim_row.submission_number
    words = "The file arrived whole (999)"
    if claim_row.state is not ClaimState.SUBMITTED or not newest:
        events.add(conn, why, "receipt", words, claim_id=claim_row.id)
        return
    tasks.overtake(
        conn, why, "the 999 came", claim_id=claim_row.id, types=["ACK_MISSING"]
    )
    sent: date = row["sent_on"] or why.today
    profile = office.payer(row["payer_id"])
    due = timers.due("ACK_277CA_SOFT", sent, profile)
    what = "ACK_277CA_SOFT"
    if due <= why.today:
        what, due = "ACK_277CA_HARD", timers.due("ACK_277CA_HARD", sent, profile)
    step = steps.by_batch(office, claim_row, batch["id"], what, due)
    claims.set_step(conn, claim_row, claim_row.state, step, why, words)


def reject(
    conn: Connection,
    office: Office,
    row: RowMapping,
    source: str,
    evidence: dict[str, Any],
    sha: str,
    why: Because,
) -> None:
    """Rejected is not denied: REJECT_FIX, then send as original (R-ACK-05).

    A receipt of the file cannot take back what the payer has accepted since.
    """
    taken_back = () if source in OF_FILES else ("accepted",)
    changed = submissions.mark(
        conn,
        row["id"],
        only_from=("sent", "silent", *taken_back),
        status="rejected",
        rejection={"source": source, "answer_file": sha, **evidence},
        accepted_on=None,
    )
    claim_row = claims.get(conn, row["claim_id"])
    if not changed or row["number"] != claim_row.submission_number:
        return
    if claim_row.state not in (*AT_PAYER, ClaimState.REJECTED):
        return
    claims.note(conn, claim_row.id, accepted_on=None)
    task = open_claim_task(
        conn,
        office,
        claim_row,
        TaskType.REJECT_FIX,
        why,
        key=f"{claim_row.id}:REJECT_FIX:{row['number']}",
        words=f"rejected at the front door ({source})",
        evidence={"source": source, **evidence},
    )
    tasks.overtake(
        conn,
        why,
        "the claim was rejected",
        claim_id=claim_row.id,
        types=["ACK_MISSING", "LOST_CLAIM"],
    )
    step = steps.by_task(office, task)
    words = f"Rejected by the {source}: it was never filed"
    claims.set_step(conn, claim_row, ClaimState.REJECTED, step, why, words)
    watch_filing(conn, office, claim_row.id, why)
    settle.tell_claim(
        conn, claim_row.id, f"reject:{row['id']}", NewsKind.ACKNOWLEDGMENT, why.today
    )


def take_271(
    conn: Connection,
    office: Office,
    partner: str,
    answers: Sequence[EligibilityAnswer],
    sha: str,
    why: Because,
) -> str:
    """271: kept on file; only an answer that is not plainly active is news (R-ELG)."""
    told = 0
    each = [one for answer in answers for one in _about_questions(conn, answer)]
    for answer in each:
        told += _one_271(conn, office, partner, answer, sha, why)
    return f"{len(each)} coverage answers, {told} not active"


def _about_questions(
    conn: Connection, answer: EligibilityAnswer
) -> list[EligibilityAnswer]:
    """A plan that refuses before it names anybody refuses every question of the 270."""
    batch = (
        submissions.batch_by_reference(conn, answer.batch_ref)
        if answer.batch_ref and not answer.trace
        else None
    )
    if batch is None or batch["kind"] != "270":
        return [answer]
    asked = inquiries.of_batch(conn, batch["id"])
    waiting = [q for q in asked if q["status"] in ("sent", "silent")]
    return [answer.model_copy(update={"trace": q["trace"]}) for q in waiting]


def _one_271(
    conn: Connection,
    office: Office,
    partner: str,
    answer: EligibilityAnswer,
    sha: str,
    why: Because,
) -> bool:
    inquiry = inquiries.by_trace(conn, answer.trace) if answer.trace else None
    member = office.cipher.index(answer.member_id, kind="member")
    payer_id = inquiry["payer_id"] if inquiry else None
    if payer_id is None:
        profile = office.payers.by_edi_id(answer.payer_edi_id)
        payer_id = profile.payer_id if profile else "UNKNOWN"
    codes = answer.model_dump(
        mode="json",
        exclude={"member_id", "last_name", "first_name", "trace", "batch_ref"},
    )
    new = inquiries.record_answer(
        conn,
        payer_id=payer_id,
        member_index=member,
        trace=answer.trace,
        answered_on=why.today,
        service_date=answer.service_date,
        active=answer.active,
        answer=codes,
        file_sha256=sha,
        segment=answer.position,
    )
    if inquiry is not None:
        inquiries.mark(
            conn,
            [inquiry["id"]],
            only_from=("sent", "silent"),
            status="answered",
            answered_on=why.today,
            answer_file=sha,
        )
    if inquiry is None or not new:
        return False
    row = claims.get(conn, inquiry["claim_id"])
    if row.state is ClaimState.NEXT_PAYER and row.next_what == next_payer.COVERAGE:
        reason = why.by_rule("R-ELG-05")
        judged = coverage_rules.judge([codes], row.service_from or why.today)
        question = "" if answer.active else coverage_rules.question_for(judged)
        next_payer.take_coverage(conn, office, row, reason, question=question)
    elif answer.active or row.state not in HEARS_COVERAGE:
        return False  # an active answer is read at 08:00 of the next business day
    settle.tell_claim(
        conn, row.id, f"271:{sha}:{answer.position}", NewsKind.ELIGIBILITY, why.today
    )
    return not answer.active
