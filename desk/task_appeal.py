"""An appeal's letter before anybody approves it: drawn as approval would draw it."""

import json

from starlette.responses import Response

from activities.appeal_letter import appeal_facts
from desk.patients import may_see
from desk.route import Page
from desk.visit import ForbiddenError, MissingError, Visit
from letters.render import render
from policy.people import Door
from records import accounts, claims, tasks

PREPARE = "APPEAL_PREPARE"


def pdf(visit: Visit) -> Response:
    """The letter as it would be printed if this person approved it now."""
    office = visit.desk.office
    with office.writing() as conn:
        task = tasks.get(conn, visit.path("task"))
        appeal = accounts.get_appeal(conn, task["subject"] or "")
        if task["type"] != PREPARE or appeal is None:
            raise MissingError("This task has no appeal letter. Nothing was changed.")
        if not may_see(visit, [task]):
            raise ForbiddenError("Letters name patients. Nothing was shown.")
        visit.saw(conn, "letter", claim_ids=[task["claim_id"]])
        route = ""
        if task["status"] == "prepared":
            _, form = tasks.prepared_form(conn, office.cipher, task["id"])
            route = str(json.loads(form).get("route", ""))
        facts = appeal_facts(
            conn,
            office,
            claims.get(conn, task["claim_id"]),
            appeal,
            visit.because(task["rule"]),
            approver=visit.user.name,
            route=route,
        )
    content = render(appeal["template"], facts).pdf
    return Response(content, media_type="application/pdf")


ROUTES = (Page("GET", "/tasks/{task}/letter.pdf", pdf, Door.TASKS),)
