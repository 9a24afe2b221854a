"""When a session is over by itself: nothing done for too long, or too long in all."""

from datetime import datetime, timedelta

from records import sessions
from records.sessions import Session

IDLE = timedelta(minutes=15)
IDLE_OF = {"auditor": timedelta(minutes=30), "admin": timedelta(minutes=5)}
"""5 to 30 minutes by role; the shortest of a person's roles counts."""
LONGEST = timedelta(hours=12)


def idle_limit(roles: tuple[str, ...]) -> timedelta:
    """How long a person with these roles may do nothing."""
    return min((IDLE_OF.get(role, IDLE) for role in roles), default=IDLE)


def ended_how(session: Session, now: datetime) -> str | None:
    """Why this session is over, None while it is not."""
    if now - session.created_at > LONGEST:
        return "too long"
    limit = idle_limit(session.user.roles)
    return "idle" if sessions.idle(session, now, limit) else None
