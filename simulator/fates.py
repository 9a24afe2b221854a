"""The script: what happens to each member's claims, read from ``fates.yaml``.

A member who is not named is covered, and its claims are paid after 10 to 18 days. Days
are calendar days; whatever a payer does moves to the next business day.
"""

from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from claims.money import Usd


class ScriptError(Exception):
    """The script does not fit; the simulator did not start. The text says where."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coverage(_Part):
    """How the plan answers a 270."""

    answer: Literal["active", "inactive", "unmatched", "silence"] = "active"
    aaa: str = Field("", description="AAA03 with unmatched: 72, 73, 75")
    deductible: Usd | None = None
    deductible_remaining: Usd | None = None


class FrontDoor(_Part):
    """How the first ``times`` submissions are met; later ones are accepted."""

    answer: Literal["reject", "silence"]
    status: str = Field("A3:33", description="277CA category and status of a reject")
    times: int = 1


class Denial(_Part):
    """An amount the payer does not pay: a whole line, or ``amount`` of it."""

    group: Literal["CO", "PR", "OA", "PI"] = "CO"
    carc: str
    rarc: str = ""
    code: str = Field("", description="only lines with this procedure; empty: all")
    amount: Usd | None = Field(None, description="cut this much of the first line")


class Verdict(_Part):
    """How one submission is decided; nothing set means paid by the payer's fees."""

    after: int | None = Field(None, ge=1, description="days; 10 to 18 when not set")
    deny: tuple[Denial, ...] = ()
    fixed_by: str = Field("", description="837P field that a replacement must change")
    fee_percent: Decimal = Decimal(100)
    copay: Usd | None = None
    deductible: Usd = Decimal("0.00")
    coinsurance_percent: Decimal | None = None
    rarc: str = Field("", description="claim-level remark")


class Later(_Part):
    """A decision the payer changes by itself, ``after`` days, without a new claim."""

    after: int = Field(ge=1)
    verdict: Verdict = Verdict()
    taken_after: int | None = Field(
        None,
        ge=1,
        description="what was paid too much is announced (PLB WO) and kept back from a "
        "payment so many days later; not set: from this payment",
    )


class TakesBack(_Part):
    """Money the payer keeps back from another claim's payment, without a word before
    and without taking its decision back."""

    after: int = Field(ge=1, description="days after the first decision")
    amount: Usd


class Patient(_Part):
    """What the patient does with the share the payer leaves."""

    pays: Literal["full", "partial", "never"] = "full"
    after: int = Field(20, ge=1, description="days after the remittance")
    percent: Decimal = Field(Decimal(50), description="of the share, with partial")
    prepays: Usd = Field(Decimal("0.00"), description="paid at the visit")


class Fate(_Part):
    """Everything about one member."""

    coverage: Coverage = Coverage()
    front_door: FrontDoor | None = None
    status: tuple[str, ...] = Field((), description="first 277 answers, as P1:20")
    verdicts: tuple[Verdict, ...] = Field((), description="one for each submission")
    later: tuple[Later, ...] = ()
    takes_back: TakesBack | None = None
    patient: Patient = Patient()


class AppealFate(_Part):
    """The simulator sees no letters: an appeal is answered by the calendar."""

    days_after_denial: int = Field(ge=1)
    outcome: Literal["overturned", "upheld"]
    paid_after: int = Field(6, ge=1, description="days after an overturned decision")


class AuthorizationFate(_Part):
    """A row of authorizations.csv and the day it arrives."""

    day: date
    auth_no: str = ""
    payer_id: str
    member_id: str
    code: str
    units: int = 1
    valid_from: date
    valid_to: date
    status: Literal["approved", "refused"] = "approved"


class Faults(_Part):
    """The remittance that first decides this member's claim is spoiled so."""

    unbalanced: tuple[str, ...] = Field((), description="BPR02 is off; replaced later")
    duplicate: tuple[str, ...] = Field((), description="the same bytes come again")
    stranger: tuple[str, ...] = Field((), description="holds a claim nobody sent")


class Script(_Part):
    """The whole file."""

    members: dict[str, Fate] = {}
    appeals: dict[str, AppealFate] = {}
    authorizations: tuple[AuthorizationFate, ...] = ()
    faults: Faults = Faults()

    @classmethod
    def load(cls, path: Path) -> "Script":
        """Read a script.

        Raises:
            ScriptError: no YAML, or something in it does not fit.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()) or {})
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise ScriptError(f"{path.name} is no script: {error}") from None

    def fate(self, member_id: str) -> Fate:
        """The member's fate; the ordinary one when it has none."""
        return self.members.get(member_id, Fate())


def ordinary_days(seed: int, member_id: str) -> int:
    """10 to 18 days, the same for the same seed and member."""
    digest = sha256(f"{seed}:{member_id}".encode()).digest()
    return 10 + digest[0] % 9
