"""A claim's story in words for people, and what each of its rows opens."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from activities.office import OFFICE_PARTNER
from activities.story import STAGES
from activities.story_items import Item
from claims.decision import MACHINE
from claims.task import TASKS
from desk.letter import TITLES
from desk.visit import Visit
from desk.words import reason_code, task_title
from records import users

_SOURCE = re.compile(r"([0-9a-f]{12}) (segment|row) (\d+)")
_TABLE = re.compile(r"(\w+)/(\w+)")
_DECIDED = re.compile(r"(?<=: decided )\w+")
_CODE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_LETTER = re.compile(r"\bLetter ([A-Z]+(?:_[A-Z0-9]+)+)")
_REASON = re.compile(r"([A-Z]{2})-([A-Z]?\d+)")
_FILE = re.compile(r"file:([0-9a-f]+)(?::(\d+))?")
_STAGE_WORDS = {state.value: word for state, word in STAGES.items()}


class Link(NamedTuple):
    """Where a row leads, and what is there."""

    href: str
    words: str


def names(visit: Visit) -> dict[str, str]:
    """Display names: of users, of payers, and of the partners who carry files."""
    office = visit.desk.office
    profiles = ((p, office.payer(p)) for p in office.payers.ids())
    known = {payer: profile.name for payer, profile in profiles if profile}
    known |= {"clearinghouse": "The clearinghouse", OFFICE_PARTNER: "The practice"}
    with office.reading() as conn:
        return known | {u.name: u.display_name for u in users.every_user(conn)}


def who_words(name: str, known: Mapping[str, str]) -> str:
    """A name for display; a rule that ran by itself says so."""
    return "By rule" if name == MACHINE else known.get(name, name)


def story_words(item: Item) -> str:
    """The sentence, with words in place of the names of states, tasks and letters."""
    said = _LETTER.sub(lambda found: f"“{TITLES.get(found[1], 'Letter')}”", item.words)
    said = _DECIDED.sub(lambda found: found[0].replace("_", " "), said)
    said = _CODE.sub(_title, said)
    found = re.fullmatch(r"(.*) \[(\w+|None) -> (\w+)\]", said, re.DOTALL)
    if found is None:
        return _sentence(said)
    old, new = (_STAGE_WORDS.get(state, "") for state in found.group(2, 3))
    words = _sentence(found[1])
    return words if old == new else f"{words} ({old or 'New'} → {new})"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _title(found: re.Match[str]) -> str:
    code = found[0]
    return f"“{task_title(code)}”" if code in TASKS else code


def evidence_words(item: Item) -> str:
    """What a decision was made on; a reason code with its words."""
    return ", ".join(
        reason_code(*found.groups()) if (found := _REASON.fullmatch(one)) else one
        for one in item.evidence
    )


def source_words(item: Item, known: Mapping[str, str]) -> str:
    """Where an item comes from: a table with its version, a file, a person."""
    if _TABLE.fullmatch(item.source):
        return table_words(item.source)
    if item.kind == "EDI in" and item.source.startswith("CLP "):
        return ""
    return posting_source(item.source, known) if item.kind == "ledger" else item.source


def table_words(cited: str) -> str:
    """``carc_actions/1`` as people say it."""
    name, found, number = cited.partition("/")
    return f"table {name}, version {number}" if found else name


def posting_source(source: str, known: Mapping[str, str]) -> str:
    """What a posting was made from."""
    kind, _, name = source.partition(" ")
    if found := _SOURCE.fullmatch(source):
        _, what, number = found.groups()
        return (
            f"Remittance, {what} {number}"
            if what == "segment"
            else f"File, row {number}"
        )
    if kind == "person":
        return f"Posted by {who_words(name, known)}"
    return _sentence(source)


def posting_link(source: str, claim_id: str) -> Link | None:
    """The page that shows what a posting was made from."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return None
    sha, what, number = found.groups()
    if what == "row":
        return Link(f"/claims/{claim_id}/documents", "See the files")
    return file_link(f"file:{sha}:{number}", claim_id)


def link_of(item: Item, claim_id: str, *, named: bool) -> Link | None:
    """The page of what an item is about; a letter only for who sees the patient."""
    kind, _, key = item.about.partition(":")
    page = f"/claims/{claim_id}"
    if kind == "task":
        return Link(f"/tasks/{key}", "Open the task")
    if kind == "letter" and named:
        return Link(f"/letters/{key}", "Read the letter")
    if kind == "entry":
        return Link(f"{page}/money#e{key}", "See the entry")
    return file_link(item.about, claim_id)


def file_link(about: str, claim_id: str) -> Link | None:
    """The segments of a file, at the one that counts."""
    found = _FILE.fullmatch(about)
    if found is None:
        return None
    href = f"/claims/{claim_id}/edi?file={found[1]}"
    if found[2]:
        href += f"&segment={found[2]}#s{found[2]}"
    return Link(href, "Read the segments")


def mark_of(item: Item) -> str:
    """The class of the row's knot: refused, from the payer, or by rule."""
    if item.failed:
        return "bad"
    if item.kind == "EDI in":
        return "payer"
    return "auto" if item.who == MACHINE else ""
