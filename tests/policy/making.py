"""Payers and remittance lines for tests of the rules."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claims.adjustment import Adjustment
from claims.money import ZERO, usd
from claims.remittance import RemittanceLine
from payers.profile import PayerBook, PayerProfile

BOOK = PayerBook.load(Path(__file__).parents[2] / "payers" / "profiles")


def payer(payer_id: str = "P-NORTHLAKE", **parts: Mapping[str, Any]) -> PayerProfile:
    """A profile of ours; ``filing={"limit_days": 90}`` changes single fields."""
    profile = BOOK.get(payer_id)
    assert profile is not None
    changes = {
        name: getattr(profile, name).model_copy(update=dict(fields))
        for name, fields in parts.items()
    }
    return profile.model_copy(update=changes)


def cas(code: str, amount: str) -> Adjustment:
    """``CO-45`` and its amount."""
    group, carc = code.split("-")
    return Adjustment(group=group, carc=carc, amount=usd(amount))


def decided(
    charge: str, *reasons: tuple[str, str], code: str = "99213", rarcs: str = ""
) -> RemittanceLine:
    """A balanced line: what the reasons leave of the charge is paid."""
    adjustments = tuple(cas(*reason) for reason in reasons)
    total = sum((a.amount for a in adjustments), ZERO)
    return RemittanceLine(
        position=10,
        code=code,
        charge=usd(charge),
        paid=usd(charge) - total,
        adjustments=adjustments,
        rarcs=tuple(rarcs.split()),
    )
