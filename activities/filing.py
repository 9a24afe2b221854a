"""Timely filing: an alarm 30 days before the limit while nothing proves filing (R-FIL).

Proof is a stored 277CA that accepted the claim and still counts: a rejection takes it
away (R-FIL-04). The alarm is a task; a claim that is found late has it at once.
"""

from datetime import date, timedelta
from typing import Any

from activities.office import Office
from activities.opening import open_claim_task
from claims.calendar import deadline
from claims.task import TaskType
from policy import filing as rules
from policy import timers
from records import claims, remittances, submissions, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because

UNPROCESSABLE = "MA130"


def limit_of(office: Office, row: ClaimRow) -> date | None:
    """The last day this claim may be received; None when nothing sets one."""
    profile = office.payer(row.payer_id)
    if profile is None or row.service_from is None:
        return None
    last = row.service_to or row.service_from
    return rules.legal_limit(profile, row.service_from, last)


def first_proof(conn: Connection, claim_id: str) -> RowMapping | None:
    """The first acceptance on file that still counts (R-FIL-03)."""
    proven = [s for s in submissions.of_claim(conn, claim_id) if s["accepted_on"]]
    return min(proven, key=lambda s: s["accepted_on"]) if proven else None


def is_unprocessed(conn: Connection, claim_id: str) -> bool:
    """Whether the payer's newest remittance says that it could not process the claim:
    it was never filed (R-FIL-04)."""
    found = remittances.of_claim(conn, claim_id)
    return bool(found) and UNPROCESSABLE in found[-1]["detail"].get("rarcs", ())


def forget_proof(conn: Connection, claim_id: str) -> None:
    """What the payer accepted and then could not process proves no filing (R-FIL-04).

    The 277CA itself is kept; a submission that is sent later has a proof of its own.
    """
    for one in submissions.of_claim(conn, claim_id):
        if one["status"] == "decided" and one["accepted_on"]:
            submissions.mark(conn, one["id"], only_from=("decided",), accepted_on=None)
            claims.note(conn, claim_id, accepted_on=None)


def watch_filing(conn: Connection, office: Office, claim_id: str, why: Because) -> None:
    """Open FILING_DEADLINE when it is due, else look again no later than that day."""
    row = claims.get(conn, claim_id)
    limit = limit_of(office, row)
    if limit is None or not row.state.is_open:
        return
    if row.first_remit_on is not None and not is_unprocessed(conn, claim_id):
        return
    if first_proof(conn, claim_id) is not None:
        return
    alarm = limit + timedelta(timers.timer("FILING_ALARM").length)
    if why.today >= alarm:
        _open(conn, office, row, limit, why.by_rule("R-FIL-05"))
    elif row.next_at is not None and row.next_at > deadline(alarm, office.zone):
        claims.rearm(conn, row.id, deadline(alarm, office.zone))


def _proofs(conn: Connection, claim_id: str) -> int:
    """How many acceptances were ever kept, whether or not they count."""
    return sum(bool(s["proof_file"]) for s in submissions.of_claim(conn, claim_id))


def _open(
    conn: Connection, office: Office, row: ClaimRow, limit: date, why: Because
) -> None:
    key = f"{row.id}:FILING_DEADLINE:{row.submission_number}:{limit}"
    if lost := _proofs(conn, row.id):  # asked anew when an acceptance counts no more
        key += f":{lost}"
    evidence = {
        "legal_deadline": str(limit),
        "work_by": str(rules.work_by(limit)),
        "days_left": (limit - why.today).days,
        "blocker": row.next_what or row.state.value,
    }
    open_claim_task(
        conn,
        office,
        row,
        TaskType.FILING_DEADLINE,
        why,
        key=key,
        words=f"the filing limit is {limit} and nothing proves that it was filed",
        evidence=evidence,
        legal_deadline=limit,
    )


def proof_is_stored(conn: Connection, claim_id: str, why: Because) -> None:
    """The payer's acceptance removes the alarm (R-FIL-05)."""
    words = "proof of filing is stored"
    tasks.overtake(conn, why, words, claim_id=claim_id, types=["FILING_DEADLINE"])


def filing_evidence(conn: Connection, office: Office, row: ClaimRow) -> dict[str, Any]:
    """What decides a denial as late: limit, first acceptance, deadline (R-DEN-08)."""
    profile, limit = office.payer(row.payer_id), limit_of(office, row)
    if profile is None or limit is None:
        return {}
    proof = first_proof(conn, row.id)
    return {
        "filing_limit_days": profile.filing.limit_days,
        "first_accepted": str(proof["accepted_on"]) if proof else "never",
        "deadline_was": str(limit),
    }


def resolve(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply FILING_DEADLINE: what was done about it; the claim's step stays."""
    return f"Filing limit: {decision.replace('_', ' ')}"
