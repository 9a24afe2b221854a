"""276 and 277: ask a payer about claims, and its answers (005010X212)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.claim import Person, Provider
from claims.money import Usd
from edi.segments import (
    FileKind,
    OutboundEnvelope,
    Segment,
    Writer,
    maybe_date,
    plain,
    sets_of,
)
from edi.x277ca import ClaimStatus, StatusFile, claim_statuses

VERSION = "005010X212"


class StatusInquiry(BaseModel):
    """One claim we ask about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trace: str = Field(description="TRN02, ours")
    payer_name: str
    payer_edi_id: str
    provider: Provider
    subscriber: Person
    dependent: Person | None = None
    pcn: str = Field(description="REF*EJ, our CLM01")
    payer_icn: str = ""
    charge: Usd
    service_from: date
    service_to: date | None = None


def write_status_inquiries(
    inquiries: Sequence[StatusInquiry], envelope: OutboundEnvelope
) -> bytes:
    """One 276 for one payer."""
    out = Writer()
    day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
    first = inquiries[0]
    out.add("BHT", "0010", "13", envelope.batch_ref, day, hour)
    out.add("HL", "1", "", "20", "1")
    out.add("NM1", "PR", "2", first.payer_name, "", "", "", "", "PI", first.payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.add("NM1", "41", "2", envelope.submitter_name, "", "", "", "", "46", envelope.sender_id)
    level = 2
    for inquiry in inquiries:
        level = _inquiry(out, level, inquiry)
    return out.interchange(envelope, code="HR", st01="276", version=VERSION)


def _inquiry(out: Writer, level: int, asked: StatusInquiry) -> int:
    name = asked.provider
    out.add("HL", str(level + 1), "2", "19", "1")
    out.add("NM1", "1P", "2", name.last_or_organization, "", "", "", "", "XX", name.npi)
    dependent = asked.dependent is not None
    out.add("HL", str(level + 2), str(level + 1), "22", "1" if dependent else "0")
    if not dependent:
        _born(out, asked.subscriber)
    person = asked.subscriber
    out.add("NM1", "IL", "1", person.last, person.first, "", "", "", "MI", person.member_id)
    level += 2
    if asked.dependent is not None:
        level += 1
        out.add("HL", str(level), str(level - 1), "23")
        _born(out, asked.dependent)
        out.add("NM1", "QC", "1", asked.dependent.last, asked.dependent.first)
    out.add("TRN", "1", asked.trace)
    if asked.payer_icn:
        out.add("REF", "1K", asked.payer_icn)
    out.add("REF", "EJ", asked.pcn)
    out.add("AMT", "T3", plain(asked.charge))
    last = asked.service_to or asked.service_from
    span = f"{asked.service_from:%Y%m%d}-{last:%Y%m%d}"
    out.add("DTP", "472", "RD8", span)
    return level


def _born(out: Writer, person: Person) -> None:
    if person.birth_date:
        out.add("DMG", "D8", f"{person.birth_date:%Y%m%d}", person.sex or "U")


class AskedStatus(BaseModel):
    """What a 276 asks, as its receiver reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trace: str
    pcn: str = ""
    payer_icn: str = ""
    charge: str = ""
    service_from: date | None = None
    payer_edi_id: str = ""


def read_status_inquiries(content: bytes) -> tuple[AskedStatus, ...]:
    """The questions of a 276.

    Raises:
        EdiError: no X12, or no 276 in it.
    """
    asked: list[AskedStatus] = []
    for one in sets_of(content, FileKind.X276)[0]:
        payer, started = "", False
        for segment in one.segments:
            if segment.tag == "NM1" and segment.get(1) == "PR":
                payer = segment.get(9)
            elif segment.tag == "TRN":
                started = True
                asked.append(AskedStatus(trace=segment.get(2), payer_edi_id=payer))
            elif started:
                asked[-1] = _add(asked[-1], segment)
    return tuple(asked)


def _add(asked: AskedStatus, segment: Segment) -> AskedStatus:
    if segment.tag == "REF" and segment.get(1) == "EJ":
        return asked.model_copy(update={"pcn": segment.get(2)})
    if segment.tag == "REF" and segment.get(1) == "1K":
        return asked.model_copy(update={"payer_icn": segment.get(2)})
    if segment.tag == "AMT":
        return asked.model_copy(update={"charge": segment.get(2)})
    if segment.tag == "DTP":
        return asked.model_copy(update={"service_from": maybe_date(segment.get(3))})
    return asked


def read_status_answers(content: bytes) -> StatusFile:
    """Claim statuses of a 277.

    Raises:
        EdiError: no X12, or no 277 in it.
    """
    found, warnings = sets_of(content, FileKind.X277)
    statuses: list[ClaimStatus] = [s for one in found for s in claim_statuses(one)]
    return StatusFile(tuple(statuses), tuple(warnings))


class StatusAnswer(BaseModel):
    """What a payer says in a 277 about one claim."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    trace: str
    pcn: str
    category: str
    status: str
    charge: Usd
    paid: Usd | None = None
    payment_date: date | None = None
    check_number: str = ""
    payer_icn: str = ""


def write_status_answers(
    answers: Sequence[StatusAnswer],
    envelope: OutboundEnvelope,
    *,
    payer_name: str,
    payer_edi_id: str,
    provider_npi: str,
) -> bytes:
    """A 277 for one payer's answers."""
    out = Writer()
    day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
    out.add("BHT", "0010", "08", envelope.batch_ref, day, hour, "DG")
    out.add("HL", "1", "", "20", "1")
    out.add("NM1", "PR", "2", payer_name, "", "", "", "", "PI", payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.add("NM1", "41", "2", "SUBMITTER", "", "", "", "", "46", envelope.receiver_id)
    out.add("HL", "3", "2", "19", "1")
    out.add("NM1", "1P", "2", "PROVIDER", "", "", "", "", "XX", provider_npi)
    for number, answer in enumerate(answers, start=4):
        out.add("HL", str(number), "3", "22", "0")
        out.add("NM1", "IL", "1", "PATIENT")
        out.add("TRN", "2", answer.trace)
        paid = answer.payment_date
        out.add(
            "STC", out.composite(answer.category, answer.status), day, "",
            plain(answer.charge), plain(answer.paid or Decimal(0)), "", "",
            f"{paid:%Y%m%d}" if paid else "", answer.check_number, composites=(1,),
        )  # fmt: skip
        if answer.payer_icn:
            out.add("REF", "1K", answer.payer_icn)
        out.add("REF", "EJ", answer.pcn)
    return out.interchange(envelope, code="HN", st01="277", version=VERSION)
