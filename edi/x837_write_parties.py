"""Names, addresses and subscribers of an 837P, in whichever loop they stand.

The same provider, payer and person comes again and again in one file, so their loops
are kept by their values and written again from the text.
"""

from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any

from pydantic import BaseModel

from claims.claim import Address, Payer, Person, Provider, Subscriber
from edi.writer import Writer, d8


def values_of(
    model: type[BaseModel], *without: str
) -> Callable[[dict[str, Any]], tuple[Hashable, ...]]:
    """Reads all fields but these from a model's ``__dict__``."""
    return itemgetter(*(name for name in model.model_fields if name not in without))


_ADDRESS = values_of(Address)
_PROVIDER = values_of(Provider, "address")
_RENDERING = values_of(
    Provider, "address", "tax_id", "tax_id_kind", "contact_name", "phone"
)
_PERSON = values_of(Person, "address")
_PAYER = values_of(Payer, "address")
_SUBSCRIBER = values_of(Subscriber, "person")


def provider_values(provider: Provider) -> tuple[Hashable, ...]:
    """Everything a provider says, to tell one from another."""
    fields = provider.__dict__
    return _PROVIDER(fields), _ADDRESS(fields["address"].__dict__)


def address_values(address: Address) -> Hashable:
    """Everything an address says."""
    return _ADDRESS(address.__dict__)


class Parties:
    """Writes the loops that say who someone is."""

    def __init__(self, out: Writer) -> None:
        """Into this set."""
        self.out = out

    def provider(self, entity: str, provider: Provider) -> None:
        """NM1 of a provider in any role."""
        self.out.name(
            entity,
            "2" if provider.is_organization else "1",
            provider.last_or_organization,
            *(provider.first, provider.middle, "", provider.suffix),
            qualifier="XX",
            code=provider.npi,
        )

    def taxonomy(self, kind: str, provider: Provider) -> None:
        """PRV, where there is one."""
        if provider.taxonomy:
            self.out.add("PRV", kind, "PXC", provider.taxonomy)

    def contact(self, provider: Provider) -> None:
        """PER of the billing provider."""
        if provider.phone:
            name = self.out.text(provider.contact_name, "PER02")
            self.out.add("PER", "IC", name, "TE", self.out.text(provider.phone))

    def rendering(self, provider: Provider) -> None:
        """2310B or 2420A."""
        key = "82", _RENDERING(provider.__dict__)
        self.out.part(key, self._rendering, provider)

    def _rendering(self, provider: Provider) -> None:
        self.provider("82", provider)
        self.taxonomy("PE", provider)

    def address(self, address: Address) -> None:
        """N3 and N4, as far as there is anything to write."""
        text = self.out.text
        if address.line1 or address.line2:
            self.out.add("N3", text(address.line1), text(address.line2))
        parts = (address.city, address.state, address.zip)
        country = "" if address.country in ("US", "USA") else address.country
        if any(parts) or country:
            city, state, code = parts
            self.out.add("N4", text(city), text(state), text(code), text(country))

    def person(self, entity: str, person: Person, member_id: str = "") -> None:
        """NM1, N3, N4."""
        self.out.name(
            entity,
            "2" if person.is_organization else "1",
            person.last,
            *(person.first, person.middle, "", person.suffix),
            qualifier="MI",
            code=member_id,
        )
        self.address(person.address)

    def birth(self, person: Person) -> None:
        """DMG, where the day is known."""
        if person.birth_date is not None:
            self.out.add("DMG", "D8", d8(person.birth_date), person.sex or "U")

    def subscriber(self, subscriber: Subscriber, relationship: str) -> None:
        """SBR and the subscriber's name of 2000B."""
        fields = subscriber.__dict__
        person = fields["person"].__dict__
        key = (
            *("IL", relationship, _SUBSCRIBER(fields)),
            *(_PERSON(person), _ADDRESS(person["address"].__dict__)),
        )
        self.out.part(key, self._subscriber, subscriber, relationship)

    def _subscriber(self, subscriber: Subscriber, relationship: str) -> None:
        person = subscriber.person
        self.sbr(subscriber, relationship)
        self.person("IL", person, person.member_id)
        self.birth(person)

    def sbr(self, subscriber: Subscriber, relationship: str) -> None:
        """SBR alone."""
        text = self.out.text
        self.out.add(
            *("SBR", subscriber.sequence, relationship),
            *(text(subscriber.group_number), text(subscriber.group_name)),
            *(subscriber.insurance_type, "", "", "", subscriber.filing_indicator),
        )

    def payer(self, payer: Payer) -> None:
        """2010BB or 2330B."""
        fields = payer.__dict__
        key = "PR", _PAYER(fields), _ADDRESS(fields["address"].__dict__)
        self.out.part(key, self._payer, payer)

    def _payer(self, payer: Payer) -> None:
        self.out.name("PR", "2", payer.name, qualifier="PI", code=payer.edi_id)
        self.address(payer.address)
