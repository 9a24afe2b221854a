"""A proposal that the second person sent back to the first, with what to change.

The marks are a decision of their own beside the proposal they answer: sealed, because
people write names, and never delivered to a workflow. The task is open again, with the
person who prepared it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, insert, select, update

from records import drafts, events, tasks
from records.events import Because
from records.instants import from_text, to_text
from records.tables import decision, task
from vault.fields import FieldCipher

RETURNED = "returned"


@dataclass(frozen=True)
class Marks:
    """What the second person wants changed."""

    actor: str
    at: datetime
    words: str


def send_back(
    conn: Connection,
    cipher: FieldCipher,
    *,
    row: RowMapping,
    version: int,
    words: str,
    why: Because,
) -> bool:
    """Drop the proposal and give the task back to who made it; what they had filled in
    is their draft. False when the task changed meanwhile; nothing was done."""
    preparer = row["prepared_by"]
    done = conn.execute(
        update(task)
        .where(
            task.c.id == row["id"],
            task.c.version == version,
            task.c.status == "prepared",
        )
        .values(
            status="open",
            version=version + 1,
            decision=None,
            prepared_by=None,
            prepared_at=None,
            assignee=preparer,
            assigned_at=to_text(why.at),
        )
    ).rowcount
    if not done:
        return False
    decision_id = str(uuid4())
    _, proposal = tasks.prepared_form(conn, cipher, row["id"])
    _refuse_proposal(conn, row, why)
    _insert(conn, cipher, row, version, decision_id, words, why)
    given = {k: str(v) for k, v in json.loads(proposal).items() if v not in ("", None)}
    drafts.keep_aside(
        conn,
        cipher,
        task_id=row["id"],
        author=preparer,
        form={**given, "decision": row["decision"]},
        at=why.at,
    )
    events.add(
        conn,
        why.by_rule("R-TSK-05", marks=decision_id, to=preparer),
        "task returned",
        f"{row['type']}: {row['decision']} returned to {preparer} with marks",
        claim_id=row["claim_id"],
        account_id=row["account_id"],
    )
    return True


def _refuse_proposal(conn: Connection, row: RowMapping, why: Because) -> None:
    mine = decision.c.task_id == row["id"]
    proposed = mine & decision.c.second.is_(True) & decision.c.refused.is_(None)
    said = f"Returned with marks by {why.actor}."
    conn.execute(update(decision).where(proposed).values(refused=said))


def _insert(
    conn: Connection,
    cipher: FieldCipher,
    row: RowMapping,
    version: int,
    decision_id: str,
    words: str,
    why: Because,
) -> None:
    form = json.dumps({"note": words})
    conn.execute(
        insert(decision).values(
            id=decision_id,
            task_id=row["id"],
            task_version=version,
            decision=RETURNED,
            form_enc=cipher.encrypt(form, row_key=f"decision:{decision_id}"),
            actor=why.actor,
            second=False,
            business_date=why.today,
            saved_at=to_text(why.at),
            applied_at=to_text(why.at),
        )
    )


def newest(conn: Connection, cipher: FieldCipher, task_id: str) -> Marks | None:
    """The last marks on a task; None when it never came back."""
    query = (
        select(decision)
        .where(decision.c.task_id == task_id, decision.c.decision == RETURNED)
        .order_by(decision.c.saved_at.desc())
        .limit(1)
    )
    found = conn.execute(query).mappings().first()
    if found is None:
        return None
    form = json.loads(tasks.decision_form(cipher, found))
    return Marks(found["actor"], from_text(found["saved_at"]), str(form["note"]))
