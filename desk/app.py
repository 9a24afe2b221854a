"""The web application: every request goes through ``answer``, every page has a door.

Order of checks: signed in, not idle, may enter, and for a POST the same origin and the
session's token. A person who was idle loses no text: what a task's form carried becomes
a draft before they are asked to sign in again.
"""

import asyncio
import contextlib
import hmac
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive

from activities.tasks import NotPermittedError
from claims.task import DecisionRefused
from desk import sign_in
from desk.desk import HERE, Desk
from desk.idle import ended_how
from desk.pages import PAGES
from desk.route import Page
from desk.task_draft import rescue
from desk.visit import DeskError, ForbiddenError, MissingError, Visit
from policy.people import Door, may_enter
from records import sessions
from records.claims import ClaimMissingError
from records.sessions import Session
from records.tasks import TaskMissingError
from vault.logs import record_bug

LOG = logging.getLogger("desk")
SEEN_EVERY = timedelta(seconds=30)
DELIVER_SECONDS = 5.0
MOST_BYTES = 64 * 1024 * 1024
"""The largest file that may be uploaded: about 50,000 claims in one 837P."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not no-referrer: with it a browser says Origin: null of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def build_app(desk: Desk, *, deliver: bool = True) -> Starlette:
    """The application; ``deliver``: feel the pulse, pass saved decisions on."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        courier = asyncio.create_task(_watch(desk)) if deliver else None
        yield
        if courier is not None:
            courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await courier

    routes: list[BaseRoute] = [_route(desk, page) for page in PAGES]
    routes.append(Mount("/static/{version}", _Files(directory=HERE / "static")))
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={HTTPException: _not_found(desk)},
    )


class TooLargeError(DeskError):
    """More was sent than one request may hold; nothing was read."""

    status = 413
    title = "Too large"

    def __init__(self) -> None:
        """With the one sentence for it."""
        super().__init__(
            "What you sent is larger than 64 MB. Nothing was read. "
            "Split the file, or use: python starter.py import FILE"
        )


class _Files(StaticFiles):
    """Our own files: their address changes with their content, so they may be kept."""

    async def get_response(self, path: str, scope: Any) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers.update(HEADERS)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


async def _watch(desk: Desk) -> None:
    while True:
        try:
            await desk.feel_pulse()
            await desk.deliver()
        except Exception as error:  # noqa: BLE001 - tomorrow's decisions need it too
            LOG.warning("delivery failed: %s", type(error).__name__)
        await asyncio.sleep(DELIVER_SECONDS)


def _route(desk: Desk, page: Page) -> Route:
    async def endpoint(request: Request) -> Response:
        limited = Request(request.scope, _limited(request.receive))
        return await _answer(desk, page, limited)

    return Route(page.path, endpoint, methods=[page.method], name=page.name)


def _limited(receive: Receive) -> Receive:
    """Read no more than ``MOST_BYTES`` of a body, whatever its headers say."""
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BYTES:
            raise TooLargeError
        return message

    return counted


