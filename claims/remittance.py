"""A remittance (835) as values: one transaction set with its claims and lines."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from claims.adjustment import Adjustment
from claims.money import ZERO, Usd

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class RemittanceLine(BaseModel):
    """One decided service line (835 loop 2110, SVC)."""

    model_config = _FROZEN

    position: int = Field(ge=1, description="segment number of SVC in the file")
    line_ref: str | None = Field(None, description="REF*6R, our line control number")
    code: str = Field(description="SVC01-2 procedure code")
    code_kind: str = Field("HC", description="SVC01-1: HC, N4, NU, AD …")
    modifiers: tuple[str, ...] = ()
    charge: Usd
    paid: Usd
    units: str | None = None
    submitted_code: str | None = Field(None, description="SVC06-2 when it differs")
    service_date: date | None = Field(None, description="DTM*472, else DTM*150")
    service_to: date | None = Field(None, description="DTM*151")
    adjustments: tuple[Adjustment, ...] = ()
    rarcs: tuple[str, ...] = Field((), description="LQ*HE remark codes")
    allowed: Usd | None = Field(None, description="AMT*B6; None is unknown, not zero")


class RemittanceClaim(BaseModel):
    """One decided claim (835 loop 2100, CLP)."""

    model_config = _FROZEN

    position: int = Field(ge=1, description="segment number of CLP in the file")
    pcn: str = Field(description="CLP01, our CLM01 when it is ours")
    status: str = Field(description="CLP02")
    charge: Usd
    paid: Usd
    patient_responsibility: Usd = ZERO
    filing_indicator: str | None = None
    payer_icn: str | None = Field(None, description="CLP07 payer claim control number")
    original_icn: str | None = Field(None, description="REF*F8 original reference")
    patient_last: str = ""
    patient_first: str = ""
    member_id: str | None = None
    corrected_last: str = Field("", description="NM1*74, the name the payer has")
    corrected_first: str = ""
    corrected_member_id: str | None = Field(None, description="NM1*74 NM109")
    crossover_payer: str | None = Field(None, description="NM1*TT name or id")
    service_from: date | None = None
    service_to: date | None = None
    received_on: date | None = Field(None, description="DTM*050")
    coverage_amount: Usd | None = Field(None, description="AMT*AU, claim-level allowed")
    interest: Usd | None = Field(None, description="AMT*I, for information only")
    adjustments: tuple[Adjustment, ...] = Field((), description="claim-level CAS")
    rarcs: tuple[str, ...] = Field((), description="MOA/MIA remark codes")
    lines: tuple[RemittanceLine, ...] = ()


class ProviderAdjustment(BaseModel):
    """One PLB reason: positive lowers the payment (R-PLB-01)."""

    model_config = _FROZEN

    position: int = Field(ge=1)
    provider_id: str
    fiscal_period: date | None = None
    code: str = Field(description="PLB03-1")
    reference: str | None = Field(None, description="PLB03-2, often ICN + PCN")
    amount: Usd


class Remittance(BaseModel):
    """One 835 transaction set, ST to SE."""

    model_config = _FROZEN

    position: int = Field(ge=1, description="segment number of ST in the file")
    control_number: str = Field(description="ST02")
    handling: str = Field(description="BPR01")
    paid: Usd = Field(description="BPR02")
    credit_or_debit: str = "C"
    method: str = Field("", description="BPR04: ACH, CHK, NON, FWT, BOP")
    payment_date: date | None = Field(None, description="BPR16")
    trace: str = Field(description="TRN02")
    originator: str = Field("", description="TRN03")
    payer_name: str = ""
    payer_edi_id: str = Field("", description="N1*PR N104, REF*2U or TRN03")
    payee_name: str = ""
    payee_npi: str = Field("", description="N1*PE N104 with qualifier XX")
    payee_tax_id: str = Field("", description="N1*PE N104 with FI, or REF*TJ")
    claims: tuple[RemittanceClaim, ...] = ()
    provider_adjustments: tuple[ProviderAdjustment, ...] = ()
    content_hash: str = Field(
        description="SHA-256 of ST..SE without control numbers (R-ERA-06)"
    )
    warnings: tuple[str, ...] = ()


class Imbalance(BaseModel):
    """One level that does not add up (R-ERA-01): stated minus computed."""

    model_config = _FROZEN

    level: str = Field(description="line, claim or transaction")
    position: int
    stated: Usd
    computed: Usd

    @property
    def difference(self) -> Usd:
        """Stated minus computed."""
        return self.stated - self.computed


def imbalances(remittance: Remittance) -> tuple[Imbalance, ...]:
    """Every level of ``remittance`` that does not balance, exact to the cent
    (R-ERA-01).

    Line: SVC02 - sum(CAS) = SVC03. Claim: CLP03 - sum(claim and line CAS) = CLP04.
    Transaction: sum(CLP04) - sum(PLB) = BPR02.
    """
    found = [i for claim in remittance.claims for i in _claim_imbalances(claim)]
    paid = sum((c.paid for c in remittance.claims), ZERO)
    plb = sum((a.amount for a in remittance.provider_adjustments), ZERO)
    if paid - plb != remittance.paid:
        found.append(
            Imbalance(
                level="transaction",
                position=remittance.position,
                stated=remittance.paid,
                computed=paid - plb,
            )
        )
    return tuple(found)


def _claim_imbalances(claim: RemittanceClaim) -> list[Imbalance]:
    found = []
    total = sum((a.amount for a in claim.adjustments), ZERO)
    for line in claim.lines:
        reduced = sum((a.amount for a in line.adjustments), ZERO)
        total += reduced
        if line.charge - reduced != line.paid:
            found.append(_off("line", line.position, line.paid, line.charge - reduced))
    if claim.charge - total != claim.paid:
        found.append(_off("claim", claim.position, claim.paid, claim.charge - total))
    return found


def _off(level: str, position: int, stated: Usd, computed: Usd) -> Imbalance:
    return Imbalance(level=level, position=position, stated=stated, computed=computed)
