"""Take up again what failed on the server: from its last good step, or the step now."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from temporalio.service import RPCError

from activities.troubles import Trouble, take_up, troubles_of
from desk.health_words import named
from desk.route import Page
from desk.visit import DeskError, Visit
from policy.people import Door
from records import events

GONE = "This goes on already, or somebody was faster. Nothing was done."


async def retry(visit: Visit) -> Response:
    """Once for each failure: who clicks again is told that it goes on."""
    workflow_id = visit.text("workflow")[:200]
    if not await visit.desk.connect():
        raise DeskError(
            "The server does not answer, so nothing was taken up again. "
            "Look at Health once it answers."
        )
    client = visit.desk.office.temporal
    try:
        found = [t for t in await troubles_of(client, workflow_id) if _is(visit, t)]
        if not found:
            return await run_in_threadpool(visit.go, "/health", GONE)
        await take_up(client, found[0], f"asked by {visit.user.name}")
    except (RPCError, ValueError):
        raise DeskError(
            "The server refused to take this up again. Nothing was changed. "
            "Look at the worker's log for the cause."
        ) from None
    return await run_in_threadpool(_done, visit, found[0])


def _is(visit: Visit, one: Trouble) -> bool:
    """Whether this is the failure that the page showed."""
    asked = (visit.text("run"), visit.text("step"), visit.text("tries"))
    return one.can_retry and asked == (one.run_id, one.activity_id, str(one.attempts))


def _done(visit: Visit, one: Trouble) -> Response:
    kind, _, row_id = one.workflow_id.partition("-")
    what = f" ({one.step})" if one.step else ""
    with visit.desk.office.writing() as conn:
        name = named(conn, visit.desk.office, [one.workflow_id])[one.workflow_id]
        words = f"{name.words}{what}: taken up again after a failure, {one.cause}"
        claim_id = row_id if kind == "claim" else None
        events.add(conn, visit.because(), "retry", words, claim_id=claim_id)
    return visit.go("/health", f"{name.words} is taken up again.")


ROUTES = (Page("POST", "/health/retry", retry, Door.RETRY, "/health"),)
