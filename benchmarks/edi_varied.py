"""A remittance in which little repeats: every patient, most lines and days differ.

The posting benchmark's file has one patient and four lines in 5,000 claims, which is
kind to a reader that remembers what it has read.
"""

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from string import ascii_uppercase

from benchmarks.posting_data import envelope
from claims.adjustment import Adjustment
from claims.money import ZERO, percent_of
from claims.remittance import RemittanceClaim, RemittanceLine
from edi.x835 import read_remittances, write_remittances

_CODES = 75
_DAYS = 50
_MODIFIERS: tuple[tuple[str, ...], ...] = ((), (), ("25",), ("59", "RT"))


def varied(content: bytes) -> bytes:
    """The file with other patients, procedures, days, prices and patients' shares."""
    chance = random.Random(835)  # noqa: S311 - the same file each time, no secret
    (one,) = read_remittances(content).remittances
    prices = [_price(chance) for _ in range(_CODES)]
    claims = tuple(_claim(claim, prices, chance) for claim in one.claims)
    paid = sum((claim.paid for claim in claims), ZERO)
    other = one.model_copy(update={"claims": claims, "paid": paid})
    return write_remittances([other], envelope(1))


def _price(chance: random.Random) -> tuple[str, Decimal, Decimal]:
    """A procedure, its charge and what the payer allows."""
    charge = Decimal(chance.randint(40, 600))
    allowed = percent_of(charge, Decimal(chance.randint(40, 90)))
    return str(chance.randint(10_000, 99_999)), charge, allowed


def _claim(
    claim: RemittanceClaim,
    prices: list[tuple[str, Decimal, Decimal]],
    chance: random.Random,
) -> RemittanceClaim:
    lines = tuple(_line(line, chance.choice(prices), chance) for line in claim.lines)
    reasons = [reason for line in lines for reason in line.adjustments]
    return claim.model_copy(
        update={
            "lines": lines,
            "charge": sum((line.charge for line in lines), ZERO),
            "paid": sum((line.paid for line in lines), ZERO),
            "patient_responsibility": sum(
                (reason.amount for reason in reasons if reason.group == "PR"), ZERO
            ),
            "patient_last": "".join(chance.choices(ascii_uppercase, k=8)),
            "patient_first": "".join(chance.choices(ascii_uppercase, k=6)),
            "member_id": f"M{chance.randint(10**8, 10**9)}",
            "service_from": lines[0].service_date,
        }
    )


def _line(
    line: RemittanceLine, price: tuple[str, Decimal, Decimal], chance: random.Random
) -> RemittanceLine:
    code, charge, allowed = price
    reasons = tuple(_reasons(charge, allowed, chance))
    day = line.service_date
    return line.model_copy(
        update={
            "code": code,
            "modifiers": chance.choice(_MODIFIERS),
            "charge": charge,
            "paid": charge - sum((reason.amount for reason in reasons), ZERO),
            "allowed": allowed,
            "adjustments": reasons,
            "rarcs": chance.choice(((), (), ("N362",))),
            "service_date": day and day - timedelta(days=chance.randrange(_DAYS)),
        }
    )


def _reasons(
    charge: Decimal, allowed: Decimal, chance: random.Random
) -> Iterator[Adjustment]:
    """A deductible, a coinsurance or a denial now and then."""
    kind = chance.random()
    if kind < 0.05:
        yield Adjustment(group="CO", carc="197", amount=charge)
        return
    yield Adjustment(group="CO", carc="45", amount=charge - allowed)
    if kind < 0.2:
        part = Decimal(chance.randint(100, 9000)).scaleb(-2)
        yield Adjustment(group="PR", carc="1", amount=min(allowed, part))
    elif kind < 0.35:
        share = percent_of(allowed, Decimal(20))
        yield Adjustment(group="PR", carc="2", amount=share)
