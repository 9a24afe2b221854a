"""Remittances: registered by file, balanced at three levels, posted in bulk, told once.

All of a transaction set posts in one SQL transaction, or nothing (R-ERA-05). Nothing is
ever plugged: an unbalanced set waits with a task that names the difference (R-ERA-03).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from temporalio import activity

from activities import carried, eob, recoupment, steps
from activities import settle as settling
from activities.deposits import book_deposits, hand_over
from activities.followup import await_835
from activities.office import Office
from activities.posting import Poster, open_file_task
from claims.calendar import deadline, next_business_day
from claims.claim import ClaimState
from claims.messages import Look, remittance_workflow_id
from claims.money import ZERO, cents
from claims.remittance import (
    Imbalance,
    Remittance,
    imbalances,
)
from claims.task import DecisionRefused, TaskType
from edi.errors import EdiWarning
from edi.x835 import each_remittance, none_is_whole, read_set_at
from ledger.accounts import EntryType
from ledger.entries import LedgerIdentityError, post
from records import claims, events, news, remittances, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import to_text

HELD_BY_SET = (ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.FOLLOW_UP)
CHECKS = {
    "line": "SVC02-sum(CAS)=SVC03",
    "claim": "CLP03-sum(CAS)=CLP04",
    "transaction": "sum(CLP04)-sum(PLB)=BPR02",
}
SUSPENDED = ("suspended", "conflict")
Take = Callable[[Connection, Office, RowMapping, Because], None]


def register_remittances(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Enter each transaction set of a file, and say which are new (R-ERA-06, -07).

    A set that cannot be read is named, never passed over in silence.
    """
    said: list[str] = []
    errors: list[EdiWarning] = []
    for one in each_remittance(content, []):
        if one.problem is not None:
            errors.append(one.problem)
        elif one.remittance is not None:
            said.append(_register(conn, office, one.remittance, sha, why))
            office.read_sets.keep(sha, one.remittance)
    if errors and not said:
        raise none_is_whole(errors[0])
    for error in errors:
        words_ = f"A set was not read: {error.message} (segment {error.segment})"
        evidence = why.by_rule("R-BAD-01", file=sha[:12], field=error.code)
        events.add(conn, evidence, "unreadable", words_)
        said.append(words_)
    return "; ".join(said)


def _register(
    conn: Connection, office: Office, one: Remittance, sha: str, why: Because
) -> str:
    profile = office.payers.by_edi_id(one.payer_edi_id)
    payer_id = profile.payer_id if profile else "UNKNOWN"
    return enter(conn, payer_id, one, sha, why)[1]


def enter(
    conn: Connection,
    payer_id: str,
    one: Remittance,
    sha: str,
    why: Because,
    *,
    keyed_by: str | None = None,
) -> tuple[bool, str]:
    """Enter one set of a file once: whether it is this file's, and what became of it
    (R-ERA-06)."""
    same = remittances.with_trace(conn, payer_id, one.trace)
    twins = [r for r in same if r["content_hash"] == one.content_hash]
    if any((r["file_sha256"], r["st_segment"]) == (sha, one.position) for r in twins):
        return True, f"{one.trace} received"  # this file again, after a crash
    if any(r["status"] not in SUSPENDED for r in twins):
        words_ = f"Duplicate of remittance {one.trace}: ignored (R-ERA-06)"
        events.add(conn, why.by_rule("R-ERA-06", trace=one.trace), "duplicate", words_)
        return False, f"{one.trace} duplicate"
    rejected = sum(r["status"] == remittances.REJECTED for r in same)
    new = not twins and remittances.insert_new(
        conn,
        id=remittance_id(payer_id, one, again=rejected),
        payer_id=payer_id,
        trace=one.trace,
        payment_date=one.payment_date,
        paid_cents=cents(one.paid),
        content_hash=one.content_hash,
        file_sha256=sha,
        st_segment=one.position,
        status="received",
        received_on=why.today,
        keyed_by=keyed_by,
    )
    if not new:
        return False, f"{one.trace} is already waiting for an answer"
    return True, f"{one.trace} received"


def remittance_id(payer_id: str, one: Remittance, *, again: int = 0) -> str:
    """Opaque id of payer, trace, date and content, and of how many with this trace were
    rejected before."""
    text = f"{payer_id}|{one.trace}|{one.payment_date}|{one.content_hash}"
    text += f"|{again}" if again else ""
    return sha256(text.encode()).hexdigest()[:40]


