"""277CA: did the payer accept each claim (005010X214, R-ACK-03); also a 277's model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.money import ZERO, Usd
from edi.errors import EdiWarning
from edi.loops import Loop
from edi.segments import (
    FileKind,
    Segment,
    TransactionSet,
    component_separator,
    each_set,
    maybe_amount,
    maybe_date,
)
from edi.writer import OutboundEnvelope, Writer, d8, plain

VERSION = "005010X214"
RECEIVER = "21"
CLAIM_LEVELS = ("PT", "22", "23")
REJECTED = ("A3", "A4", "A6", "A7", "A8")


class ClaimStatus(BaseModel):
    """One claim's status in a 277CA or 277.

    Category, status and entity are those of the STC that decides: the first one that
    rejects (STC03 = U), else the first. ``codes`` has all of them, STC10 and 11 too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int = Field(description="segment number of the STC")
    pcn: str = Field(description="our CLM01: REF*EJ, else TRN02")
    trace: str = Field("", description="TRN02: CLM01 in a 277CA, our 276's in a 277")
    category: str = Field(description="STC01-1")
    status: str = Field("", description="STC01-2")
    entity: str = Field("", description="STC01-3")
    codes: tuple[str, ...] = Field((), description="category:status:entity of each")
    level: str = Field("", description="HL03: PT, 22, 23; 19, 20, 21 above a claim")
    status_date: date | None = None
    action: str = Field("", description="STC03: WQ accept, U reject")
    charge: Usd | None = None
    paid: Usd | None = None
    finalized_on: date | None = Field(None, description="STC06")
    payment_date: date | None = Field(None, description="STC08, else STC06")
    check_number: str = ""
    payer_icn: str | None = Field(None, description="REF*1K")
    clearinghouse_ref: str | None = Field(None, description="REF*D9")
    service_from: date | None = Field(None, description="DTP*472")
    batch_ref: str = Field("", description="TRN02 of level 21: BHT03 of our 837P")


@dataclass(frozen=True)
class StatusFile:
    """Claim statuses of a file; ``above`` has those of payer, receiver and provider."""

    statuses: tuple[ClaimStatus, ...]
    warnings: tuple[EdiWarning, ...]
    above: tuple[ClaimStatus, ...] = ()


def read_claim_acknowledgments(content: bytes) -> StatusFile:
    """Read every claim status of a 277CA.

    Raises:
        EdiError: no X12, or no 277CA in it.
    """
    return read_statuses(content, FileKind.X277CA)


def read_statuses(content: bytes, kind: FileKind) -> StatusFile:
    """Statuses of a 277CA or a 277.

    Raises:
        EdiError: no X12, or no set of this kind in it.
    """
    warnings: list[EdiWarning] = []
    every: list[ClaimStatus] = []
    marks: list[EdiWarning] = []
    for one in each_set(content, kind, warnings=warnings):
        component, warning = component_separator(one)
        marks += [warning] if warning else []
        every += _statuses(one, component)
    claims = tuple(s for s in every if s.level in CLAIM_LEVELS)
    above = tuple(s for s in every if s.level not in CLAIM_LEVELS)
    return StatusFile(claims, (*warnings, *marks), above)


def _statuses(one: TransactionSet, sep: str) -> Iterator[ClaimStatus]:
    """One status per TRN loop that has an STC."""
    level, loop, batch_ref = "", Loop(), ""
    lines = False
    for segment in one.segments:
        if segment.tag in ("HL", "TRN", "SE"):
            yield from _status(level, loop, sep, batch_ref)
            if level == RECEIVER and loop.head.tag == "TRN":
                batch_ref = loop.head.get(2)
            loop, lines = Loop(segment), False
            level = segment.get(3) if segment.tag == "HL" else level
        elif segment.tag == "SVC":
            lines = True  # what follows is about service lines
        elif not lines:
            loop.take(segment)
    yield from _status(level, loop, sep, batch_ref)


