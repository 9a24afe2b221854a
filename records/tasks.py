"""Human tasks and the decision outbox (rulebook §15, design "People's work").

A decision is stored here first, in one transaction with the task's state, then
delivered to the task's workflow; ``WHERE version`` has the last word.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from records import acts, events
from records.db import upsert_ignore
from records.events import Because
from records.instants import to_text
from records.tables import decision, task
from vault.fields import FieldCipher

WAITING = ("open", "prepared", "saved")
_WAITING = (
    select(task)
    .where(task.c.status.in_(WAITING))
    .order_by(task.c.due_on, task.c.number)
)
_WAITING_OF_CLAIM = _WAITING.where(task.c.claim_id == bindparam("of_claim"))
"""Made once: each step of a claim asks whether it ends the reason of a task."""


@dataclass(frozen=True)
class NewTask:
    """A task to open; ``key`` is (claim, type, trigger event), R-IDM-01."""

    key: str
    type: str
    workflow_id: str
    role: str
    due_on: date
    rule: str
    why: str
    claim_id: str | None = None
    account_id: str | None = None
    subject: str = ""
    payer_id: str | None = None
    amount_cents: int = 0
    priority: int = 0
    legal_deadline: date | None = None
    follow_up_on: date | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


class TaskMissingError(LookupError):
    """No such task; nothing was done."""


def get(conn: Connection, reference: str) -> RowMapping:
    """A task by id or number.

    Raises:
        TaskMissingError: no such task.
    """
    number = int(reference) if reference.isdecimal() and len(reference) < 10 else -1
    query = select(task).where(or_(task.c.id == reference, task.c.number == number))
    found = conn.execute(query).mappings().first()
    if found is None:
        raise TaskMissingError(f"There is no task {reference}. Nothing was done.")
    return found


def open_task(conn: Connection, new: NewTask, why: Because) -> str:
    """Open a task once; the open one of (claim, type, subject) is returned instead."""
    twin = _twin(new)
    if known := conn.execute(twin).scalar():
        return str(known)
    task_id = str(uuid4())
    row = {"id": task_id, "created_on": why.today, "status": "open", **new.__dict__}
    row |= {"created_at": to_text(why.at), "reason": reason_of(new)}
    # Two transactions may reach for one number or key: the later one waits for the
    # other to end, then looks again.
    while not upsert_ignore(conn, task, [row | {"number": _next_number(conn)}]):
        if known := conn.execute(twin).scalar():
            return str(known)
    events.add(
        conn,
        why,
        "task opened",
        f"Task {new.type} opened: {new.why}",
        claim_id=new.claim_id,
        account_id=new.account_id,
    )
    return task_id


def reason_of(new: NewTask) -> str:
    """What the task shares with others of its type: a payer's code, our edit, or the
    rule that opened it."""
    said = new.evidence
    carc = "-".join(str(said[k]) for k in ("group", "carc") if said.get(k))
    found = carc or str(said.get("edit") or said.get("status") or new.rule)
    return found[:48]


def _next_number(conn: Connection) -> int:
    last = conn.execute(select(func.coalesce(func.max(task.c.number), 100)))
    return int(last.scalar_one()) + 1


def _twin(new: NewTask) -> Select[Any]:
    """The task that this one would repeat."""
    return select(task.c.id).where(
        or_(
            task.c.key == new.key,
            (
                (task.c.claim_id == new.claim_id)
                & (task.c.type == new.type)
                & (task.c.subject == new.subject)
                & task.c.status.in_(WAITING)
            ),
        )
    )


def move(conn: Connection, task_id: str, workflow_id: str) -> None:
    """Another workflow waits for this task from now on."""
    conn.execute(
        update(task)
        .where(task.c.id == task_id, task.c.status.in_(WAITING))
        .values(workflow_id=workflow_id)
    )


def show_more(conn: Connection, row: RowMapping, evidence: dict[str, Any]) -> None:
    """Add what became known since to the evidence of a waiting task."""
    conn.execute(
        update(task)
        .where(task.c.id == row["id"], task.c.status.in_(WAITING))
        .values(evidence={**row["evidence"], **evidence})
    )


def waiting(
    conn: Connection,
    *,
    claim_id: str | None = None,
    workflow_id: str | None = None,
    types: Iterable[str] = (),
) -> list[RowMapping]:
    """Open tasks of a claim or a workflow, by due date."""
    wanted = set(types)
    if claim_id is not None:
        rows = conn.execute(_WAITING_OF_CLAIM, {"of_claim": claim_id}).mappings()
        return [
            row
            for row in rows
            if workflow_id in (None, row["workflow_id"])
            and (not wanted or row["type"] in wanted)
        ]
    query = _WAITING
    if workflow_id is not None:
        query = query.where(task.c.workflow_id == workflow_id)
    if wanted:
        query = query.where(task.c.type.in_(sorted(wanted)))
    return list(conn.execute(query).mappings())


def listing(
    conn: Connection,
    *,
    role: str | None = None,
    task_type: str | None = None,
    include_closed: bool = False,
) -> list[RowMapping]:
    """Tasks for a queue: by due date, then priority, amount and number (R-TSK-02)."""
    query = select(task)
    if not include_closed:
        query = query.where(task.c.status.in_(WAITING))
    if role:
        query = query.where(task.c.role == role)
    if task_type:
        query = query.where(task.c.type == task_type)
    order = (task.c.due_on, task.c.priority.desc(), task.c.amount_cents.desc())
    return list(conn.execute(query.order_by(*order, task.c.number)).mappings())


def decided(
    conn: Connection, claim_id: str, task_type: str, chosen: str
) -> RowMapping | None:
    """The newest task of this type that was decided so."""
    query = (
        select(task)
        .where(
            task.c.claim_id == claim_id,
            task.c.type == task_type,
            task.c.status == "done",
            task.c.decision == chosen,
        )
        .order_by(task.c.number.desc())
    )
    return conn.execute(query).mappings().first()


def was_opened(conn: Connection, key: str) -> bool:
    """Whether a task with this key is open or has been decided."""
    query = select(task.c.id).where(task.c.key == key)
    return conn.execute(query).first() is not None


def earlier(conn: Connection, claim_id: str, task_type: str) -> int:
    """How many tasks of this type the claim has had (R-TSK-02 R)."""
    query = select(func.count()).where(
        task.c.claim_id == claim_id, task.c.type == task_type
    )
    return int(conn.execute(query).scalar_one())


def prepare(
    conn: Connection,
    cipher: FieldCipher,
    *,
    row: RowMapping,
    version: int,
    chosen: str,
    form: str,
    why: Because,
) -> bool:
    """First half of a two-person decision: the task is ``prepared``, and nobody's, so
    that the next free second person gets it (R-TSK-05)."""
    changed = conn.execute(
        update(task)
        .where(
            task.c.id == row["id"], task.c.version == version, task.c.status == "open"
        )
        .values(
            status="prepared",
            version=version + 1,
            decision=chosen,
            prepared_by=why.actor,
            prepared_at=to_text(why.at),
            assignee=None,
            assigned_at=None,
        )
    ).rowcount
    if changed:
        _insert_decision(conn, cipher, row, version, chosen, form, why, second=True)
        words = f"{row['type']}: {chosen} prepared; a second person must confirm"
        events.add(conn, why, "task prepared", words, claim_id=row["claim_id"])
    return bool(changed)


def save(
    conn: Connection,
    cipher: FieldCipher,
    *,
    row: RowMapping,
    version: int,
    chosen: str,
    form: str,
    why: Because,
) -> str | None:
    """Store a decision; None when the task changed meanwhile (R-TSK-03)."""
    changed = conn.execute(
        update(task)
        .where(
            task.c.id == row["id"],
            task.c.version == version,
            task.c.status.in_(["open", "prepared"]),
        )
        .values(status="saved", version=version + 1, decision=chosen)
    ).rowcount
    if not changed:
        return None
    words = f"{row['type']}: decided {chosen}"
    events.add(conn, why, "task decided", words, claim_id=row["claim_id"])
    return _insert_decision(
        conn, cipher, row, version + 1, chosen, form, why, second=False
    )


def _insert_decision(
    conn: Connection,
    cipher: FieldCipher,
    row: RowMapping,
    version: int,
    chosen: str,
    form: str,
    why: Because,
    *,
    second: bool,
) -> str:
    decision_id = str(uuid4())
    conn.execute(
        insert(decision).values(
            id=decision_id,
            task_id=row["id"],
            task_version=version,
            decision=chosen,
            form_enc=cipher.encrypt(form, row_key=f"decision:{decision_id}"),
            actor=why.actor,
            second=second,
            business_date=why.today,
            saved_at=to_text(why.at),
            applied_at=to_text(why.at) if second else None,
        )
    )
    return decision_id


def stored_decision(conn: Connection, decision_id: str) -> RowMapping:
    """The decision row, with the columns of its task under ``task_``-less names."""
    query = select(decision).where(decision.c.id == decision_id)
    return conn.execute(query).mappings().one()


def decision_form(cipher: FieldCipher, row: RowMapping) -> str:
    """The person's form as JSON text."""
    return cipher.decrypt(row["form_enc"], row_key=f"decision:{row['id']}").decode()


