"""One request: who asks, what they may see, and how to answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from claims.calendar import local_date
from desk import words
from desk.desk import Desk
from desk.idle import idle_limit
from policy.people import Door, may_enter
from records import events, sessions
from records.db import Connection
from records.events import Because
from records.sessions import Session
from records.users import User


class DeskError(Exception):
    """Something that was asked cannot be done; the text says what, and what to do."""

    status = 400
    title = "Not done"


class MissingError(DeskError):
    """There is no such page or record."""

    status = 404
    title = "Not found"


class ForbiddenError(DeskError):
    """This person may not do this; nothing was done."""

    status = 403
    title = "Not permitted"


@dataclass
class Visit:
    """What a page's function gets."""

    desk: Desk
    request: Request
    session: Session | None
    form: FormData = field(default_factory=FormData)

    @property
    def user(self) -> User:
        """Who is signed in.

        Raises:
            ForbiddenError: nobody is.
        """
        if self.session is None:
            raise ForbiddenError("Nobody is signed in. Nothing was done.")
        return self.session.user

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else "unknown"

    @cached_property
    def now(self) -> datetime:
        """Practice time, the same for the whole request."""
        return self.desk.now()

    @property
    def today(self) -> date:
        """The practice's date."""
        return local_date(self.now, self.desk.office.zone)

    @property
    def is_htmx(self) -> bool:
        """Whether a part of a page is asked for, in place."""
        return self.request.headers.get("HX-Request") == "true"

    @property
    def idle_seconds(self) -> int:
        """After how many seconds without a request this person is signed out."""
        return int(idle_limit(self.user.roles).total_seconds()) if self.session else 0

    def may(self, door: Door) -> bool:
        """Whether this person may open pages behind this door."""
        return self.session is not None and may_enter(self.user.roles, door)

    def because(self, rule: str = "") -> Because:
        """The reason object of what this person does now."""
        return self.desk.office.because(self.now, rule, self.user.name)

    # --- what was sent ---------------------------------------------------------------

    def text(self, name: str, default: str = "") -> str:
        """One field of the form, without the spaces around it."""
        value = self.form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may be given several times."""
        return [v.strip() for v in self.form.getlist(name) if isinstance(v, str)]

    def upload(self, name: str) -> UploadFile | None:
        """A file that was chosen, None when none was."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def asked(self, name: str, default: str = "") -> str:
        """One parameter of the address."""
        return self.request.query_params.get(name, default).strip()

    def path(self, name: str) -> str:
        """One part of the path."""
        return str(self.request.path_params[name])

    # --- answers ---------------------------------------------------------------------

    def page(self, template: str, status: int = 200, **facts: Any) -> HTMLResponse:
        """A page made from a template; the frame's facts are added."""
        notice = ""
        if self.session is not None and self.session.notice and not self.is_htmx:
            notice = self.session.notice
            with self.desk.office.writing() as conn:
                sessions.leave_notice(conn, self.session.id, None)
        made = self.desk.templates.get_template(template).render(
            visit=self,
            user=self.session.user if self.session else None,
            csrf=self.session.csrf if self.session else "",
            notice=notice,
            today=self.today,
            now=self.now,
            zone=self.desk.office.zone,
            practice=self.desk.office.practice.name,
            path=self.request.url.path,
            pulse=self.desk.pulse,
            idle_seconds=self.idle_seconds,
            **facts,
        )
        return HTMLResponse(made, status)

    def go(self, path: str, notice: str = "") -> Response:
        """Answer a POST: the next page by GET, with a sentence on top of it."""
        if notice and self.session is not None:
            with self.desk.office.writing() as conn:
                sessions.leave_notice(conn, self.session.id, notice)
        return RedirectResponse(path, 303)

    def saw(
        self,
        conn: Connection,
        what: str,
        *,
        claim_ids: Iterable[str] = (),
        account_ids: Iterable[str] = (),
        subject: str = "",
        reason: str = "",
    ) -> None:
        """Log that this person read protected data: one row for each record."""
        events.log_accesses(
            conn,
            at=self.now,
            actor=self.user.name,
            what=what,
            reason=reason[:200],
            claim_ids=list(claim_ids),
            account_ids=account_ids,
            subject=subject,
            address=self.address,
        )

    def clock(self, instant: datetime) -> str:
        """``10:42`` in the practice's time zone."""
        return words.clock(instant, self.desk.office.zone)
