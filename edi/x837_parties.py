"""837P: the people, providers and payers of a claim, from their NM1 loops."""

from claims.claim import Address, Payer, Person, Provider, Subscriber
from edi.elements import read_date
from edi.interchange import Segment
from edi.loops import Loop


def person(loop: Loop, entity: str) -> Person:
    """A subscriber or patient; an unreadable DMG02 is refused, an absent one not."""
    found = loop.name(entity) or Loop()
    nm1 = found.head
    # Some senders put DMG before NM1: the level's own is as good.
    dmg = found.first("DMG") if found.has("DMG") else loop.first("DMG")
    birth = read_date(dmg.get(2), dmg, "DMG02") if dmg.get(2) else None
    return Person(
        last=nm1.get(3),
        first=nm1.get(4),
        middle=nm1.get(5),
        suffix=nm1.get(7),
        member_id=nm1.get(9),
        is_organization=nm1.get(2) == "2",
        birth_date=birth,
        sex=dmg.get(3),
        address=found.address(),
    )


def provider(found: Loop | None, taxonomy: str = "") -> Provider | None:
    """The provider of an NM1 loop, None without one."""
    if found is None:
        return None
    nm1 = found.head
    contact, phone = found.phone()
    return Provider(
        last_or_organization=nm1.get(3),
        first=nm1.get(4),
        middle=nm1.get(5),
        suffix=nm1.get(7),
        npi=nm1.get(9) if nm1.get(8) == "XX" else "",
        is_organization=nm1.get(2) == "2",
        taxonomy=found.first("PRV").get(3) or taxonomy,
        address=found.address(),
        contact_name=contact if phone else "",
        phone=phone,
    )


def billing(level: Loop) -> Provider:
    """The billing provider with its tax number, an empty one when none is named."""
    found = level.name("85")
    bills = provider(found, level.first("PRV").get(3))
    if bills is None or found is None:
        return Provider(last_or_organization="")
    tax = next((r for r in found.all("REF") if r.get(1) in ("EI", "SY")), None)
    if tax is None:
        return bills
    return bills.model_copy(update={"tax_id": tax.get(2), "tax_id_kind": tax.get(1)})


def pay_to(level: Loop) -> Address | None:
    """Where the payer sends money, when that is not the billing provider."""
    found = level.name("87")
    return found.address() if found and (found.has("N3") or found.has("N4")) else None


def payer(level: Loop) -> Payer:
    """The payer named in a loop."""
    found = level.name("PR") or Loop()
    nm1 = found.head
    return Payer(name=nm1.get(3), edi_id=nm1.get(9), address=found.address())


def subscriber(level: Loop, sbr: Segment, relationship: str | None) -> Subscriber:
    """The insured person of an SBR; ``relationship`` is PAT01, else SBR02 counts."""
    return Subscriber(
        sequence=sbr.get(1),
        relationship=sbr.get(2) if relationship is None else relationship,
        group_number=sbr.get(3),
        group_name=sbr.get(4),
        insurance_type=sbr.get(5),
        filing_indicator=sbr.get(9),
        person=person(level, "IL"),
    )