def prepared_form(
    conn: Connection, cipher: FieldCipher, task_id: str
) -> tuple[str, str]:
    """Who prepared a two-person decision, and the form they gave."""
    query = (
        select(decision)
        .where(decision.c.task_id == task_id, decision.c.second.is_(True))
        .order_by(decision.c.saved_at.desc())
    )
    found = conn.execute(query).mappings().first()
    return (found["actor"], decision_form(cipher, found)) if found else ("", "{}")


def opened(conn: Connection, task_id: str, who: str, at: datetime) -> None:
    """Note that somebody opened a task."""
    conn.execute(
        update(task)
        .where(task.c.id == task_id)
        .values(opened_by=who, opened_at=to_text(at))
    )


def decisions_of(conn: Connection, task_id: str) -> list[RowMapping]:
    """Every decision given for a task and what became of it; forms stay sealed."""
    columns = [c for c in decision.c if c.name != "form_enc"]
    query = select(*columns).where(decision.c.task_id == task_id)
    return list(conn.execute(query.order_by(decision.c.saved_at)).mappings())


def undelivered(conn: Connection) -> list[RowMapping]:
    """Stored decisions no workflow has answered yet, oldest first."""
    query = (
        select(
            decision.c.id,
            decision.c.task_id,
            decision.c.task_version,
            decision.c.decision,
            task.c.workflow_id,
        )
        .join(task, task.c.id == decision.c.task_id)
        .where(decision.c.applied_at.is_(None), decision.c.refused.is_(None))
        .order_by(decision.c.saved_at)
    )
    return list(conn.execute(query).mappings())


