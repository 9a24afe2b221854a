"""A claim's story in words for people, and what each of its rows opens."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from activities.office import OFFICE_PARTNER
from activities.story import STAGES
from activities.story_items import Item
from claims.decision import MACHINE
from claims.task import TASKS
from desk.evidence import dated
from desk.letter import TITLES
from desk.visit import Visit
from desk.words import reason_code, task_title
from edi.explain.values import code
from policy.tables import rows
from records import users

_LISTS = {"EB01": "benefit", "AAA": "refusal"}
"""Lists of our words for what a coverage answer says."""
IMPORTED = "import"
_SOURCE = re.compile(r"([0-9a-f]{12}) (segment|row) (\d+)")
_REMITTANCE = re.compile(r"835 (\S+) segment (\d+)")
_TABLE = re.compile(r"(\w+)/(\w+)")
_BY = re.compile(r"(?<=\bby )[\w.-]*\w")
_DECIDED = re.compile(r"(?<=: decided )\w+")
_CODE = re.compile(r"\b[A-Z]+(?:_[A-Z0-9]+)+\b")
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
    known |= {"clearinghouse": "the clearinghouse", OFFICE_PARTNER: "the practice"}
    with office.reading() as conn:
        return known | {u.name: u.display_name for u in users.every_user(conn)}


def who_words(name: str, known: Mapping[str, str]) -> str:
    """A name for display; a rule that ran by itself says so."""
    return "By rule" if name == MACHINE else _sentence(known.get(name, name))


def story_words(item: Item, known: Mapping[str, str]) -> str:
    """The sentence, with words in place of the names of states, tasks and letters, and
    display names in place of user names."""
    said = _BY.sub(lambda found: known.get(found[0], found[0]), item.words)
    said = _DECIDED.sub(lambda found: found[0].replace("_", " "), said)
    said = dated(_CODE.sub(_title, said))
    found = re.fullmatch(r"(.*) \[(\w+|None) -> (\w+)\]", said, re.DOTALL)
    if found is None:
        return _sentence(said)
    old, new = (_STAGE_WORDS.get(state, "") for state in found.group(2, 3))
    words = _sentence(found[1])
    return words if old == new else f"{words} ({old or 'New'} → {new})"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _title(found: re.Match[str]) -> str:
    named = found[0]
    title = task_title(named) if named in TASKS else TITLES.get(named)
    return f"“{title}”" if title else named


def evidence_words(item: Item) -> str:
    """What a decision was made on, each code with its words."""
    return "; ".join(_code_words(one) for one in item.evidence)


def _code_words(one: str) -> str:
    if found := _REASON.fullmatch(one):
        return reason_code(*found.groups())
    element, _, value = one.partition(" ")
    remark = rows("rarc_hints", "rarcs", "code").get(one)
    if element in _LISTS and value:
        words = code(_LISTS[element], value)
    elif one == IMPORTED:
        return "what the practice system sent"
    else:
        words = str(remark["hint"]) if remark else code("category", one)
    return f"{one} · {words}" if words else one


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


def decided_words(
    by: str, files: Mapping[str, str], claim_id: str
) -> tuple[str, Link | None]:
    """What decided a line, and its place in the file of that remittance.

    ``files`` is the SHA-256 of each remittance by its trace number.
    """
    found = _REMITTANCE.fullmatch(by)
    if found is None:
        return _sentence(by), None
    trace, segment = found.groups()
    link = file_link(f"file:{files.get(trace, '')}:{segment}", claim_id)
    return f"Remittance {trace}", link


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
    if item.kind in ("EDI in", "paper"):
        return "payer"
    return "auto" if item.who == MACHINE else ""
