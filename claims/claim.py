"""A professional claim as values, and the states of its life (rulebook §1).

``Claim`` holds what an 837P says about one CLM: it is what we import, scrub, correct
and send. The claim's state, dates and money live in SQL, not here.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from claims.adjustment import Adjustment
from claims.money import ZERO, Usd

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class ClaimState(StrEnum):
    """One claim has exactly one state (rulebook §1)."""

    INTAKE = "INTAKE"
    ELIG_HOLD = "ELIG_HOLD"
    AUTH_PENDING = "AUTH_PENDING"
    CODING = "CODING"
    SCRUB_HOLD = "SCRUB_HOLD"
    READY = "READY"
    SUBMITTED = "SUBMITTED"
    REJECTED = "REJECTED"
    ACCEPTED = "ACCEPTED"
    FOLLOW_UP = "FOLLOW_UP"
    REMIT_HOLD = "REMIT_HOLD"
    DENIED = "DENIED"
    CORRECTING = "CORRECTING"
    APPEAL = "APPEAL"
    NEXT_PAYER = "NEXT_PAYER"
    UNDERPAID = "UNDERPAID"
    PATIENT_BALANCE = "PATIENT_BALANCE"
    PLAN = "PLAN"
    CREDIT = "CREDIT"
    COLLECTIONS = "COLLECTIONS"
    CLOSED = "CLOSED"
    VOIDED = "VOIDED"

    @property
    def is_open(self) -> bool:
        """An open claim always has a dated next step (I1)."""
        return self not in (ClaimState.CLOSED, ClaimState.VOIDED)


class Address(BaseModel):
    """N3/N4. ``zip`` is five or nine digits without a hyphen."""

    model_config = _FROZEN

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


class Person(BaseModel):
    """A subscriber or patient (loops 2010BA, 2010CA, 2330A)."""

    model_config = _FROZEN

    last: str
    first: str = ""
    middle: str = ""
    suffix: str = ""
    birth_date: date | None = None
    sex: str = Field("", description="DMG03: F, M or U")
    address: Address = Address()
    member_id: str = Field("", description="NM109 with qualifier MI")
    is_organization: bool = False


class Provider(BaseModel):
    """A provider or facility in any loop: billing, rendering, referring, facility …"""

    model_config = _FROZEN

    last_or_organization: str
    first: str = ""
    middle: str = ""
    suffix: str = ""
    npi: str = Field("", description="NM109 with qualifier XX")
    taxonomy: str = ""
    tax_id: str = Field("", description="REF*EI or REF*SY of the billing provider")
    tax_id_kind: str = Field("EI", description="EI employer, SY social security")
    address: Address = Address()
    is_organization: bool = False
    contact_name: str = ""
    phone: str = ""


class Payer(BaseModel):
    """The destination payer (2010BB) or another payer (2330B)."""

    model_config = _FROZEN

    name: str
    edi_id: str = Field(description="NM109 with qualifier PI or XV")
    address: Address = Address()


class Subscriber(BaseModel):
    """SBR with its person: who holds the policy, and how the patient relates."""

    model_config = _FROZEN

    sequence: str = Field("P", description="SBR01: P, S, T, A to H, U")
    relationship: str = Field(
        "18", description="SBR02 18 self, else PAT01 of 2000C: 01 spouse, 19 child …"
    )
    group_number: str = ""
    group_name: str = ""
    insurance_type: str = Field("", description="SBR05, Medicare secondary")
    filing_indicator: str = Field("", description="SBR09: CI, MB, MC …")
    person: Person


class LineDecision(BaseModel):
    """How an earlier payer decided one line (2430 SVD/CAS)."""

    model_config = _FROZEN

    payer_edi_id: str
    paid: Usd
    code: str
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    adjustments: tuple[Adjustment, ...] = ()
    decided_on: date | None = None
    remaining_patient: Usd | None = None


class OtherPayer(BaseModel):
    """Another payer's cover and decision (2320, 2330)."""

    model_config = _FROZEN

    subscriber: Subscriber
    payer: Payer
    paid: Usd | None = Field(None, description="AMT*D; None when not decided")
    remaining_patient: Usd | None = Field(None, description="AMT*EAF")
    non_covered: Usd | None = Field(None, description="AMT*A8")
    adjustments: tuple[Adjustment, ...] = ()
    benefits_assigned: str = Field("Y", description="OI03")
    release: str = Field("Y", description="OI06")
    icn: str = ""
    decided_on: date | None = None


