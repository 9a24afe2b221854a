"""Claim adjustments: group, reason code, amount (CAS of 835 and 837)."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from claims.money import Usd


class Group(StrEnum):
    """Claim adjustment group code, CAS01 (R-ERA-02). CR is read, never written."""

    CO = "CO"
    PR = "PR"
    OA = "OA"
    PI = "PI"
    CR = "CR"


class Adjustment(BaseModel):
    """One reason of a CAS segment; a positive amount lowers the payment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str = Field(description="CAS01: CO, PR, OA, PI; CR only in old files")
    carc: str = Field(description="claim adjustment reason code, X12 source 139")
    amount: Usd
    quantity: str | None = None

    @property
    def code(self) -> str:
        """``CO-45``."""
        return f"{self.group}-{self.carc}"
