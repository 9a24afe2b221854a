"""276 and 277: ask a payer about claims, and its answers (005010X212, R-FUP-01)."""

from collections.abc import Iterator, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from claims.claim import Person, Provider
from claims.money import ZERO, Usd
from edi.errors import UnwritableError
from edi.loops import Loop
from edi.segments import FileKind, TransactionSet, each_set, maybe_date
from edi.writer import OutboundEnvelope, Writer, d8, plain
from edi.x277ca import StatusFile, read_statuses

VERSION = "005010X212"
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class StatusInquiry(BaseModel):
    """One claim we ask about."""

    model_config = _FROZEN

    trace: str = Field(description="TRN02, ours")
    payer_name: str
    payer_edi_id: str
    provider: Provider
    subscriber: Person
    dependent: Person | None = None
    pcn: str = Field(description="REF*EJ, our CLM01")
    payer_icn: str = Field("", description="REF*1K")
    charge: Usd | None = Field(None, description="AMT*T3; left out to find more")
    service_from: date
    service_to: date | None = None


def write_status_inquiries(
    inquiries: Sequence[StatusInquiry], envelope: OutboundEnvelope
) -> bytes:
    """One 276 for one payer.

    Raises:
        UnwritableError: no questions, more than one payer, or a value that X12 cannot
            carry. Nothing was written.
    """
    if len({inquiry.payer_edi_id for inquiry in inquiries}) != 1:
        raise UnwritableError("A 276 asks one payer. Nothing was written.")
    out, first = Writer(), inquiries[0]
    out.add("BHT", "0010", "13", envelope.batch_ref, envelope.day, envelope.hour)
    out.add("HL", "1", "", "20", "1")
    out.name("PR", "2", first.payer_name, qualifier="PI", code=first.payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.name(
        "41", "2", envelope.submitter_name, qualifier="46", code=envelope.sender_id
    )
    level = 2
    for inquiry in inquiries:
        level = _inquiry(out, level, inquiry)
    return out.interchange(envelope, code="HR", st01="276", version=VERSION)


def _inquiry(out: Writer, level: int, asked: StatusInquiry) -> int:
    provider, person, dependent = asked.provider, asked.subscriber, asked.dependent
    out.add("HL", str(level + 1), "2", "19", "1")
    kind = "2" if provider.is_organization else "1"
    out.name(
        *("1P", kind, provider.last_or_organization, provider.first),
        qualifier="XX",
        code=provider.npi,
    )
    level += 2
    out.add("HL", str(level), str(level - 1), "22", "1" if dependent else "0")
    if dependent is None:
        _born(out, person)
    out.name(
        "IL", "1", person.last, person.first, qualifier="MI", code=person.member_id
    )
    if dependent is not None:
        level += 1
        out.add("HL", str(level), str(level - 1), "23")
        _born(out, dependent)
        out.name("QC", "1", dependent.last, dependent.first)
    out.add("TRN", "1", asked.trace)
    if asked.payer_icn:
        out.add("REF", "1K", asked.payer_icn)
    out.add("REF", "EJ", asked.pcn)
    if asked.charge is not None:
        out.add("AMT", "T3", plain(asked.charge))
    last = asked.service_to or asked.service_from
    out.add("DTP", "472", "RD8", f"{d8(asked.service_from)}-{d8(last)}")
    return level


def _born(out: Writer, person: Person) -> None:
    if person.birth_date:
        out.add("DMG", "D8", d8(person.birth_date), person.sex)


class AskedStatus(BaseModel):
    """What a 276 asks, as its receiver reads it."""

    model_config = _FROZEN

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
    found = each_set(content, FileKind.X276, warnings=[])
    return tuple(asked for one in found for asked in _asked(one))


def _asked(one: TransactionSet) -> Iterator[AskedStatus]:
    payer, loop = "", Loop()
    for segment in one.segments:
        if segment.tag in ("HL", "TRN", "SE"):
            yield from _question(loop, payer)
            loop = Loop(segment)
        elif segment.tag == "NM1" and segment.get(1) == "PR":
            payer = segment.get(9)
        else:
            loop.take(segment)
    yield from _question(loop, payer)


def _question(loop: Loop, payer: str) -> Iterator[AskedStatus]:
    if loop.head.tag == "TRN":
        yield AskedStatus(
            trace=loop.head.get(2),
            pcn=loop.ref("EJ"),
            payer_icn=loop.ref("1K"),
            charge=loop.first("AMT", "T3").get(2),
            service_from=maybe_date(loop.first("DTP", "472").get(3)),
            payer_edi_id=payer,
        )


def read_status_answers(content: bytes) -> StatusFile:
    """Claim statuses of a 277.

    Raises:
        EdiError: no X12, or no 277 in it.
    """
    return read_statuses(content, FileKind.X277)


class StatusAnswer(BaseModel):
    """What a payer says in a 277 about one claim."""

    model_config = _FROZEN

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
    """A 277 for one payer's answers.

    Raises:
        UnwritableError: a value that X12 cannot carry. Nothing was written.
    """
    out, day = Writer(), envelope.day
    out.add("BHT", "0010", "08", envelope.batch_ref, day, envelope.hour, "DG")
    out.add("HL", "1", "", "20", "1")
    out.name("PR", "2", payer_name, qualifier="PI", code=payer_edi_id)
    out.add("HL", "2", "1", "21", "1")
    out.name("41", "2", "SUBMITTER", qualifier="46", code=envelope.receiver_id)
    out.add("HL", "3", "2", "19", "1")
    out.name("1P", "2", "PROVIDER", qualifier="XX", code=provider_npi)
    for number, answer in enumerate(answers, start=4):
        out.add("HL", str(number), "3", "22", "0")
        out.add("NM1", "IL", "1", "PATIENT")
        out.add("TRN", "2", answer.trace)
        out.add(
            *("STC", out.composite(answer.category, answer.status), day, ""),
            *(plain(answer.charge), plain(answer.paid or ZERO), "", ""),
            *(d8(answer.payment_date), answer.check_number),
        )
        if answer.payer_icn:
            out.add("REF", "1K", answer.payer_icn)
        out.add("REF", "EJ", answer.pcn)
    return out.interchange(envelope, code="HN", st01="277", version=VERSION)
