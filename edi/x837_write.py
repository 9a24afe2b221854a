"""837P out: claims as a payer must receive them (005010X222A1, R-SUB-01, R-SUB-02).

One transaction set, claims grouped by billing provider in the order they first appear,
dependents in 2000C, other payers in 2320/2330, their line decisions in 2430. Fields a
loop does not carry (a rendering provider's address, say) are left out. Text follows the
rule of ``edi.writer``; codes and identifiers are written as they are or refused.

Much of a batch repeats: parts whose values came before are written from their text
(docs/decisions/0015).
"""

from collections.abc import Hashable, Sequence
from operator import itemgetter

from claims.claim import Claim, OtherPayer
from edi.errors import UnwritableError
from edi.writer import (
    TERMINATOR,
    Composite,
    OutboundEnvelope,
    Writer,
    check,
    plain,
)
from edi.x837_write_lines import MAX_LINES, Lines, too_many
from edi.x837_write_parties import (
    Parties,
    address_values,
    provider_values,
    values_of,
)

VERSION = "005010X222A1"
MAX_DIAGNOSES = 12
MAX_POINTERS = 4
MAX_CAUSES = 3
_IN_CLM = (
    *("charge", "place_of_service", "frequency", "provider_signature"),
    *("accept_assignment", "assign_benefits", "release", "signature_source"),
    *("delay_reason", "accident", "accident_state"),
)
_LOOPS = (
    *("billing", "pay_to", "subscriber", "patient", "payer", "rendering"),
    *("referring", "supervising", "facility", "other_payers", "lines"),
)
_CLM = itemgetter(*_IN_CLM)
_BELOW_CLM = values_of(Claim, "pcn", *_IN_CLM, *_LOOPS)


def write_claims(claims: Sequence[Claim], envelope: OutboundEnvelope) -> bytes:
    """One interchange with one transaction set.

    Raises:
        UnwritableError: no claims, or one that an 837P cannot carry (too many lines,
            diagnoses or pointers, text without a plain form). Nothing was written.
    """
    if not claims:
        raise UnwritableError("There are no claims to write. Nothing was written.")
    groups: dict[Hashable, list[Claim]] = {}
    for claim in claims:
        pay_to = claim.pay_to and address_values(claim.pay_to)
        key = provider_values(claim.billing), pay_to
        groups.setdefault(key, []).append(claim)
    writer = _ClaimWriter(envelope)
    for group in groups.values():
        writer.billing_group(group)
    return writer.out.interchange(envelope, code="HC", st01="837", version=VERSION)


