"""Read-only look-ups across tables, for edits, sweeps, checks and lists."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from claims.claim import Claim
from records.claims import ClaimRow
from records.instants import to_text
from records.tables import (
    claim,
    claim_line,
    decision,
    event,
    news,
    remittance,
    remittance_claim,
    task,
)

_DUPLICATES = (
    select(claim.c.pcn)
    .join(claim_line, claim_line.c.claim_id == claim.c.id)
    .where(
        claim.c.id != bindparam("not_id"),
        claim.c.payer_id == bindparam("of_payer"),
        claim.c.member_index == bindparam("of_member"),
        claim.c.state != "VOIDED",
        claim_line.c.code == bindparam("same_code"),
        claim_line.c.modifiers == bindparam("same_modifiers"),
        claim_line.c.service_from.is_not_distinct_from(bindparam("same_day")),
        claim.c.account_id == bindparam("of_account"),
        claim.c.opened_on <= bindparam("not_after"),
        claim.c.state != "INTAKE",
    )
)
_OVERRIDDEN = select(task.c.evidence).where(
    task.c.claim_id == bindparam("of_claim"),
    task.c.type == "SCRUB_FIX",
    task.c.decision == "override_warning",
    task.c.status == "done",
)
"""Made once, like the statements of records/claims.py: every claim is scrubbed."""


def duplicates_of(conn: Connection, row: ClaimRow, content: Claim) -> list[str]:
    """Our numbers of open claims with the same member, day, code and modifiers
    (R-SCR-10)."""
    found: set[str] = set()
    for line in content.lines:
        same = {
            "not_id": row.id,
            "of_payer": row.payer_id,
            "of_member": row.member_index,
            "same_code": line.code,
            "same_modifiers": ":".join(line.modifiers),
            "same_day": line.service_from,
            "of_account": row.account_id,
            "not_after": row.opened_on,
        }
        found |= set(conn.execute(_DUPLICATES, same).scalars())
    return sorted(found)


def overridden_edits(conn: Connection, claim_id: str) -> list[str]:
    """Warnings a coder has released for this claim."""
    found = conn.execute(_OVERRIDDEN, {"of_claim": claim_id}).scalars()
    listed = [evidence["edit"] for evidence in found]
    return sorted({edit for edit in listed if edit.startswith("W-")})


def unstarted_claims(conn: Connection, *, source_file: str = "") -> list[str]:
    """Open claims whose workflow has never acted: only the import wrote an event.

    With ``source_file`` (SHA-256) those that this file brought.
    """
    where = [claim.c.state == "INTAKE", claim.c.next_what == "CHECK_ELIGIBILITY"]
    if source_file:
        where.append(claim.c.source_file == source_file)
    acted = (  # asked of these claims only: the log of the others is long
        select(event.c.claim_id)
        .where(
            event.c.claim_id.in_(select(claim.c.id).where(*where)),
            event.c.kind.in_(["state", "step"]),
        )
        .group_by(event.c.claim_id)
        .having(func.count() > 1)
    )
    query = select(claim.c.id).where(*where, claim.c.id.notin_(acted))
    return sorted(conn.execute(query).scalars())


def states(conn: Connection) -> dict[str, int]:
    """How many claims are in each state."""
    query = select(claim.c.state, func.count()).group_by(claim.c.state)
    return {state: int(count) for state, count in conn.execute(query)}


def open_task_types(conn: Connection) -> dict[str, int]:
    """How many tasks of each type wait."""
    query = (
        select(task.c.type, func.count())
        .where(task.c.status.in_(["open", "prepared", "saved"]))
        .group_by(task.c.type)
    )
    return {kind: int(count) for kind, count in conn.execute(query)}


def next_steps(conn: Connection, since: date, limit: int = 10) -> list[RowMapping]:
    """The nearest dated next steps of open claims from a day on."""
    query = (
        select(claim.c.pcn, claim.c.state, claim.c.next_what, claim.c.next_due)
        .where(claim.c.next_due >= since)
        .order_by(claim.c.next_due, claim.c.pcn)
        .limit(limit)
    )
    return list(conn.execute(query).mappings())


def overdue_tasks(conn: Connection, today: date) -> int:
    """How many waiting tasks should have been decided before today."""
    late = task.c.status.in_(["open", "prepared", "saved"]) & (task.c.due_on < today)
    query = select(func.count()).select_from(task).where(late)
    return int(conn.execute(query).scalar_one())


def waiting_for_worker(conn: Connection, now: datetime) -> int:
    """What a worker has not got to yet: due looks, untold news, decisions, 835s."""
    due = (claim.c.next_at <= to_text(now)) & claim.c.state.notin_(["CLOSED", "VOIDED"])
    waiting = (
        select(func.count()).select_from(claim).where(due),
        select(func.count()).select_from(news).where(news.c.told_at.is_(None)),
        select(func.count())
        .select_from(decision)
        .where(decision.c.applied_at.is_(None), decision.c.refused.is_(None)),
        select(func.count())
        .select_from(remittance)
        .where(remittance.c.status == "received"),
    )
    return sum(int(conn.execute(query).scalar_one()) for query in waiting)


class Correction(NamedTuple):
    """What a payer took back or got wrong: the day, our number of the claim or the
    payment's trace, and what became of it."""

    day: date
    about: str
    words: str


def corrections(conn: Connection) -> list[Correction]:
    """Payments reversed, money kept back, and remittances that did not add up."""
    reversed_ = (
        select(remittance.c.posted_on, claim.c.practice_number, remittance.c.trace)
        .join(remittance_claim, remittance_claim.c.remittance_id == remittance.c.id)
        .join(claim, claim.c.id == remittance_claim.c.claim_id)
        .where(remittance_claim.c.status == "22", remittance.c.posted_on.is_not(None))
    )
    recouped = (
        select(event.c.business_date, claim.c.practice_number, event.c.words)
        .join(claim, claim.c.id == event.c.claim_id)
        .where(event.c.kind == "recoupment")
    )
    unbalanced = (
        select(task.c.created_on, remittance.c.trace, task.c.why, task.c.closed_on)
        .join(remittance, task.c.workflow_id == "remit-" + remittance.c.id)
        .where(task.c.type == "ERA_UNBALANCED")
    )
    found = [
        Correction(day, about, f"Reversed in payment {trace}, then decided anew")
        for day, about, trace in conn.execute(reversed_)
    ]
    found += [Correction(*row) for row in conn.execute(recouped)]
    found += [
        Correction(day, trace, why + ("; answered" if closed else "; waits"))
        for day, trace, why, closed in conn.execute(unbalanced)
    ]
    return sorted(found)