@dataclass
class RemittanceActivities:
    """Post one transaction set."""

    office: Office

    @activity.defn
    def post_remittance(self, remittance_id: str, at: datetime) -> Look:
        """Post it if it can be trusted; else wait with a task. Again changes
        nothing."""
        why = self.office.because(at, "R-ERA-05")
        try:
            return self._look_at(remittance_id, why, _take)
        except LedgerIdentityError as error:
            broken = error  # nothing was posted; a retry would end the same way
        take = partial(_breaks_ledger, error=broken)
        return self._look_at(remittance_id, why, take)

    def _look_at(self, remittance_id: str, why: Because, take: Take) -> Look:
        with self.office.writing() as conn:
            row = remittances.get(conn, remittance_id)
            if row is None:
                raise LookupError(f"remittance {remittance_id} has no row")
            if row["status"] == "received":
                take(conn, self.office, row, why)
            return _look(conn, self.office, remittance_id, why)


def _look(conn: Connection, office: Office, remittance_id: str, why: Because) -> Look:
    untold = news.ids_to_tell(conn)
    row = remittances.get(conn, remittance_id)
    carried_until = carried.watch(conn, row, why) if row is not None else None
    waiting = tasks.waiting(conn, workflow_id=remittance_workflow_id(remittance_id))
    if not waiting and carried_until is not None:
        back_by = deadline(carried_until, office.zone)
        return Look(what="FORWARD_BALANCE", at=back_by, tell=untold)
    if not waiting:
        return Look(done=True, tell=untold)
    for task in waiting:
        if task["due_on"] < why.today:
            tasks.raise_overdue(conn, task["id"], why)
    day = next_business_day(max(why.today, waiting[0]["due_on"]))
    return Look(what=waiting[0]["type"], at=deadline(day, office.zone), tell=untold)


def read_one(conn: Connection, office: Office, row: RowMapping) -> Remittance:
    """The transaction set of a row, read again from the stored file."""
    if row["keyed_by"]:
        return eob.read_keyed(conn, office, row)
    sha, position = row["file_sha256"], row["st_segment"]
    known = office.read_sets.take(sha, position)
    return known or read_set_at(office.documents.get(sha), position)


def _take(conn: Connection, office: Office, row: RowMapping, why: Because) -> None:
    same = remittances.with_trace(conn, row["payer_id"], row["trace"], lock=True)
    row = next(r for r in same if r["id"] == row["id"])
    if row["status"] != "received":
        return  # another worker was first
    one = read_one(conn, office, row)
    # Asked now, not when it came: two sets may come before either is posted.
    if posted := [r for r in same if r["status"] == "posted"]:
        other = f"conflicts with {posted[0]['id']}"
        _suspend(conn, office, row, TaskType.ERA_CONFLICT, "conflict", why, {
            "trace": one.trace, "other": other}, "R-ERA-07",
            f"remittance {one.trace} came again with other content")  # fmt: skip
        return
    off = imbalances(one)
    if off or one.paid < ZERO:
        evidence = _imbalance(conn, one, off)
        said = f"Payment {one.trace} does not add up by {evidence['difference']}"
        task = _suspend(
            conn, office, row, TaskType.ERA_UNBALANCED, "suspended", why, evidence,
            "R-ERA-03", f"{said}; nothing was posted",
        )  # fmt: skip
        _hold_claims(conn, office, one, task, why.by_rule("R-ERA-03"))
        return
    if eob.waits_for_second(conn, row, one, why):
        book_deposits(conn, row["trace"], why)
        return
    Poster(conn, office, row, one, eob.by_keyer(row, why)).run()
    remittances.mark(conn, row["id"], status="posted", posted_on=why.today)
    book_deposits(conn, row["trace"], why)
    hand_over(conn, row)
    eob.sample(conn, row, one, why)


def _imbalance(
    conn: Connection, one: Remittance, off: tuple[Imbalance, ...]
) -> dict[str, Any]:
    """What does not add up, innermost level first, and where."""
    if not off:
        return {"trace": one.trace, "level": "BPR02", "difference": str(one.paid)}
    first = off[0]
    return {
        "trace": one.trace,
        "level": first.level,
        "check": CHECKS[first.level],
        "claim": _place(conn, one, first.position),
        "difference": str(abs(first.difference)),
        "stated": str(first.stated),
        "computed": str(first.computed),
    }


def _place(conn: Connection, one: Remittance, position: int) -> str:
    """The claim, as the practice numbers it, and the line at a segment."""
    for claim in one.claims:
        places = {line.position: n for n, line in enumerate(claim.lines, start=1)}
        if position == claim.position or position in places:
            row = claims.by_pcn(conn, [claim.pcn]).get(claim.pcn)
            name = row.practice_number if row else "a claim we do not know"
            return f"{name} line {places[position]}" if position in places else name
    return ""


def _hold_claims(
    conn: Connection, office: Office, one: Remittance, task: RowMapping, why: Because
) -> None:
    """Claims the payer decided in a set that cannot be posted wait for its answer."""
    words_ = f"Decided in payment {one.trace}, which cannot be posted yet"
    for row in claims.by_pcn(conn, [c.pcn for c in one.claims]).values():
        if row.state in HELD_BY_SET:
            step = steps.by_task(office, task)
            claims.set_step(conn, row, ClaimState.REMIT_HOLD, step, why, words_)


