"""``coverages.csv``: the plans of a patient beside the first one, a row each."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class CoverageRow(BaseModel):
    """One plan of one patient, and the days on which it covers; an empty day is open.

    ``patient_ref`` is the practice's number of the patient, as ``claims.csv`` and
    REF*EA of an 837P have it; ``coverage_order`` 1 pays first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    patient_ref: str = Field(min_length=1, max_length=50)
    coverage_order: int = Field(gt=0)
    payer_id: str = Field(min_length=1, max_length=32)
    member_id: str = Field(min_length=1, max_length=80)
    group_no: str = Field("", max_length=50)
    subscriber_rel: str = Field(pattern="^(self|spouse|child|other|18|01|19|G8)$")
    eff_from: date | None = None
    eff_to: date | None = None

    @property
    def is_self(self) -> bool:
        """Whether the patient holds the policy."""
        return self.subscriber_rel in ("self", "18")
