"""Open a human task of a claim: due date, priority, role and evidence by rule (§15)."""

from datetime import date
from typing import Any

from activities.office import Office
from claims.claim import ClaimState
from claims.messages import claim_workflow_id
from claims.money import ZERO, cents, from_cents
from claims.task import TASKS, Role, TaskType
from ledger.balances import balances
from policy.tasks import due_on, priority
from records import tasks
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.tasks import NewTask


def open_claim_task(
    conn: Connection,
    office: Office,
    row: ClaimRow,
    task_type: TaskType,
    why: Because,
    *,
    key: str,
    words: str,
    evidence: dict[str, Any],
    subject: str = "",
    legal_deadline: date | None = None,
    workflow_id: str | None = None,
    role: Role | None = None,
) -> RowMapping:
    """Open one task of (claim, type, subject); the open one is returned instead."""
    spec = TASKS[task_type]
    money = balances(conn, [row.id]).get(row.id)
    posted = money.insurer_open + money.patient_due if money else ZERO
    amount = posted or from_cents(row.charge_cents)
    due = due_on(task_type, why.today, legal_deadline)
    rank = priority(
        deadline_on=legal_deadline or due,
        today=why.today,
        created_on=why.today,
        open_amount=amount,
        patient_affected=row.state is ClaimState.PATIENT_BALANCE,
        earlier_of_type=tasks.earlier(conn, row.id, task_type.value),
    )
    task_id = tasks.open_task(
        conn,
        NewTask(
            key=key,
            type=task_type.value,
            workflow_id=workflow_id or claim_workflow_id(row.id),
            role=(role or spec.role).value,
            due_on=due,
            rule=why.rule,
            why=words,
            claim_id=row.id,
            account_id=row.account_id,
            subject=subject,
            payer_id=row.payer_id,
            amount_cents=cents(amount),
            priority=rank,
            legal_deadline=legal_deadline,
            evidence=evidence,
        ),
        why,
    )
    return tasks.get(conn, task_id)
