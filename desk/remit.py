"""One remittance: its sum, its claims beside what became of them, and its money."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from activities.csv_files import CsvError
from activities.eob import read_keyed
from activities.office import Office
from activities.story import payer_name
from claims.money import ZERO, from_cents
from claims.remittance import ProviderAdjustment, Remittance, RemittanceClaim
from claims.task import TASKS
from desk.file_names import called, log_names
from desk.remits import OUTCOMES, WORDS
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from desk.words import task_title
from edi.errors import EdiError
from edi.explain.values import code, lower
from edi.x835 import read_remittances
from policy import plb
from policy.people import Door
from records import claims, files, remit_list, remittances
from records.db import Connection, RowMapping
from vault.documents import DocumentDamagedError, DocumentMissingError
from vault.keys import UnknownKeyError

REVERSAL = "22"
"""CLP02 of a claim whose earlier payment is taken back."""


@dataclass(frozen=True)
class Line:
    """One CLP as the file says it, how it ended here, and what belongs to it."""

    number: str
    claim_id: str | None
    status: str
    takes_back: bool
    charge: Decimal
    paid: Decimal
    patient: Decimal
    outcome: str
    segment: int
    task: RowMapping | None
    other: RowMapping | None
    """The payment elsewhere that this takes back, or the reversal of this one."""


@dataclass(frozen=True)
class _Known:
    """What is on record of the claims of one set."""

    ended: Mapping[int, RowMapping]
    ours: Mapping[str, str]
    """Our claim's id by its number, of a set that has not posted."""
    others: list[RowMapping]
    waits: Mapping[int | None, RowMapping]
    posted_on: date | None

    def line(self, one: RemittanceClaim) -> Line:
        row = self.ended.get(one.position)
        claim_id = row["claim_id"] if row else self.ours.get(one.pcn)
        back = one.status == REVERSAL
        return Line(
            number=(row["pcn"] if row else None) or one.pcn,
            claim_id=claim_id,
            status=code("clp02", one.status) or one.status,
            takes_back=back,
            charge=one.charge,
            paid=one.paid,
            patient=one.patient_responsibility,
            outcome=row["outcome"] if row else "",
            segment=one.position,
            task=self.waits.get(one.position),
            other=self._taken_back(claim_id) if back else self._taken_by(claim_id),
        )

    def claim_ids(self) -> list[str]:
        """Every claim of ours that the set names."""
        posted = [row["claim_id"] for row in self.ended.values() if row["claim_id"]]
        return [*posted, *self.ours.values()]

    def _taken_back(self, claim_id: str | None) -> RowMapping | None:
        """The newest payment before this set."""
        if self.posted_on is None:
            return None
        before = [
            one
            for one in self._of(claim_id)
            if one["status"] != REVERSAL and one["posted_on"] <= self.posted_on
        ]
        return before[-1] if before else None

    def _taken_by(self, claim_id: str | None) -> RowMapping | None:
        """The first reversal after this set."""
        if self.posted_on is None:
            return None
        after = (
            one
            for one in self._of(claim_id)
            if one["status"] == REVERSAL and one["posted_on"] >= self.posted_on
        )
        return next(after, None)

    def _of(self, claim_id: str | None) -> list[RowMapping]:
        return [one for one in self.others if one["claim_id"] == claim_id]


