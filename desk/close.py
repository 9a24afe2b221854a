"""A business day's close, read-only: as it was signed, or as it would be now."""

from datetime import date
from typing import Any

from starlette.responses import Response

from activities import day_close
from activities.day_close import NotClosedError
from activities.office import Office
from activities.story import payer_name
from desk.route import Page
from desk.visit import DeskError, MissingError, Visit
from policy.people import Door

PARTS = (
    ("deposits", "Deposits"),
    ("payer", "Posted payer cash"),
    ("unapplied", "Unapplied payer cash"),
    ("patient", "Patient cash"),
    ("refunds", "Refunds and chargebacks"),
)


def show(visit: Visit) -> Response:
    """One day; nothing is stored by looking."""
    try:
        day = date.fromisoformat(visit.path("day"))
    except ValueError:
        raise MissingError("There is no such day. Nothing was changed.") from None
    try:
        found = day_close.show(visit.desk.office, day, visit.today)
    except NotClosedError as error:
        raise DeskError(str(error)) from None
    return visit.page(
        "close.html.j2",
        day=day,
        found=found,
        said=found.content,
        parts=PARTS,
        names=lambda keys: ", ".join(named(visit.desk.office, key) for key in keys),
        to_day=date.fromisoformat,
    )


def named(office: Office, key: str) -> str:
    """``835:P-1:T1`` as ``remittance T1 of Northlake``."""
    kind, _, rest = key.partition(":")
    if kind != "835":
        said: dict[str, Any] = {"receipts": "patients' payments", "receipt": "receipt"}
        return f"{said.get(kind, kind)} {rest.replace(':', ', ')}"
    payer, _, trace = rest.partition(":")
    return f"remittance {trace} of {payer_name(office, payer)}"


ROUTES = (Page("GET", "/close/{day}", show, Door.MONEY),)
