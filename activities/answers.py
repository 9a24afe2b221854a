"""What payers and clearinghouses answer: TA1, 999, 277CA, 277, 271 (R-ACK, R-FUP,
R-ELG).

An acceptance is recorded and wakes nobody; a rejection, a status answer and an inactive
coverage are news. Late or out-of-order answers never undo a newer one (R-BAD-04).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from activities import next_payer, settle, steps, void
from activities.filing import proof_is_stored, watch_filing
from activities.followup import await_835, review, to_person
from activities.office import Office
from activities.opening import open_claim_task
from activities.submission import lost
from claims.claim import ClaimState
from claims.messages import NewsKind
from claims.task import TaskType
from edi.acks import (
    FileAcknowledgment,
    InterchangeAcknowledgment,
    segment_of,
)
from edi.x270 import EligibilityAnswer
from edi.x277ca import ClaimStatus
from policy import status as status_rules
from policy import timers
from records import claims, events, holding, inquiries, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

HEARS_COVERAGE = (ClaimState.INTAKE, ClaimState.ELIG_HOLD, ClaimState.CODING)
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
            _reject(conn, office, row, "TA1", evidence, sha, why.by_rule("R-ACK-02"))
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
            _reject(conn, office, row, "999", evidence, sha, why.by_rule("R-ACK-01"))
        else:
            _received(
                conn, office, batch, row, why.by_rule("R-ACK-01", ak9=answer.code)
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
    if claim_row.state is not ClaimState.SUBMITTED or not newest:
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
    words = "The file arrived whole (999)"
    claims.set_step(conn, claim_row, claim_row.state, step, why, words)


def _reject(
    conn: Connection,
    office: Office,
    row: RowMapping,
    source: str,
    evidence: dict[str, Any],
    sha: str,
    why: Because,
) -> None:
    """Rejected is not denied: REJECT_FIX, then send as original (R-ACK-05)."""
    changed = submissions.mark(
        conn,
        row["id"],
        only_from=("sent", "accepted", "silent"),
        status="rejected",
        rejection={"source": source, **evidence},
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


def take_277ca(
    conn: Connection,
    office: Office,
    statuses: Sequence[ClaimStatus],
    sha: str,
    why: Because,
) -> str:
    """277CA: accepted claims are recorded, rejected ones are news (R-ACK-03)."""
    rows = claims.by_pcn(conn, [s.pcn for s in statuses])
    unknown = 0
    for status in statuses:
        row = rows.get(status.pcn)
        if row is None:
            unknown += 1
            continue
        _one_277ca(conn, office, claims.get(conn, row.id), status, sha, why)
    return f"{len(statuses) - unknown} claims answered, {unknown} not ours"


def _one_277ca(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    status: ClaimStatus,
    sha: str,
    why: Because,
) -> None:
    decision = status_rules.decide(status.category, seen_in="277CA")
    reason = why.by(decision)
    newest = submissions.newest(conn, row.id)
    if newest is None:
        return
    if decision.action == "mark_accepted":
        _accept(conn, office, row, newest, status, sha, reason)
    elif decision.action == "reject_fix":
        field = status_rules.field_of(status.status, status.entity)
        evidence = {
            "status": f"{status.category}:{status.status}",
            "hint": status_rules.hint(status.status),
            **({"field": field} if field else {}),
        }
        _reject(
            conn,
            office,
            {**newest, "newest": row.submission_number},  # type: ignore[arg-type]  # a plain dict reads alike
            "277CA",
            evidence,
            sha,
            reason,
        )
    elif decision.action == "lost_claim":
        lost(conn, office, row.id, reason, "the payer cannot find the claim")
        _news(conn, row, f"277ca:{sha}:{status.position}", why)
    elif decision.action == "wait":
        events.add(conn, reason, "status", decision.reason, claim_id=row.id)
    else:
        review(conn, office, row, reason, decision.reason, {"status": status.category})
        _news(conn, row, f"277ca:{sha}:{status.position}", why)


def _news(conn: Connection, row: ClaimRow, ref: str, why: Because) -> None:
    settle.tell_claim(conn, row.id, ref, NewsKind.STATUS, why.today)


def _accept(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    newest: RowMapping,
    status: ClaimStatus,
    sha: str,
    why: Because,
) -> None:
    """The payer has it: proof of filing is kept, the first one wins (R-FIL-03)."""
    first = submissions.mark(
        conn,
        newest["id"],
        only_from=("sent", "silent"),
        status="accepted",
        accepted_on=why.today,
        proof_file=sha,
        proof_segment=status.position,
        payer_icn=status.payer_icn,
    )
    if not first:
        return
    icn = {"payer_icn": status.payer_icn} if status.payer_icn else {}
    claims.note(conn, row.id, accepted_on=why.today, **icn)
    proof_is_stored(conn, row.id, why)
    if newest["frequency"] == void.FREQUENCY:
        words = "The payer accepted the void (277CA)"
        settle.settle(conn, office, row.id, why.by_rule("R-SUB-01"), words)
        _news(conn, row, f"277ca:{sha}:{status.position}", why)
        return
    if row.state not in (ClaimState.SUBMITTED, ClaimState.FOLLOW_UP):
        return
    found = tasks.overtake(
        conn,
        why,
        "the payer has the claim",
        claim_id=row.id,
        types=["ACK_MISSING", "LOST_CLAIM"],
    )
    step = steps.by_timer(
        office,
        row,
        "STATUS_FIRST",
        why.today,
        "the payer's decision",
        "the payer is asked (276)",
    )
    words = "The payer accepted the claim (277CA)"
    claims.set_step(
        conn, row, ClaimState.ACCEPTED, step, why.by_rule("R-FIL-03"), words
    )
    if found:
        _news(conn, row, f"277ca:{sha}:{status.position}", why)


def take_277(
    conn: Connection,
    office: Office,
    statuses: Sequence[ClaimStatus],
    sha: str,
    why: Because,
) -> str:
    """277: each answer acts by its category, and is news to its claim (R-FUP-01)."""
    answered: list[str] = []
    for status in statuses:
        row = _claim_of_status(conn, status)
        if row is None:
            continue
        answered.append(row.id)
        _mark_answered(conn, row, status, sha, why)
        _one_277(conn, office, row, status, why)
        _news(conn, row, f"277:{sha}:{status.position}", why)
    holding.wake(conn, answered)
    return f"{len(answered)} of {len(statuses)} status answers are for our claims"


def _claim_of_status(conn: Connection, status: ClaimStatus) -> ClaimRow | None:
    inquiry = inquiries.by_trace(conn, status.trace) if status.trace else None
    if inquiry is not None:
        return claims.get(conn, inquiry["claim_id"])
    found = claims.by_pcn(conn, [status.pcn])
    return found.get(status.pcn)


def _mark_answered(
    conn: Connection, row: ClaimRow, status: ClaimStatus, sha: str, why: Because
) -> None:
    asked = [
        q["id"]
        for q in inquiries.of_claim(conn, row.id, "276")
        if q["status"] in ("sent", "silent")
    ]
    inquiries.mark(
        conn,
        asked,
        only_from=("sent", "silent"),
        status="answered",
        answered_on=why.today,
        answer=_said(status),
        answer_file=sha,
    )


def _said(status: ClaimStatus) -> dict[str, str]:
    """What an answer says, as later steps need it."""
    said = {"status": f"{status.category}:{status.status}"}
    if status.payment_date:
        said["payment_date"] = str(status.payment_date)
    if status.check_number:
        said["trace"] = status.check_number
    return said


def _one_277(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    decision = status_rules.decide(status.category, seen_in="277")
    reason = why.by(decision)
    said = f"{status.category}:{status.status}"
    if row.state not in AT_PAYER:
        words = f"Status {said} noted; the claim is past waiting for the payer"
        events.add(conn, reason.by_rule("R-STA-01"), "status", words, claim_id=row.id)
        return
    act = _ACT.get(decision.action)
    if act is not None:
        act(conn, office, row, status, reason)
    else:
        review(conn, office, row, reason, decision.reason, {"status": said})


def _reschedule(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    if _has_task(conn, row):
        return
    step = steps.by_timer(
        office,
        row,
        "STATUS_REPEAT",
        why.today,
        "the payer's decision",
        "the payer is asked again (276)",
    )
    words = f"The payer says it is in process ({status.category})"
    claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, words)


def _has_task(conn: Connection, row: ClaimRow) -> bool:
    return bool(tasks.waiting(conn, claim_id=row.id))


def _expect_835(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """Final at the payer: money is never posted from a 277 (R-FUP-04)."""
    words = f"The payer says it is decided ({status.category})"
    await_835(conn, office, row, why, words)


def _lost(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    reason = why.by_rule("R-ACK-06", payer_says=f"{status.category}:{status.status}")
    lost(conn, office, row.id, reason, "the payer cannot find the claim")


def _documents(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    legal = timers.due("DOCS_DUE", why.today, office.payer(row.payer_id))
    to_person(
        conn,
        office,
        row,
        TaskType.PAYER_REQUEST_DOCS,
        why.by_rule("R-FUP-02"),
        "the payer asks for documents",
        {
            "status": f"{status.category}:{status.status}",
            "asked": status_rules.hint(status.status),
            "send_by": str(legal),
        },
        legal,
    )


def _patient_info(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    to_person(
        conn,
        office,
        row,
        TaskType.PATIENT_INFO_REQUEST,
        why.by_rule("R-FUP-02"),
        "the payer waits for the patient",
        {"status": f"{status.category}:{status.status}"},
    )


def _retry(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    asked = inquiries.of_claim(conn, row.id, "276")
    if len(asked) >= 5:
        review(conn, office, row, why, "status inquiries keep failing", {})
        return
    step = steps.by_claim(
        office,
        row,
        "STATUS_RETRY",
        why.today + timedelta(1),
        "the payer's system",
        "the payer is asked again (276)",
    )
    words = f"The payer could not answer ({status.category})"
    claims.set_step(conn, row, row.state, step, why, words)


_ACT = {
    "reschedule": _reschedule,
    "wait": _reschedule,
    "mark_accepted": _reschedule,
    "expect_835": _expect_835,
    "denial_notice": _expect_835,
    "mark_crossover": _expect_835,
    "lost_claim": _lost,
    "document_request": _documents,
    "patient_request": _patient_info,
    "retry": _retry,
    "retry_then_review": _retry,
    "widen_search": _retry,
}


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
    for answer in answers:
        told += _one_271(conn, office, partner, answer, sha, why)
    return f"{len(answers)} coverage answers, {told} not active"


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
        mode="json", exclude={"member_id", "last_name", "first_name", "trace"}
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
        next_payer.take_coverage(conn, office, row, reason, active=bool(answer.active))
    elif answer.active or row.state not in HEARS_COVERAGE:
        return False  # an active answer is read at 08:00 of the next business day
    settle.tell_claim(
        conn, row.id, f"271:{sha}:{answer.position}", NewsKind.ELIGIBILITY, why.today
    )
    return not answer.active
