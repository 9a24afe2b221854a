"""One sweep of a mailbox: register by hash, keep, read, route; one of three ends.

A file is stored raw and registered before anything reads it (R-BAD-01). What cannot be
trusted as a whole changes nothing; one bad row never stops the good ones.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import (
    answers,
    claim_sheet,
    claim_status,
    csv_files,
    unread_files,
)
from activities.acting import deliver_acts
from activities.close_overdue import raise_overdue
from activities.coverages import take_coverages
from activities.eob import KIND as EOB
from activities.file_words import end_of
from activities.imports import import_claims, take_sheet
from activities.office import Office
from activities.receipts import acknowledge
from activities.remittance import register_remittances
from activities.tasks import deliver_waiting
from activities.telling import start_claims, start_remittance, tell
from activities.unread_files import UnreadError
from claims.decision import MACHINE
from edi.acks import read_acknowledgments
from edi.errors import EdiError
from edi.segments import FileKind, detect
from edi.x270 import read_eligibility_answers
from edi.x276 import read_status_answers
from edi.x277ca import read_claim_acknowledgments
from exchange.mailbox import (
    FileMissingError,
    InboundFile,
    Mailbox,
    MailboxError,
    TooLargeError,
)
from records import file_list, files, news, remittances, reports
from records.db import Connection, RowMapping
from records.events import Because
from records.file_list import NO_SETS
from records.files import End

PATIENCE = 5
"""Tries of one sweep at files that could not be taken in; the next sweep goes on."""
MONEY = frozenset({"835", "EOB", "DEPOSITS", "PAYMENTS", "REFUNDS"})
UNKNOWN = "UNKNOWN"
"""The kind of a file that nothing has looked at yet, or that nobody knows."""
Route = Callable[[Connection, Office, str, bytes, str, Because], str]


class FilesLeftError(Exception):
    """Files of a mailbox could not be taken in; the others were."""

    def __init__(self, count: int) -> None:
        """``count`` files stay where they are and are tried again."""
        super().__init__(f"{count} files could not be taken in; they are tried again")


@dataclass
class FileActivities:
    """Everything that comes in by file."""

    office: Office

    @activity.defn
    def receive_files(self, partner: str, at: datetime) -> int:
        """Take every settled file of a mailbox in to its end; how many were.

        Each file is its own transactions and the same bytes again change nothing, so a
        repeat goes on where a crash left off. A file we fail on does not stop the next,
        nor, after some tries, what the others brought: it is on the list of files.

        Raises:
            FilesLeftError: some files could not be taken in now; they are tried again.
        """
        why = self.office.because(at, "R-BAD-01")
        taken, left = 0, dict[InboundFile, Exception]()
        with self.office.mailbox(partner) as mailbox:
            for file in mailbox.list_inbound(self.office.settle_seconds):
                try:
                    taken += self._receive(mailbox, partner, file, why)
                except Exception as error:  # noqa: BLE001 - told below, with all others
                    left[file] = error
        unread = {f: e for f, e in left.items() if isinstance(e, UnreadError)}
        unread_files.remember(self.office, partner, unread, why)
        if left and _tries() < PATIENCE:
            raise FilesLeftError(len(left)) from next(iter(left.values()))
        return taken

    def _receive(
        self, mailbox: Mailbox, partner: str, file: InboundFile, why: Because
    ) -> bool:
        """Take one file in and move it aside; not one that grew since it was listed,
        and of one that is too large only that it came."""
        try:
            content = mailbox.read_inbound(file.name)
        except FileMissingError:  # another sweep was quicker
            return False
        except TooLargeError as error:
            unread_files.refuse(self.office, partner, file, error, why)
        except (MailboxError, OSError) as error:
            raise UnreadError from error
        else:
            if len(content) != file.size:
                return False
            take_in(self.office, partner, file.name, content, why)
            acknowledge(self.office, mailbox, partner, content, why)
        mailbox.archive_inbound(file.name)
        return True

    @activity.defn
    async def pass_on(self, at: datetime) -> int:
        """Tell all untold news, start what waits for a workflow, deliver decisions;
        a day whose close is overdue becomes a task, and the database is told its
        sizes."""
        await asyncio.to_thread(self._look_after, at)
        claim_ids, remittance_ids = await asyncio.to_thread(self._unstarted)
        await start_claims(self.office, claim_ids)
        for remittance_id in remittance_ids:
            await start_remittance(self.office, remittance_id, at)
        rows = await asyncio.to_thread(self._untold)
        await tell(self.office, rows)
        await deliver_waiting(self.office)
        await deliver_acts(self.office)
        return len(rows)

    def _look_after(self, at: datetime) -> None:
        why = self.office.because(at)
        with self.office.writing() as conn:
            raise_overdue(conn, why)
        self.office.db.know_sizes(why.today)

    def _unstarted(self) -> tuple[list[str], list[str]]:
        with self.office.reading() as conn:
            waiting = remittances.listing(conn, status=["received"])
            return reports.unstarted_claims(conn), [r["id"] for r in waiting]

    def _untold(self) -> list[Any]:
        with self.office.reading() as conn:
            return news.untold(conn)


def _tries() -> int:
    """How often this sweep has tried by now."""
    return activity.info().attempt if activity.in_activity() else 1


def take_in(
    office: Office, partner: str, name: str, content: bytes, why: Because
) -> str:
    """Register, store and route one file; what became of it, in words."""
    sha = hashlib.sha256(content).hexdigest()
    with office.writing() as conn:
        new = files.register(
            conn,
            sha256=sha,
            direction="in",
            partner=partner,
            name=name,
            kind=UNKNOWN,
            size=len(content),
            today=why.today,
            at=why.at,
        )
        known = files.get(conn, sha)
        if not new and known is not None and is_over(known, why):
            files.count_copy(conn, sha)
            sets = file_list.sets(conn, [sha]).get(sha, NO_SETS)
            return f"the same bytes are known as {end_of(known, sets)}"
    office.documents.put(content)
    kinds = _kinds(content)
    with office.writing() as conn:
        files.recognise(conn, sha, "+".join(kinds) or UNKNOWN)
    return _route(office, partner, content, sha, kinds, why)


def is_over(file: RowMapping, why: Because) -> bool:
    """Whether these bytes have come to their end. A paper remittance that nobody's
    name stood for has not, once a person brings it in (R-MAN-01)."""
    waits_for_person = file["kind"] == EOB and file["ended"] == End.QUARANTINED
    return bool(file["ended"]) and not (waits_for_person and why.actor != MACHINE)


def _kinds(content: bytes) -> list[str]:
    if kind := csv_files.detect(content) or claim_sheet.kind_of(content):
        return [kind]
    try:
        found = [kind.value for kind in detect(content)]
    except EdiError:
        return []
    # Each stands for both: one import counts institutional claims as rejects, one
    # reader takes TA1 and 999.
    for first, other in (
        (FileKind.X837P, FileKind.X837I),
        (FileKind.TA1, FileKind.X999),
    ):
        if first in found and other in found:
            found.remove(other)
    return found


def are_taken(kinds: Iterable[str]) -> bool:
    """Whether something is done here with every one of these kinds of a file."""
    wanted = set(kinds)
    return bool(wanted) and wanted <= {*ROUTES, FileKind.X837P}


def not_taken(kinds: Iterable[str]) -> str:
    """Why nothing is done with a file of these kinds."""
    if FileKind.X837I in kinds:
        return (
            "these are institutional claims (837I); only professional claims (837P) "
            "can be sent from here"
        )
    return "this kind of file is not read here"


def _route(
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    kinds: list[str],
    why: Because,
) -> str:
    # Asked before anything is taken: a file that ends quarantined changes nothing.
    if not are_taken(kinds):
        return _quarantine(office, sha, not_taken(kinds))
    try:
        said = [_one_kind(office, partner, kind, content, sha, why) for kind in kinds]
    except (EdiError, csv_files.CsvError) as error:
        return _quarantine(office, sha, str(error))
    words = "; ".join(s for s in said if s)
    ended = End.POSTED if MONEY.intersection(kinds) else End.ROUTED
    with office.writing() as conn:
        files.end(conn, sha, ended, reason=words)
    return words


def _quarantine(office: Office, sha: str, reason: str) -> str:
    with office.writing() as conn:
        files.end(conn, sha, End.QUARANTINED, reason=reason)
    return f"quarantined: {reason}"


def _one_kind(
    office: Office, partner: str, kind: str, content: bytes, sha: str, why: Because
) -> str:
    if kind == FileKind.X837P:
        result = import_claims(office, content, name="", why=why)
        return result.words
    route = ROUTES[kind]
    with office.writing() as conn:
        return route(conn, office, partner, content, sha, why)


def _acknowledgments(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    found = read_acknowledgments(content)
    said = [
        answers.take_ta1(conn, office, partner, ta1, sha, why)
        for ta1 in found.interchanges
    ]
    said += [
        answers.take_999(conn, office, partner, one, sha, why) for one in found.files
    ]
    return "; ".join(said)


def _claim_acknowledgments(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    found = read_claim_acknowledgments(content)
    said = claim_status.take_277ca(conn, office, found.statuses, sha, why)
    whole = claim_status.take_277ca_of_files(conn, office, found, sha, why)
    return f"{said}, {whole} rejected with their whole file" if whole else said


def _status_answers(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    found = read_status_answers(content)
    return claim_status.take_277(conn, office, found.statuses, sha, why)


def _eligibility_answers(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    found = read_eligibility_answers(content)
    return answers.take_271(conn, office, partner, found.answers, sha, why)


def _remittances(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    return register_remittances(conn, office, partner, content, sha, why)


ROUTES: dict[str, Route] = {
    FileKind.TA1: _acknowledgments,
    FileKind.X999: _acknowledgments,
    FileKind.X277CA: _claim_acknowledgments,
    FileKind.X277: _status_answers,
    FileKind.X271: _eligibility_answers,
    FileKind.X835: _remittances,
    "DEPOSITS": csv_files.take_deposits,
    "PAYMENTS": csv_files.take_payments,
    "REFUNDS": csv_files.take_refunds,
    "AUTHORIZATIONS": csv_files.take_authorizations,
    "APPEAL_DECISIONS": csv_files.take_appeal_decisions,
    "COVERAGES": take_coverages,
    "EOB": csv_files.take_eob,
    claim_sheet.CSV: take_sheet,
    claim_sheet.JSON: take_sheet,
}