def _breaks_ledger(
    conn: Connection,
    office: Office,
    row: RowMapping,
    why: Because,
    error: LedgerIdentityError,
) -> None:
    """Posted, a claim would no longer add up (R-MON-02): the set waits unposted."""
    pcn = claims.get(conn, error.claim_id).pcn
    evidence = {
        "trace": row["trace"],
        "level": "ledger",
        "claim": pcn,
        "difference": str(error.difference),
        "below_zero": ", ".join(error.below_zero),
    }
    said = f"Payment {row['trace']} pays or adjusts more of {pcn} than is open"
    task = _suspend(
        conn, office, row, TaskType.ERA_UNBALANCED, "suspended", why, evidence,
        "R-MON-02", f"{said}; nothing was posted",
    )  # fmt: skip
    one = read_one(conn, office, row)
    _hold_claims(conn, office, one, task, why.by_rule("R-MON-02"))


def _suspend(
    conn: Connection,
    office: Office,
    row: RowMapping,
    kind: TaskType,
    status: str,
    why: Because,
    evidence: dict[str, Any],
    rule: str,
    words_: str,
) -> RowMapping:
    remittances.mark(conn, row["id"], status=status, reason=words_)
    book_deposits(conn, row["trace"], why)
    return open_file_task(conn, row, kind, why.by_rule(rule), words_, evidence, "")


def resolve_unbalanced(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ERA_UNBALANCED or ERA_CONFLICT: the set stays unposted (R-ERA-03)."""
    remittance = task["workflow_id"].removeprefix("remit-")
    if decision == "keep_second_after_reversal":
        raise DecisionRefused(
            "The first remittance must be reversed by the payer before the second can "
            "post. Nothing was changed. Ask the payer for a reversal (CLP02 22)."
        )
    said = f"{task['type']}: {decision.replace('_', ' ')}"
    remittances.mark(conn, remittance, reason=said)
    for row in claims.waiting_for_task(conn, task["id"]):
        reason = why.by_rule("R-ERA-03", decision=decision)
        await_835(conn, office, row, reason, "A corrected remittance was asked for")
        settling.tell_claim(conn, row.id, f"task:{task['id']}", "task", why.today)
    return f"{said}; the set stays unposted"


def resolve_unmatched_file(
    conn: Connection,
    office: Office,
    task: RowMapping,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply ERA_UNMATCHED_CLAIM: link it to a claim of ours, or give it back
    (R-ERA-10)."""
    row = remittances.get(conn, task["workflow_id"].removeprefix("remit-"))
    if row is None:
        raise DecisionRefused("The remittance is not on file. Nothing was changed.")
    position = int(task["evidence"]["position"])
    if decision == "not_ours_return":
        remittances.mark_claim(conn, row["id"], position, outcome="returned")
        return "Kept as unapplied cash until it is returned to the payer"
    ours = claims.find(conn, form["claim_ref"])
    if ours is None:
        raise DecisionRefused(
            "There is no claim with that number. Nothing was linked. Look it up: list"
        )
    one = read_one(conn, office, row)
    found = next(c for c in one.claims if c.position == position)
    eob.check_link(conn, row, ours.id, found.paid, why)
    poster = Poster(conn, office, row, one, why.by_rule("R-ERA-10"))
    if not poster.post_claim(found, ours):
        raise DecisionRefused(
            f"{ours.pcn} has no posted payment that this could take back. Nothing was "
            "linked. Link it when that payment is posted, or return it."
        )
    applied = EntryType.UNAPPLIED_PAYER_CASH_APPLIED
    poster.add_entry(found.position, applied, found.paid, None, "R-ERA-10")
    post(conn, poster.entries, posted_at=to_text(why.at))
    remittances.mark_claim(
        conn,
        row["id"],
        position,
        outcome="linked",
        claim_id=ours.id,
        detail=poster.kept[-1]["detail"],
    )
    poster.finish(ours.id)
    return f"Linked to {ours.pcn} and posted"


def resolve_rule(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply PAYER_RULE_UPDATE: the supervisor's rule is on record (R-SCR-11)."""
    rule = form.get("rule", "")
    words_ = f"Rule for {row.payer_id}: {rule}" if rule else "No rule for this payer"
    events.add(conn, why.by_rule("R-SCR-11"), "payer rule", words_, claim_id=row.id)
    return words_


RESOLVE_FILE: dict[TaskType, Callable[..., str]] = {
    TaskType.ERA_UNBALANCED: resolve_unbalanced,
    TaskType.ERA_CONFLICT: resolve_unbalanced,
    TaskType.ERA_UNMATCHED_CLAIM: resolve_unmatched_file,
    TaskType.PLB_REVIEW: recoupment.resolve,
    TaskType.RECOUPMENT_REVIEW: recoupment.resolve,
    eob.TASK: eob.resolve,
}