class _ClaimWriter:
    """HL levels and loops of one transaction set."""

    def __init__(self, envelope: OutboundEnvelope) -> None:
        self.out = out = Writer()
        self.parties = Parties(out)
        self.lines = Lines(out, self.parties)
        self.known: dict[Hashable, str] = {}
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

    def _level(self, parent: str, code: str, children: str) -> str:
        self.hl = number = self.hl + 1
        text = f"HL*{number}*{parent}*{code}*{children}{TERMINATOR}"
        self.out.segments.append(text)
        return str(number)

    def billing_group(self, claims: Sequence[Claim]) -> None:
        """2000A with the levels of all its claims."""
        billing, pay_to = claims[0].billing, claims[0].pay_to
        parties = self.parties
        top = self._level("", "20", "1")
        parties.taxonomy("BI", billing)
        parties.provider("85", billing)
        parties.address(billing.address)
        if billing.tax_id:
            self.out.add("REF", billing.tax_id_kind, billing.tax_id)
        parties.contact(billing)
        if pay_to is not None:
            self.out.add("NM1", "87", "2")
            parties.address(pay_to)
        for claim in claims:
            self._subscriber(top, claim)

    def _subscriber(self, top: str, claim: Claim) -> None:
        subscriber, patient = claim.subscriber, claim.patient
        level = self._level(top, "22", "0" if patient is None else "1")
        self.parties.subscriber(subscriber, "" if patient else subscriber.relationship)
        self.parties.payer(claim.payer)
        if patient is not None:
            self._level(level, "23", "0")
            self.out.add("PAT", subscriber.relationship)
            self.parties.person("QC", patient)
            self.parties.birth(patient)
        self._claim(claim)

    def _claim(self, claim: Claim) -> None:
        _check_size(claim)
        fields = claim.__dict__
        self._clm(claim, _CLM(fields))
        self.out.part(("CLM", _BELOW_CLM(fields)), self._below_clm, claim)
        self._providers(claim)
        for other in claim.other_payers:
            self._other(other)
        self.lines.write(claim.lines)

    def _clm(self, claim: Claim, values: Hashable) -> None:
        known, head = self.known.get(values), f"CLM*{claim.pcn}"
        if known is None:
            self._new_clm(claim)
            self.known[values] = self.out.segments[-1].removeprefix(head)
        else:
            check(claim.pcn, "CLM01")
            self.out.segments.append(head + known)

    def _new_clm(self, claim: Claim) -> None:
        out = self.out
        causes = (*claim.accident, "", "", "")[:MAX_CAUSES]
        out.add(
            *("CLM", claim.pcn, plain(claim.charge), "", ""),
            out.composite(claim.place_of_service, "B", claim.frequency),
            *(claim.provider_signature, claim.accept_assignment),
            *(claim.assign_benefits, claim.release, claim.signature_source),
            out.composite(*causes, claim.accident_state),
            *("", "", "", "", "", "", "", "", claim.delay_reason),
        )

    def _below_clm(self, claim: Claim) -> None:
        out = self.out
        out.day("431", claim.onset_date)
        out.day("454", claim.initial_treatment_date)
        out.day("439", claim.accident_date)
        out.day("435", claim.admission_date)
        if claim.patient_paid is not None:
            out.add("AMT", "F5", plain(claim.patient_paid))
        out.ref("9F", claim.referral)
        out.ref("G1", claim.prior_auth)
        out.ref("F8", claim.payer_icn)
        out.ref("X4", claim.clia)
        out.ref("EA", claim.medical_record)
        if claim.note:
            out.add("NTE", claim.note_kind, out.text(claim.note, "NTE02"))
        if claim.diagnoses:
            out.add("HI", *self._diagnoses(claim.diagnoses))

    def _diagnoses(self, codes: Sequence[str]) -> list[Composite]:
        return [
            self.out.composite("ABF" if place else "ABK", code)
            for place, code in enumerate(codes)
        ]

    def _providers(self, claim: Claim) -> None:
        parties = self.parties
        if claim.referring:
            parties.provider("DN", claim.referring)
        if claim.rendering:
            parties.rendering(claim.rendering)
        if claim.facility:
            parties.provider("77", claim.facility)
            parties.address(claim.facility.address)
        if claim.supervising:
            parties.provider("DQ", claim.supervising)

    def _other(self, other: OtherPayer) -> None:
        out, person = self.out, other.subscriber.person
        self.parties.sbr(other.subscriber, other.subscriber.relationship)
        self.lines.cas(other.adjustments)
        for code, amount in (
            ("D", other.paid),
            ("A8", other.non_covered),
            ("EAF", other.remaining_patient),
        ):
            if amount is not None:
                out.add("AMT", code, plain(amount))
        if other.benefits_assigned or other.release:
            out.add("OI", "", "", other.benefits_assigned, "", "", other.release)
        self.parties.person("IL", person, person.member_id)
        self.parties.payer(other.payer)
        out.day("573", other.decided_on)
        out.ref("F8", other.icn)


def _check_size(claim: Claim) -> None:
    """Counts the guide allows; more would be cut off silently by the receiver."""
    lines, diagnoses, causes = len(claim.lines), len(claim.diagnoses), claim.accident
    most = 0
    for line in claim.lines:
        if len(line.pointers) > most:
            most = len(line.pointers)
    if lines > MAX_LINES:
        raise too_many("LX", lines, MAX_LINES)
    if diagnoses > MAX_DIAGNOSES:
        raise too_many("HI", diagnoses, MAX_DIAGNOSES)
    if most > MAX_POINTERS:
        raise too_many("SV107", most, MAX_POINTERS)
    if len(causes) > MAX_CAUSES:
        raise too_many("CLM11", len(causes), MAX_CAUSES)
