"""Payer profiles: deadlines, addresses, capabilities, fees. One YAML file per payer.

Effective-dated (``effective_from``, ``effective_to``); changing one needs four eyes
(roles.yaml). Field words are those of X12 and CMS.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from claims.claim import Address
from claims.money import Usd

CLEARINGHOUSE = "clearinghouse"
"""The mailbox that carries the files of every payer without one of its own."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProfileError(Exception):
    """A profile file does not fit the schema; nothing was loaded."""


class Edi(_Part):
    """How the payer exchanges files."""

    receiver_id: str = Field(description="ISA08/GS03")
    payer_edi_id: str = Field(description="NM109 in 2010BB")
    claim_filing_indicator: str = Field(description="SBR09")
    transport: str = Field(pattern="^(clearinghouse|direct_sftp|paper)$")
    era_enrolled: bool
    eft_enrolled: bool
    tax_id_or_npi_enumeration: str = "npi"
    daily_cutoff: str = Field("17:00", pattern=r"^\d\d:\d\d$")
    acks_expected: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


class Capabilities(_Part):
    """What the payer accepts."""

    frequency_7: bool
    frequency_8: bool
    requires_f8_on_7_8: bool
    correct_within_days: int | None = None
    realtime_276: bool = False
    status_portal: bool = False
    crossover_out: bool = False
    max_lines: int = 50
    wants_new_claim_after_denial: bool = False


class Filing(_Part):
    """Filing limits (R-FIL-01)."""

    limit_days: int
    clock_from: str
    secondary_limit_days: int
    secondary_clock_from: str
    calendar_year_rule: bool
    proof_accepted: tuple[str, ...] = ()


class CodeRule(_Part):
    """A code that needs an authorization from a day on."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    code: str
    from_day: date = Field(alias="from")
    to_day: date | None = Field(None, alias="to")


class Authorization(_Part):
    """Which codes need an authorization, and the payer's clocks."""

    required_for: tuple[CodeRule, ...] = ()
    standard_days: int = 14
    expedited_hours: int = 72
    retro_auth_allowed: bool = False
    retro_auth_days: int = 0
    impacted_by_cms_0057: bool = False


class AppealLevel(_Part):
    """One level of a contract's dispute ladder, in calendar days."""

    n: int
    file_within: int
    decide_within: int


class PolicyRef(_Part):
    """A stored document a letter may cite."""

    text: str
    document: str


class Appeals(_Part):
    """Where and how to appeal."""

    ladder: str
    levels: tuple[AppealLevel, ...] = ()
    address: Address
    fax: str = ""
    policy_refs: dict[str, PolicyRef] = Field(default_factory=dict)


class Tolerance(_Part):
    """A shortfall counts above max(amount, percent of expected) (R-UND-02)."""

    amount: Usd
    percent: Decimal


class Fees(_Part):
    """The contract's fee schedule: code to allowed amount per unit."""

    schedule: str | None = None
    basis: str = "fee_table"
    lesser_of_charge: bool = True
    underpayment_tolerance: Tolerance
    rates: dict[str, Usd] = Field(default_factory=dict)


class PayerProfile(_Part):
    """Everything we know of one payer."""

    payer_id: str
    name: str
    kind: str
    effective_from: date
    effective_to: date | None = None
    edi: Edi
    capabilities: Capabilities
    filing: Filing
    timers: dict[str, int] = Field(default_factory=dict)
    authorization: Authorization
    appeals: Appeals
    fees: Fees
    cob: dict[str, Any] = Field(default_factory=dict)
    patient: dict[str, Any] = Field(default_factory=dict)
    prompt_pay_state: str = ""
    contacts: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    version: int = 1

    @property
    def is_medicare(self) -> bool:
        """Medicare fee for service: 42 CFR 405 and 424 apply."""
        return self.kind == "medicare_ffs"


class PayerBook:
    """All profiles, by our id and by EDI id."""

    def __init__(self, profiles: list[PayerProfile]) -> None:
        """Index the profiles; of two with one id the one effective last wins."""
        ordered = sorted(profiles, key=lambda p: p.effective_from)
        self._by_id = {p.payer_id: p for p in ordered}
        self._by_edi = {p.edi.payer_edi_id: p for p in ordered}

    @classmethod
    def load(cls, folder: Path) -> "PayerBook":
        """Read every ``*.yaml`` of a folder.

        Raises:
            ProfileError: names the file and the field that does not fit.
        """
        return cls([_read(path) for path in sorted(folder.glob("*.yaml"))])

    def get(self, payer_id: str) -> PayerProfile | None:
        """The profile of our payer id."""
        return self._by_id.get(payer_id)

    def partner_of(self, payer_id: str) -> str:
        """Whose mailbox carries the payer's files: its own, or the clearinghouse's."""
        profile = self.get(payer_id)
        direct = profile is not None and profile.edi.transport == "direct_sftp"
        return payer_id if direct else CLEARINGHOUSE

    def by_edi_id(self, edi_id: str) -> PayerProfile | None:
        """The profile whose NM109 this is."""
        return self._by_edi.get(edi_id)

    def named(self, reference: str) -> PayerProfile | None:
        """The profile that a person's file names by our payer id or by the EDI id."""
        return self.get(reference) or self.by_edi_id(reference)

    def ids(self) -> list[str]:
        """Our payer ids, in order."""
        return sorted(self._by_id)


def _read(path: Path) -> PayerProfile:
    try:
        return PayerProfile.model_validate(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        raise ProfileError(
            f"{path.name} is not a payer profile: {error}. Nothing was loaded."
        ) from None
