"""Documentation and coding: signed note, approved codes (R-COD-01)."""

from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities import eligibility, steps
from activities.office import Office
from activities.opening import open_claim_task
from claims.claim import ClaimState
from claims.correction import apply_correction
from claims.messages import Step
from claims.task import TaskType
from policy import documentation as rules
from records import claims, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because

SCRUB = "SCRUB"


@dataclass
class CodingActivities:
    """Is the claim documented and coded."""

    office: Office

    @activity.defn
    def check_documentation(self, claim_id: str, at: datetime) -> Step:
        """Approve by R-COD-01, or open CODE_REVIEW."""
        why = self.office.because(self.office.moment(at))
        with self.office.writing() as conn:
            row = claims.get(conn, claim_id)
            waits = row.state is ClaimState.CODING and row.next_what != SCRUB
            if waits and eligibility.confirm(conn, self.office, row, why):
                _check(conn, self.office, row, why)
            return steps.step_at(conn, self.office, claim_id, at)


def _check(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    content = claims.content(conn, office.cipher, row.id)
    assumed = office.practice.documentation.assume_signed
    decision = rules.decide_documentation(content, assume_signed=assumed)
    reason = why.by(decision)
    if decision.action == "approved":
        tasks.overtake(
            conn, reason, "codes are complete", claim_id=row.id, types=["CODE_REVIEW"]
        )
        to_edits(conn, office, row, reason, decision.reason)
        return
    if row.next_owner == "task":
        steps.due_task(conn, office, row, why)
        return
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.CODE_REVIEW,
        reason,
        key=f"{row.id}:CODE_REVIEW:{row.version}",
        words=decision.reason,
        evidence={"missing": ", ".join(decision.evidence)},
    )
    step = steps.by_task(office, task)
    claims.set_step(conn, row, ClaimState.CODING, step, reason, decision.reason)


def to_edits(
    conn: Connection, office: Office, row: ClaimRow, why: Because, words: str
) -> None:
    """Documentation is approved; the edits come next."""
    step = steps.by_claim(
        office, row, SCRUB, why.today, "the edits", "the claim is queued"
    )
    claims.set_step(conn, row, ClaimState.CODING, step, why, words)


def resolve(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply CODE_REVIEW: a coder approves, after entering what was missing."""
    reason = why.by_rule("R-COD-01")
    if decision == "approved":
        if diagnoses := form.get("diagnoses"):
            content = claims.content(conn, office.cipher, row.id)
            new = apply_correction(content, "2300 HI", diagnoses)
            claims.replace_content(conn, office.cipher, row.id, new)
        to_edits(conn, office, row, reason, "A coder approved documentation and codes")
        return "Approved; the edits run next"
    step = steps.by_timer(
        office,
        row,
        "DOC_QUERY",
        why.today,
        "the clinician's answer",
        "a coder asks again",
    )
    claims.set_step(
        conn,
        row,
        ClaimState.CODING,
        step,
        why.by_rule("R-COD-02"),
        "The clinician was asked",
    )
    return "The clinician was asked"
