"""What a payer says of one claim: 277CA at the front door, 277 to our 276.

The category of ``claim_status_actions.yaml`` decides, each action is one function here.
An acceptance is recorded and wakes nobody; everything else is news. An answer that is
older than one on file changes nothing, and what a 277CA may not say is asked about and
changes nothing (R-BAD-04, R-STA-01). Proof of filing is a 277CA, never a 277.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from activities import next_payer, settle, steps, void
from activities.answers import AT_PAYER, reject
from activities.denial import announce
from activities.filing import proof_is_stored
from activities.followup import await_835, failures, review, to_person, was_widened
from activities.office import Office
from activities.opening import open_claim_task
from activities.submission import lost
from claims.claim import ClaimState
from claims.decision import Decision
from claims.messages import NewsKind
from claims.task import TaskType
from edi.x277ca import RECEIVER, ClaimStatus, StatusFile
from policy import status as rules
from policy import timers
from records import claims, events, holding, inquiries, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

MOST_FAILURES = 5
"""Answers in a row that say nothing of the claim, before a person looks."""
LOOKED_FOR = ("ACK_MISSING", "LOST_CLAIM")
"""Tasks that end when the payer turns out to have the claim."""
HEARS_277 = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.FOLLOW_UP)


def take_277ca(
    conn: Connection,
    office: Office,
    statuses: Sequence[ClaimStatus],
    sha: str,
    why: Because,
) -> str:
    """277CA: accepted claims are recorded, rejected ones are news (R-ACK-03)."""
    rows = claims.by_pcn(conn, [s.pcn for s in statuses])
    references = {s.batch_ref for s in statuses} - {""}
    batches = {r: submissions.batch_by_reference(conn, r) for r in sorted(references)}
    unknown = 0
    for status in statuses:
        row = rows.get(status.pcn)
        if row is None:
            unknown += 1
            continue
        fresh = claims.get(conn, row.id)
        one = _submission(conn, row.id, batches.get(status.batch_ref))
        if one is not None:
            _one_277ca(conn, office, fresh, one, status, sha, why)
    return f"{len(statuses) - unknown} claims answered, {unknown} not ours"


def take_277ca_of_files(
    conn: Connection, office: Office, found: StatusFile, sha: str, why: Because
) -> int:
    """A 277CA may reject our whole file, or all of a provider's claims, and name none
    of them: each that it does not name itself is rejected; how many."""
    named = {status.pcn for status in found.statuses}
    count = 0
    for status in found.above:
        decision = rules.decide(status.category, seen_in="277CA")
        reference = status.trace if status.level == RECEIVER else status.batch_ref
        batch = submissions.batch_by_reference(conn, reference) if reference else None
        if decision.action != "reject_fix" or batch is None:
            continue
        reason = _because(why, decision, sha)
        listed = submissions.of_batch(conn, batch["id"])
        if status.level != RECEIVER and not _of_one_provider(office, listed):
            continue  # it does not say whose claims; their silence will raise them
        for one in listed:
            if one["pcn"] not in named and one["status"] in ("sent", "silent"):
                reject(conn, office, one, "277CA", _rejection(status), sha, reason)
                count += 1
    return count


def _of_one_provider(office: Office, listed: Sequence[RowMapping]) -> bool:
    sent = (submissions.content(office.cipher, one) for one in listed)
    return len({claim.billing.npi for claim in sent}) == 1


def _submission(
    conn: Connection, claim_id: str, batch: RowMapping | None
) -> RowMapping | None:
    """Which of the claim's submissions is meant: that of the batch it names, else the
    newest. A late answer about an earlier one is not about the one sent since."""
    if batch is not None:
        for row in submissions.of_claim(conn, claim_id):
            if row["batch_id"] == batch["id"]:
                return row
    return submissions.newest(conn, claim_id)


def _one_277ca(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    one: RowMapping,
    status: ClaimStatus,
    sha: str,
    why: Because,
) -> None:
    decision = rules.decide(status.category, seen_in="277CA")
    reason = _because(why, decision, sha)
    if decision.action == "mark_accepted":
        _accept(conn, office, row, one, status, sha, reason)
        return
    if decision.action == "reject_fix":
        reject(conn, office, one, "277CA", _rejection(status), sha, reason)
        return
    words = f"277CA {_said(status)}: {decision.reason}"
    newest = one["number"] == row.submission_number
    if decision.action == "wait" or row.state not in AT_PAYER or not newest:
        events.add(conn, reason, "status", words, claim_id=row.id)
        return
    if decision.action == "lost_claim":
        lost(conn, office, row.id, reason, "the payer cannot find the claim")
    elif decision.action in ("retry", "retry_then_review"):
        _retry(conn, office, row, status, reason)
    else:
        _ask_only(conn, office, row, status, reason, decision.reason)
    _news(conn, row, f"277ca:{sha}:{status.position}", why)


def _because(why: Because, decision: Decision, sha: str) -> Because:
    """By this decision; what the claim's proof finds the file by is kept with it."""
    reason = why.by(decision)
    return replace(reason, data={**reason.data, "answer_file": sha})


