"""Whether processing goes on: a page in words, and one line for a monitor (no PHI)."""

from starlette.responses import PlainTextResponse, Response

from desk.route import Page
from desk.visit import Visit
from policy.people import Door
from records import audit, tasks


def healthz(visit: Visit) -> Response:
    """``ok``, or ``paused`` and why."""
    pulse = visit.desk.pulse
    return PlainTextResponse("ok" if pulse.normal else f"paused: {pulse.words}")


def health(visit: Visit) -> Response:
    """Processing, decisions that wait, files without an end, each partner's last."""
    with visit.desk.office.reading() as conn:
        return visit.page(
            "health.html.j2",
            saved=len(tasks.undelivered(conn)),
            unended=len(audit.files_without_end(conn)),
            feeds=audit.last_files(conn),
        )


ROUTES = (
    Page("GET", "/healthz", healthz, Door.PUBLIC),
    Page("GET", "/health", health, Door.SIGNED_IN),
)
