"""Who is at the desk: sign-in attempts, browser sessions, and what they looked for.

Times here are real time, never practice time: a demo's clock must not sign people out.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, select, update

from records.instants import from_text, to_text
from records.tables import search, sign_in, user, web_session
from records.users import User
from vault.fields import FieldCipher

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Session:
    """A browser that somebody has signed in with."""

    id: str
    user: User
    csrf: str
    created_at: datetime
    seen_at: datetime
    notice: str


def digest(token: str) -> str:
    """What is stored of a cookie's token."""
    return sha256(token.encode()).hexdigest()


def begin(conn: Connection, user_name: str, address: str, at: datetime) -> str:
    """A new session; the token for the cookie, which is not stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    conn.execute(
        insert(web_session).values(
            id=digest(token),
            user_name=user_name,
            csrf=secrets.token_urlsafe(TOKEN_BYTES),
            created_at=to_text(at),
            seen_at=to_text(at),
            address=address,
        )
    )
    return token


_BY_TOKEN = select(
    web_session,
    user.c.display_name,
    user.c.roles,
    user.c.active,
).join(user, user.c.name == web_session.c.user_name)


def get(conn: Connection, token: str) -> Session | None:
    """The session of a cookie that has not ended, with its active user."""
    query = _BY_TOKEN.where(
        web_session.c.id == digest(token), web_session.c.ended_at.is_(None)
    )
    found = conn.execute(query).mappings().first()
    if found is None or not found["active"]:
        return None
    return Session(
        id=found["id"],
        user=User(
            name=found["user_name"],
            display_name=found["display_name"],
            roles=tuple(found["roles"]),
        ),
        csrf=found["csrf"],
        created_at=from_text(found["created_at"]),
        seen_at=from_text(found["seen_at"]),
        notice=found["notice"] or "",
    )


def seen(conn: Connection, session_id: str, at: datetime) -> None:
    """The person did something."""
    conn.execute(
        update(web_session)
        .where(web_session.c.id == session_id)
        .values(seen_at=to_text(at))
    )


def leave_notice(conn: Connection, session_id: str, words: str | None) -> None:
    """What the next page of this session says, once; None when it was said."""
    conn.execute(
        update(web_session).where(web_session.c.id == session_id).values(notice=words)
    )


def end(conn: Connection, session_id: str, how: str, at: datetime) -> None:
    """The session is over, and what it looked for is forgotten."""
    conn.execute(
        update(web_session)
        .where(web_session.c.id == session_id, web_session.c.ended_at.is_(None))
        .values(ended_at=to_text(at), ended_how=how, notice=None)
    )
    conn.execute(search.delete().where(search.c.session_id == session_id))


def end_all_of(conn: Connection, user_name: str, how: str, at: datetime) -> None:
    """End every session of a user: a new password, or a user who left."""
    query = select(web_session.c.id).where(
        web_session.c.user_name == user_name, web_session.c.ended_at.is_(None)
    )
    for session_id in list(conn.execute(query).scalars()):
        end(conn, session_id, how, at)


# --- attempts ------------------------------------------------------------------------


def attempt(
    conn: Connection,
    *,
    name_index: str,
    user_name: str | None,
    address: str,
    how: str,
    at: datetime,
) -> None:
    """Log one attempt to sign in: ok, refused or throttled."""
    conn.execute(
        insert(sign_in).values(
            at=to_text(at),
            name_index=name_index,
            user_name=user_name,
            address=address,
            how=how,
        )
    )


def failures(
    conn: Connection, *, name_index: str, address: str, since: datetime
) -> tuple[int, datetime | None]:
    """Refused attempts from this address for this name since its last success."""
    mine = (sign_in.c.name_index == name_index) & (sign_in.c.address == address)
    last_ok = select(func.max(sign_in.c.at)).where(mine, sign_in.c.how == "ok")
    after = max(to_text(since), conn.execute(last_ok).scalar() or "")
    query = select(func.count(), func.max(sign_in.c.at)).where(
        mine, sign_in.c.how == "refused", sign_in.c.at > after
    )
    count, last = conn.execute(query).one()
    return int(count), from_text(last) if last else None


def failures_of_address(conn: Connection, address: str, since: datetime) -> int:
    """Refused attempts from this address, whatever the name."""
    query = select(func.count()).where(
        sign_in.c.address == address,
        sign_in.c.how == "refused",
        sign_in.c.at > to_text(since),
    )
    return int(conn.execute(query).scalar_one())


# --- what somebody looked for --------------------------------------------------------


def keep_search(
    conn: Connection, cipher: FieldCipher, session_id: str, words: str, at: datetime
) -> str:
    """Keep the words of a search; the opaque token that stands for them in a URL."""
    token = secrets.token_urlsafe(12)
    conn.execute(
        insert(search).values(
            token=token,
            session_id=session_id,
            words_enc=cipher.encrypt(words, row_key=f"search:{token}"),
            created_at=to_text(at),
        )
    )
    return token


def search_words(
    conn: Connection, cipher: FieldCipher, session_id: str, token: str
) -> str | None:
    """What this session looked for; None for another's token or an ended one."""
    query = select(search.c.words_enc).where(
        search.c.token == token, search.c.session_id == session_id
    )
    sealed = conn.execute(query).scalar()
    if sealed is None:
        return None
    return cipher.decrypt(sealed, row_key=f"search:{token}").decode()


def take_search(conn: Connection, session_id: str, token: str) -> bool:
    """Use a token up; False when somebody was faster (two clicks, two tabs)."""
    query = delete(search).where(
        search.c.token == token, search.c.session_id == session_id
    )
    return bool(conn.execute(query).rowcount)


def idle(session: Session, now: datetime, limit: timedelta) -> bool:
    """Whether the person has done nothing for too long."""
    return now - session.seen_at > limit
