"""Two people on one task: what was there, what is there now, and one's own entry."""

from dataclasses import dataclass

from starlette.responses import HTMLResponse

from desk.task_form import words
from desk.visit import Visit
from desk.words import task_title
from records import drafts
from records.db import RowMapping
from records.instants import from_text

GONE = ("done", "overtaken", "saved")


@dataclass(frozen=True)
class Difference:
    """One field as it was opened, as it is now, and as this person has it."""

    name: str
    label: str
    opened: str
    now: str
    mine: str

    @property
    def differs(self) -> bool:
        """Whether the two people say different things."""
        return self.now != self.mine


def conflict(
    visit: Visit, row: RowMapping, entry: dict[str, str], decided: list[RowMapping]
) -> HTMLResponse:
    """The page with the three columns; nothing was overwritten, nothing was sent."""
    office, theirs = visit.desk.office, {}
    opened = visit.text("draft")
    with office.reading() as conn:
        newest = drafts.newest_of_others(
            conn, office.cipher, row["id"], visit.user.name
        )
        before = drafts.at_version(
            conn, office.cipher, row["id"], int(opened) if opened.isdecimal() else 0
        )
    if newest is not None:
        theirs = dict(newest.form)
    if decided:
        theirs["decision"] = decided[-1]["decision"]
    was = before.form if before else {}
    names = sorted({*was, *theirs, *entry}, key=lambda n: (n != "decision", n))
    found = [
        Difference(n, words(n), was.get(n, ""), theirs.get(n, ""), entry.get(n, ""))
        for n in names
    ]
    return visit.page(
        "conflict.html.j2",
        409,
        row=row,
        title_words=task_title(row["type"]),
        differences=sorted(found, key=lambda d: not d.differs),
        what=_what(visit, row, decided),
        gone=row["status"] in GONE,
        newest=newest,
        at=visit.clock(visit.now),
    )


def _what(visit: Visit, row: RowMapping, decided: list[RowMapping]) -> list[str]:
    """Who changed it, and when."""
    said = [
        f"{visit.clock(from_text(d['saved_at']))} · {d['actor']} "
        f"{'prepared' if d['second'] else 'decided'} "
        f"{str(d['decision']).replace('_', ' ')}."
        for d in decided
    ]
    if row["status"] == "overtaken":
        said.append("It closed by itself: its reason is gone.")
    return said or ["Its facts were brought up to date."]
