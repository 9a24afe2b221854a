"""What was decided, by which rule, on which evidence, by whom (third promise)."""

from pydantic import BaseModel, ConfigDict, Field

MACHINE = "machine"
"""Actor of automatic steps; a person's actor is their user name."""


class Decision(BaseModel):
    """One decision, automatic or human, with its rule and evidence (R-STA-04)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str = Field(description="what follows, a word of the tables")
    rule: str = Field(description="rulebook id, e.g. R-DEN-03")
    reason: str = Field(description="one sentence without patient data")
    table: str = Field("", description="table and version used: carc_actions/1")
    evidence: tuple[str, ...] = Field((), description="codes, file ids, amounts")
    actor: str = MACHINE
