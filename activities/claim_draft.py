"""Rows of one claim: what keeps them from being a claim, and the claim they are.

Names of providers are not in the rows: they are known by NPI, from
``payers/practice.yaml``; a payer's by its id. An unknown payer holds the claim.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from activities.claim_rows import ClaimLine
from claims.claim import (
    Address,
    Claim,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import ZERO
from payers.practice import Practice
from payers.profile import PayerBook

RELATIONSHIPS = {"self": "18", "spouse": "01", "child": "19", "other": "G8"}
_OF_LINE = {
    *("line_no", "dos_from", "dos_to", "code", "mod1", "mod2", "mod3", "mod4"),
    *("dx_pointers", "units", "unit_type", "charge", "ndc", "ndc_qty", "ndc_unit"),
    *("line_note", "source_encounter"),
}
_OF_CLAIM = [name for name in ClaimLine.model_fields if name not in _OF_LINE]
NumberedLine = tuple[int, ClaimLine]


@dataclass(frozen=True)
class Draft:
    """The rows of one claim, with their numbers in the file."""

    rows: tuple[NumberedLine, ...]

    @property
    def head(self) -> ClaimLine:
        """Its first row, which says what every row says of the claim."""
        return self.rows[0][1]

    @property
    def position(self) -> int:
        """The number of its first row."""
        return self.rows[0][0]

    @property
    def charge(self) -> Decimal:
        """What its rows bill together."""
        return sum((row.charge for _, row in self.rows), ZERO)


def drafts_of(rows: Iterable[NumberedLine]) -> list[Draft]:
    """Rows by claim, in the order of the file."""
    found: dict[str, list[NumberedLine]] = {}
    for number, row in rows:
        found.setdefault(row.claim_ref, []).append((number, row))
    return [Draft(tuple(of)) for of in found.values()]


def wrong(draft: Draft, practice: Practice) -> Iterator[tuple[int, str, str]]:
    """Row, column and reason of what keeps these rows from being a claim."""
    head = draft.head
    for number, row in draft.rows[1:]:
        for name in _OF_CLAIM:
            if getattr(row, name) != getattr(head, name):
                yield number, name, "differs from the first row of its claim"
    seen = set[int]()
    for number, row in draft.rows:
        if row.line_no in seen:
            yield number, "line_no", "is there twice in its claim"
        seen.add(row.line_no)
        if row.dos_to is not None and row.dos_to < row.dos_from:
            yield number, "dos_to", "lies before dos_from"
    yield from ((draft.position, *found) for found in _of_head(head, practice))


def _of_head(head: ClaimLine, practice: Practice) -> Iterator[tuple[str, str]]:
    if head.coverage_order != 1:
        yield "coverage_order", "is not 1: only the first plan's claim is taken here"
    if not head.is_self:
        for name in ("subscriber_last", "subscriber_first", "subscriber_dob"):
            if not getattr(head, name):
                yield name, "is missing: the patient does not hold the policy"
    if head.frequency != "1" and not head.payer_claim_no:
        yield "payer_claim_no", "is missing: a frequency 7 or 8 names the payer's claim"
    if head.billing_npi != practice.billing_npi:
        yield "billing_npi", "is not known here"
    elif head.billing_tin.replace("-", "") != practice.tax_id:
        yield "billing_tin", "is not the practice's"
    for name in ("rendering_npi", "referring_npi", "facility_npi"):
        npi = getattr(head, name)
        if npi not in ("", practice.billing_npi) and practice.provider(npi) is None:
            yield name, "is not known here"


def claim_of(draft: Draft, practice: Practice, payers: PayerBook) -> Claim:
    """The claim of rows in which nothing is wrong."""
    head = draft.head
    patient = _patient(head)
    profile = payers.named(head.payer_id)
    holder = patient if head.is_self else _holder(head, patient)
    edi = profile.edi if profile else None
    return Claim(
        pcn=head.claim_ref,
        charge=draft.charge,
        place_of_service=head.pos,
        frequency=head.frequency,
        accept_assignment=head.accept_assignment,
        assign_benefits=head.signature_on_file,
        accident=(head.accident_type,) if head.accident_type else (),
        accident_state=head.accident_state,
        onset_date=head.onset_date,
        admission_date=head.admit_date,
        payer_icn=head.payer_claim_no,
        prior_auth=head.prior_auth_no,
        referral=head.referral_no,
        medical_record=head.patient_ref,
        note=head.claim_note,
        diagnoses=head.diagnoses,
        billing=_billing(head, practice),
        subscriber=Subscriber(
            relationship=RELATIONSHIPS.get(head.subscriber_rel, head.subscriber_rel),
            group_number=head.group_no,
            filing_indicator=edi.claim_filing_indicator if edi else "",
            person=holder.model_copy(update={"member_id": head.member_id}),
        ),
        patient=None if head.is_self else patient,
        payer=Payer(
            name=profile.name if profile else head.payer_name or head.payer_id,
            edi_id=edi.payer_edi_id if edi else head.payer_id,
        ),
        rendering=_known(practice, head.rendering_npi),
        referring=_known(practice, head.referring_npi),
        facility=_known(practice, head.facility_npi),
        lines=tuple(map(_line, sorted((r for _, r in draft.rows), key=_number))),
    )


def _number(row: ClaimLine) -> int:
    return row.line_no


def _patient(head: ClaimLine) -> Person:
    return Person(
        last=head.patient_last,
        first=head.patient_first,
        birth_date=head.patient_dob,
        sex=head.patient_sex or "U",
        address=Address(
            line1=head.patient_addr1,
            line2=head.patient_addr2,
            city=head.patient_city,
            state=head.patient_state,
            zip=head.patient_zip.replace("-", ""),
        ),
    )


def _holder(head: ClaimLine, patient: Person) -> Person:
    return Person(
        last=head.subscriber_last,
        first=head.subscriber_first,
        birth_date=head.subscriber_dob,
        sex="U",
        address=patient.address,
    )


def _billing(head: ClaimLine, practice: Practice) -> Provider:
    return Provider(
        last_or_organization=practice.name,
        npi=practice.billing_npi,
        taxonomy=head.billing_taxonomy or practice.taxonomy,
        tax_id=practice.tax_id,
        address=practice.address,
        is_organization=True,
        phone=practice.phone,
    )


def _known(practice: Practice, npi: str) -> Provider | None:
    """The provider with this NPI; nobody beside the practice itself."""
    return practice.provider(npi) if npi != practice.billing_npi else None


def _line(row: ClaimLine) -> ServiceLine:
    return ServiceLine(
        number=row.line_no,
        code=row.code,
        modifiers=row.modifiers,
        charge=row.charge,
        unit_kind=row.unit_type,
        units=row.units,
        pointers=row.pointers,
        service_from=row.dos_from,
        service_to=row.dos_to,
        ndc=row.ndc,
        ndc_quantity=row.ndc_qty,
        ndc_unit=row.ndc_unit,
        note=row.line_note,
    )
