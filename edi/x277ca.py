"""277CA: did the payer accept each claim (005010X214). Also the model of a 277 status."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.money import MoneyError, Usd, usd
from edi.errors import EdiWarning
from edi.segments import (
    FileKind,
    OutboundEnvelope,
    Segment,
    TransactionSet,
    Writer,
    maybe_date,
    plain,
    sets_of,
)

VERSION = "005010X214"
CLAIM_LEVELS = ("PT", "22", "23")


class ClaimStatus(BaseModel):
    """One claim's STC in a 277CA or 277."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int = Field(description="segment number of the STC")
    pcn: str = Field(description="our CLM01: TRN02 in a 277CA, REF*EJ or TRN02 in a 277")
    trace: str = Field("", description="TRN02 of our 276")
    category: str = Field(description="STC01-1")
    status: str = Field("", description="STC01-2")
    entity: str = Field("", description="STC01-3")
    status_date: date | None = None
    action: str = Field("", description="STC03: WQ accept, U reject")
    charge: Usd | None = None
    paid: Usd | None = None
    payment_date: date | None = None
    check_number: str = ""
    payer_icn: str | None = Field(None, description="REF*1K")
    clearinghouse_ref: str | None = Field(None, description="REF*D9")


@dataclass(frozen=True)
class StatusFile:
    """Claim statuses of a file; header and provider levels are left out."""

    statuses: tuple[ClaimStatus, ...]
    warnings: tuple[EdiWarning, ...]


def read_claim_acknowledgments(content: bytes) -> StatusFile:
    """Read every claim status of a 277CA.

    Raises:
        EdiError: no X12, or no 277CA in it.
    """
    found, warnings = sets_of(content, FileKind.X277CA)
    statuses = [s for one in found for s in claim_statuses(one)]
    return StatusFile(tuple(statuses), tuple(warnings))


def claim_statuses(one: TransactionSet) -> list[ClaimStatus]:
    """Statuses at claim level: one per TRN loop below a patient or subscriber."""
    found: list[ClaimStatus] = []
    level, trn = "", ""
    segments: list[Segment] = []
    for segment in one.segments:
        if segment.tag == "HL":
            _flush(one, level, trn, segments, found)
            level, trn, segments = segment.get(3) or segment.get(4), "", []
            if segment.get(3) not in ("20", "21", "19", "22", "23", "PT"):
                level = segment.get(3)
        elif segment.tag == "TRN":
            _flush(one, level, trn, segments, found)
            trn, segments = segment.get(2), []
        else:
            segments.append(segment)
    _flush(one, level, trn, segments, found)
    return found


def _flush(
    one: TransactionSet,
    level: str,
    trn: str,
    segments: list[Segment],
    found: list[ClaimStatus],
) -> None:
    stc = next((s for s in segments if s.tag == "STC"), None)
    if level not in CLAIM_LEVELS or stc is None:
        return
    sep = one.delimiters.component
    refs = {s.get(1): s.get(2) for s in segments if s.tag == "REF"}
    ours = refs.get("EJ") or ""
    found.append(
        ClaimStatus(
            position=stc.number,
            pcn=ours or trn,
            trace=trn,
            category=stc.part(1, 1, sep),
            status=stc.part(1, 2, sep),
            entity=stc.part(1, 3, sep),
            status_date=maybe_date(stc.get(2)),
            action=stc.get(3),
            charge=_amount(stc.get(4)),
            paid=_amount(stc.get(5)),
            payment_date=maybe_date(stc.get(8)) or maybe_date(stc.get(6)),
            check_number=stc.get(9),
            payer_icn=refs.get("1K"),
            clearinghouse_ref=refs.get("D9"),
        )
    )


def _amount(text: str) -> Decimal | None:
    try:
        return usd(text) if text else None
    except MoneyError:
        return None


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


def write_277ca(
    answers: Sequence[AnsweredClaim],
    envelope: OutboundEnvelope,
    *,
    payer_name: str,
    payer_edi_id: str,
    provider_npi: str,
) -> bytes:
    """A 277CA for the claims of one batch."""
    out = Writer()
    day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
    out.add("BHT", "0085", "08", envelope.batch_ref, day, hour, "TH")
    out.add("HL", "1", "", "20", "1")
    out.add("NM1", "PR", "2", payer_name, "", "", "", "", "PI", payer_edi_id)
    out.add("TRN", "1", envelope.batch_ref)
    out.add("DTP", "050", "D8", day)
    out.add("DTP", "009", "D8", day)
    out.add("HL", "2", "1", "21", "1")
    out.add("NM1", "41", "2", "SUBMITTER", "", "", "", "", "46", envelope.receiver_id)
    out.add("TRN", "2", envelope.batch_ref)
    total = sum((a.charge for a in answers), Decimal(0))
    out.add("STC", "A1:19:PR", day, "WQ", plain(total), composites=(1,))
    out.add("HL", "3", "2", "19", "1")
    out.add("NM1", "85", "2", "PROVIDER", "", "", "", "", "XX", provider_npi)
    for number, answer in enumerate(answers, start=4):
        _write_answer(out, number, answer, day)
    return out.interchange(envelope, code="HN", st01="277", version=VERSION)


def _write_answer(out: Writer, number: int, answer: AnsweredClaim, day: str) -> None:
    out.add("HL", str(number), "3", "PT")
    member = ("MI", answer.member_id) if answer.member_id else ("", "")
    out.add("NM1", "QC", "1", answer.last_name, "", "", "", "", *member)
    out.add("TRN", "2", answer.pcn)
    action = "U" if answer.category in ("A3", "A4", "A6", "A7", "A8") else "WQ"
    code = out.composite(answer.category, answer.status, "PR")
    out.add("STC", code, day, action, plain(answer.charge), composites=(1,))
    if answer.payer_icn:
        out.add("REF", "1K", answer.payer_icn)
    if answer.service_date:
        out.add("DTP", "472", "D8", f"{answer.service_date:%Y%m%d}")
