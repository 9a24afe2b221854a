"""The claim page's other tabs (lines, documents, tasks, rules, access), and what one
does with a claim."""

from starlette.responses import Response

from activities import acting
from activities.file_words import kind_words
from activities.proof_documents import files_of
from activities.tasks import NotPermittedError
from desk import claim_edi, claim_money, claim_story, letter
from desk.claim_frame import break_glass, frame, show
from desk.file_names import called
from desk.notes import add_note
from desk.route import Page
from desk.story_words import decided_words, names, table_words, who_words
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import reason_code
from policy.people import Door
from policy.step_rules import text_of
from records import claims, dossier, story
from records.instants import from_text

NEWEST = 200
VERBS = ("hold", "release", "retry")


def lines_page(visit: Visit) -> Response:
    """Each line as sent, and how it was decided."""
    found = frame(visit, "lines")
    with visit.desk.office.reading() as conn:
        lines = claims.lines(conn, found.row.id)
        paid = story.payments_of(conn, found.row.id)
    files = {one["trace"]: one["file_sha256"] for one in paid if not one["keyed_by"]}
    by = {
        line["number"]: decided_words(line["decided_by"] or "", files, found.row.id)
        for line in lines
    }
    reasons = {
        line["number"]: _reason(str(line["denial"]["carc"]))
        for line in lines
        if line["denial"] and line["denial"].get("carc")
    }
    return show(
        visit,
        "claim_lines.html.j2",
        "Lines",
        found,
        lines=lines,
        reasons=reasons,
        by=by,
    )


def _reason(said: str) -> str:
    """``CO-97`` with our own words."""
    group, _, carc = said.rpartition("-")
    return reason_code(group, carc)


def documents_page(visit: Visit) -> Response:
    """Letters, and files that went out and came in."""
    found = frame(visit, "documents")
    with visit.desk.office.reading() as conn:
        letters = dossier.letters(conn, found.row.id)
        files = [one for one, _ in files_of(conn, found.row)]
    return show(
        visit,
        "claim_documents.html.j2",
        "Documents",
        found,
        letters=letters,
        files=[
            {**f, "name": called(visit, f), "at": from_text(f["received_at"])}
            for f in files
        ],
        kinds=lambda kind: claim_edi.NAMES.get(kind) or kind_words(kind),
        partners=names(visit),
        named=bool(found.name),
        titles=letter.TITLES,
        states=letter.STATES,
    )


def tasks_page(visit: Visit) -> Response:
    """Every task the claim has had."""
    found = frame(visit, "tasks")
    known = names(visit)
    return show(
        visit, "claim_tasks.html.j2", "Tasks", found, tasks=found.tasks, people=known
    )


def rules_page(visit: Visit) -> Response:
    """The rules that ran, with their tables, and how often."""
    found = frame(visit, "rules")
    with visit.desk.office.reading() as conn:
        ran = story.rules_of(conn, found.row.id)
    known = names(visit)
    rules = [
        {
            "ran": one,
            "table": table_words(one.table),
            "says": text_of(one.rule) or "",
            "who": who_words(one.actor, known),
            "last": from_text(one.last),
        }
        for one in ran
    ]
    return show(visit, "claim_rules.html.j2", "Rules that ran", found, rules=rules)


def access_page(visit: Visit) -> Response:
    """Who looked lately; a person without the auditor's door sees their own reads."""
    found = frame(visit, "access")
    whose = None if visit.may(Door.AUDIT) else visit.user.name
    with visit.desk.office.reading() as conn:
        reads = story.reads_of(conn, found.row.id, actor=whose, limit=NEWEST)
    known = names(visit)
    shown = [
        {**r, "at": from_text(r["at"]), "who": who_words(r["actor"], known)}
        for r in reads
    ]
    return show(visit, "claim_access.html.j2", "Access", found, reads=shown)


async def act(visit: Visit) -> Response:
    """Hold, release or retry; the page says what the workflow answered."""
    claim_id, verb, reason = visit.path("claim"), visit.text("verb"), visit.text("why")
    if verb not in VERBS or not reason:
        raise DeskError("A reason is missing. Nothing was stored. Say why, then send.")
    await visit.desk.connect()
    office = visit.desk.office
    try:
        done = await acting.act(
            office,
            claim_id,
            verb,
            reason[:500],
            visit.because(),
            once=visit.text("once")[:64],
        )
    except NotPermittedError as error:
        raise ForbiddenError(str(error)) from error
    except acting.ActRefusedError as error:
        raise DeskError(str(error)) from error
    words = done.words
    if done.status == "saved":
        clock = visit.clock(visit.now)
        words = f"Saved {clock}. Will be applied when processing resumes."
    return visit.go(f"/claims/{claim_id}", words)


def note(visit: Visit) -> Response:
    """Add a note to the story; it may not name the patient."""
    claim_id = visit.path("claim")
    add_note(visit, claim_id, visit.text("words"))
    return visit.go(f"/claims/{claim_id}", "The note is in the story.")


_C = "/claims/{claim}"
ROUTES = (
    Page("GET", _C, claim_story.story_page, Door.CLAIMS),
    Page("GET", f"{_C}/lines", lines_page, Door.CLAIMS),
    Page("GET", f"{_C}/money", claim_money.money_page, Door.CLAIMS),
    Page("GET", f"{_C}/documents", documents_page, Door.CLAIMS),
    Page("GET", f"{_C}/tasks", tasks_page, Door.CLAIMS),
    Page("GET", f"{_C}/rules", rules_page, Door.CLAIMS),
    Page("GET", f"{_C}/access", access_page, Door.CLAIMS),
    Page("POST", f"{_C}/act", act, Door.ACT, _C),
    Page("POST", f"{_C}/note", note, Door.ACT, _C),
    Page("POST", f"{_C}/open", break_glass, Door.CLAIMS, _C),
)
