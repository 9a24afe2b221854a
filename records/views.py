"""Saved views of the work queue: a name for a set of filters, one's own or shared."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    insert,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from records.instants import from_text, to_text
from records.tables import bulk, list_columns, saved_view, user
from records.users import User


@dataclass(frozen=True)
class View:
    """``filters`` is the query string of the queue's address; ``columns`` are those it
    shows, separated by commas, or nothing."""

    id: str
    owner: str
    name: str
    filters: str
    shared_role: str | None = None
    is_default: bool = False
    columns: str = ""


@dataclass(frozen=True)
class Act:
    """An act on tasks that can still be undone, ``until`` then in real time."""

    id: str
    act: str
    until: datetime


@dataclass(frozen=True)
class Around:
    """What stands around a list: views and people by name, the columns the person
    chose, and the newest act that can be undone."""

    views: list[View]
    people: list[User]
    columns: str
    act: Act | None


def around(
    conn: Connection, owner: str, roles: Collection[str], name: str, now: datetime
) -> Around:
    """What stands around the list ``name`` for this person, in one query: the views of
    one's own and those shared with one's roles, every active user, one's columns and
    one's last act, if ``now`` (real time) it can be undone."""
    both = union_all(*_parts(owner, roles, name, now)).subquery("around")
    rows = conn.execute(select(both).order_by(both.c.name)).all()
    kinds = {kind: [row[1:] for row in rows if row[0] == kind] for kind in KINDS}
    return Around(
        views=[
            View(id_, who, title, text, shared, bool(flag), columns)
            for id_, who, title, text, shared, flag, _, columns in kinds["view"]
        ],
        people=[
            User(name=row[1], display_name=row[2], roles=tuple(row[6]))
            for row in kinds["person"]
        ],
        columns=next((row[7] for row in kinds["columns"]), ""),
        act=next((Act(r[0], r[2], from_text(r[3])) for r in kinds["act"]), None),
    )


KINDS = ("person", "view", "columns", "act")
_NAMES = ("id", "owner", "name", "text", "role", "flag", "roles", "columns")


def _parts(
    owner: str, roles: Collection[str], name: str, now: datetime
) -> list[Select[Any]]:
    """One SELECT for each kind; users first: theirs are the types of the columns."""
    v, u, c, b = saved_view.c, user.c, list_columns.c, bulk.c
    none, no = literal(""), literal(False)
    undoable = (
        select(b.id, b.actor, b.act, b.until)
        .where(b.actor == owner, b.done_at.is_not(None), b.undone_at.is_(None))
        .where(b.until > to_text(now))
        .order_by(b.until.desc())
        .limit(1)
        .subquery("undoable")
    )
    a = undoable.c
    mine = or_(v.owner == owner, v.shared_role.in_(sorted(roles)))
    users = (none, u.name, u.display_name, none, null(), u.active, u.roles, none)
    saved = (v.id, v.owner, v.name, v.filters, v.shared_role, v.is_default)
    chosen = (none, c.user_name, none, none, null(), no, null(), c.columns)
    last = (a.id, a.actor, a.act, a.until, null(), no, null(), none)
    return [
        _part("person", users).where(u.active),
        _part("view", (*saved, null(), v.columns)).where(mine),
        _part("columns", chosen).where(c.user_name == owner, c.list == name),
        _part("act", last),
    ]


def _part(kind: str, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    parts = zip(_NAMES, columns, strict=True)
    return select(literal(kind).label("kind"), *(one.label(n) for n, one in parts))


def keep_columns(conn: Connection, owner: str, name: str, columns: str) -> None:
    """Remember the columns this person wants in the list ``name``; nothing forgets."""
    c = list_columns.c
    mine = (c.user_name == owner, c.list == name)
    conn.execute(delete(list_columns).where(*mine))
    if columns:
        values = {"user_name": owner, "list": name, "columns": columns}
        conn.execute(insert(list_columns).values(**values))


def save(
    conn: Connection,
    *,
    owner: str,
    name: str,
    filters: str,
    columns: str,
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
    values = {
        "filters": filters,
        "columns": columns,
        "shared_role": shared_role,
        "is_default": is_default,
    }
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