def _rejection(status: ClaimStatus) -> dict[str, str]:
    field = rules.field_of(status.status, status.entity)
    return {
        "status": _said(status),
        "hint": rules.hint(status.status),
        **({"field": field} if field else {}),
    }


def _said(status: ClaimStatus) -> str:
    return f"{status.category}:{status.status}"


def _ask_only(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    status: ClaimStatus,
    why: Because,
    words: str,
) -> None:
    """A word that does not belong here is asked about and changes nothing."""
    open_claim_task(
        conn,
        office,
        row,
        TaskType.STATUS_REVIEW,
        why.by_rule("R-STA-01"),
        key=f"{row.id}:STATUS_REVIEW:{why.today}:{row.version}",
        words=words,
        evidence={"status": _said(status)},
    )


def _news(conn: Connection, row: ClaimRow, ref: str, why: Because) -> None:
    settle.tell_claim(conn, row.id, ref, NewsKind.STATUS, why.today)


def _accept(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    one: RowMapping,
    status: ClaimStatus,
    sha: str,
    why: Because,
) -> None:
    """The payer has it: proof of filing is kept, the first one wins (R-FIL-03)."""
    first = submissions.mark(
        conn,
        one["id"],
        only_from=("sent", "silent"),
        status="accepted",
        accepted_on=why.today,
        proof_file=sha,
        proof_segment=status.position,
        payer_icn=status.payer_icn,
    )
    if not first:
        _part(conn, row, one, status, why)
        return
    newest = one["number"] == row.submission_number
    icn = {"payer_icn": status.payer_icn} if status.payer_icn and newest else {}
    claims.note(conn, row.id, accepted_on=why.today, **icn)
    proof_is_stored(conn, row.id, why)
    if one["frequency"] == void.FREQUENCY:
        words = "The payer accepted the void (277CA)"
        settle.settle(conn, office, row.id, why.by_rule("R-SUB-01"), words)
        _news(conn, row, f"277ca:{sha}:{status.position}", why)
        return
    if row.state not in (ClaimState.SUBMITTED, ClaimState.FOLLOW_UP):
        return
    said = "the payer has the claim"
    found = tasks.overtake(conn, why, said, claim_id=row.id, types=LOOKED_FOR)
    words = "The payer accepted the claim (277CA)"
    _wait_for_decision(
        conn, office, row, "STATUS_FIRST", why.by_rule("R-FIL-03"), words
    )
    if found:
        _news(conn, row, f"277ca:{sha}:{status.position}", why)


def _part(
    conn: Connection,
    row: ClaimRow,
    one: RowMapping,
    status: ClaimStatus,
    why: Because,
) -> None:
    """The payer split the claim: the number of each part is kept (R-ACK-04)."""
    new = status.payer_icn and status.payer_icn != one["payer_icn"]
    if not new or one["status"] != "accepted":
        return
    reason = why.by_rule("R-ACK-04", payer_icn=status.payer_icn)
    words = f"The payer has another part of it under its number {status.payer_icn}"
    events.add(conn, reason, "status", words, claim_id=row.id)


def _wait_for_decision(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    timer: str,
    why: Because,
    words: str,
) -> None:
    then = "the payer is asked (276)"
    step = steps.by_timer(office, row, timer, why.today, "the payer's decision", then)
    claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, words)


# --- 277 -----------------------------------------------------------------------------


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
        older = _is_older(conn, row, status)
        _mark_answered(conn, row, status, sha, why)
        _one_277(conn, office, row, status, sha, why, older=older)
        _news(conn, row, f"277:{sha}:{status.position}", why)
    holding.wake(conn, answered)
    return f"{len(answered)} of {len(statuses)} status answers are for our claims"


def _claim_of_status(conn: Connection, status: ClaimStatus) -> ClaimRow | None:
    inquiry = inquiries.by_trace(conn, status.trace) if status.trace else None
    if inquiry is not None:
        return claims.get(conn, inquiry["claim_id"])
    found = claims.by_pcn(conn, [status.pcn])
    return found.get(status.pcn)


def _is_older(conn: Connection, row: ClaimRow, status: ClaimStatus) -> bool:
    """Whether the payer's own date (STC02) is before that of an answer on file."""
    if status.status_date is None:
        return False
    dated = [
        date.fromisoformat(asked["answer"]["dated"])
        for asked in inquiries.of_claim(conn, row.id, "276")
        if (asked["answer"] or {}).get("dated")
    ]
    return any(day > status.status_date for day in dated)


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
        answer=_answer(status),
        answer_file=sha,
    )


def _answer(status: ClaimStatus) -> dict[str, str]:
    """What an answer says, as later steps need it."""
    said = {"status": _said(status)}
    if status.status_date:
        said["dated"] = str(status.status_date)
    if status.payment_date:
        said["payment_date"] = str(status.payment_date)
    if status.check_number:
        said["trace"] = status.check_number
    return said