def _not_found(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        words = "There is no such page. Nothing was changed."
        if status == 405:
            words = "This page does not take that kind of request."
        session, _ = await run_in_threadpool(_session, desk, request)
        visit = Visit(desk, request, session)
        return _dressed(_error_page(visit, "Not found", words, status))

    return handler


async def _answer(desk: Desk, page: Page, request: Request) -> Response:
    session, over = await run_in_threadpool(_session, desk, request)
    visit = Visit(desk, request, session)
    try:
        answer = await _checked(visit, page, over)
    except Exception as error:  # noqa: BLE001 - the last place it can be told
        answer = await run_in_threadpool(_failed, visit, error)
    finally:
        await request.close()  # what was uploaded lies in temporary files
    return _dressed(answer)


def _dressed(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


async def _checked(visit: Visit, page: Page, over: str | None) -> Response:
    if page.machine:
        visit.session = None if over else visit.session
        return await _run(page.handler, visit)
    if page.method == "POST":
        visit.form = await _read_form(visit.request)
        _check_origin(visit.request)
    if visit.session is not None and over:
        return await run_in_threadpool(_signed_out, visit, page, over)
    if page.door is not Door.PUBLIC:
        if visit.session is None:
            return _ask_to_sign_in(visit, page)
        if not may_enter(visit.user.roles, page.door):
            raise ForbiddenError(
                "Your role does not open this page. Nothing was shown or changed. "
                "Ask a supervisor if you need it."
            )
        if page.method == "POST":
            _check_token(visit)
    return await _run(page.handler, visit)


async def _run(handler: Callable[[Visit], Any], visit: Visit) -> Response:
    if inspect.iscoroutinefunction(handler):
        answer: Response = await handler(visit)
        return answer
    return await run_in_threadpool(handler, visit)


async def _read_form(request: Request) -> FormData:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > MOST_BYTES:
        raise TooLargeError
    kind = request.headers.get("content-type", "")
    if "form" not in kind:
        return FormData()
    return await request.form(max_files=10, max_fields=1000)


def _check_origin(request: Request) -> None:
    """A form of another site must not act in this person's name."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    host = request.headers.get("host", "")
    foreign = origin not in (None, f"http://{host}", f"https://{host}")
    if foreign or site not in ("same-origin", "none"):
        raise ForbiddenError("This came from another site. Nothing was done.")


def _check_token(visit: Visit) -> None:
    session = visit.session
    given = visit.text("csrf") or visit.request.headers.get("X-CSRF-Token", "")
    if session is None or not hmac.compare_digest(given, session.csrf):
        raise ForbiddenError(
            "This form is from an earlier sign-in. Nothing was done. "
            "Load the page again and repeat it."
        )


def _session(desk: Desk, request: Request) -> tuple[Session | None, str | None]:
    """The session of the cookie, and why it is over if it is."""
    token = request.cookies.get(sign_in.COOKIE)
    if not token:
        return None, None
    now = desk.wall()
    with desk.office.reading() as conn:
        session = sessions.get(conn, token)
    if session is None:
        return None, None
    over = ended_how(session, now)
    by_itself = "X-Background" in request.headers  # a page that looks again, no person
    if over is None and now - session.seen_at > SEEN_EVERY and not by_itself:
        with desk.office.writing() as conn:
            sessions.seen(conn, session.id, now)
    return session, over


def _signed_out(visit: Visit, page: Page, over: str) -> Response:
    """End an idle session; the text of a form it still sends becomes a draft."""
    session = visit.session
    if session is not None:
        kept = rescue(visit, page.name) if page.method == "POST" else None
        with visit.desk.office.writing() as conn:
            sessions.end(conn, session.id, over, visit.desk.wall())
        if kept is not None:
            return _away(visit, kept, over)
    visit.session = None
    if page.door is Door.PUBLIC:
        return RedirectResponse(visit.request.url.path, 303)
    return _away(visit, _where(visit, page), over)


def _ask_to_sign_in(visit: Visit, page: Page) -> Response:
    return _away(visit, _where(visit, page))


def _where(visit: Visit, page: Page) -> str:
    """The page somebody wanted; a form's own page when a form was sent."""
    if page.method == "POST":
        return page.back_of(visit.request.path_params)
    query = visit.request.url.query
    return visit.request.url.path + (f"?{query}" if query else "")


def _away(visit: Visit, path: str, why: str = "") -> Response:
    answer = sign_in.to_sign_in(path, why)
    if visit.is_htmx:  # a part of a page must not be replaced by the sign-in page
        return Response(headers={"HX-Redirect": answer.headers["location"]})
    return answer


# --- failures ------------------------------------------------------------------------

_KNOWN: tuple[tuple[type[Exception], int, str], ...] = (
    (TaskMissingError, 404, "Not found"),
    (ClaimMissingError, 404, "Not found"),
    (NotPermittedError, 403, "Not permitted"),
    (DecisionRefused, 422, "Not done"),
)


def _failed(visit: Visit, error: Exception) -> Response:
    if isinstance(error, ClaimMissingError):
        error = MissingError("There is no such claim. Nothing was changed.")
    if isinstance(error, DeskError):
        return _error_page(visit, error.title, str(error), error.status)
    for kind, status, title in _KNOWN:
        if isinstance(error, kind):
            return _error_page(visit, title, str(error), status)
    reference = record_bug(error, visit.desk.data_dir).split(" ")[0]
    LOG.error("a page failed, reference %s", reference)
    words = (
        f"This is a bug in Claimthread: reference {reference}. What was saved stays "
        "saved. Go back and try once more; if it happens again, report the reference."
    )
    return _error_page(visit, "Something broke", words, 500)


def _error_page(visit: Visit, title: str, words: str, status: int) -> HTMLResponse:
    return visit.page("error.html.j2", status, title=title, words=words)
