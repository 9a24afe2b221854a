"""835 provider-level adjustments by ``plb_reasons.yaml`` (R-PLB-01)."""

from typing import Any

from policy.tables import rows

TABLE = "plb_reasons"


def get(code: str) -> dict[str, Any] | None:
    """The entries and the task of a PLB code; None for one the table does not have."""
    return rows(TABLE, "plb", "code").get(code)
