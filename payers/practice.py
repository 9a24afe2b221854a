"""The practice itself: billing provider, time zone, signer, settings. Values only."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from claims.claim import Address, Provider
from payers.profile import ProfileError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signer(_Part):
    """Who signs appeals."""

    name: str
    title: str


class Documentation(_Part):
    """R-COD-01: do codes of the practice system stand for a signed note."""

    assume_signed: bool = True


class KnownProvider(_Part):
    """Somebody whose NPI a claims file may name without a name."""

    npi: str = Field(pattern="^[0-9]{10}$")
    last_or_organization: str
    first: str = ""
    taxonomy: str = ""
    address: Address = Address()
    is_organization: bool = False


class Practice(_Part):
    """The billing provider and its settings."""

    name: str
    billing_npi: str
    tax_id: str
    taxonomy: str
    address: Address = Field(description="nine-digit ZIP for 2010AA")
    phone: str
    hours: str
    timezone: str
    signer: Signer
    statement_profile: str = "standard"
    documentation: Documentation = Documentation()
    providers: tuple[KnownProvider, ...] = ()

    def provider(self, npi: str) -> Provider | None:
        """The provider with this NPI, None when the practice names none."""
        known = next((p for p in self.providers if p.npi == npi), None)
        return Provider(**known.model_dump()) if known else None

    @classmethod
    def load(cls, path: Path) -> "Practice":
        """Read ``practice.yaml``.

        Raises:
            ProfileError: names what does not fit.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text())["practice"])
        except (ValidationError, yaml.YAMLError, KeyError, TypeError) as error:
            raise ProfileError(
                f"{path.name} is not a practice file: {error}. Nothing was loaded."
            ) from None
