"""Start: a file is looked over first; then it is taken in and its claims are followed.

Between the two the file lies sealed among the documents, and the address carries a
token of this session that stands for it. The token is used up by starting: two clicks
take a file in once.
"""

from pathlib import PurePosixPath, PureWindowsPath

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from activities.intake import UNKNOWN, Intake, bring_in, is_taken, look_over
from desk.imports import kind_words
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from policy.people import Door
from records import files, sessions
from vault.documents import DocumentMissingError

RULE = "R-BAD-01"
GONE = (
    "This file was started already, or was chosen in an earlier sign-in. "
    "Nothing was done. See Imports, or choose the file again."
)


def form(visit: Visit) -> Response:
    """Choose a file."""
    return visit.page("start.html.j2", error="")


async def choose(visit: Visit) -> Response:
    """Take a chosen file up for a look; a kind that is not read here is not kept."""
    upload = visit.upload("file")
    content = b"" if upload is None else await upload.read()
    if upload is None or not content:
        return _again(visit, "No file was chosen, or it is empty. Nothing was read.")
    return await run_in_threadpool(_keep, visit, bare_name(upload.filename), content)


def bare_name(name: str | None) -> str:
    """The file's own name, without a folder, as files are listed."""
    plain = PureWindowsPath(PurePosixPath(name or "").name).name
    return "".join(c for c in plain if c.isprintable())[:255] or "upload"


def _keep(visit: Visit, name: str, content: bytes) -> Response:
    office, session = visit.desk.office, visit.session
    seen = look_over(office, name, content, visit.because(RULE))
    if not is_taken(seen.kind) or seen.ended == files.End.QUARANTINED:
        return _again(visit, _refused(seen))
    if session is None:
        raise ForbiddenError("Nobody is signed in. Nothing was done.")
    office.documents.put(content)
    with office.writing() as conn:
        token = sessions.keep_search(
            conn,
            office.cipher,
            session.id,
            f"{seen.sha256} {name}",
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


def _again(visit: Visit, words: str) -> HTMLResponse:
    return visit.page("start.html.j2", 422, error=words)


def check(visit: Visit) -> Response:
    """What starting the chosen file would do; nothing is done by looking."""
    token = visit.asked("s")
    sha, name, content = _chosen(visit, token)
    office = visit.desk.office
    seen = look_over(office, name, content, visit.because(RULE))
    with office.reading() as conn:
        before = files.get(conn, sha)
    return visit.page(
        "start_check.html.j2",
        seen=seen,
        size=len(content),
        kind=kind_words(seen.kind),
        before=before if before is not None and before["ended"] else None,
        token=token,
        most=20,
    )


def _chosen(visit: Visit, token: str) -> tuple[str, str, bytes]:
    """Hash, name and bytes behind a token of this session.

    Raises:
        DeskError: there is none; nothing was done.
    """
    session, office = visit.session, visit.desk.office
    words = None
    if session is not None and token:
        with office.reading() as conn:
            words = sessions.search_words(conn, office.cipher, session.id, token)
    sha, _, name = (words or "").partition(" ")
    try:
        content = office.documents.get(sha)
    except DocumentMissingError:
        raise DeskError(GONE) from None
    return sha, name, content


async def go(visit: Visit) -> Response:
    """Take the file in, and start what it brought when a server answers."""
    sha, words, works = await run_in_threadpool(_bring, visit)
    if works and await visit.desk.connect():
        visit.desk.soon(visit.desk.start_waiting())
    elif works:
        visit.desk.brought = True
        words += " Saved. What it brought starts when processing resumes."
    return await run_in_threadpool(visit.go, f"/imports/{sha}", words)


def _bring(visit: Visit) -> tuple[str, str, bool]:
    """Hash, what became of the file, and whether it has work for a workflow."""
    token, office = visit.text("s"), visit.desk.office
    sha, name, content = _chosen(visit, token)
    with office.writing() as conn:
        if visit.session is None or not sessions.take_search(
            conn, visit.session.id, token
        ):
            return sha, "This file was started by an earlier click.", False
    done = bring_in(office, name, content, visit.because(RULE))
    if done.known:
        return sha, "These bytes came before. Nothing was added.", False
    if done.ended == files.End.QUARANTINED:
        return sha, "Not used: the file is in quarantine.", False
    if done.counts is None:
        return sha, f"Taken in: {done.words}.", True
    counts = done.counts
    words = (
        f"Taken in: {counts.accepted} accepted, {counts.unchanged} unchanged, "
        f"{counts.rejected} rejected, of {counts.read} read."
    )
    return sha, words, counts.accepted > 0


ROUTES = (
    Page("GET", "/start", form, Door.OPERATE),
    Page("POST", "/start", choose, Door.OPERATE, "/start"),
    Page("GET", "/start/check", check, Door.OPERATE),
    Page("POST", "/start/go", go, Door.OPERATE, "/start"),
)