def show(visit: Visit) -> Response:
    """One remittance: its sum, its claims, its provider-level adjustments."""
    office, only = visit.desk.office, _only(visit)
    with office.reading() as conn:
        row = remittances.get(conn, visit.path("remittance"))
        if row is None:
            raise MissingError("There is no such remittance. Nothing was changed.")
        file = files.get(conn, row["file_sha256"])
        deposits = remit_list.deposits_of(conn, row["id"])
    read = _read(office, row)
    with office.writing() as conn:
        known = _known(conn, row, read)
        log_names(visit, conn, f"remittance {row['trace']}")
        visit.saw(
            conn,
            "remittance",
            claim_ids=known.claim_ids(),
            subject=f"remittance {row['trace']}",
        )
    every = [known.line(one) for one in read.claims] if read else []
    shown = [one for one in every if only in ("", one.outcome)]
    return visit.page(
        "remit.html.j2",
        row=row,
        state=WORDS[row["status"]],
        reason=_reason(row),
        payer=payer_name(office, row["payer_id"]),
        method=lower(code("method", read.method) or read.method) if read else "",
        place="row" if row["keyed_by"] else "segment",
        groups=paired(shown),
        shown=sum((one.paid for one in shown), ZERO),
        count=len(every),
        only=only,
        outcomes=OUTCOMES,
        task=known.waits.get(None),
        adjustments=[_adjustment(one) for one in read.provider_adjustments]
        if read
        else [],
        sums=_sums(read, row) if read else None,
        file=file and {**file, "name": called(visit, file)},
        deposits=deposits,
    )


def _known(conn: Connection, row: RowMapping, read: Remittance | None) -> _Known:
    ended = remit_list.claims_of(conn, row["id"])
    numbers = [one.pcn for one in read.claims] if read and not ended else []
    ours = {pcn: one.id for pcn, one in claims.by_pcn(conn, numbers).items()}
    posted = [one["claim_id"] for one in ended if one["claim_id"]]
    return _Known(
        ended={one["position"]: one for one in ended},
        ours=ours,
        others=remit_list.other_decisions(conn, row["id"], posted),
        waits=remit_list.tasks_of(conn, row["id"], ended),
        posted_on=row["posted_on"],
    )


def _reason(row: RowMapping) -> str:
    """Why it is not posted; a task's type becomes its title."""
    said = str(row["reason"] or "")
    kind, colon, rest = said.partition(": ")
    return f"{task_title(kind)}: {rest}" if colon and kind in TASKS else said


def _only(visit: Visit) -> str:
    only = visit.asked("only")
    if only not in ("", *OUTCOMES):
        raise DeskError(
            "No claim of a remittance ends so. Nothing was looked up. "
            "Start again from the list."
        )
    return only


def _read(office: Office, row: RowMapping) -> Remittance | None:
    """The set as its file says it; None when the file cannot be read any more."""
    try:
        if row["keyed_by"]:
            with office.reading() as conn:
                return read_keyed(conn, office, row)
        found = read_remittances(office.documents.get(row["file_sha256"]))
    except (
        EdiError,
        CsvError,
        DocumentMissingError,
        DocumentDamagedError,
        UnknownKeyError,
    ):
        return None
    listed = (*found.remittances, *found.incomplete)
    return next((one for one in listed if one.position == row["st_segment"]), None)


def paired(lines: list[Line]) -> list[tuple[Line, ...]]:
    """The claims in the file's order, each reversal with its correction after it."""
    left = list(lines)
    groups: list[tuple[Line, ...]] = []
    while left:
        first = left.pop(0)
        twin = (first.number, not first.takes_back)
        other = next((o for o in left if (o.number, o.takes_back) == twin), None)
        if other is None:
            groups.append((first,))
            continue
        left.remove(other)
        groups.append((first, other) if first.takes_back else (other, first))
    return groups


def _adjustment(one: ProviderAdjustment) -> Mapping[str, Any]:
    known = plb.get(one.code)
    return {
        "code": one.code,
        "words": known["meaning"] if known else "not in our table",
        "amount": one.amount,
        "segment": one.position,
    }


def _sums(read: Remittance, row: RowMapping) -> Mapping[str, Any]:
    """R-ERA-01: sum of CLP04 minus sum of PLB is BPR02; the difference, if any."""
    paid = sum((one.paid for one in read.claims), ZERO)
    taken = sum((one.amount for one in read.provider_adjustments), ZERO)
    check = from_cents(row["paid_cents"])
    return {
        "claims": paid,
        "taken": taken,
        "check": check,
        "difference": check - (paid - taken),
    }


ROUTES = (Page("GET", "/remits/{remittance}", show, Door.MONEY),)
