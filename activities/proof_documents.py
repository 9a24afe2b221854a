"""The documents of one claim for its proof: letters and files, only what is its own.

A file with other patients never goes out whole: the claim's own segments or rows do,
with the SHA-256 of the file they are from (45 CFR 164.502(b), minimum necessary).
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from activities.csv_rows import KINDS
from activities.office import Office
from claims.messages import claim_workflow_id
from edi.errors import EdiError
from edi.excerpt import excerpt
from ledger.balances import entries_of
from records import accounts, audit, claims, dossier, remittances, submissions
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError

WHOLE, EXCERPT, LEFT_OUT = "whole", "excerpt", "left out"
_NEWS = re.compile(r"\w+:([0-9a-f]{64}):(\d+)")
_SIGNS = re.compile(r"[^a-z0-9]+")
_SOURCE = re.compile(r"([0-9a-f]{12}) (?:row|segment) \d+")
_NAMES_CLAIM = ("claim_ref", "payer_claim_no")
"""Columns of the practice's CSV files that name a claim."""


@dataclass(frozen=True)
class Document:
    """One document: what it is, its SHA-256, and the part of it that is in the proof.

    ``name`` and ``content`` are empty when it is left out; ``note`` says why.
    """

    kind: str
    direction: str
    dated: str
    sha256: str
    included: str
    note: str
    name: str = ""
    content: bytes = b""


@dataclass
class Marks:
    """By what a claim is found in a file: references and segment numbers."""

    references: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)


def documents(conn: Connection, office: Office, row: ClaimRow) -> list[Document]:
    """The claim's own content, its files and its letters."""
    return [
        *_contents(conn, office, row),
        *_files(conn, office, row),
        *_letters(conn, office, row),
    ]


def _contents(conn: Connection, office: Office, row: ClaimRow) -> Iterator[Document]:
    """What the claim says now, and what each submission said."""
    now = claims.content(conn, office.cipher, row.id)
    yield _own("claim content", str(row.opened_on), "claim", now.model_dump_json())
    for sent in submissions.of_claim(conn, row.id):
        said = submissions.content(office.cipher, sent).model_dump_json()
        dated = str(sent["sent_on"] or sent["queued_on"])
        name = f"submission-{sent['number']}"
        yield _own(f"content of submission {sent['number']}", dated, name, said)


def _own(kind: str, dated: str, name: str, text: str) -> Document:
    content = text.encode() + b"\n"
    return Document(
        kind=kind,
        direction="",
        dated=dated,
        sha256=_sha(content),
        included=WHOLE,
        note="",
        name=f"documents/{name}.json",
        content=content,
    )


def _files(conn: Connection, office: Office, row: ClaimRow) -> Iterator[Document]:
    for found, marks in files_of(conn, row):
        yield _file(office, found, marks)


def files_of(conn: Connection, row: ClaimRow) -> Iterator[tuple[RowMapping, Marks]]:
    """Each file that names the claim, oldest first, and how to find it there."""
    ours = {row.pcn, row.id}
    # Where several claims carry the practice's number it does not tell them apart.
    if len(audit.claims_like(conn, row.practice_number)) == 1:
        ours.add(row.practice_number)
    marks = _marks(conn, row)
    for found in dossier.files(conn, marks, _beginnings(conn, row)):
        known = marks.get(found["sha256"], Marks())
        yield found, Marks(known.references | ours, known.numbers)


def _marks(conn: Connection, row: ClaimRow) -> dict[str, Marks]:
    """Each file that names the claim, and by what it is found there."""
    found: dict[str, Marks] = {}
    for sha, reference, number in _mentions(conn, row):
        if sha:
            of = found.setdefault(sha, Marks())
            of.references |= {reference} - {""}
            of.numbers |= {number} if number is not None else set()
    return found


def _mentions(
    conn: Connection, row: ClaimRow
) -> Iterator[tuple[str | None, str, int | None]]:
    """(SHA-256, reference, segment number) of each mention that we know of."""
    yield row.source_file, "", None
    asked = [*dossier.sent_files(conn, row.id), *dossier.answer_files(conn, row.id)]
    for sha, trace in asked:
        yield sha, trace, None
    for sent in submissions.of_claim(conn, row.id):
        yield sent["proof_file"], "", sent["proof_segment"]
    for paid in remittances.of_claim(conn, row.id):
        keyed = paid["keyed_by"] and paid["payer_icn"]  # a row may name no other number
        yield paid["file_sha256"], keyed or "", paid["position"]
    for ref in dossier.news_refs(conn, claim_workflow_id(row.id)):
        if parts := _NEWS.fullmatch(ref):
            yield parts[1], "", int(parts[2])
    for sha in dossier.payment_files(conn, row.id):
        yield sha, "", None
    for sha in dossier.told_by(conn, row.id):
        yield sha, "", None
    for appeal in accounts.appeals_of(conn, row.id):
        yield appeal["decision_file"], "", None


