"""Paper remittances keyed by a person: who must look as well (R-MAN-02)."""

from decimal import Decimal

from claims.money import ZERO
from claims.remittance import Remittance
from policy.people import alone_up_to

LIMIT = "manual_eob_post"
SAMPLED_OF = 10
"""One of so many that a person posts alone is looked at by a supervisor."""


def amount_of(one: Remittance) -> Decimal:
    """What the check moves: payments and takebacks never offset each other."""
    gross = sum((abs(c.paid) for c in one.claims), ZERO)
    gross += sum((abs(a.amount) for a in one.provider_adjustments), ZERO)
    return max(gross, abs(one.paid))


def needs_second(amount: Decimal) -> bool:
    """Whether one poster may not post this amount alone (R-MAN-02)."""
    return amount > alone_up_to(LIMIT)


def is_sampled(remittance_id: str) -> bool:
    """Whether a supervisor looks at it: by its id, a hash that nobody chooses."""
    return int(remittance_id[:8], 16) % SAMPLED_OF == 0
