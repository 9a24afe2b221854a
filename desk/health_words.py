"""What people call the workflows and sweeps of the server: never by their ids."""

from collections.abc import Iterable
from typing import NamedTuple

from activities.office import OFFICE_PARTNER, Office
from activities.story import payer_name
from claims.messages import Sweep
from policy.people import Door
from records import health
from records.db import Connection

_JOBS = {
    "receive": "Mailbox of {}",
    "submit": "Claims to {}",
    "inquire270": "Coverage questions to {}",
    "inquire276": "Status questions to {}",
}

_ROWS = {
    "claim": ("Claim", "/claims", Door.CLAIMS),
    "account": ("Account", "/accounts", Door.MONEY),
    "remit": ("Remittance", "/remits", Door.MONEY),
}


class Named(NamedTuple):
    """Words for a workflow, and where more of it is seen by whom."""

    words: str
    href: str = ""
    door: Door = Door.SIGNED_IN


def named(
    conn: Connection, office: Office, workflow_ids: Iterable[str]
) -> dict[str, Named]:
    """Words for each of these workflows."""
    split = {w: w.partition("-")[::2] for w in workflow_ids}
    numbers = health.numbers(
        conn,
        claim_ids=[row for kind, row in split.values() if kind == "claim"],
        account_ids=[row for kind, row in split.values() if kind == "account"],
        remittance_ids=[row for kind, row in split.values() if kind == "remit"],
    )
    return {w: _named(office, w, *of, numbers) for w, of in split.items()}


def _named(
    office: Office, workflow_id: str, kind: str, row_id: str, numbers: dict[str, str]
) -> Named:
    if kind in _ROWS:
        what, path, door = _ROWS[kind]
        if row_id not in numbers:
            return Named(f"{what} that is not on file")
        return Named(f"{what} {numbers[row_id]}", f"{path}/{row_id}", door)
    if kind == "appeal":
        return Named("An appeal")
    try:
        sweep = Sweep.from_workflow_id(workflow_id)
    except ValueError:
        return Named("Work without a name here")
    return Named(sweep_words(office, f"{sweep.job}-{sweep.partner}"))


def sweep_words(office: Office, schedule_id: str) -> str:
    """``Claims to Northlake Health Plan`` for ``submit-P-NORTHLAKE``."""
    job, _, partner = schedule_id.partition("-")
    return _JOBS.get(job, "Work for {}").format(partner_words(office, partner))


def partner_words(office: Office, partner: str) -> str:
    """Whose mailbox it is."""
    if partner in (OFFICE_PARTNER, "clearinghouse"):
        return f"the {partner}"
    return payer_name(office, partner)
