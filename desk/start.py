"""Start: a file is looked over first; then it is taken in and its claims are followed.

Between the two the file lies sealed among the documents, and the address carries a
token of this session that stands for it. The token is used up by starting: two clicks
take a file in once.
"""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath, PureWindowsPath

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from activities.brought import before
from activities.file_words import kind_words
from activities.files import UNKNOWN
from activities.intake import CLAIM_KINDS, Intake, bring_in, is_taken, look_over
from activities.mail_waiting import (
    SILENT,
    Lying,
    MailGoneError,
    lying_in,
    put_aside,
    read_marked,
)
from activities.office import OFFICE_PARTNER
from claims.money import cents
from desk.file_names import log_names
from desk.health_words import partner_words
from desk.imports import end_words, shaped
from desk.patients import may_see
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import ago
from exchange.mailbox import MailboxError
from policy.people import Door
from records import file_list, files, sessions
from records.file_list import NO_SETS
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError

UPLOADED = "-"
"""Stands for the mailbox of a file that lies in none."""
MAILBOX_SECONDS = 3.0
WAIT_SECONDS = 20.0
"""For all steps at mailboxes while a person waits."""
STAYS = (
    " Its mailbox does not answer, so the file still lies there; the next sweep counts "
    "it as a copy."
)
MOST_LYING = 50
RULE = "R-BAD-01"
GONE = (
    "This file was started already, or was chosen in an earlier sign-in. "
    "Nothing was done. See Imports, or choose the file again."
)


@dataclass(frozen=True)
class Chosen:
    """A file that waits to be started: its bytes, and the mailbox it lies in."""

    sha256: str
    partner: str
    """Empty for a file that was uploaded."""
    name: str
    content: bytes


async def form(visit: Visit) -> Response:
    """Choose a file: one's own, or one that lies in a mailbox."""
    return await _form(visit, "")


async def _form(visit: Visit, error: str) -> Response:
    """The page; a mailbox that does not answer in time is named, not waited for."""
    office = visit.desk.office
    partners = office.partners()
    looks = (asyncio.to_thread(lying_in, office, partner) for partner in partners)
    found = await asyncio.gather(
        *(asyncio.wait_for(look, MAILBOX_SECONDS) for look in looks),
        return_exceptions=True,
    )
    lying: list[Lying] = []
    silent = []
    for partner, each in zip(partners, found, strict=True):
        if isinstance(each, MailboxError | OSError):  # a timeout is an OSError
            silent.append(partner_words(office, partner))
        elif isinstance(each, BaseException):
            raise each
        else:
            lying += each
    return await run_in_threadpool(_show_form, visit, lying, silent, error)


def _show_form(
    visit: Visit, lying: list[Lying], silent: list[str], error: str
) -> HTMLResponse:
    secret = visit.session.csrf if visit.session else ""
    now, named = visit.desk.wall(), may_see(visit, ())
    rows = [
        {
            "mark": one.mark(secret),
            "name": one.file.name if named else f"File {number}",
            "whose": partner_words(visit.desk.office, one.partner),
            "size": one.file.size,
            "ago": ago(datetime.fromtimestamp(one.file.modified, UTC), now),
        }
        for number, one in enumerate(lying[:MOST_LYING], start=1)
    ]
    if rows:
        with visit.desk.office.writing() as conn:
            log_names(visit, conn, "mailboxes")
    status = 422 if error else 200
    return visit.page(
        "start.html.j2",
        status,
        error=error,
        rows=rows,
        lying=len(lying),
        silent=silent,
    )


async def choose(visit: Visit) -> Response:
    """Take a chosen file up for a look; a kind that is not read here is not kept."""
    upload = visit.upload("file")
    content = b"" if upload is None else await upload.read()
    if upload is None or not content:
        return await _form(
            visit, "No file was chosen, or it is empty. Nothing was read."
        )
    chosen = Chosen(
        hashlib.sha256(content).hexdigest(), "", bare_name(upload.filename), content
    )
    return await _look(visit, chosen)


async def choose_lying(visit: Visit) -> Response:
    """Take a file of a mailbox up for a look; it stays there until it is started."""
    secret = visit.session.csrf if visit.session else ""
    office, mark = visit.desk.office, visit.text("mark")[:64]
    try:
        one, content = await asyncio.wait_for(
            asyncio.to_thread(read_marked, office, mark, secret), WAIT_SECONDS
        )
    except TimeoutError:
        return await _form(visit, SILENT)
    except MailGoneError as error:
        return await _form(visit, str(error))
    sha = hashlib.sha256(content).hexdigest()
    return await _look(visit, Chosen(sha, one.partner, one.file.name, content))


async def _look(visit: Visit, chosen: Chosen) -> Response:
    answer = await run_in_threadpool(_keep, visit, chosen)
    return await _form(visit, answer) if isinstance(answer, str) else answer


def bare_name(name: str | None) -> str:
    """The file's own name, without a folder, as files are listed."""
    plain = PureWindowsPath(PurePosixPath(name or "").name).name
    return "".join(c for c in plain if c.isprintable())[:255] or "upload"


def _keep(visit: Visit, chosen: Chosen) -> Response | str:
    """The page that says what starting would do, or why it cannot be started."""
    office, session = visit.desk.office, visit.session
    seen = look_over(office, chosen.name, chosen.content, visit.because(RULE))
    if not is_taken(seen.kind) or seen.ended == files.End.QUARANTINED:
        stays = " The next sweep of its mailbox puts it in quarantine."
        return _refused(seen) + (stays if chosen.partner else "")
    if session is None:
        raise ForbiddenError("Nobody is signed in. Nothing was done.")
    office.documents.put(chosen.content)
    place = chosen.partner or UPLOADED
    with office.writing() as conn:
        token = sessions.keep_search(
            conn,
            office.cipher,
            session.id,
            f"{chosen.sha256} {place} {chosen.name}",
            visit.desk.wall(),
        )
    return visit.go(f"/start/check?s={token}")