def _one_277(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    status: ClaimStatus,
    sha: str,
    why: Because,
    *,
    older: bool,
) -> None:
    decision = rules.decide(status.category, seen_in="277")
    reason = _because(why, decision, sha)
    said = _said(status)
    if older:
        words = f"Status {said} noted; the payer has said something newer"
        events.add(conn, reason.by_rule("R-BAD-04"), "status", words, claim_id=row.id)
        return
    if row.state not in HEARS_277:
        words = f"Status {said} noted; the claim is past waiting for the payer"
        events.add(conn, reason.by_rule("R-STA-01"), "status", words, claim_id=row.id)
        return
    if decision.action == "reject_fix":
        newest = submissions.newest(conn, row.id)
        if newest is not None:
            reject(conn, office, newest, "277", _rejection(status), sha, reason)
        return
    act = ACTIONS.get(decision.action)
    if act is not None:
        act(conn, office, row, status, reason)
    else:
        review(conn, office, row, reason, decision.reason, {"status": said})


def _in_process(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    words = f"The payer says it is in process ({status.category})"
    _has_it(conn, office, row, "STATUS_REPEAT", why, words)


def _accepted(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """It has the claim; that it was filed is proven by its 277CA alone (R-FIL-03)."""
    words = f"The payer says it accepted the claim ({status.category})"
    _has_it(conn, office, row, "STATUS_FIRST", why, words)


def _has_it(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    timer: str,
    why: Because,
    words: str,
) -> None:
    """Who looked for the claim need not any more (R-ACK-06); other tasks stay."""
    said = "the payer has the claim"
    tasks.overtake(conn, why, said, claim_id=row.id, types=LOOKED_FOR)
    if tasks.waiting(conn, claim_id=row.id):
        events.add(conn, why, "status", words, claim_id=row.id)
        return
    _wait_for_decision(conn, office, row, timer, why, words)


def _not_yet(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """Received or passed on is not accepted: the wait for that goes on (R-FIL-03)."""
    words = f"The payer says it is received, not yet accepted ({status.category})"
    if row.next_owner != "claim" or tasks.waiting(conn, claim_id=row.id):
        events.add(conn, why, "status", words, claim_id=row.id)
        return
    step = steps.by_timer(
        office,
        row,
        "ACK_277CA_HARD",
        why.today,
        "the payer's acceptance",
        "a clerk looks for the claim",
    )
    claims.set_step(conn, row, row.state, step, why, words)


def _expect_835(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """Final at the payer: money is never posted from a 277 (R-FUP-04)."""
    said = "the payer has the claim"
    tasks.overtake(conn, why, said, claim_id=row.id, types=LOOKED_FOR)
    words = f"The payer says it is decided ({status.category})"
    await_835(conn, office, row, why, words)


def _denied(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """A denial is announced; its reason comes with the 835, which is waited for."""
    _expect_835(conn, office, row, status, why)
    evidence = {"status": _said(status), "hint": rules.hint(status.status)}
    announce(conn, office, claims.get(conn, row.id), why, evidence)


def _forwarded(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """It went on to the next plan, which is not billed again meanwhile (R-COB-04)."""
    said = "the payer has the claim"
    tasks.overtake(conn, why, said, claim_id=row.id, types=LOOKED_FOR)
    step = steps.by_timer(
        office,
        row,
        next_payer.CROSSOVER,
        why.today,
        "the remittance, and the next plan to which this one forwarded the claim",
        "a clerk asks",
    )
    words = "The payer says it is decided, and forwarded to the next plan (F3F)"
    claims.set_step(
        conn, row, ClaimState.ACCEPTED, step, why.by_rule("R-COB-04"), words
    )


def _lost(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    reason = why.by_rule("R-ACK-06", payer_says=_said(status))
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
            "status": _said(status),
            "asked": rules.hint(status.status),
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
        {"status": _said(status)},
    )


def _retry(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    if failures(conn, row.id) >= MOST_FAILURES:
        review(conn, office, row, why, "status inquiries keep failing", {})
        return
    words = f"The payer could not answer ({status.category})"
    _ask_again(conn, office, row, why, words)


def _widen(
    conn: Connection, office: Office, row: ClaimRow, status: ClaimStatus, why: Because
) -> None:
    """Not found by what we asked: once with less of it, then it is lost (R-ACK-06)."""
    if was_widened(conn, row.id):
        _lost(conn, office, row, status, why)
        return
    words = f"The payer does not find it so; it is asked with less ({status.category})"
    _ask_again(conn, office, row, why, words)


def _ask_again(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    step = steps.by_claim(
        office,
        row,
        "STATUS_RETRY",
        why.today + timedelta(1),
        "the payer's system",
        "the payer is asked again (276)",
    )
    claims.set_step(conn, row, row.state, step, why, words)


ACTIONS: dict[
    str, Callable[[Connection, Office, ClaimRow, ClaimStatus, Because], None]
] = {
    "reschedule": _in_process,
    "wait": _not_yet,
    "mark_accepted": _accepted,
    "expect_835": _expect_835,
    "denial_notice": _denied,
    "mark_crossover": _forwarded,
    "lost_claim": _lost,
    "document_request": _documents,
    "patient_request": _patient_info,
    "retry": _retry,
    "retry_then_review": _retry,
    "widen_search": _widen,
}
"""What each action of the table does when a 277 asks for it; ``reject_fix`` and
``status_review`` are above."""
