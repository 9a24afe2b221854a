"""Signing in and out, staying signed in, and a new password.

The same sentence for an unknown user and a wrong password; each refused attempt from
one address for one name doubles the wait. Every attempt is on record.
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from desk.idle import IDLE, LONGEST
from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import sessions, users
from records.db import Connection
from vault import passwords
from vault.passwords import WeakPasswordError

COOKIE = "claimthread"
FREE_TRIES = 3
"""Refused attempts before the first wait."""
LONGEST_WAIT = timedelta(minutes=15)
WINDOW = timedelta(hours=1)
ADDRESS_LIMIT = 50
REFUSED = "That user name and password do not fit together. Nobody was signed in."


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many refused attempts: 2, 4, 8 … seconds."""
    if failures < FREE_TRIES:
        return timedelta(0)
    seconds = 2 ** min(failures - FREE_TRIES + 1, 10)
    return min(timedelta(seconds=seconds), LONGEST_WAIT)


def local_path(path: str) -> str:
    """Where to go after signing in: one of our own pages, else Today."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-"))
    return path if fine else "/"


# --- pages ---------------------------------------------------------------------------

NOTES = {
    "idle": "You were signed out after {minutes} minutes without activity. Your drafts "
    "are safe. You will come back to the same page.",
    "too long": "You were signed out after 12 hours. Your drafts are safe.",
    "out": "You are signed out.",
}


def form(visit: Visit) -> Response:
    """The page with name and password."""
    if visit.session is not None:
        return RedirectResponse(local_path(visit.asked("next")), 303)
    return _form(visit, note=visit.asked("why"))


def _form(visit: Visit, status: int = 200, error: str = "", note: str = "") -> Response:
    words = NOTES.get(note, "").format(minutes=IDLE.seconds // 60)
    where = local_path(visit.asked("next") or visit.text("next"))
    return visit.page(
        "sign_in.html.j2",
        status,
        error=error,
        note=words,
        next=where,
        name=visit.text("username"),
    )


def sign_in(visit: Visit) -> Response:
    """Check name and password and begin a session."""
    office, now = visit.desk.office, visit.desk.wall()
    name, password = visit.text("username")[:64], str(visit.form.get("password", ""))
    index = office.cipher.index(name, kind="sign_in")
    with office.writing() as conn:
        wait = _must_wait(conn, index, visit.address, now)
        if wait:
            _log(conn, visit, index, None, "throttled", now)
    if wait:
        seconds = max(1, round(wait.total_seconds()))
        error = f"Too many attempts. Nobody was signed in. Try again in {seconds} s."
        return _form(visit, 429, error)
    with office.reading() as conn:
        stored = users.password_hash(conn, name)
    fits = passwords.verify(stored, password)
    with office.writing() as conn:
        known = name if stored else None
        _log(conn, visit, index, known, "ok" if fits else "refused", now)
        if not fits:
            return _form(visit, 401, REFUSED)
        token = sessions.begin(conn, name, visit.address, now)
        if stored and passwords.is_outdated(stored):
            users.set_password(conn, name, passwords.hashed(password), now)
    return _with_cookie(visit, local_path(visit.text("next")), token)


def _must_wait(
    conn: Connection, index: str, address: str, now: datetime
) -> timedelta | None:
    since = now - WINDOW
    count, last = sessions.failures(
        conn, name_index=index, address=address, since=since
    )
    until = last + wait_after(count) if last else now
    if until > now:
        return until - now
    if sessions.failures_of_address(conn, address, since) >= ADDRESS_LIMIT:
        return LONGEST_WAIT
    return None


def _log(
    conn: Connection,
    visit: Visit,
    index: str,
    known: str | None,
    how: str,
    now: datetime,
) -> None:
    sessions.attempt(
        conn,
        name_index=index,
        user_name=known,
        address=visit.address,
        how=how,
        at=now,
    )


def _with_cookie(visit: Visit, path: str, token: str) -> Response:
    answer = RedirectResponse(path, 303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=visit.desk.secure,
    )
    return answer


def sign_out(visit: Visit) -> Response:
    """End the session."""
    if visit.session is not None:
        with visit.desk.office.writing() as conn:
            sessions.end(conn, visit.session.id, "signed out", visit.desk.wall())
    answer = RedirectResponse("/sign-in?why=out", 303)
    answer.delete_cookie(COOKIE)
    return answer


def stay(visit: Visit) -> Response:
    """Stay signed in: asking is enough, every request counts as activity."""
    if visit.is_htmx:
        return Response(status_code=204)
    return visit.go(local_path(visit.text("next")))


def to_sign_in(path: str, why: str = "") -> Response:
    """Where somebody is sent who is not signed in."""
    query = f"?next={quote(path, safe='/')}" + (f"&why={why}" if why else "")
    return RedirectResponse(f"/sign-in{query}", 303)


def password_form(visit: Visit) -> Response:
    """The page that changes one's own password."""
    return visit.page("password.html.j2", error="")


def change_password(visit: Visit) -> Response:
    """Replace one's own password; every other browser is signed out."""
    office, now, name = visit.desk.office, visit.desk.wall(), visit.user.name
    old, new = str(visit.form.get("old", "")), str(visit.form.get("new", ""))
    with office.reading() as conn:
        stored = users.password_hash(conn, name)
    error = "" if passwords.verify(stored, old) else "The old password does not fit."
    if not error and new != str(visit.form.get("again", "")):
        error = "The two new passwords differ."
    try:
        hashed = passwords.hashed(new, name) if not error else ""
    except WeakPasswordError as weak:
        error = str(weak)
    if error:
        return visit.page("password.html.j2", 422, error=error)
    with office.writing() as conn:
        users.set_password(conn, name, hashed, now)
        sessions.end_all_of(conn, name, "replaced", now)
        token = sessions.begin(conn, name, visit.address, now)
    return _with_cookie(visit, "/", token)


ROUTES = (
    Page("GET", "/sign-in", form, Door.PUBLIC),
    Page("POST", "/sign-in", sign_in, Door.PUBLIC),
    Page("POST", "/sign-out", sign_out, Door.SIGNED_IN),
    Page("POST", "/stay", stay, Door.SIGNED_IN),
    Page("GET", "/password", password_form, Door.SIGNED_IN),
    Page("POST", "/password", change_password, Door.SIGNED_IN, "/password"),
)
