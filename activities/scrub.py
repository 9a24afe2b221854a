"""Scrub: run every edit; READY posts the charge and queues the claim (R-SCR,
R-MON-04)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import steps
from activities.filing import watch_filing
from activities.office import Office
from activities.opening import open_claim_task
from activities.submission import queue_claim
from claims.claim import Claim, ClaimState
from claims.correction import apply_correction
from claims.messages import Step
from claims.money import from_cents
from claims.task import TaskType
from ledger.accounts import EntryType
from ledger.entries import NewEntry, post
from policy.scrub import Finding, ScrubContext, scrub
from records import claims, reports, tasks
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text


@dataclass
class ScrubActivities:
    """The edits, and what follows from them."""

    office: Office

    @activity.defn
    def scrub_claim(self, claim_id: str, at: datetime) -> Step:
        """READY with its CHARGE and outbox row, or SCRUB_HOLD with every failure."""
        why = self.office.because(self.office.moment(at), "R-SCR-01")
        with self.office.writing() as conn:
            row = claims.get(conn, claim_id)
            if row.state is ClaimState.CODING:
                run_edits(conn, self.office, row, why)
            elif row.state is ClaimState.SCRUB_HOLD:
                steps.due_task(conn, self.office, row, why)
                watch_filing(conn, self.office, claim_id, why)
            return steps.step_at(conn, self.office, claim_id, at)


def findings_of(
    conn: Connection, office: Office, row: ClaimRow, content: Claim, why: Because
) -> tuple[Finding, ...]:
    """Every edit that fails for this content today."""
    context = ScrubContext(
        payer=office.payer(row.payer_id),
        today=why.today,
        duplicates=tuple(reports.duplicates_of(conn, row, content)),
        authorization_waived=row.hold_reason == "auth not required",
        codes=office.codes,
        overridden=tuple(reports.overridden_edits(conn, row.id)),
    )
    return scrub(content, context)


def run_edits(conn: Connection, office: Office, row: ClaimRow, why: Because) -> None:
    """Run the edits and move the claim by what they found."""
    content = claims.content(conn, office.cipher, row.id)
    found = findings_of(conn, office, row, content, why)
    errors = [f for f in found if f.severity == "error"]
    if errors:
        hold(conn, office, row, errors, why)
        return
    tasks.overtake(conn, why, "no error is left", claim_id=row.id, types=["SCRUB_FIX"])
    ready(conn, office, row, content, why)


def ready(
    conn: Connection, office: Office, row: ClaimRow, content: Claim, why: Because
) -> None:
    """READY: the charge is on the ledger once, the claim in the outbox."""
    if row.charge_cents:  # a claim that only reports (CLM02 = 0) moves no money
        _charge(conn, row, why)
    queue_claim(conn, office, row.id, content, why)
    fresh = claims.get(conn, row.id)
    step = steps.by_outbox(office, fresh, why)
    words = "No error left; the charge is posted and the claim is queued"
    claims.set_step(conn, fresh, ClaimState.READY, step, why.by_rule("R-MON-04"), words)
    watch_filing(conn, office, row.id, why)


def _charge(conn: Connection, row: ClaimRow, why: Because) -> None:
    entry = NewEntry(
        key=f"charge:{row.id}",
        type=EntryType.CHARGE,
        amount=from_cents(row.charge_cents),
        claim_id=row.id,
        account_id=row.account_id,
        payer_id=row.payer_id,
        business_date=why.today,
        source=f"claim {row.pcn}",
        ref="claim READY",
        rule="R-MON-04",
        actor=why.actor,
        memo="first time ready",
    )
    post(conn, [entry], posted_at=to_text(why.at))


def hold(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    errors: list[Finding],
    why: Because,
) -> None:
    """SCRUB_HOLD with one task that lists every failure, its field and its fix."""
    evidence: dict[str, Any] = {
        "edits": [f.model_dump(mode="json") for f in errors],
        "edit": errors[0].edit,
        "field": errors[0].field,
        "fix": errors[0].fix,
    }
    words = "; ".join(f"{f.edit} {f.field}: {f.reason}" for f in errors)
    task = open_claim_task(
        conn,
        office,
        row,
        TaskType.SCRUB_FIX,
        why,
        key=f"{row.id}:SCRUB_FIX:{row.version}",
        words=words,
        evidence=evidence,
    )
    step = steps.by_task(office, task)
    claims.set_step(conn, row, ClaimState.SCRUB_HOLD, step, why, f"Held: {words}")
    watch_filing(conn, office, row.id, why)


def correct(
    conn: Connection, office: Office, row: ClaimRow, form: dict[str, str]
) -> Claim:
    """Apply the field changes of a form to the claim and store them."""
    content = claims.content(conn, office.cipher, row.id)
    for name, value in changes_of(form):
        content = apply_correction(content, name, value)
    claims.replace_content(conn, office.cipher, row.id, content)
    return content


def changes_of(form: dict[str, str]) -> list[tuple[str, str]]:
    """(field, new value) pairs of a correction form."""
    pairs = []
    if form.get("field"):
        pairs.append((form["field"], form.get("new_value", "")))
    for key, value in form.items():
        if key.startswith("change."):
            pairs.append((key.removeprefix("change."), value))
    return pairs


def resolve(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> str:
    """Apply SCRUB_FIX: fix and run all edits again, or send back to coding."""
    reason = why.by_rule("R-SCR-01")
    if decision == "send_back":
        step = steps.by_claim(
            office,
            row,
            "CHECK_DOCUMENTATION",
            why.today,
            "coding",
            "a coder looks again",
        )
        claims.set_step(
            conn, row, ClaimState.CODING, step, reason, "Sent back to coding"
        )
        return "Sent back to coding"
    if decision == "fixed":
        correct(conn, office, row, form)
    run_edits(conn, office, claims.get(conn, row.id), reason)
    state = claims.get(conn, row.id).state
    held = state is ClaimState.SCRUB_HOLD
    return "Edits ran again: still held" if held else "Edits ran again: ready to send"