def anything_undelivered(conn: Connection) -> bool:
    """Whether a stored decision or act still waits for an answer."""
    waits = decision.c.applied_at.is_(None) & decision.c.refused.is_(None)
    if conn.execute(select(decision.c.id).where(waits).limit(1)).first():
        return True
    return bool(acts.unanswered(conn))


def close(
    conn: Connection, *, stored: RowMapping, evidence: dict[str, Any], why: Because
) -> bool:
    """Close the task by its stored decision; False when the task is no longer open."""
    changed = conn.execute(
        update(task)
        .where(
            task.c.id == stored["task_id"],
            task.c.version == stored["task_version"],
            task.c.status == "saved",
        )
        .values(
            status="done",
            version=task.c.version + 1,
            decision=stored["decision"],
            form=evidence,
            decided_by=stored["actor"],
            closed_on=stored["business_date"],
            closed_how="decided",
        )
    ).rowcount
    answer = None if changed else "The task was closed before the decision was applied."
    _answered(conn, stored["id"], why.at, refused=answer)
    return bool(changed)


def refuse(conn: Connection, *, stored: RowMapping, reason: str, why: Because) -> None:
    """A rule refused the decision: the task is open again, the reason is kept."""
    conn.execute(
        update(task)
        .where(task.c.id == stored["task_id"], task.c.status == "saved")
        .values(status="open", version=task.c.version + 1, decision=None)
    )
    _answered(conn, stored["id"], why.at, refused=reason)


def _answered(
    conn: Connection, decision_id: str, at: datetime, *, refused: str | None
) -> None:
    conn.execute(
        update(decision)
        .where(decision.c.id == decision_id)
        .values(applied_at=to_text(at), refused=refused)
    )


def overtake(
    conn: Connection,
    why: Because,
    words: str,
    *,
    claim_id: str,
    types: Iterable[str] = (),
    keep: Iterable[str] = (),
) -> int:
    """Close a claim's waiting tasks whose reason is gone, kept in history
    (R-TSK-04)."""
    gone = [
        row
        for row in waiting(conn, claim_id=claim_id, types=types)
        if row["type"] not in set(keep)
    ]
    for row in gone:
        withdraw(conn, row["id"], why, words)
    return len(gone)


def withdraw(conn: Connection, task_id: str, why: Because, words: str) -> None:
    """Close one task whose reason is gone, kept in history (R-TSK-04)."""
    row = get(conn, task_id)
    conn.execute(
        update(task)
        .where(task.c.id == task_id)
        .values(
            status="overtaken",
            version=task.c.version + 1,
            closed_on=why.today,
            closed_how="overtaken",
        )
    )
    events.add(
        conn,
        why.by_rule("R-TSK-04"),
        "task overtaken",
        f"Task {row['type']} closed by itself: {words}",
        claim_id=row["claim_id"],
    )


def raise_overdue(conn: Connection, task_id: str, why: Because) -> None:
    """An overdue task is shown to a supervisor, once (R-TSK-01)."""
    changed = conn.execute(
        update(task)
        .where(task.c.id == task_id, task.c.raised_on.is_(None))
        .values(raised_on=why.today)
    ).rowcount
    if changed:
        row = get(conn, task_id)
        events.add(
            conn,
            why.by_rule("R-TSK-01"),
            "task raised",
            f"Task {row['type']} is overdue and was raised to a supervisor",
            claim_id=row["claim_id"],
            account_id=row["account_id"],
        )
