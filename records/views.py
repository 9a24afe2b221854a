"""Saved views of the work queue: a name for a set of filters, one's own or shared."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import (
    Connection,
    delete,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from records.instants import to_text
from records.tables import saved_view, user
from records.users import User


@dataclass(frozen=True)
class View:
    """``filters`` is the query string of the queue's address."""

    id: str
    owner: str
    name: str
    filters: str
    shared_role: str | None = None
    is_default: bool = False


def around(
    conn: Connection, owner: str, roles: Collection[str]
) -> tuple[list[View], list[User]]:
    """What stands around the list, in one query: the views of one's own and those
    shared with one's roles, by name; and every active user."""
    v, u = saved_view.c, user.c
    views = select(
        v.id, v.owner, v.name, v.filters, v.shared_role, v.is_default, null()
    ).where(or_(v.owner == owner, v.shared_role.in_(sorted(roles))))
    people = select(
        literal(""), u.name, u.display_name, literal(""), null(), u.active, u.roles
    ).where(u.active)
    both = union_all(people, views).subquery("around")
    rows = conn.execute(select(both).order_by(both.c[2])).all()
    found = [
        View(row[0], row[1], row[2], row[3], row[4], bool(row[5]))
        for row in rows
        if row[0]
    ]
    users = [
        User(name=row[1], display_name=row[2], roles=tuple(row[6]))
        for row in rows
        if not row[0]
    ]
    return found, users


def save(
    conn: Connection,
    *,
    owner: str,
    name: str,
    filters: str,
    shared_role: str | None,
    is_default: bool,
    at: datetime,
) -> str:
    """Keep a view; one's own of the same name is replaced. Its id is returned."""
    v = saved_view.c
    if is_default:
        conn.execute(
            update(saved_view).where(v.owner == owner).values(is_default=False)
        )
    values = {"filters": filters, "shared_role": shared_role, "is_default": is_default}
    same = (v.owner == owner, v.name == name)
    known = conn.execute(select(v.id).where(*same)).scalar()
    if known is not None:
        conn.execute(update(saved_view).where(v.id == known).values(**values))
        return str(known)
    made = str(uuid4())
    conn.execute(
        insert(saved_view).values(
            id=made, owner=owner, name=name, created_at=to_text(at), **values
        )
    )
    return made


def forget(conn: Connection, owner: str, view_id: str) -> bool:
    """Delete a view of one's own; False when there is none."""
    gone = delete(saved_view).where(
        saved_view.c.id == view_id, saved_view.c.owner == owner
    )
    return bool(conn.execute(gone).rowcount)