def _refused(seen: Intake) -> str:
    if seen.kind == UNKNOWN:
        return (
            "This is no kind of file that is read here. Nothing was kept. Choose an "
            "X12 file (837P, 835, 277CA, 999, TA1, 277, 271) or one of the CSV files "
            "below."
        )
    if not is_taken(seen.kind):
        return (
            f"{kind_words(seen.kind)}: nothing is done with it here. Nothing was kept."
        )
    why = seen.words.removeprefix("would be quarantined: ")
    return f"This {kind_words(seen.kind)} cannot be trusted: {why}. Nothing was kept."


def check(visit: Visit) -> Response:
    """What starting the chosen file would do; nothing is done by looking."""
    token = visit.asked("s")
    chosen = _chosen(visit, token)
    office = visit.desk.office
    seen = look_over(office, chosen.name, chosen.content, visit.because(RULE))
    with office.reading() as conn:
        known = files.get(conn, chosen.sha256)
        sets = file_list.sets(conn, [chosen.sha256])
    left_out = [vars(one) for one in seen.rejects]
    own = not chosen.partner  # who uploads a file knows its name
    return visit.page(
        "start_check.html.j2",
        seen=seen,
        name=seen.name if own or may_see(visit, ()) else f"File {chosen.sha256[:12]}",
        size=len(chosen.content),
        kind=kind_words(seen.kind),
        before=known if known is not None and known["ended"] else None,
        end=end_words(known, sets.get(chosen.sha256, NO_SETS)) if known else "",
        claim_kinds=CLAIM_KINDS,
        token=token,
        cents=cents(seen.counts.charge) if seen.counts else 0,
        taken=seen.counts.accepted + seen.counts.held if seen.counts else 0,
        rejects=shaped(chosen.content, seen.kind, left_out),
        most=20,
    )


def _chosen(visit: Visit, token: str) -> Chosen:
    """The file behind a token of this session.

    Raises:
        DeskError: there is none; nothing was done.
    """
    session, office = visit.session, visit.desk.office
    words = None
    if session is not None and token:
        with office.reading() as conn:
            words = sessions.search_words(conn, office.cipher, session.id, token)
    sha, _, rest = (words or "").partition(" ")
    place, _, name = rest.partition(" ")
    try:
        content = office.documents.get(sha)
    except (DocumentMissingError, DocumentDamagedError, UnknownKeyError):
        raise DeskError(GONE) from None
    return Chosen(sha, "" if place == UPLOADED else place, name, content)


async def go(visit: Visit) -> Response:
    """Take the file in, and start what it brought when a server answers."""
    waited = await run_in_threadpool(before, visit.desk.office)
    chosen, words, works = await run_in_threadpool(_bring, visit)
    sha = chosen.sha256
    if chosen.partner and not await _put_aside(visit, chosen):
        words += STAYS
    if works and await visit.desk.connect():
        visit.desk.soon(visit.desk.start_brought(sha, waited))
    elif works:
        visit.desk.brought = True
        words += " Saved. What it brought starts when processing resumes."
    return await run_in_threadpool(visit.go, f"/imports/{sha}", words)


async def _put_aside(visit: Visit, chosen: Chosen) -> bool:
    """Take it out of its mailbox; a server that says nothing is not waited for."""
    of = (visit.desk.office, chosen.partner, chosen.name, chosen.sha256)
    moving = asyncio.to_thread(put_aside, *of, visit.because(RULE))
    try:
        return await asyncio.wait_for(moving, WAIT_SECONDS)
    except TimeoutError:
        return False


def _bring(visit: Visit) -> tuple[Chosen, str, bool]:
    """The file, what became of it, and whether it has work for a workflow."""
    token, office = visit.text("s"), visit.desk.office
    chosen = _chosen(visit, token)
    with office.writing() as conn:
        if visit.session is None or not sessions.take_search(
            conn, visit.session.id, token
        ):
            again = replace(chosen, partner="")  # that click takes it out, too
            return again, "This file was started by an earlier click.", False
    done = bring_in(
        office,
        chosen.name,
        chosen.content,
        visit.because(RULE),
        partner=chosen.partner or OFFICE_PARTNER,
    )
    return chosen, *_told(done)


def _told(done: Intake) -> tuple[str, bool]:
    """What became of the file, and whether it has work for a workflow."""
    if done.known:
        return "These bytes came before. Nothing was added.", False
    if done.ended == files.End.QUARANTINED:
        return "Not used: the file is in quarantine.", False
    if done.counts is None:
        return f"Taken in: {done.words}.", True
    counts = done.counts
    held = f"{counts.held} held, " if counts.held else ""
    words = (
        f"Taken in: {counts.accepted} accepted, {counts.unchanged} unchanged, {held}"
        f"{counts.rejected} rejected, of {counts.read} read."
    )
    return words, counts.accepted + counts.held > 0


ROUTES = (
    Page("GET", "/start", form, Door.OPERATE),
    Page("POST", "/start", choose, Door.OPERATE, "/start"),
    Page("POST", "/start/mail", choose_lying, Door.OPERATE, "/start"),
    Page("GET", "/start/check", check, Door.OPERATE),
    Page("POST", "/start/go", go, Door.OPERATE, "/start"),
)