class ServiceLine(BaseModel):
    """One billed procedure (837P loop 2400)."""

    model_config = _FROZEN

    number: int = Field(ge=1, description="LX01")
    code: str = Field(description="SV101-2: CPT or HCPCS, never with words")
    code_kind: str = Field("HC", description="SV101-1")
    modifiers: tuple[str, ...] = Field((), max_length=4)
    description: str = Field("", description="SV101-7, what the biller wrote")
    charge: Usd
    unit_kind: str = Field("UN", description="SV103: UN units, MJ minutes")
    units: Decimal
    place_of_service: str = Field("", description="SV105 when it differs")
    pointers: tuple[int, ...] = Field((), description="SV107, 1-based")
    emergency: bool = False
    service_from: date
    service_to: date | None = None
    line_ref: str = Field("", description="REF*6R")
    prior_auth: str = Field("", description="REF*G1 of the line")
    rendering: Provider | None = None
    ordering: Provider | None = Field(None, description="2420E NM1*DK")
    ndc: str = ""
    ndc_quantity: Decimal | None = None
    ndc_unit: str = ""
    note: str = ""
    decisions: tuple[LineDecision, ...] = ()


class Claim(BaseModel):
    """One CLM of an 837P with everything above and below it."""

    model_config = _FROZEN

    pcn: str = Field(description="CLM01 as read or as we send it")
    charge: Usd = Field(description="CLM02")
    place_of_service: str = Field(description="CLM05-1")
    frequency: str = Field("1", description="CLM05-3: 1, 7 replacement, 8 void")
    provider_signature: str = Field("Y", description="CLM06")
    accept_assignment: str = Field("A", description="CLM07")
    assign_benefits: str = Field("Y", description="CLM08")
    release: str = Field("Y", description="CLM09")
    signature_source: str = Field("", description="CLM10: P signed by the provider")
    delay_reason: str = Field("", description="CLM20, why it is filed late")
    accident: tuple[str, ...] = Field((), description="CLM11-1..3: AA, EM, OA")
    accident_state: str = ""
    accident_date: date | None = None
    onset_date: date | None = None
    admission_date: date | None = None
    initial_treatment_date: date | None = Field(None, description="DTP*454")
    payer_icn: str = Field("", description="REF*F8, payer's control number")
    prior_auth: str = Field("", description="REF*G1")
    referral: str = Field("", description="REF*9F")
    clia: str = Field("", description="REF*X4")
    medical_record: str = Field("", description="REF*EA")
    note: str = Field("", description="NTE02")
    note_kind: str = "ADD"
    patient_paid: Usd | None = Field(None, description="AMT*F5")
    diagnoses: tuple[str, ...] = Field((), description="HI, ICD-10-CM without dot")
    billing: Provider
    pay_to: Address | None = None
    subscriber: Subscriber
    patient: Person | None = Field(None, description="2010CA; None when self")
    payer: Payer
    rendering: Provider | None = None
    referring: Provider | None = None
    supervising: Provider | None = None
    facility: Provider | None = None
    other_payers: tuple[OtherPayer, ...] = ()
    lines: tuple[ServiceLine, ...] = ()

    @property
    def patient_person(self) -> Person:
        """The patient: the dependent, or the subscriber."""
        return self.patient or self.subscriber.person

    @property
    def service_from(self) -> date | None:
        """First date of service."""
        return min((line.service_from for line in self.lines), default=None)

    @property
    def service_to(self) -> date | None:
        """Last date of service."""
        days = [line.service_to or line.service_from for line in self.lines]
        return max(days, default=None)

    @property
    def line_total(self) -> Usd:
        """Sum of SV102."""
        return sum((line.charge for line in self.lines), ZERO)
