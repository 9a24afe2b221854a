"""The three fictional payers: EDI ids, fees and rules of their own.

The fees are this file's own numbers. Where they equal the practice's contract, a claim
is paid as expected; a fate can make a payer pay less or more.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from claims.money import Usd, percent_of, usd


@dataclass(frozen=True)
class Plan:
    """What one payer knows of itself."""

    edi_id: str
    name: str
    prefix: str
    originator: str
    fees: dict[str, Usd] = field(default_factory=dict)
    other_percent: Decimal = Decimal(60)
    copay: Usd = Decimal("0.00")
    coinsurance_percent: Decimal = Decimal(0)
    sequestration: bool = False
    takes_replacements: bool = True

    def allowed(self, code: str, units: Decimal, charge: Decimal) -> Decimal:
        """The payer's price for a line, never above the charge."""
        fee = self.fees.get(code)
        if fee is None:
            return percent_of(charge, self.other_percent)
        return min((fee * units).quantize(fee), charge)


def _fees(**listed: str) -> dict[str, Usd]:
    return {code.removeprefix("c"): usd(amount) for code, amount in listed.items()}


PLANS = {
    plan.edi_id: plan
    for plan in (
        Plan(
            edi_id="99001",
            name="NORTHLAKE MUTUAL HEALTH",
            prefix="NL",
            originator="1900099001",
            fees=_fees(
                c99213="104.00",
                c99214="148.00",
                c20610="72.00",
                c73721="310.00",
                c96372="24.00",
                c87880="16.50",
                c93000="21.00",
            ),
            copay=usd("25.00"),
        ),
        Plan(
            edi_id="99002",
            name="PART B CONTRACTOR EXAMPLE",
            prefix="MB",
            originator="1900099002",
            fees=_fees(
                c99213="92.00",
                c99214="130.00",
                c20610="66.00",
                c93000="15.00",
                c96372="14.00",
                c87880="12.00",
            ),
            coinsurance_percent=Decimal(20),
            sequestration=True,
            takes_replacements=False,
        ),
        Plan(
            edi_id="99003",
            name="RIVERBEND COMMUNITY PLAN",
            prefix="RB",
            originator="1900099003",
            fees=_fees(c99213="61.00", c99214="89.00", c87880="9.00", c93000="12.00"),
            other_percent=Decimal(35),
        ),
    )
}
