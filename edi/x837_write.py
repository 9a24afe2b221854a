"""837P out: claims as a payer must receive them (005010X222A1, R-SUB-01, R-SUB-02).

One transaction set, claims grouped by billing provider in the order they first appear,
dependents in 2000C, other payers in 2320/2330, their line decisions in 2430. Fields a
loop does not carry (a rendering provider's address, say) are left out. Text follows the
rule of ``edi.writer``; codes and identifiers are written as they are or refused.
"""

from collections.abc import Sequence
from datetime import date

from claims.adjustment import Adjustment, Group
from claims.claim import (
    Address,
    Claim,
    LineDecision,
    OtherPayer,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from edi.errors import UnwritableError
from edi.writer import Composite, OutboundEnvelope, Writer, d8, plain

VERSION = "005010X222A1"
MAX_LINES = 50
MAX_DIAGNOSES = 12
MAX_POINTERS = 4
MAX_CAS, MAX_REASONS = 5, 6


def write_claims(claims: Sequence[Claim], envelope: OutboundEnvelope) -> bytes:
    """One interchange with one transaction set.

    Raises:
        UnwritableError: no claims, or one that an 837P cannot carry (too many lines,
            diagnoses or pointers, text without a plain form). Nothing was written.
    """
    if not claims:
        raise UnwritableError("There are no claims to write. Nothing was written.")
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        key = claim.billing.model_dump_json() + (
            claim.pay_to.model_dump_json() if claim.pay_to else ""
        )
        groups.setdefault(key, []).append(claim)
    writer = _ClaimWriter(envelope)
    for group in groups.values():
        writer.billing_group(group)
    return writer.out.interchange(envelope, code="HC", st01="837", version=VERSION)


class _ClaimWriter:
    """HL levels and loops of one transaction set."""

    def __init__(self, envelope: OutboundEnvelope) -> None:
        self.out = out = Writer()
        self.hl = 0
        out.add(
            *("BHT", "0019", "00", envelope.batch_ref),
            *(envelope.day, envelope.hour, "CH"),
        )
        self._party("41", envelope.submitter_name, envelope.sender_id)
        phone = "".join(c for c in envelope.contact_phone if c.isdecimal())
        contact = out.text(envelope.contact_name, "PER02")
        out.add("PER", "IC", contact, "TE", phone.rjust(10, "0")[-10:])
        self._party("40", envelope.receiver_name, envelope.receiver_id)

    def _party(self, entity: str, name: str, code: str) -> None:
        self.out.name(entity, "2", name, qualifier="46", code=code.strip())

    def _level(self, parent: str, code: str, *, children: bool) -> str:
        self.hl += 1
        self.out.add("HL", str(self.hl), parent, code, "1" if children else "0")
        return str(self.hl)

    def billing_group(self, claims: Sequence[Claim]) -> None:
        """2000A with the levels of all its claims."""
        billing, pay_to = claims[0].billing, claims[0].pay_to
        top = self._level("", "20", children=True)
        self._taxonomy("BI", billing)
        self._provider("85", billing)
        self._address(billing.address)
        if billing.tax_id:
            self.out.add("REF", billing.tax_id_kind, billing.tax_id)
        self._contact(billing)
        if pay_to is not None:
            self.out.add("NM1", "87", "2")
            self._address(pay_to)
        for claim in claims:
            self._subscriber(top, claim)

    def _taxonomy(self, kind: str, provider: Provider) -> None:
        if provider.taxonomy:
            self.out.add("PRV", kind, "PXC", provider.taxonomy)

    def _contact(self, provider: Provider) -> None:
        if provider.phone:
            name = self.out.text(provider.contact_name, "PER02")
            self.out.add("PER", "IC", name, "TE", self.out.text(provider.phone))

    def _provider(self, entity: str, provider: Provider) -> None:
        self.out.name(
            entity,
            "2" if provider.is_organization else "1",
            provider.last_or_organization,
            *(provider.first, provider.middle, "", provider.suffix),
            qualifier="XX",
            code=provider.npi,
        )

    def _address(self, address: Address) -> None:
        text = self.out.text
        if address.line1 or address.line2:
            self.out.add("N3", text(address.line1), text(address.line2))
        parts = (address.city, address.state, address.zip)
        country = "" if address.country in ("US", "USA") else address.country
        if any(parts) or country:
            city, state, code = parts
            self.out.add("N4", text(city), text(state), text(code), text(country))

    def _person(self, entity: str, person: Person, member_id: str = "") -> None:
        self.out.name(
            entity,
            "2" if person.is_organization else "1",
            person.last,
            *(person.first, person.middle, "", person.suffix),
            qualifier="MI",
            code=member_id,
        )
        self._address(person.address)
        if person.birth_date is not None:
            self.out.add("DMG", "D8", d8(person.birth_date), person.sex or "U")

    def _subscriber(self, top: str, claim: Claim) -> None:
        subscriber, patient = claim.subscriber, claim.patient
        level = self._level(top, "22", children=patient is not None)
        self._sbr(subscriber, "" if patient else subscriber.relationship)
        self._person("IL", subscriber.person, subscriber.person.member_id)
        self._payer(claim.payer)
        if patient is not None:
            self._level(level, "23", children=False)
            self.out.add("PAT", subscriber.relationship)
            self._person("QC", patient)
        self._claim(claim)

    def _sbr(self, subscriber: Subscriber, relationship: str) -> None:
        text = self.out.text
        self.out.add(
            *("SBR", subscriber.sequence, relationship),
            *(text(subscriber.group_number), text(subscriber.group_name)),
            *(subscriber.insurance_type, "", "", "", subscriber.filing_indicator),
        )

    def _payer(self, payer: Payer) -> None:
        self.out.name("PR", "2", payer.name, qualifier="PI", code=payer.edi_id)
        self._address(payer.address)

    def _claim(self, claim: Claim) -> None:
        _check_size(claim)
        self._clm(claim)
        for code, day in (
            ("431", claim.onset_date),
            ("454", claim.initial_treatment_date),
            ("439", claim.accident_date),
            ("435", claim.admission_date),
        ):
            self._date(code, day)
        if claim.patient_paid is not None:
            self.out.add("AMT", "F5", plain(claim.patient_paid))
        self._references(claim)
        if claim.note:
            self.out.add("NTE", claim.note_kind, self.out.text(claim.note, "NTE02"))
        if claim.diagnoses:
            self.out.add("HI", *self._diagnoses(claim.diagnoses))
        self._providers(claim)
        for other in claim.other_payers:
            self._other(other)
        for place, line in enumerate(claim.lines, start=1):
            self._line(place, line)

    def _clm(self, claim: Claim) -> None:
        out = self.out
        causes = (*claim.accident, "", "", "")[:3]
        out.add(
            *("CLM", claim.pcn, plain(claim.charge), "", ""),
            out.composite(claim.place_of_service, "B", claim.frequency),
            *(claim.provider_signature, claim.accept_assignment),
            *(claim.assign_benefits, claim.release, claim.signature_source),
            out.composite(*causes, claim.accident_state),
            *("", "", "", "", "", "", "", "", claim.delay_reason),
        )

    def _date(self, code: str, day: date | None) -> None:
        if day is not None:
            self.out.add("DTP", code, "D8", d8(day))

    def _references(self, claim: Claim) -> None:
        for code, value in (
            ("9F", claim.referral),
            ("G1", claim.prior_auth),
            ("F8", claim.payer_icn),
            ("X4", claim.clia),
            ("EA", claim.medical_record),
        ):
            self._ref(code, value)

    def _ref(self, code: str, value: str) -> None:
        if value:
            self.out.add("REF", code, value)

    def _diagnoses(self, codes: Sequence[str]) -> list[Composite]:
        return [
            self.out.composite("ABF" if place else "ABK", code)
            for place, code in enumerate(codes)
        ]

    def _providers(self, claim: Claim) -> None:
        if claim.referring:
            self._provider("DN", claim.referring)
        self._rendering(claim.rendering)
        if claim.facility:
            self._provider("77", claim.facility)
            self._address(claim.facility.address)
        if claim.supervising:
            self._provider("DQ", claim.supervising)

    def _rendering(self, provider: Provider | None) -> None:
        if provider:
            self._provider("82", provider)
            self._taxonomy("PE", provider)

    def _other(self, other: OtherPayer) -> None:
        out, person = self.out, other.subscriber.person
        self._sbr(other.subscriber, other.subscriber.relationship)
        self._cas(other.adjustments)
        for code, amount in (
            ("D", other.paid),
            ("A8", other.non_covered),
            ("EAF", other.remaining_patient),
        ):
            if amount is not None:
                out.add("AMT", code, plain(amount))
        if other.benefits_assigned or other.release:
            out.add("OI", "", "", other.benefits_assigned, "", "", other.release)
        without_birth = person.model_copy(update={"birth_date": None})
        self._person("IL", without_birth, person.member_id)
        self._payer(other.payer)
        self._date("573", other.decided_on)
        self._ref("F8", other.icn)

    def _cas(self, adjustments: Sequence[Adjustment]) -> None:
        segments = cas_segments(adjustments)
        _check_limit("CAS", len(segments), MAX_CAS)
        for segment in segments:
            self.out.add("CAS", *segment)

    def _line(self, place: int, line: ServiceLine) -> None:
        out = self.out
        out.add("LX", str(place))
        modifiers = (*line.modifiers, "", "", "", "")[:4]
        words = out.text(line.description, "SV101-7")
        out.add(
            "SV1",
            out.composite(line.code_kind, line.code, *modifiers, words),
            *(plain(line.charge), line.unit_kind, plain(line.units)),
            *(line.place_of_service, ""),
            out.composite(*(str(p) for p in line.pointers)),
            *("", "Y" if line.emergency else ""),
        )
        self._service_days(line)
        self._ref("6R", line.line_ref)
        self._ref("G1", line.prior_auth)
        if line.note:
            out.add("NTE", "ADD", out.text(line.note, "NTE02"))
        self._drug(line)
        self._rendering(line.rendering)
        if line.ordering:
            self._provider("DK", line.ordering)
        for decision in line.decisions:
            self._decision(decision)

    def _service_days(self, line: ServiceLine) -> None:
        first = d8(line.service_from)
        if line.service_to is None:
            self.out.add("DTP", "472", "D8", first)
        else:
            self.out.add("DTP", "472", "RD8", f"{first}-{d8(line.service_to)}")

    def _drug(self, line: ServiceLine) -> None:
        if not line.ndc:
            return
        self.out.add("LIN", "", "N4", line.ndc)
        if line.ndc_quantity is not None:
            unit = line.ndc_unit or "UN"
            self.out.add("CTP", "", "", "", plain(line.ndc_quantity), unit)

    def _decision(self, decision: LineDecision) -> None:
        out = self.out
        out.add(
            *("SVD", decision.payer_edi_id, plain(decision.paid)),
            out.composite("HC", decision.code, *decision.modifiers),
            *("", plain(decision.units)),
        )
        self._cas(decision.adjustments)
        self._date("573", decision.decided_on)
        if decision.remaining_patient is not None:
            out.add("AMT", "EAF", plain(decision.remaining_patient))


def cas_segments(adjustments: Sequence[Adjustment]) -> list[list[str]]:
    """CAS elements: the reasons of a group together, six a segment.

    Groups come in the order in which they first appear, because a group that is begun
    again and again would need more segments than the guide allows.

    Raises:
        UnwritableError: group CR, which 5010 does not have (R-ERA-02).
    """
    groups: dict[str, list[Adjustment]] = {}
    for one in adjustments:
        groups.setdefault(one.group, []).append(one)
    if Group.CR in groups:
        raise UnwritableError(
            "CAS01 is CR, which a 5010 file cannot carry. Nothing was written. "
            "Decide which group it belongs to.",
            field="CAS01",
        )
    return [
        [group, *_reasons(listed[at : at + MAX_REASONS])]
        for group, listed in groups.items()
        for at in range(0, len(listed), MAX_REASONS)
    ]


def _reasons(adjustments: Sequence[Adjustment]) -> list[str]:
    return [
        part
        for one in adjustments
        for part in (one.carc, plain(one.amount), one.quantity or "")
    ]


def _check_size(claim: Claim) -> None:
    """Counts the guide allows; more would be cut off silently by the receiver."""
    most = max((len(line.pointers) for line in claim.lines), default=0)
    for name, count, limit in (
        ("LX", len(claim.lines), MAX_LINES),
        ("HI", len(claim.diagnoses), MAX_DIAGNOSES),
        ("SV107", most, MAX_POINTERS),
        ("CLM11", len(claim.accident), 3),
    ):
        _check_limit(name, count, limit)


def _check_limit(name: str, count: int, limit: int) -> None:
    if count > limit:
        raise UnwritableError(
            f"{name}: {count} are more than the {limit} an 837P can carry. Nothing "
            "was written. Split the claim.",
            field=name,
        )