def _beginnings(conn: Connection, row: ClaimRow) -> Iterator[str]:
    """The first 12 digits of each file that an entry of the claim was posted from."""
    for entry in entries_of(conn, row.id):
        if parts := _SOURCE.fullmatch(entry["source"]):
            yield parts[1]


def _file(office: Office, found: RowMapping, marks: Marks) -> Document:
    sha = str(found["sha256"])
    try:
        content = office.documents.get(sha)
    except (DocumentMissingError, DocumentDamagedError, UnknownKeyError):
        return _entry(found, LEFT_OUT, "the document store cannot give it")
    name = f"documents/{_SIGNS.sub('-', found['kind'].lower())}-{sha[:12]}"
    try:
        if found["kind"] in KINDS:
            part = _rows(content, marks.references)
            note = "the header and this claim's rows; others are left out"
            return _part(found, f"{name}-rows.csv", part, note)
        cut = excerpt(content, marks.references, marks.numbers)
    except (EdiError, csv.Error, UnicodeDecodeError):
        return _entry(found, LEFT_OUT, "it cannot be cut, so it may name others")
    if cut.whole:
        return _entry(found, WHOLE, "", f"{name}.edi", content)
    note = f"{cut.kept} segments of this claim; {cut.left_out} others are left out"
    return _part(found, f"{name}-segments.txt", cut.text.encode(), note)


def _part(found: RowMapping, name: str, part: bytes, note: str) -> Document:
    if not part:
        return _entry(found, LEFT_OUT, "it names others, and this claim not by number")
    return _entry(found, EXCERPT, note, name, part)


def _entry(
    found: RowMapping, included: str, note: str, name: str = "", content: bytes = b""
) -> Document:
    return Document(
        kind=found["kind"],
        direction=found["direction"],
        dated=str(found["received_on"]),
        sha256=found["sha256"],
        included=included,
        note=note,
        name=name,
        content=content,
    )


def _rows(content: bytes, references: set[str]) -> bytes:
    """The header and the rows that name one of these; b"" without any."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = [name.strip() for name in next(reader, [])]
    at = [n for n, name in enumerate(header) if name in _NAMES_CLAIM]
    found = [r for r in reader if references.intersection(_cells(r, at))]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *found])
    return out.getvalue().encode() if found else b""


def _cells(row: list[str], at: list[int]) -> set[str]:
    return {row[n].strip() for n in at if n < len(row)}


def _letters(conn: Connection, office: Office, row: ClaimRow) -> Iterator[Document]:
    for letter in dossier.letters(conn, row.id):
        alone = _same_patient(conn, office, row, letter)
        for form in ("html", "pdf"):
            yield _letter(office, letter, form, alone=alone)


def _letter(office: Office, letter: RowMapping, form: str, *, alone: bool) -> Document:
    sha, name, content = str(letter[f"{form}_sha256"]), "", b""
    note = "it is about another patient's claim as well"
    if alone:
        try:
            content = office.documents.get(sha)
            name = f"documents/letter-{letter['template']}-{letter['id'][:8]}.{form}"
            note = ""
        except (DocumentMissingError, DocumentDamagedError, UnknownKeyError):
            note = "the document store cannot give it"
    return Document(
        kind=f"letter {letter['template']} to {letter['recipient']} ({form})",
        direction="out" if letter["status"] == "sent" else letter["status"],
        dated=str(letter["dated"]),
        sha256=sha,
        included=WHOLE if name else LEFT_OUT,
        note=note,
        name=name,
        content=content,
    )


def _same_patient(
    conn: Connection, office: Office, row: ClaimRow, letter: RowMapping
) -> bool:
    """Whether every claim of a letter is of this claim's patient."""
    of = {row.id} | dossier.claims_of_letter(conn, letter)
    people = [
        claims.content(conn, office.cipher, claim_id).patient_person
        for claim_id in sorted(of)
    ]
    return len({(p.last, p.first, p.middle, p.birth_date) for p in people}) == 1


def _sha(content: bytes) -> str:
    return sha256(content).hexdigest()