def _status(level: str, loop: Loop, sep: str, batch_ref: str) -> Iterator[ClaimStatus]:
    listed = loop.all("STC")
    if not listed:
        return
    stc = next((s for s in listed if s.get(3) == "U"), listed[0])
    category, status, entity = stc.parts(1, sep, 3)
    trace = loop.head.get(2) if loop.head.tag == "TRN" else ""
    finalized = maybe_date(stc.get(6))
    yield ClaimStatus(
        position=stc.number,
        pcn=loop.ref("EJ") or trace,
        trace=trace,
        category=category,
        status=status,
        entity=entity,
        codes=tuple(_codes(listed, sep)),
        level=level,
        status_date=maybe_date(stc.get(2)),
        action=stc.get(3),
        charge=maybe_amount(stc.get(4)),
        paid=maybe_amount(stc.get(5)),
        finalized_on=finalized,
        payment_date=maybe_date(stc.get(8)) or finalized,
        check_number=stc.get(9),
        payer_icn=loop.ref("1K") or None,
        clearinghouse_ref=loop.ref("D9") or None,
        service_from=maybe_date(loop.first("DTP", "472").get(3)),
        batch_ref=batch_ref,
    )


def _codes(listed: Sequence[Segment], sep: str) -> Iterator[str]:
    for segment in listed:
        for place in (1, 10, 11):
            if segment.get(place):
                yield ":".join(segment.parts(place, sep, 3)).rstrip(":")


@dataclass(frozen=True)
class AnsweredClaim:
    """What a simulator or a test says about one claim."""

    pcn: str
    category: str
    status: str
    charge: Decimal
    payer_icn: str = ""
    last_name: str = "PATIENT"
    member_id: str = ""
    service_date: date | None = None
    entity: str = "PR"


def write_277ca(
    answers: Sequence[AnsweredClaim],
    envelope: OutboundEnvelope,
    *,
    payer_name: str,
    payer_edi_id: str,
    provider_npi: str,
) -> bytes:
    """A 277CA for the claims of one batch; ``batch_ref`` is the 837P's BHT03.

    Raises:
        UnwritableError: a value that X12 cannot carry. Nothing was written.
    """
    out, day = Writer(), envelope.day
    out.add("BHT", "0085", "08", envelope.batch_ref, day, envelope.hour, "TH")
    out.add("HL", "1", "", "20", "1")
    out.name("PR", "2", payer_name, qualifier="PI", code=payer_edi_id)
    out.add("TRN", "1", envelope.batch_ref)
    out.add("DTP", "050", "D8", day)
    out.add("DTP", "009", "D8", day)
    out.add("HL", "2", "1", "21", "1")
    out.name("41", "2", "SUBMITTER", qualifier="46", code=envelope.receiver_id)
    out.add("TRN", "2", envelope.batch_ref)
    total = sum((a.charge for a in answers), ZERO)
    out.add("STC", out.composite("A1", "19", "PR"), day, "WQ", plain(total))
    out.add("HL", "3", "2", "19", "1")
    out.name("85", "2", "PROVIDER", qualifier="XX", code=provider_npi)
    for number, answer in enumerate(answers, start=4):
        _write_answer(out, number, answer, day)
    return out.interchange(envelope, code="HN", st01="277", version=VERSION)


def _write_answer(out: Writer, number: int, answer: AnsweredClaim, day: str) -> None:
    out.add("HL", str(number), "3", "PT")
    out.name("QC", "1", answer.last_name, qualifier="MI", code=answer.member_id)
    out.add("TRN", "2", answer.pcn)
    action = "U" if answer.category in REJECTED else "WQ"
    code = out.composite(answer.category, answer.status, answer.entity)
    out.add("STC", code, day, action, plain(answer.charge))
    if answer.payer_icn:
        out.add("REF", "1K", answer.payer_icn)
    if answer.service_date:
        out.add("DTP", "472", "D8", d8(answer.service_date))
