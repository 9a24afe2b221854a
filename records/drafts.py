"""What people have typed into a task's form and not decided yet.

One draft for each task, every version of it kept until the task ends: a person who
opened version 3 and saves after version 4 can be shown both (desk.md "Changed under
you").
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select

from records.db import upsert_ignore
from records.instants import from_text, to_text
from records.tables import draft, task
from vault.fields import FieldCipher


@dataclass(frozen=True)
class Draft:
    """One saved state of a task's form; ``form`` has the chosen decision as well."""

    task_id: str
    version: int
    task_version: int
    author: str
    saved_at: datetime
    form: dict[str, str]


def newest(conn: Connection, cipher: FieldCipher, task_id: str) -> Draft | None:
    """The newest draft of a task."""
    query = (
        select(draft)
        .where(draft.c.task_id == task_id)
        .order_by(draft.c.version.desc())
        .limit(1)
    )
    found = conn.execute(query).mappings().first()
    return _draft(cipher, found) if found else None


def newest_of_others(
    conn: Connection, cipher: FieldCipher, task_id: str, author: str
) -> Draft | None:
    """The newest draft of a task that somebody else saved."""
    query = (
        select(draft)
        .where(draft.c.task_id == task_id, draft.c.author != author)
        .order_by(draft.c.version.desc())
        .limit(1)
    )
    found = conn.execute(query).mappings().first()
    return _draft(cipher, found) if found else None


def _draft(cipher: FieldCipher, found: RowMapping) -> Draft:
    key = f"draft:{found['task_id']}:{found['version']}"
    return Draft(
        task_id=found["task_id"],
        version=found["version"],
        task_version=found["task_version"],
        author=found["author"],
        saved_at=from_text(found["saved_at"]),
        form=json.loads(cipher.decrypt(found["form_enc"], row_key=key)),
    )


def save(
    conn: Connection,
    cipher: FieldCipher,
    *,
    task_id: str,
    task_version: int,
    author: str,
    form: dict[str, str],
    opened: int,
    at: datetime,
) -> int | None:
    """Keep a form; its new version, None when another's is newer than ``opened``.

    One's own newer draft (another tab, the back button) is not a conflict.
    """
    query = (
        select(draft.c.version, draft.c.author)
        .where(draft.c.task_id == task_id)
        .order_by(draft.c.version.desc())
        .limit(1)
    )
    last = conn.execute(query).first()
    version = last.version if last else 0
    if last and version > opened and last.author != author:
        return None
    new = {
        "task_id": task_id,
        "version": version + 1,
        "task_version": task_version,
        "author": author,
        "saved_at": to_text(at),
        "form_enc": cipher.encrypt(
            json.dumps(form), row_key=f"draft:{task_id}:{version + 1}"
        ),
    }
    # Two people may save in one instant: the second one's version is taken.
    return version + 1 if upsert_ignore(conn, draft, [new]) else None


def keep_aside(
    conn: Connection,
    cipher: FieldCipher,
    *,
    task_id: str,
    author: str,
    form: dict[str, str],
    at: datetime,
) -> int:
    """Keep a form whatever else is there: text that must not be lost."""
    last = conn.execute(
        select(func.coalesce(func.max(draft.c.version), 0)).where(
            draft.c.task_id == task_id
        )
    ).scalar_one()
    version = int(last) + 1
    seen = select(task.c.version).where(task.c.id == task_id)
    conn.execute(
        insert(draft).values(
            task_id=task_id,
            version=version,
            task_version=conn.execute(seen).scalar_one(),
            author=author,
            saved_at=to_text(at),
            form_enc=cipher.encrypt(
                json.dumps(form), row_key=f"draft:{task_id}:{version}"
            ),
        )
    )
    return version


def forget(conn: Connection, task_id: str) -> None:
    """The task was decided or its draft discarded."""
    conn.execute(draft.delete().where(draft.c.task_id == task_id))
