"""Carry out a person's stored decision: one transaction, dispatched by task type."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import activity

from activities import (
    appeal,
    authorization,
    coding,
    denial,
    deposits,
    eligibility,
    filing,
    followup,
    patient,
    recoupment,
    refunds,
    remittance,
    scrub,
    steps,
)
from activities.office import Office
from activities.tasks import form_of
from claims.correction import CorrectionRefused
from claims.messages import Applied
from claims.task import DecisionRefused, TaskType
from ledger.entries import LedgerIdentityError
from letters.render import LetterError
from records import claims, news, tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.instants import from_text

Resolve = Callable[[Connection, Office, ClaimRow, str, dict[str, str], Because], str]

RESOLVE: dict[TaskType, Resolve] = {
    TaskType.ELIG_RESOLVE: eligibility.resolve,
    TaskType.AUTH_OBTAIN: authorization.resolve,
    TaskType.AUTH_FOLLOW_UP: authorization.resolve,
    TaskType.CODE_REVIEW: coding.resolve,
    TaskType.SCRUB_FIX: scrub.resolve,
    TaskType.ACK_MISSING: followup.resolve_ack,
    TaskType.REJECT_FIX: followup.resolve_rejection,
    TaskType.LOST_CLAIM: followup.resolve_lost,
    TaskType.STATUS_REVIEW: followup.resolve_call,
    TaskType.FOLLOW_UP_CALL: followup.resolve_call,
    TaskType.ERA_MISSING: followup.resolve_call,
    TaskType.PAYER_REQUEST_DOCS: followup.resolve_documents,
    TaskType.PATIENT_INFO_REQUEST: followup.resolve_documents,
    TaskType.FILING_DEADLINE: filing.resolve,
    TaskType.EFT_UNMATCHED: deposits.resolve_unmatched,
    TaskType.DENIAL_REVIEW: denial.resolve_review,
    TaskType.CORRECT_CLAIM: denial.resolve_correction,
    TaskType.COB_UPDATE: denial.resolve_other_payer,
    TaskType.REMIT_REVIEW: denial.resolve_remit_review,
    TaskType.UNDERPAYMENT_REVIEW: denial.resolve_underpayment,
    TaskType.WRITE_OFF_APPROVE: denial.resolve_write_off,
    TaskType.PAYER_RULE_UPDATE: remittance.resolve_rule,
    TaskType.RECOUPMENT_REVIEW: recoupment.resolve_of_claim,
    TaskType.CREDIT_REVIEW: refunds.resolve_credit,
    TaskType.REFUND_APPROVE: refunds.resolve_approval,
    TaskType.APPEAL_PREPARE: appeal.resolve_prepare,
    TaskType.APPEAL_FOLLOW_UP: appeal.resolve_follow_up,
    TaskType.APPEAL_DECISION: appeal.resolve_decision,
    TaskType.COLLECTIONS_APPROVE: patient.resolve_collections,
}

REFUSALS = (DecisionRefused, CorrectionRefused, LedgerIdentityError, LetterError)
"""What a person can mend by deciding otherwise; any other error is tried again."""


@dataclass
class ClaimActivities:
    """The one place where decisions of people take effect."""

    office: Office

    @activity.defn
    def apply_decision(self, decision_id: str, at: datetime) -> Applied:
        """Apply a stored decision once; a rule may refuse it with one sentence.

        On a demo's clock it is dated by when it was given, however late it is applied.
        """
        try:
            with self.office.writing() as conn:
                return self._apply(conn, decision_id, at)
        except REFUSALS as refused:
            return self._refuse(decision_id, at, str(refused))

    def _apply(self, conn: Connection, decision_id: str, at: datetime) -> Applied:
        stored = tasks.stored_decision(conn, decision_id)
        task = tasks.get(conn, stored["task_id"])
        if stored["applied_at"] is not None:
            return self._known(conn, stored, task)
        when = from_text(stored["saved_at"]) if self.office.clock() else at
        why = self.office.because(when, task["rule"], stored["actor"])
        form = form_of(self.office, stored)
        shown = {k: v for k, v in form.items() if k in ("field", "template")}
        if not tasks.close(conn, stored=stored, evidence=shown, why=why):
            return self._known(conn, tasks.stored_decision(conn, decision_id), task)
        words = self._resolve(conn, task, stored["decision"], form, why)
        return self._answer(conn, task, words)

    def _resolve(
        self,
        conn: Connection,
        task: RowMapping,
        decision: str,
        form: dict[str, str],
        why: Because,
    ) -> str:
        task_type = TaskType(task["type"])
        if task["claim_id"] is None:
            resolve_file = remittance.RESOLVE_FILE[task_type]
            return resolve_file(conn, self.office, task, decision, form, why)
        resolve = RESOLVE.get(task_type)
        if resolve is None:
            raise DecisionRefused(
                f"Nothing here carries out {task['type']} yet. Nothing was changed."
            )
        row = claims.get(conn, task["claim_id"])
        form = {**form, "_task": task["id"], "_subject": task["subject"]}
        return resolve(conn, self.office, row, decision, form, why)

    def _answer(self, conn: Connection, task: RowMapping, words: str) -> Applied:
        tell = news.ids_to_tell(conn)
        if task["claim_id"] is None or not task["workflow_id"].startswith("claim-"):
            return Applied(applied=True, words=words, tell=tell)
        step = steps.step_of(conn, task["claim_id"])
        return Applied(applied=True, words=words, step=step, tell=tell)

    def _known(self, conn: Connection, stored: RowMapping, task: RowMapping) -> Applied:
        """Applied before, or overtaken by an event: say which, change nothing."""
        step = None
        if task["claim_id"] and task["workflow_id"].startswith("claim-"):
            step = steps.step_of(conn, task["claim_id"])
        refused = stored["refused"]
        words = refused or "This decision was applied before."
        return Applied(applied=not refused, words=words, step=step)

    def _refuse(self, decision_id: str, at: datetime, reason: str) -> Applied:
        why = self.office.because(at)
        with self.office.writing() as conn:
            stored = tasks.stored_decision(conn, decision_id)
            tasks.refuse(conn, stored=stored, reason=reason, why=why)
            steps.say_who_is_asked(conn, stored["task_id"])
        return Applied(applied=False, words=reason)
