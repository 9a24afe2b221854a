"""835 out: what a payer would send, for the simulator and for tests."""

from collections.abc import Sequence

from claims.money import ZERO
from claims.remittance import Remittance, RemittanceClaim, RemittanceLine
from edi.cas_write import cas_segments
from edi.errors import UnwritableError
from edi.writer import OutboundEnvelope, Writer, d8, interchange, plain

VERSION = "005010X221A1"
MOA_REMARKS = 5


def write_remittances(
    remittances: Sequence[Remittance], envelope: OutboundEnvelope
) -> bytes:
    """One interchange with one transaction set per remittance.

    Used by the simulator and by tests; a payer writes 835s, the product does not.

    Raises:
        UnwritableError: a value that an 835 cannot carry. Nothing was written.
    """
    sets = []
    for one in remittances:
        writer = Writer()
        _Put(writer, one, envelope).run()
        sets.append(writer)
    return interchange(envelope, sets, code="HP", st01="835", version=VERSION)


class _Put:
    """Writes one remittance."""

    def __init__(
        self, out: Writer, one: Remittance, envelope: OutboundEnvelope
    ) -> None:
        self.out = out
        self.one = one
        self.envelope = envelope

    def run(self) -> None:
        """BPR to the last PLB."""
        self._header()
        if self.one.claims:
            self.out.add("LX", "1")
        for claim in self.one.claims:
            self._claim(claim)
        for plb in self.one.provider_adjustments:
            code = self.out.composite(plb.code, plb.reference or "")
            period = d8(plb.fiscal_period or self.one.payment_date)
            self.out.add("PLB", plb.provider_id, period, code, plain(plb.amount))

    def _header(self) -> None:
        one, out = self.one, self.out
        method = one.method or "NON"
        # Only an electronic transfer names accounts; ours belong to no bank.
        bank = ("01", "999999992", "DA", "123456") if method == "ACH" else ("",) * 4
        to = ("01", "999988880", "DA", "98765") if method == "ACH" else ("",) * 4
        out.add(
            *("BPR", one.handling, plain(one.paid), one.credit_or_debit, method),
            *("CCP" if method == "ACH" else "", *bank),
            *(one.originator if method == "ACH" else "", "", *to, d8(one.payment_date)),
        )
        out.add("TRN", "1", one.trace, one.originator)
        if one.payment_date:
            out.add("DTM", "405", d8(one.payment_date))
        out.add("N1", "PR", out.text(one.payer_name), "XV", one.payer_edi_id)
        out.add("N3", "1 PAYER PLAZA")
        out.add("N4", "LAKEPORT", "IL", "625010001")
        out.add("REF", "2U", one.payer_edi_id)
        phone = self.envelope.contact_phone or "5555550199"
        out.add("PER", "BL", "PROVIDER SERVICES", "TE", phone)
        payee = out.text(one.payee_name or self.envelope.receiver_name)
        out.add("N1", "PE", payee, "XX", one.payee_npi)
        if one.payee_tax_id:
            out.add("REF", "TJ", one.payee_tax_id)

    def _claim(self, claim: RemittanceClaim) -> None:
        out = self.out
        share = claim.patient_responsibility
        out.add(
            *("CLP", claim.pcn, claim.status, plain(claim.charge), plain(claim.paid)),
            *(plain(share) if share != ZERO else "", claim.filing_indicator or ""),
            *(claim.payer_icn or "", "11", "1"),
        )
        self._cas(claim)
        self._names(claim)
        if claim.rarcs:
            out.add("MOA", "", "", *_remarks(claim.rarcs))
        if claim.original_icn:
            out.add("REF", "F8", claim.original_icn)
        for code, day in (
            ("232", claim.service_from),
            ("233", claim.service_to),
            ("050", claim.received_on),
        ):
            if day:
                out.add("DTM", code, d8(day))
        for code, amount in (("AU", claim.coverage_amount), ("I", claim.interest)):
            if amount is not None:
                out.add("AMT", code, plain(amount))
        for line in claim.lines:
            self._line(line)

    def _names(self, claim: RemittanceClaim) -> None:
        out = self.out
        out.name(
            *("QC", "1", claim.patient_last, claim.patient_first),
            qualifier="MI",
            code=claim.member_id or "",
        )
        if claim.corrected_last or claim.corrected_member_id:
            out.name(
                *("74", "1", claim.corrected_last, claim.corrected_first),
                qualifier="C",
                code=claim.corrected_member_id or "",
            )
        if other := claim.crossover_payer:
            out.name("TT", "2", other, qualifier="PI", code=other)

    def _cas(self, part: RemittanceClaim | RemittanceLine) -> None:
        for segment in cas_segments(part.adjustments):
            self.out.add("CAS", *segment)

    def _line(self, line: RemittanceLine) -> None:
        out, kind = self.out, line.code_kind or "HC"
        other = out.composite(kind, line.submitted_code) if line.submitted_code else ""
        out.add(
            *("SVC", out.composite(kind, line.code, *line.modifiers)),
            *(plain(line.charge), plain(line.paid), "", line.units or "", other),
        )
        first = "150" if line.service_to else "472"
        for code, day in ((first, line.service_date), ("151", line.service_to)):
            if day:
                out.add("DTM", code, d8(day))
        self._cas(line)
        if line.line_ref:
            out.add("REF", "6R", line.line_ref)
        if line.allowed is not None:
            out.add("AMT", "B6", plain(line.allowed))
        for rarc in line.rarcs:
            out.add("LQ", "HE", rarc)


def _remarks(rarcs: Sequence[str]) -> Sequence[str]:
    if len(rarcs) > MOA_REMARKS:
        raise UnwritableError(
            f"MOA: {len(rarcs)} remark codes are more than the {MOA_REMARKS} an 835 "
            "can carry. Nothing was written.",
            field="MOA",
        )
    return rarcs
