"""Bring claims of a practice system in: 837P, CSV or JSON to claim rows (counting law).

read = accepted + unchanged + held + rejected. The same claim (billing NPI, CLM01,
member, first service date, CLM05-3, REF*F8) with the same content is *unchanged*; with
other content it is rejected, because a change to a known claim is a correction, not a
second claim. A claim to an unknown payer is taken in and *held*: the scrub edits keep
it until somebody names its payer.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4, uuid5

from activities import claim_sheet
from activities.claim_sheet import ClaimSheet, read_sheet
from activities.covers import with_covers
from activities.office import Office
from activities.steps import by_claim
from claims.claim import Claim, ClaimState
from claims.money import ZERO, cents
from edi.x837 import ClaimFile, ReadClaim, read_claims
from records import accounts, claims, events, files
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because
from records.instants import to_text

UNKNOWN_PAYER = "UNKNOWN"
CHANGED = "this claim is known here with other content"
"""Why a claim that could be read is rejected."""
_NAMESPACE = UUID("6f1c8a52-0a3b-4a55-9e0f-3d8f6a5f7c11")


@dataclass(frozen=True)
class Reject:
    """One claim that was not taken in, and what to do about it. No patient data."""

    position: int
    reference: str
    segment: str
    field: str
    reason: str
    fix: str


@dataclass(frozen=True)
class ImportResult:
    """Counts and dollars of one import; ``claim_ids`` are those accepted or held.

    ``charge`` is what the file bills, rejected claims included as far as they can be
    read.
    """

    read: int
    accepted: int
    unchanged: int
    held: int
    rejected: int
    charge: Decimal
    claim_ids: tuple[str, ...]
    rejects: tuple[Reject, ...]

    @property
    def words(self) -> str:
        """What was taken in."""
        held = f", {self.held} held: payer not known" if self.held else ""
        return f"{self.accepted} of {self.read} claims accepted{held}"

    @property
    def taken(self) -> int:
        """How many claims are new here: those that go on, and those held."""
        return self.accepted + self.held


def import_claims(
    office: Office, content: bytes, *, name: str, why: Because, check_only: bool = False
) -> ImportResult:
    """Take in a file of claims (837P, or rows as CSV or JSON) in one SQL transaction.

    Raises:
        EdiError: the file is no 837P or cannot be cut into segments; nothing was
            stored.
        CsvError: it has not the columns of claims; nothing was stored.
    """
    kind, read = read_file(office, content, why.today)
    sha = hashlib.sha256(content).hexdigest()
    if check_only:
        with office.reading() as conn:
            return _Importer(office, conn, sha, why).check(read)
    office.documents.put(content)
    with office.writing() as conn:
        result = _Importer(office, conn, sha, why).take_in(read)
        _record(conn, result, kind, sha, why)
    return result


def read_file(
    office: Office, content: bytes, today: date
) -> tuple[str, ClaimFile | ClaimSheet]:
    """The kind of the file, and its claims.

    Raises:
        EdiError, CsvError: it holds none that can be read.
    """
    kind = claim_sheet.kind_of(content)
    if kind is None:
        return "837P", read_claims(content)
    return kind, read_sheet(content, today, office.practice, office.payers)


def take_sheet(
    conn: Connection,
    office: Office,
    partner: str,
    content: bytes,
    sha: str,
    why: Because,
) -> str:
    """Take in the claims of a CSV or JSON file.

    Raises:
        CsvError: it has not the columns of claims; nothing was stored.
    """
    kind, read = read_file(office, content, why.today)
    result = _Importer(office, conn, sha, why).take_in(read)
    _record(conn, result, kind, sha, why)
    return result.words


def _record(
    conn: Connection, result: ImportResult, kind: str, sha: str, why: Because
) -> None:
    files.record_import(
        conn,
        id=str(uuid4()),
        file_sha256=sha,
        kind=kind,
        started_at=to_text(why.at),
        actor=why.actor,
        read=result.read,
        accepted=result.accepted,
        unchanged=result.unchanged,
        held=result.held,
        rejected=result.rejected,
        charge_cents=cents(result.charge),
        rejects=[r.__dict__ for r in result.rejects],
    )


class _Importer:
    """One file being taken in, inside one transaction."""

    def __init__(
        self, office: Office, conn: Connection, sha: str, why: Because
    ) -> None:
        self.office = office
        self.conn = conn
        self.sha = sha
        self.why = why
        self.accepted: list[str] = []
        self.unchanged = 0
        self.held: list[str] = []
        self.rejects: list[Reject] = []
        self.seen: dict[str, str] = {}

    def take_in(self, read: ClaimFile | ClaimSheet) -> ImportResult:
        for found in read.claims:
            self._one(found, _place(read, found), store=True)
        return self._result(read)

    def check(self, read: ClaimFile | ClaimSheet) -> ImportResult:
        for found in read.claims:
            self._one(found, _place(read, found), store=False)
        return self._result(read)

    def _result(self, read: ClaimFile | ClaimSheet) -> ImportResult:
        unread = [
            Reject(
                r.position, r.pcn, r.segment, r.field, r.reason, "Correct and resend."
            )
            for r in read.rejects
        ]
        rejects = tuple(sorted(unread + self.rejects, key=lambda r: r.position))
        total = sum((c.claim.charge for c in read.claims), ZERO)
        total += sum((r.charge or ZERO for r in read.rejects), ZERO)
        return ImportResult(
            read=len(read.claims) + len(read.rejects),
            accepted=len(self.accepted),
            unchanged=self.unchanged,
            held=len(self.held),
            rejected=len(rejects),
            charge=total,
            claim_ids=(*self.accepted, *self.held),
            rejects=rejects,
        )

    def _one(self, found: ReadClaim, place: str, *, store: bool) -> None:
        claim = found.claim
        identity = self.office.cipher.index(identity_of(claim), kind="claim")
        digest = content_hash(claim)
        known = self._known(identity)
        if known == digest:
            self.unchanged += 1
        elif known is not None:
            self.rejects.append(_changed(found, place))
        else:
            self.seen[identity] = digest
            claim_id = str(uuid5(_NAMESPACE, identity))
            if store:
                self._store(claim_id, identity, digest, claim)
            known_payer = self._payer_id(claim) != UNKNOWN_PAYER
            (self.accepted if known_payer else self.held).append(claim_id)

    def _known(self, identity: str) -> str | None:
        if identity in self.seen:
            return self.seen[identity]
        row = claims.by_identity(self.conn, identity)
        return None if row is None else str(row["content_hash"])

    def _payer_id(self, read: Claim) -> str:
        payer = self.office.payers.by_edi_id(read.payer.edi_id)
        return payer.payer_id if payer else UNKNOWN_PAYER

    def _store(self, claim_id: str, identity: str, digest: str, read: Claim) -> None:
        ours = with_our_numbers(read, claim_id)
        ours = with_covers(self.conn, self.office, ours)
        payer_id = self._payer_id(read)
        account_id = accounts.account_of(
            self.conn, self.office.cipher, read.subscriber.person
        )
        member = read.subscriber.person.member_id
        values = {
            "id": claim_id,
            "pcn": ours.pcn,
            "practice_number": read.pcn,
            "identity_index": identity,
            "content_hash": digest,
            "account_id": account_id,
            "payer_id": payer_id,
            "member_index": self.office.cipher.index(member, kind="member"),
            "billing_npi": read.billing.npi,
            "charge_cents": cents(read.charge),
            "service_from": read.service_from,
            "service_to": read.service_to,
            "source_file": self.sha,
            "opened_on": self.why.today,
            "state": ClaimState.INTAKE.value,
            "state_since": self.why.today,
        }
        claims.insert_new(self.conn, self.office.cipher, content=ours, values=values)
        self._remember_coverage(claim_id, values, member)
        self._open(claims.get(self.conn, claim_id))

    def _remember_coverage(
        self, claim_id: str, values: dict[str, object], member: str
    ) -> None:
        coverage = {
            "id": str(uuid5(_NAMESPACE, f"coverage:{claim_id}")),
            "account_id": values["account_id"],
            "payer_id": values["payer_id"],
            "member_index": values["member_index"],
        }
        claims.remember_coverage(self.conn, coverage, self.office.cipher, member)

    def _open(self, row: ClaimRow) -> None:
        step = by_claim(
            self.office,
            row,
            "CHECK_ELIGIBILITY",
            self.why.today,
            "the eligibility check",
            "the claim goes on to coding",
        )
        why = self.why.by_rule("R-SUB-02", file=self.sha[:12])
        claims.set_step(
            self.conn, row, ClaimState.INTAKE, step, why, f"Claim {row.pcn} taken in"
        )
        if row.payer_id == UNKNOWN_PAYER:
            words = "The payer is not known here; the scrub edits will hold the claim"
            events.add(self.conn, why, events.HELD_IMPORT, words, claim_id=row.id)


def _place(read: ClaimFile | ClaimSheet, found: ReadClaim) -> str:
    if isinstance(read, ClaimSheet):
        return read.places[found.position]
    return f"CLM at segment {found.position}"


def _changed(found: ReadClaim, place: str) -> Reject:
    return Reject(
        position=found.position,
        reference=found.claim.pcn,
        segment=place,
        field="CLM01" if place.startswith("CLM") else "claim_ref",
        reason=CHANGED,
        fix="Correct the known claim, or send a replacement (CLM05-3 = 7, REF*F8).",
    )


def identity_of(claim: Claim) -> str:
    """What makes two CLM the same claim (issue 3, thread 1)."""
    day = claim.service_from.isoformat() if claim.service_from else ""
    member = claim.subscriber.person.member_id
    parts = (
        claim.billing.npi,
        claim.pcn,
        member,
        day,
        claim.frequency,
        claim.payer_icn,
    )
    return "|".join(parts)


def content_hash(claim: Claim) -> str:
    """SHA-256 of everything the claim says."""
    return hashlib.sha256(claim.model_dump_json().encode()).hexdigest()


def our_number(claim_id: str) -> str:
    """Our CLM01: unique, constant, opaque, at most 20 characters (R-SUB-02)."""
    return f"CT{int(UUID(claim_id)) % 36**12:012X}"[:20]


def with_our_numbers(read: Claim, claim_id: str) -> Claim:
    """The claim under our CLM01 and with a line control number on every line."""
    pcn = our_number(claim_id)
    lines = tuple(
        line.model_copy(update={"line_ref": f"{pcn}-{line.number}"})
        for line in read.lines
    )
    return read.model_copy(update={"pcn": pcn, "lines": lines})
