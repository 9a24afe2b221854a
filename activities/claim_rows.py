"""``claims.csv``: one row per service line, with all that its claim says."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from claims.money import Usd

DIAGNOSES = range(1, 13)
MODIFIERS = range(1, 5)
_POINTER_LETTERS = "ABCDEFGHIJKL"
_NPI = "^[0-9]{10}$"
_DX = Field("", pattern=r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{0,4})$")
_MOD = Field("", pattern="^[0-9A-Z]{2}$")


class ClaimLine(BaseModel):
    """One row: a service line with all that its claim says.

    ``dx_pointers`` are letters or numbers of the claim's diagnoses: ``AB`` or ``1,2``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim_ref: str = Field(min_length=1, max_length=38)
    line_no: int = Field(gt=0)
    patient_ref: str = Field(min_length=1, max_length=50)
    patient_last: str = Field(min_length=1, max_length=60)
    patient_first: str = Field(min_length=1, max_length=35)
    patient_dob: date
    patient_sex: str = Field("", pattern="^[FMU]$")
    patient_addr1: str = Field("", max_length=55)
    patient_addr2: str = Field("", max_length=55)
    patient_city: str = Field("", max_length=30)
    patient_state: str = Field("", pattern="^[A-Z]{2}$")
    patient_zip: str = Field("", pattern="^[0-9]{5}(-?[0-9]{4})?$")
    patient_phone: str = Field("", max_length=32)
    language: str = Field("", max_length=16)
    guarantor_ref: str = Field("", max_length=50)
    coverage_order: int = Field(gt=0)
    payer_id: str = Field(min_length=1, max_length=32)
    payer_name: str = Field("", max_length=60)
    plan_type: str = Field("", max_length=32)
    member_id: str = Field(min_length=1, max_length=80)
    group_no: str = Field("", max_length=50)
    subscriber_rel: str = Field(pattern="^(self|spouse|child|other|18|01|19|G8)$")
    subscriber_last: str = Field("", max_length=60)
    subscriber_first: str = Field("", max_length=35)
    subscriber_dob: date | None = None
    billing_npi: str = Field(pattern=_NPI)
    billing_tin: str = Field(pattern="^[0-9]{2}-?[0-9]{7}$")
    billing_taxonomy: str = Field("", max_length=10)
    rendering_npi: str = Field(pattern=_NPI)
    referring_npi: str = Field("", pattern=_NPI)
    facility_npi: str = Field("", pattern=_NPI)
    pos: str = Field(pattern="^[0-9]{2}$")
    frequency: str = Field("1", pattern="^[178]$")
    payer_claim_no: str = Field("", max_length=50)
    prior_auth_no: str = Field("", max_length=50)
    referral_no: str = Field("", max_length=50)
    onset_date: date | None = None
    admit_date: date | None = None
    accident_type: str = Field("", pattern="^(AA|EM|OA)$")
    accident_state: str = Field("", pattern="^[A-Z]{2}$")
    accept_assignment: str = Field("A", pattern="^[ABC]$")
    signature_on_file: str = Field("Y", pattern="^[YN]$")
    dx1: str = Field(pattern=r"^[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{0,4})$")
    dx2: str = _DX
    dx3: str = _DX
    dx4: str = _DX
    dx5: str = _DX
    dx6: str = _DX
    dx7: str = _DX
    dx8: str = _DX
    dx9: str = _DX
    dx10: str = _DX
    dx11: str = _DX
    dx12: str = _DX
    dos_from: date
    dos_to: date | None = None
    code: str = Field(pattern="^[0-9A-Z]{5}$")
    mod1: str = _MOD
    mod2: str = _MOD
    mod3: str = _MOD
    mod4: str = _MOD
    dx_pointers: str = Field(pattern="^([A-L]{1,4}|[0-9]{1,2}([,: ][0-9]{1,2}){0,3})$")
    units: Decimal = Field(gt=0)
    unit_type: str = Field("UN", pattern="^(UN|MJ)$")
    charge: Usd = Field(ge=0)
    ndc: str = Field("", pattern="^[0-9]{11}$")
    ndc_qty: Decimal | None = Field(None, gt=0)
    ndc_unit: str = Field("", pattern="^(F2|GR|ME|ML|UN)$")
    line_note: str = Field("", max_length=80)
    claim_note: str = Field("", max_length=80)
    source_encounter: str = Field("", max_length=50)

    @property
    def diagnoses(self) -> tuple[str, ...]:
        """Codes without the dot, in the order of the columns."""
        found = (getattr(self, f"dx{n}") for n in DIAGNOSES)
        return tuple(code.replace(".", "") for code in found if code)

    @property
    def modifiers(self) -> tuple[str, ...]:
        """Those that are filled in."""
        return tuple(m for n in MODIFIERS if (m := getattr(self, f"mod{n}")))

    @property
    def pointers(self) -> tuple[int, ...]:
        """Numbers of the claim's diagnoses."""
        if self.dx_pointers[0].isalpha():
            return tuple(_POINTER_LETTERS.index(a) + 1 for a in self.dx_pointers)
        plain = self.dx_pointers.replace(",", " ").replace(":", " ")
        return tuple(int(n) for n in plain.split())

    @property
    def is_self(self) -> bool:
        """Whether the patient holds the policy."""
        return self.subscriber_rel in ("self", "18")
