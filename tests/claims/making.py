"""Claims for tests of the pure layers: clean by every edit unless a test says more."""

from datetime import date
from decimal import Decimal
from typing import Any

from claims.claim import (
    Address,
    Claim,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import ZERO, usd

TODAY = date(2026, 3, 16)
VISIT = date(2026, 3, 9)
GOOD_NPIS = ("1999999984", "1234567893", "1003000126")


def make_line(number: int = 1, **changes: Any) -> ServiceLine:
    """One office visit of 150.00 that points to the first diagnosis."""
    values: dict[str, Any] = {
        "number": number,
        "code": "99213",
        "charge": usd("150.00"),
        "units": Decimal(1),
        "pointers": (1,),
        "service_from": VISIT,
        **changes,
    }
    return ServiceLine(**values)


def make_person(**changes: Any) -> Person:
    """A fictional subscriber who is the patient."""
    values: dict[str, Any] = {
        "last": "OKOYE",
        "first": "BRAM",
        "birth_date": date(1980, 5, 17),
        "sex": "M",
        "member_id": "NL100200",
        **changes,
    }
    return Person(**values)


def make_claim(**changes: Any) -> Claim:
    """A clean first claim to Northlake; CLM02 is the lines' sum unless given."""
    lines = changes.pop("lines", (make_line(),))
    person = changes.pop("person", make_person())
    values: dict[str, Any] = {
        "pcn": "HP260001",
        "charge": sum((line.charge for line in lines), ZERO),
        "place_of_service": "11",
        "diagnoses": ("M170",),
        "billing": Provider(
            last_or_organization="HARBOR POINT FAMILY MEDICINE",
            npi="1999999984",
            taxonomy="207Q00000X",
            tax_id="000000001",
            address=Address(
                line1="40 HARBOR RD", city="LAKEPORT", state="IL", zip="625010001"
            ),
            is_organization=True,
        ),
        "subscriber": Subscriber(group_number="G-1", person=person),
        "payer": Payer(
            name="NORTHLAKE", edi_id="99001", address=Address(line1="100 EXAMPLE WAY")
        ),
        "lines": lines,
        **changes,
    }
    return Claim(**values)


def make_provider(**changes: Any) -> Provider:
    """A second provider with a valid NPI."""
    values: dict[str, Any] = {
        "last_or_organization": "LEE",
        "first": "ANA",
        "npi": "1234567893",
        **changes,
    }
    return Provider(**values)
