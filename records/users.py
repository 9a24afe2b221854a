"""Users with roles, and facts of this installation."""

from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, insert, select, update

from claims.calendar import PracticeClock
from records.instants import to_text
from records.tables import setting, user


class User(BaseModel):
    """A local user; the hash of the password stays in the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    display_name: str
    roles: tuple[str, ...]
    active: bool = True


def get_user(conn: Connection, name: str) -> User | None:
    """An active user by name."""
    row = conn.execute(select(user).where(user.c.name == name)).mappings().first()
    if row is None or not row["active"]:
        return None
    return User(
        name=row["name"], display_name=row["display_name"], roles=tuple(row["roles"])
    )


def every_user(conn: Connection) -> list[User]:
    """All users by name."""
    rows = conn.execute(select(user).order_by(user.c.name)).mappings()
    return [
        User(
            name=r["name"],
            display_name=r["display_name"],
            roles=tuple(r["roles"]),
            active=r["active"],
        )
        for r in rows
    ]


def put_user(conn: Connection, new: User) -> None:
    """Add a user, or change their roles."""
    values = {
        "display_name": new.display_name,
        "roles": list(new.roles),
        "active": new.active,
    }
    changed = conn.execute(
        update(user).where(user.c.name == new.name).values(**values)
    ).rowcount
    if not changed:
        conn.execute(insert(user).values(id=str(uuid4()), name=new.name, **values))


def password_hash(conn: Connection, name: str) -> str | None:
    """The argon2id hash of an active user's password."""
    query = select(user.c.password_hash).where(user.c.name == name, user.c.active)
    found: str | None = conn.execute(query).scalar()
    return found


def set_password(conn: Connection, name: str, hashed: str, at: datetime) -> bool:
    """Replace a user's password; False when there is no such user."""
    changed = conn.execute(
        update(user)
        .where(user.c.name == name)
        .values(password_hash=hashed, password_set_at=to_text(at))
    ).rowcount
    return bool(changed)


def fact(conn: Connection, name: str) -> str | None:
    """A fact of this installation: ``kind``, ``clock``, ``ticker`` …"""
    found: str | None = conn.execute(
        select(setting.c.value).where(setting.c.name == name)
    ).scalar()
    return found


def set_fact(conn: Connection, name: str, value: str) -> None:
    """Write a fact of this installation."""
    changed = conn.execute(
        update(setting).where(setting.c.name == name).values(value=value)
    ).rowcount
    if not changed:
        conn.execute(insert(setting).values(name=name, value=value))


def may_have_clock(conn: Connection) -> bool:
    """Whether this is a demo or test database: production runs in real time."""
    return fact(conn, "kind") in ("demo", "test")


class ClockRefusedError(Exception):
    """A practice clock in a production database; nothing was started."""


def practice_clock(conn: Connection) -> PracticeClock | None:
    """The demo's or test's clock; None in production.

    Raises:
        ClockRefusedError: a clock is set although this is a production database.
    """
    text = fact(conn, "clock")
    if text is None:
        return None
    if not may_have_clock(conn):
        raise ClockRefusedError(
            "A practice clock is set in a production database. Nothing was started. "
            "Remove the setting 'clock', or use a demo database."
        )
    return PracticeClock.model_validate_json(text)
