"""The EDI tab: each file of a claim, its own segments beside our words for them.

Only segments of this claim leave the document store (minimum necessary); where the
person may not see the patient those that name one are masked.
"""

from dataclasses import dataclass

from starlette.responses import Response

from activities.proof_documents import Marks, files_of
from desk.claim_frame import frame, show
from desk.file_names import called
from desk.route import Page
from desk.visit import DeskError, ForbiddenError, MissingError, Visit
from edi.errors import EdiError
from edi.excerpt import excerpt, kept
from edi.explain import Explained, SumCheck, explain, part, sums
from edi.segments import FileKind
from policy.people import Door
from policy.remittance import TABLE, words_of
from policy.tables import rows
from records.claims import ClaimRow
from records.db import RowMapping
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError

SHORT = 12
"""So many digits of a SHA-256 stand in a posting's source."""
_KINDS = frozenset(str(kind) for kind in FileKind)
NAMES = {
    "837P": "837P claim",
    "835": "835 remittance",
    "999": "999 file readable or not",
    "277CA": "277CA claim accepted or rejected",
    "277": "277 answer about the status",
    "276": "276 question about the status",
    "271": "271 answer about coverage",
    "270": "270 question about coverage",
}


@dataclass(frozen=True)
class _Shown:
    """A set of the chosen file: its heading, the claim's segments, their sums."""

    title: str
    control: str
    segments: tuple[Explained, ...]
    sums: tuple[SumCheck, ...]


def edi_page(visit: Visit) -> Response:
    """Every file of the claim; the newest, or the chosen one, in words."""
    framed = frame(visit, "EDI")
    found = _files(visit, framed.row)
    chosen = _chosen(visit, found) if found else None
    sets = _sets(visit, *chosen, names=bool(framed.name)) if chosen else []
    segment = visit.asked("segment")
    return show(
        visit,
        "claim_edi.html.j2",
        "EDI",
        framed,
        names=bool(framed.name),
        files=[(one, NAMES.get(one["kind"], one["kind"])) for one, _ in found],
        chosen=chosen[0] if chosen else None,
        called=lambda one: called(visit, one),
        sets=sets,
        segment=int(segment) if segment.isdecimal() and len(segment) < 10 else 0,
        hits=any(one.hit for shown in sets for one in shown.segments),
    )


def raw(visit: Visit) -> Response:
    """The claim's own segments of the chosen file, as text; the read is logged."""
    framed = frame(visit, "EDI")
    if not framed.name:
        raise ForbiddenError(
            "You may not see this patient, so the raw text was not sent. "
            "Ask somebody who has a task on the claim."
        )
    one, marks = _chosen(visit, _files(visit, framed.row))
    try:
        text = excerpt(_content(visit, one), marks.references, marks.numbers).text
    except EdiError:
        raise _unreadable() from None
    with visit.desk.office.writing() as conn:
        visit.saw(conn, "raw EDI", claim_ids=[framed.row.id])
    name = f"{one['kind']}-{one['sha256'][:12]}.txt"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/plain", headers=headers)


def _files(visit: Visit, row: ClaimRow) -> list[tuple[RowMapping, Marks]]:
    """The claim's X12 files, first received first."""
    with visit.desk.office.reading() as conn:
        return [one for one in files_of(conn, row) if one[0]["kind"] in _KINDS]


def _chosen(
    visit: Visit, found: list[tuple[RowMapping, Marks]]
) -> tuple[RowMapping, Marks]:
    """The file whose SHA-256 begins so; the newest when none was asked for."""
    asked = visit.asked("file")
    for one in reversed(found):
        if not asked or (len(asked) >= SHORT and one[0]["sha256"].startswith(asked)):
            return one
    raise MissingError(
        "The claim does not have this file. Nothing was shown. Choose one of its list."
    )


def _content(visit: Visit, one: RowMapping) -> bytes:
    try:
        return visit.desk.office.documents.get(one["sha256"])
    except (DocumentMissingError, DocumentDamagedError, UnknownKeyError):
        raise DeskError(
            "The document store cannot give this file. Nothing was shown. "
            "Tell the person who operates Claimthread."
        ) from None


def _unreadable() -> DeskError:
    return DeskError(
        "This file cannot be cut into segments, so it may name other patients. "
        "Nothing was shown."
    )


def _sets(visit: Visit, one: RowMapping, marks: Marks, *, names: bool) -> list[_Shown]:
    try:
        found = kept(_content(visit, one), marks.references, marks.numbers)
    except EdiError:
        raise _unreadable() from None
    shown = []
    for each, mine in found:
        passage = part(each, mine)
        said = explain(passage, reason_words=_reasons(), mask=not names)
        title = f"{NAMES.get(each.kind, each.kind)} {each.control_number}"
        shown.append(_Shown(title, each.header.isa13, said, sums(passage)))
    return shown


def _reasons() -> dict[str, str]:
    """Our words for reason and remark codes."""
    hints = rows("rarc_hints", "rarcs", "code")
    remarks = {code: str(row["hint"]) for code, row in hints.items()}
    return remarks | {code: words_of(code) for code in rows(TABLE, "carcs", "code")}


ROUTES = (
    Page("GET", "/claims/{claim}/edi", edi_page, Door.CLAIMS),
    Page("GET", "/claims/{claim}/edi/raw", raw, Door.CLAIMS),
)
