"""Help: what each page is for, and whom to ask."""

from starlette.responses import Response

from desk.route import Page
from desk.visit import Visit
from policy.people import Door


def show(visit: Visit) -> Response:
    """One page of help, the same for everybody."""
    return visit.page("help.html.j2")


ROUTES = (Page("GET", "/help", show, Door.SIGNED_IN),)
