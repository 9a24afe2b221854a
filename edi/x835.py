"""835: remittances in and out (005010X221A1).

One ``Remittance`` per transaction set. Positions are segment numbers in the file, because
trace number and claim number together are not unique: a payer may reverse and re-pay a
claim inside one 835. A set whose end is missing is not returned at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256

from claims.adjustment import Adjustment
from claims.money import ZERO
from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from edi.errors import EdiError, EdiWarning
from edi.segments import (
    FileKind,
    OutboundEnvelope,
    Segment,
    TransactionSet,
    Writer,
    maybe_date,
    plain,
    read_amount,
    sets_of,
)

VERSION = "005010X221A1"


@dataclass(frozen=True)
class RemittanceFile:
    """The complete transaction sets of a file, and what was noticed."""

    remittances: tuple[Remittance, ...]
    warnings: tuple[EdiWarning, ...]


def read_remittances(content: bytes) -> RemittanceFile:
    """Read every complete 835 of a file.

    Raises:
        EdiError: no X12, no 835 in it, or no set of it is complete.
    """
    found, warnings = sets_of(content, FileKind.X835)
    whole = [one for one in found if one.complete]
    if not whole:
        raise EdiError(
            "The remittance is cut off: its end is missing. Nothing was read. "
            "Ask the sender for the whole file."
        )
    read = []
    for one in whole:
        try:
            read.append(_Reader(one).run())
        except EdiError as error:
            warnings.append(EdiWarning(error.segment, error.field or "835", str(error)))
    if not read:
        last = warnings[-1]
        raise EdiError(last.message, segment=last.segment, field=last.code)
    return RemittanceFile(tuple(read), tuple(warnings))


def content_hash(one: TransactionSet) -> str:
    """SHA-256 of ST..SE without control numbers, the same in any delimiters (R-ERA-06)."""
    digest = sha256()
    marks = one.delimiters
    for segment in one.segments:
        elements = segment.elements
        if segment.tag in ("ST", "SE"):
            elements = ()
        text = "*".join([segment.tag, *elements]).rstrip("*")
        if marks.component and marks.component != ":":
            text = text.replace(marks.component, ":")
        digest.update(text.encode() + b"~")
    return digest.hexdigest()


@dataclass
class _Claim:
    clp: Segment
    values: dict[str, list[Segment]] = field(default_factory=dict)
    lines: list[tuple[Segment, dict[str, list[Segment]]]] = field(default_factory=list)


class _Reader:
    """One transaction set."""

    def __init__(self, one: TransactionSet) -> None:
        self.one = one
        self.sep = one.delimiters.component
        self.head: dict[str, list[Segment]] = {}
        self.claims: list[_Claim] = []
        self.plb: list[Segment] = []

    def run(self) -> Remittance:
        for segment in self.one.segments[1:]:
            self._file(segment)
        return self._remittance()

    def _file(self, segment: Segment) -> None:
        if segment.tag == "PLB":
            self.plb.append(segment)
        elif segment.tag == "CLP":
            self.claims.append(_Claim(segment))
        elif segment.tag == "LX" or not self.claims:
            self.head.setdefault(segment.tag, []).append(segment)
        elif segment.tag == "SVC":
            self.claims[-1].lines.append((segment, {}))
        elif self.claims[-1].lines:
            self.claims[-1].lines[-1][1].setdefault(segment.tag, []).append(segment)
        else:
            self.claims[-1].values.setdefault(segment.tag, []).append(segment)

    def _remittance(self) -> Remittance:
        st = self.one.segments[0]
        bpr = self._required("BPR")
        trn = self._required("TRN")
        payer = next((s for s in self.head.get("N1", []) if s.get(1) == "PR"), None)
        payee = next((s for s in self.head.get("N1", []) if s.get(1) == "PE"), None)
        refs = [s for s in self.head.get("REF", []) if s.get(1) == "2U"]
        edi_id = refs[0].get(2) if refs else (payer.get(4) if payer else "")
        return Remittance(
            position=st.number,
            control_number=st.get(2),
            handling=bpr.get(1),
            paid=read_amount(bpr.get(2), bpr, "BPR02"),
            credit_or_debit=bpr.get(3) or "C",
            method=bpr.get(4),
            payment_date=maybe_date(bpr.get(16)),
            trace=trn.get(2),
            originator=trn.get(3),
            payer_name=payer.get(2) if payer else "",
            payer_edi_id=edi_id,
            payee_npi=payee.get(4) if payee else "",
            claims=tuple(self._claim(c) for c in self.claims),
            provider_adjustments=tuple(self._plb()),
            content_hash=content_hash(self.one),
        )

    def _required(self, tag: str) -> Segment:
        found = self.head.get(tag)
        if not found:
            st = self.one.segments[0]
            raise EdiError(f"the remittance has no {tag}", segment=st.number, field=tag)
        return found[0]

    def _claim(self, found: _Claim) -> RemittanceClaim:
        clp, values = found.clp, found.values
        names = {s.get(1): s for s in reversed(values.get("NM1", []))}
        patient, insured = names.get("QC"), names.get("IL")
        refs = {s.get(1): s.get(2) for s in values.get("REF", [])}
        dates = {s.get(1): maybe_date(s.get(2)) for s in values.get("DTM", [])}
        member = next((s.get(9) for s in (insured, patient) if s and s.get(9)), None)
        crossover = names.get("TT")
        return RemittanceClaim(
            position=clp.number,
            pcn=clp.get(1),
            status=clp.get(2),
            charge=read_amount(clp.get(3), clp, "CLP03"),
            paid=read_amount(clp.get(4), clp, "CLP04"),
            patient_responsibility=read_amount(clp.get(5) or "0", clp, "CLP05"),
            filing_indicator=clp.get(6) or None,
            payer_icn=clp.get(7) or None,
            original_icn=refs.get("F8"),
            patient_last=patient.get(3) if patient else "",
            patient_first=patient.get(4) if patient else "",
            member_id=member,
            crossover_payer=(crossover.get(9) or crossover.get(3)) if crossover else None,
            service_from=dates.get("232"),
            service_to=dates.get("233"),
            adjustments=tuple(_adjustments(values.get("CAS", []))),
            rarcs=tuple(_claim_rarcs(values)),
            lines=tuple(self._line(svc, below) for svc, below in found.lines),
        )

    def _line(self, svc: Segment, below: dict[str, list[Segment]]) -> RemittanceLine:
        refs = {s.get(1): s.get(2) for s in below.get("REF", [])}
        days = {s.get(1): maybe_date(s.get(2)) for s in below.get("DTM", [])}
        amounts = {s.get(1): s for s in below.get("AMT", [])}
        allowed = amounts.get("B6")
        code = [svc.part(1, n, self.sep) for n in range(1, 8)]
        other = svc.part(6, 2, self.sep)
        return RemittanceLine(
            position=svc.number,
            line_ref=refs.get("6R"),
            code=code[1] or code[0],
            modifiers=tuple(m for m in code[2:6] if m),
            charge=read_amount(svc.get(2), svc, "SVC02"),
            paid=read_amount(svc.get(3) or "0", svc, "SVC03"),
            units=svc.get(5) or None,
            submitted_code=other or None,
            service_date=days.get("472") or days.get("150"),
            adjustments=tuple(_adjustments(below.get("CAS", []))),
            rarcs=tuple(s.get(2) for s in below.get("LQ", []) if s.get(1) == "HE"),
            allowed=read_amount(allowed.get(2), allowed, "AMT*B6") if allowed else None,
        )

    def _plb(self) -> Iterator[ProviderAdjustment]:
        for segment in self.plb:
            for place in range(3, 15, 2):
                if not segment.get(place):
                    continue
                yield ProviderAdjustment(
                    position=segment.number,
                    provider_id=segment.get(1),
                    fiscal_period=maybe_date(segment.get(2)),
                    code=segment.part(place, 1, self.sep),
                    reference=segment.part(place, 2, self.sep) or None,
                    amount=read_amount(segment.get(place + 1), segment, "PLB04"),
                )


def _adjustments(segments: Sequence[Segment]) -> Iterator[Adjustment]:
    for segment in segments:
        for place in range(2, 20, 3):
            if segment.get(place):
                yield Adjustment(
                    group=segment.get(1),
                    carc=segment.get(place),
                    amount=read_amount(segment.get(place + 1), segment, "CAS03"),
                    quantity=segment.get(place + 2) or None,
                )


def _claim_rarcs(values: dict[str, list[Segment]]) -> Iterator[str]:
    for segment in values.get("MOA", []):
        yield from (segment.get(n) for n in range(3, 8) if segment.get(n))
    for segment in values.get("MIA", []):
        yield from (segment.get(n) for n in (5, 20, 21, 22, 23) if segment.get(n))


def write_remittances(
    remittances: Sequence[Remittance], envelope: OutboundEnvelope
) -> bytes:
    """One interchange per call, one transaction set per remittance.

    Used by the simulator and by tests; a payer writes 835s, the product does not.
    """
    parts = []
    for number, one in enumerate(remittances):
        writer = Writer()
        _Put(writer, one).run()
        numbered = OutboundEnvelope(
            **{
                **envelope.__dict__,
                "isa13": envelope.isa13 + number,
                "gs06": envelope.gs06 + number,
            }
        )
        parts.append(
            writer.interchange(numbered, code="HP", st01="835", version=VERSION)
        )
    return b"".join(parts)


def _d8(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


class _Put:
    """Writes one remittance."""

    def __init__(self, out: Writer, one: Remittance) -> None:
        self.out = out
        self.one = one

    def run(self) -> None:
        one, add = self.one, self.out.add
        account = ("01", "999999992", "DA", "123456") if one.paid else ("", "", "", "")
        receiver = ("01", "999988880", "DA", "98765") if one.paid else ("", "", "", "")
        add(
            "BPR", one.handling, plain(one.paid), one.credit_or_debit, one.method or "NON",
            "CCP" if one.paid else "", *account, one.originator or "1512345678", "",
            *receiver, _d8(one.payment_date),
        )  # fmt: skip
        add("TRN", "1", one.trace, one.originator or "1512345678")
        add("DTM", "405", _d8(one.payment_date))
        add("N1", "PR", one.payer_name, "XV", one.payer_edi_id)
        add("N3", "1 PAYER PLAZA")
        add("N4", "LAKEPORT", "IL", "625010001")
        add("REF", "2U", one.payer_edi_id)
        add("PER", "BL", "PROVIDER SERVICES", "TE", "5555550199")
        add("N1", "PE", "PAYEE", "XX", one.payee_npi)
        add("LX", "1")
        for claim in one.claims:
            self._claim(claim)
        for plb in one.provider_adjustments:
            code = self.out.composite(plb.code, plb.reference or "")
            period = _d8(plb.fiscal_period or one.payment_date)
            add("PLB", plb.provider_id, period, code, plain(plb.amount), composites=(3,))

    def _claim(self, claim: RemittanceClaim) -> None:
        add = self.out.add
        add(
            "CLP", claim.pcn, claim.status, plain(claim.charge), plain(claim.paid),
            plain(claim.patient_responsibility) if claim.patient_responsibility else "",
            claim.filing_indicator or "12", claim.payer_icn or "", "11", "1",
        )  # fmt: skip
        self._cas(claim.adjustments)
        member = ("MI", claim.member_id) if claim.member_id else ("", "")
        add("NM1", "QC", "1", claim.patient_last or "PATIENT", claim.patient_first, "", "", "", *member)
        if claim.crossover_payer:
            add("NM1", "TT", "2", claim.crossover_payer, "", "", "", "", "PI", claim.crossover_payer)
        if claim.rarcs:
            add("MOA", "", "", *claim.rarcs[:5])
        if claim.original_icn:
            add("REF", "F8", claim.original_icn)
        if claim.service_from:
            add("DTM", "232", _d8(claim.service_from))
            add("DTM", "233", _d8(claim.service_to or claim.service_from))
        for line in claim.lines:
            self._line(line)

    def _cas(self, adjustments: Sequence[Adjustment]) -> None:
        for adjustment in adjustments:
            self.out.add(
                "CAS", adjustment.group, adjustment.carc, plain(adjustment.amount),
                adjustment.quantity or "",
            )  # fmt: skip

    def _line(self, line: RemittanceLine) -> None:
        out = self.out
        code = out.composite("HC", line.code, *line.modifiers)
        other = out.composite("HC", line.submitted_code) if line.submitted_code else ""
        out.add(
            "SVC", code, plain(line.charge), plain(line.paid), "", line.units or "",
            other, composites=(1, 6),
        )  # fmt: skip
        if line.service_date:
            out.add("DTM", "472", _d8(line.service_date))
        self._cas(line.adjustments)
        if line.line_ref:
            out.add("REF", "6R", line.line_ref)
        if line.allowed is not None:
            out.add("AMT", "B6", plain(line.allowed))
        for rarc in line.rarcs:
            out.add("LQ", "HE", rarc)


def total(remittance: Remittance) -> Decimal:
    """Sum of CLP04."""
    return sum((c.paid for c in remittance.claims), ZERO)
