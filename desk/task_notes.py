"""What we know of a payer, for whoever decides about one of its claims."""

from collections.abc import Iterator

from activities.office import Office
from desk.evidence import Fact
from payers.profile import PayerProfile

_CLOCKS = {
    "dos_from": "the first service date",
    "dos_to": "the last service date",
    "primary_remit_date": "the first plan's remittance",
}


def notes_of(office: Office, payer_id: str | None) -> list[Fact]:
    """Limits, routes and contacts of the payer's profile; none for an unknown payer."""
    profile = office.payer(payer_id) if payer_id else None
    return [] if profile is None else [*_limits(profile), *_routes(profile)]


def _limits(profile: PayerProfile) -> list[Fact]:
    filing, can = profile.filing, profile.capabilities
    clock = _CLOCKS.get(filing.clock_from, filing.clock_from.replace("_", " "))
    found = [Fact("File within", f"{filing.limit_days} days from {clock}")]
    if can.frequency_7:
        days = can.correct_within_days
        by = f" within {days} days" if days else ""
        found.append(Fact("Corrections", f"a replacement (frequency 7){by}"))
    else:
        found.append(Fact("Corrections", "a new claim: it takes no replacement"))
    levels = [
        f"level {one.n} within {one.file_within} days" for one in profile.appeals.levels
    ]
    return [*found, *([Fact("Appeals", ", ".join(levels))] if levels else [])]


def _routes(profile: PayerProfile) -> list[Fact]:
    where = profile.appeals.address
    town = f"{where.city}, {where.state} {where.zip}"
    street = ", ".join(filter(None, (where.line1, where.line2)))
    found = [Fact("Appeals go to", f"{street}, {town}")]
    if profile.appeals.fax:
        found.append(Fact("Fax for appeals", profile.appeals.fax))
    notes = (Fact("Note", note) for note in profile.notes)
    return [*found, *contacts_of(profile), *notes]


def contacts_of(profile: PayerProfile) -> Iterator[Fact]:
    """Whom to reach at the payer, by what they are for: phone, hours."""
    for contact in profile.contacts:
        name = (contact.get("role") or "contact").replace("_", " ")
        parts = [value for key, value in contact.items() if key != "role"]
        yield Fact(name[:1].upper() + name[1:], ", ".join(parts))
