"""Two people on one task: as it was opened, as it is now, and one's own entry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from starlette.responses import HTMLResponse

from claims.correction import CORRECTABLE
from desk.task_draft import NOT_TYPED, number
from desk.task_form import decision_words, for_the_task, words
from desk.task_page import Shown, entry_of, opening, read
from desk.task_state import Opened, read_back
from desk.visit import Visit
from desk.words import task_title
from records import drafts
from records.db import Connection, RowMapping
from records.instants import from_text
from records.marks import RETURNED

GONE = ("done", "overtaken", "saved")
CHANGE = "change."


@dataclass(frozen=True)
class Difference:
    """One field as it was opened, as it is now, and as this person has it."""

    name: str
    label: str
    opened: str
    now: str
    mine: str

    @property
    def both(self) -> bool:
        """Both people changed it, to different values."""
        return len({self.opened, self.now, self.mine}) == 3

    @property
    def kept(self) -> str:
        """Whose value is proposed: that of whoever changed the field."""
        return "theirs" if self.mine == self.opened else "mine"


@dataclass(frozen=True)
class Entry:
    """What somebody else put into the form: a draft, or a decision."""

    who: str
    at: datetime
    form: Mapping[str, str]


def conflict(visit: Visit, reference: str, entry: Mapping[str, str]) -> HTMLResponse:
    """The page with the three columns; nothing was overwritten, nothing was sent."""
    shown, was = read(visit, reference), read_back(visit.text("opened"))
    row, seen = shown.row, opening(visit, shown)
    with visit.desk.office.reading() as conn:
        other = _of_another(visit, conn, shown)
    now = other.form if other else was.form
    found = _differences(was.form, now, for_the_task(entry))
    return visit.page(
        "conflict.html.j2",
        409,
        row=row,
        shown=shown,
        title_words=task_title(row["type"]),
        differences=[d for d in found if d.now != d.mine],
        same=[d for d in found if d.now == d.mine],
        facts=list(_facts(was, read_back(seen))),
        what=_what(visit, shown, was, other),
        gone=row["status"] in GONE,
        noted=bool(shown.claim and note_of(entry)),
        other=other,
        opened=seen,
        opened_at=was.at,
        decision_words=partial(decision_words, row["type"]),
    )


def note_of(entry: Mapping[str, str], prefix: str = "") -> str:
    """What this person wrote for others to read: their note and their reason."""
    parts = (entry.get(f"{prefix}{name}", "") for name in ("note", "reason"))
    return " ".join(filter(None, parts))


def _of_another(visit: Visit, conn: Connection, shown: Shown) -> Entry | None:
    """What another person decided or prepared since this one opened the page, else the
    draft they saved since."""
    me, last = visit.user.name, next(reversed(_since(visit, shown)), None)
    if last and last["actor"] != me and _stands(last):
        form = _plain(entry_of(conn, visit.desk.office, last))
        return Entry(shown.name(last["actor"]), from_text(last["saved_at"]), form)
    cipher = visit.desk.office.cipher
    draft = drafts.newest_of_others(conn, cipher, shown.row["id"], me)
    if draft is None or draft.version <= number(visit.text("draft")):
        return None
    form = for_the_task(draft.form)
    return Entry(shown.name(draft.author), draft.saved_at, form)


def _stands(given: RowMapping) -> bool:
    """Whether a decision is a value of the form that another may take over."""
    return not given["refused"] and given["decision"] != RETURNED


def _since(visit: Visit, shown: Shown) -> list[RowMapping]:
    """Decisions about a version of the task that this person had not seen yet."""
    seen = number(visit.text("version"))
    return [given for given in shown.decided if given["task_version"] >= seen]


def _plain(form: Mapping[str, str]) -> dict[str, str]:
    """A stored form as a page sends it: a tick is ``true``, none is nothing, and the
    letter that was read is no field."""
    ticks = {"True": "true", "False": ""}
    typed = {name: value for name, value in form.items() if name not in NOT_TYPED}
    return {name: ticks.get(value, value) for name, value in typed.items()}


def _differences(
    was: Mapping[str, str], now: Mapping[str, str], mine: Mapping[str, str]
) -> list[Difference]:
    names = sorted({*was, *now, *mine}, key=lambda name: (name != "decision", name))
    found = [
        Difference(n, _label(n), was.get(n, ""), now.get(n, ""), mine.get(n, ""))
        for n in names
    ]
    return sorted(found, key=lambda d: not d.both)


def _label(name: str) -> str:
    if name.startswith(CHANGE):
        field = name.removeprefix(CHANGE)
        return f"New value of {CORRECTABLE.get(field, field)}"
    return words(name)


def _facts(was: Opened, now: Opened) -> Iterator[tuple[str, str, str]]:
    """Label, then and now of each fact that changed."""
    for label in dict.fromkeys((*was.facts, *now.facts)):
        before, after = was.facts.get(label, ""), now.facts.get(label, "")
        if was.at is not None and before != after:
            yield label, before, after


def _what(visit: Visit, shown: Shown, was: Opened, other: Entry | None) -> list[str]:
    """Who, or which rule, changed it, and when."""
    said, decided = [], _since(visit, shown)
    for given in decided:
        when = visit.clock(from_text(given["saved_at"]))
        said.append(f"{when} · {shown.name(given['actor'])} {_did(shown, given)}.")
    if other and not decided:
        said.append(f"{visit.clock(other.at)} · {other.who} saved a draft.")
    for line in reversed(shown.story):
        if line.by_rule and was.at is not None and line.at >= was.at:
            said.append(f"{visit.clock(line.at)} · {line.words}.")
    return said or ["Its facts were brought up to date."]


def _did(shown: Shown, given: RowMapping) -> str:
    if given["decision"] == RETURNED:
        return "returned it with marks"
    chosen = decision_words(shown.row["type"], given["decision"])
    return f"{'prepared' if given['second'] else 'decided'} “{chosen}”"
