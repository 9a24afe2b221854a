"""Where a page of a list begins: ``day~id`` of the last row before it."""

from datetime import date

from desk.visit import DeskError


def after_mark(mark: str) -> tuple[date, str] | None:
    """Day and id of a mark in an address; None for the first page.

    Raises:
        DeskError: somebody changed the address; nothing was shown.
    """
    if not mark:
        return None
    day, _, row_id = mark.partition("~")
    try:
        if row_id:
            return date.fromisoformat(day), row_id
    except ValueError:
        pass
    raise DeskError(
        "This page of the list cannot be found again. Nothing is shown. "
        "Start from its first page."
    )
