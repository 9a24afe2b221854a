"""Code sets by date of service: diagnosis validity and unit limits. Values only.

A code that is not listed is not checked: the official lists are the practice's to load
(R-SCR-06, R-SCR-07).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from payers.profile import ProfileError

PER_LINE = 1


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeValidity(_Row):
    """The days on which one ICD-10-CM code may be used, both inclusive."""

    code: str = Field(description="without the dot")
    valid_from: date | None = None
    valid_to: date | None = None

    @field_validator("code")
    @classmethod
    def _plain(cls, code: str) -> str:
        return code.replace(".", "").upper()

    def includes(self, day: date) -> bool:
        """Whether the code is valid on ``day``."""
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day <= self.valid_to)


class UnitLimit(_Row):
    """The most units of one procedure that are likely (MUE)."""

    cpt: str
    max_units: Decimal = Field(gt=0)
    mai: int = Field(ge=1, le=3, description="1 per line, 2 and 3 per day")


class CodeSets(_Row):
    """What is known of codes; empty when the practice has loaded nothing."""

    icd: tuple[CodeValidity, ...] = ()
    mue: tuple[UnitLimit, ...] = ()

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "CodeSets":
        """From plain values, as a YAML file holds them.

        Raises:
            ProfileError: names what does not fit.
        """
        known = {name: given.get(name, ()) for name in ("icd", "mue")}
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            raise ProfileError(
                f"The code sets do not fit: {error}. Nothing was loaded."
            ) from None

    @classmethod
    def load(cls, path: Path) -> "CodeSets":
        """Read ``code_sets.yaml``; a practice without the file has loaded nothing."""
        if not path.exists():
            return cls()
        return cls.read(yaml.safe_load(path.read_text()) or {})

    def is_valid(self, diagnosis: str, day: date) -> bool:
        """Whether a diagnosis may be used on ``day``; an unlisted one may."""
        listed = [row for row in self.icd if row.code == diagnosis]
        return not listed or any(row.includes(day) for row in listed)

    def limit(self, code: str) -> UnitLimit | None:
        """The unit limit of a procedure, None when it has none."""
        return next((row for row in self.mue if row.cpt == code), None)
