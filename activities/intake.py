"""Bring one file in by hand: the same way as a mailbox's sweep, with its counts.

What desk and command line share. Counting law: read = accepted + unchanged + held +
rejected. The same bytes again change nothing: what was taken in is then *unchanged*.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from activities import claim_sheet, coverages, csv_files, eob
from activities.file_words import end_of
from activities.files import UNKNOWN, are_taken, is_over, not_taken, take_in
from activities.imports import Reject, identity_of, import_claims, read_file
from activities.office import OFFICE_PARTNER, Office
from activities.tasks import NotPermittedError
from claims.money import from_cents
from edi.acks import read_acknowledgments
from edi.errors import EdiError
from edi.segments import FileKind, detect
from edi.x270 import read_eligibility_answers
from edi.x276 import read_status_answers
from edi.x277ca import read_claim_acknowledgments
from edi.x835 import read_remittances
from records import claims, file_list, files
from records.claims import ClaimRow
from records.db import Connection, RowMapping
from records.events import Because
from records.file_list import NO_SETS

CLAIM_KINDS = ("837P", *claim_sheet.KINDS)
"""Kinds of files that bring claims."""
_READERS = {
    FileKind.TA1: read_acknowledgments,
    FileKind.X999: read_acknowledgments,
    FileKind.X277CA: read_claim_acknowledgments,
    FileKind.X277: read_status_answers,
    FileKind.X271: read_eligibility_answers,
    FileKind.X835: read_remittances,
}


@dataclass(frozen=True)
class Counts:
    """read = accepted + unchanged + held + rejected; ``charge`` of an 837P's claims.

    ``held`` are claims taken in whose payer is not known here, and patients' plans that
    no claim uses yet.
    """

    read: int
    accepted: int
    unchanged: int
    rejected: int
    charge: Decimal
    held: int = 0


@dataclass(frozen=True)
class Intake:
    """What became of one file."""

    name: str
    sha256: str
    kind: str
    ended: str
    words: str
    end: str = ""
    """How it ended, in words: money may have been read and not be posted yet."""
    known: bool = False
    counts: Counts | None = None
    rejects: tuple[Reject, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Nothing was left out and the file could be trusted."""
        return self.ended != files.End.QUARANTINED and not self.rejects


def kind_of(content: bytes) -> str:
    """The file's type, from its content alone."""
    if kind := csv_files.detect(content) or claim_sheet.kind_of(content):
        return kind
    try:
        return "+".join(kind.value for kind in detect(content)) or UNKNOWN
    except EdiError:
        return UNKNOWN


def is_taken(kind: str) -> bool:
    """Whether a file of this kind does something here; any other is quarantined."""
    kinds = set(kind.split("+"))
    if FileKind.X837P in kinds:  # its institutional claims are counted as rejects
        kinds.discard(FileKind.X837I)
    return are_taken(kinds)


def bring_in(
    office: Office,
    name: str,
    content: bytes,
    why: Because,
    *,
    partner: str = OFFICE_PARTNER,
) -> Intake:
    """Take one file in to its end; ``partner`` is whose mailbox it came from."""
    sha = hashlib.sha256(content).hexdigest()
    with office.reading() as conn:
        before = files.get(conn, sha)
        if csv_files.detect(content) == eob.KIND:
            refuse_stranger(conn, why)
    known = before is not None and is_over(before, why)
    words = take_in(office, partner, name, content, why)
    with office.reading() as conn:
        after = files.get(conn, sha)
        run = files.import_of(conn, sha)
        sets = file_list.sets(conn, [sha]).get(sha, NO_SETS)
    ended = str(after["ended"]) if after else ""
    return Intake(
        name=name,
        sha256=sha,
        kind=kind_of(content),
        ended=ended,
        end=str(end_of(after, sets)) if after else "",
        words=words,
        known=known,
        counts=_counts(run, known=known) if run else None,
        rejects=_rejects(run) if run else (),
    )


def refuse_stranger(conn: Connection, why: Because) -> None:
    """Let only a named poster bring a paper remittance in.

    Raises:
        NotPermittedError: this person may not; nothing was done.
    """
    if no := eob.refusal(conn, why.actor):
        raise NotPermittedError(no)


def _counts(run: RowMapping, *, known: bool) -> Counts:
    taken = run["accepted"] + run["unchanged"] + run["held"]
    return Counts(
        read=run["read"],
        accepted=0 if known else run["accepted"],
        unchanged=taken if known else run["unchanged"],
        rejected=run["rejected"],
        charge=from_cents(run["charge_cents"]),
        held=0 if known else run["held"],
    )


def _rejects(run: RowMapping) -> tuple[Reject, ...]:
    return tuple(Reject(**reject) for reject in run["rejects"])


def look_over(office: Office, name: str, content: bytes, why: Because) -> Intake:
    """Say what taking the file in would do; nothing is stored."""
    sha = hashlib.sha256(content).hexdigest()
    kind = kind_of(content)
    try:
        counts, rejects = _read_only(office, content, kind, why)
    except (EdiError, csv_files.CsvError) as error:
        words = f"would be quarantined: {error}"
        return Intake(name, sha, kind, files.End.QUARANTINED, words)
    if not is_taken(kind):
        words = f"would be quarantined: {not_taken(kind.split('+'))}"
        return Intake(name, sha, kind, files.End.QUARANTINED, words)
    words = "checked only, nothing was stored"
    return Intake(name, sha, kind, "", words, counts=counts, rejects=rejects)


def _read_only(
    office: Office, content: bytes, kind: str, why: Because
) -> tuple[Counts | None, tuple[Reject, ...]]:
    if kind == eob.KIND:
        with office.reading() as conn:
            refuse_stranger(conn, why)
            keyed, bad = eob.look_over(conn, office, content, why)
        good = sum(len(one.check.rows) for one in keyed)
        return _row_counts(good, bad)
    if kind in CLAIM_KINDS:
        found = import_claims(office, content, name="", why=why, check_only=True)
        counts = Counts(
            found.read,
            found.accepted,
            found.unchanged,
            found.rejected,
            found.charge,
            found.held,
        )
        return counts, found.rejects
    if kind == coverages.KIND:
        with office.reading() as conn:
            seen = coverages.look_over(conn, office, content, why)
        return _row_counts(seen.accepted, seen.bad, seen.unchanged, seen.held)
    if kind in csv_files.KINDS:
        good, bad = csv_files.check_rows(content, kind, why.today)
        return _row_counts(good, bad)
    for one in kind.split("+"):
        if reader := _READERS.get(FileKind(one)) if one != UNKNOWN else None:
            reader(content)
    return None, ()


def _row_counts(
    good: int, bad: list[csv_files.BadRow], unchanged: int = 0, held: int = 0
) -> tuple[Counts, tuple[Reject, ...]]:
    rejects = tuple(Reject(**csv_files.reject_of(row)) for row in bad)
    read = good + unchanged + held + len(bad)
    return Counts(read, good, unchanged, len(bad), Decimal(0), held), rejects


def claims_in(office: Office, content: bytes) -> list[ClaimRow]:
    """The claims of a file that are known here, in its order."""
    try:
        _, read = read_file(office, content, date.max)
    except (EdiError, csv_files.CsvError):
        return []
    indexes = [
        office.cipher.index(identity_of(one.claim), kind="claim") for one in read.claims
    ]
    with office.reading() as conn:
        known = [claims.by_identity(conn, index) for index in indexes]
        ids = dict.fromkeys(row["id"] for row in known if row is not None)
        return [claims.get(conn, claim_id) for claim_id in ids]
