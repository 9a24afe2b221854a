"""The claim page: story, lines, documents, tasks, rules, access, and its actions."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from activities import acting
from activities.proof_documents import files_of
from activities.story import STAGES, Item
from activities.tasks import NotPermittedError
from claims.decision import MACHINE
from claims.task import TASKS
from desk import claim_money, letter
from desk.claim_frame import break_glass, frame, show
from desk.imports import kind_words
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, Visit
from desk.words import reason_code, task_title
from policy.people import Door
from records import accounts, audit, claims, events, users
from records.instants import from_text

NEWEST = 200
BAD = ("denied", "reject", "refused", "failed", "silent")
VERBS = ("hold", "release", "retry")
_CODE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_STAGE_WORDS = {state.value: word for state, word in STAGES.items()}


def story_page(visit: Visit) -> Response:
    """All that happened, newest first, under what comes next."""
    found = frame(visit, "story")
    only, routine = visit.asked("only"), visit.asked("routine") == "1"
    items = [i for i in reversed(found.story.items) if _wanted(i, only)]
    shown = items if routine else [i for i in items if not _routine(i)]
    start = int(visit.asked("from")) if visit.asked("from").isdecimal() else 0
    people = _people(visit)
    return show(
        visit,
        "claim_story.html.j2",
        "Story",
        found,
        items=[(i, _class(i)) for i in shown[start : start + NEWEST]],
        hidden=len(items) - len(shown),
        older=start + NEWEST if len(shown) > start + NEWEST else 0,
        only=only,
        routine=routine,
        who=lambda name: who_words(name, people),
        words=story_words,
        tz=ZoneInfo(visit.desk.office.zone),
        waiting=sorted(
            (t for t in found.tasks if t["closed_on"] is None),
            key=lambda t: (t["due_on"], t["number"]),
        ),
    )


def _people(visit: Visit) -> dict[str, str]:
    with visit.desk.office.reading() as conn:
        return {u.name: u.display_name for u in users.every_user(conn)}


def who_words(name: str, people: Mapping[str, str]) -> str:
    """A person's name for display; a rule that ran by itself says so."""
    return "By rule" if name == MACHINE else people.get(name, name)


def story_words(item: Item) -> str:
    """The sentence, with words in place of the names of states and task types."""
    said = _CODE.sub(_title, item.words)
    found = re.fullmatch(r"(.*) \[(\w+|None) -> (\w+)\]", said, re.DOTALL)
    if found is None:
        return said
    old, new = (_STAGE_WORDS.get(state, "") for state in found.group(2, 3))
    return found[1] if old == new else f"{found[1]} ({old or 'New'} → {new})"


def _title(found: re.Match[str]) -> str:
    code = found[0]
    return f"“{task_title(code)}”" if code in TASKS else code


def _wanted(item: Item, only: str) -> bool:
    if only == "failures":
        return _class(item) == "bad"
    return only != "people" or item.kind in ("person", "note") or _by_person(item)


def _by_person(item: Item) -> bool:
    return item.who != MACHINE and item.kind in ("task", "ledger", "claim")


def _routine(item: Item) -> bool:
    quiet = item.kind == "claim" and item.who == MACHINE and "->" not in item.words
    return quiet and _class(item) != "bad"


def _class(item: Item) -> str:
    if any(word in item.words.lower() for word in BAD):
        return "bad"
    if item.kind == "EDI in":
        return "payer"
    return "auto" if item.who == MACHINE else ""


def lines_page(visit: Visit) -> Response:
    """Each line as sent, and how it was decided."""
    found = frame(visit, "lines")
    with visit.desk.office.reading() as conn:
        reasons = {
            line["number"]: _reason(str(line["denial"]["carc"]))
            for line in claims.lines(conn, found.row.id)
            if line["denial"] and line["denial"].get("carc")
        }
    return show(visit, "claim_lines.html.j2", "Lines", found, reasons=reasons)


def _reason(said: str) -> str:
    """``CO-97`` with our own words."""
    group, _, carc = said.rpartition("-")
    return reason_code(group, carc)


def documents_page(visit: Visit) -> Response:
    """Letters, and files that went out and came in."""
    found = frame(visit, "documents")
    with visit.desk.office.reading() as conn:
        letters = accounts.letters(conn, claim_id=found.row.id)
        files = [one for one, _ in files_of(conn, found.row)]
    return show(
        visit,
        "claim_documents.html.j2",
        "Documents",
        found,
        letters=letters,
        files=[{**f, "at": from_text(f["received_at"])} for f in files],
        kinds=kind_words,
        named=bool(found.name),
        titles=letter.TITLES,
        states=letter.STATES,
    )


def tasks_page(visit: Visit) -> Response:
    """Every task the claim has had."""
    found = frame(visit, "tasks")
    people = _people(visit)
    return show(
        visit, "claim_tasks.html.j2", "Tasks", found, tasks=found.tasks, people=people
    )


def rules_page(visit: Visit) -> Response:
    """The rules that ran, with their tables, and how often."""
    found = frame(visit, "rules")
    with visit.desk.office.reading() as conn:
        ran = [e for e in events.of_claim(conn, found.row.id) if e["rule"]]
    people = _people(visit)
    times: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], datetime] = {}
    for e in ran:
        key = (e["rule"], e["rule_table"] or "", who_words(e["actor"], people))
        times[key] += 1
        last[key] = from_text(e["at"])
    rules = [(*key, n, last[key]) for key, n in sorted(times.items())]
    return show(visit, "claim_rules.html.j2", "Rules that ran", found, rules=rules)


def access_page(visit: Visit) -> Response:
    """Who looked; a person without the auditor's door sees their own reads."""
    found = frame(visit, "access")
    with visit.desk.office.reading() as conn:
        reads = audit.accesses(conn, found.row.id)
    if not visit.may(Door.AUDIT):
        reads = [r for r in reads if r["actor"] == visit.user.name]
    people = _people(visit)
    shown = [
        {**r, "at": from_text(r["at"]), "who": who_words(r["actor"], people)}
        for r in reads[::-1][:NEWEST]
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
        done = await acting.act(office, claim_id, verb, reason[:500], visit.because())
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
    claim_id, words = visit.path("claim"), visit.text("words")
    if not words or len(words) > 500:
        raise DeskError("A note has 1 to 500 characters. Nothing was stored.")
    office = visit.desk.office
    with office.writing() as conn:
        claims.get(conn, claim_id)
        person = claims.content(conn, office.cipher, claim_id).patient_person
        if person.last and person.last.lower() in words.lower():
            raise DeskError(
                "The note names the patient. Nothing was stored. "
                "Write “the patient” instead."
            )
        events.add(conn, visit.because(), "note", words, claim_id=claim_id)
    return visit.go(f"/claims/{claim_id}", "The note is in the story.")


_C = "/claims/{claim}"
ROUTES = (
    Page("GET", _C, story_page, Door.CLAIMS),
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
