"""Payloads in the clear for Temporal's Web UI: its remote codec protocol, for auditors.

The Web UI posts ``{"payloads": […]}`` to ``<endpoint>/decode`` with ``X-Namespace``. It
never says of which workflow they are, and ours are bound to their workflow. So the
workflow's id is a part of the endpoint that the auditor sets in the Web UI:
``…/codec/WORKFLOW-ID``. ``…/codec`` alone reads payloads that belong to no workflow.

The Web UI is another origin: only the one the desk was started with is answered, by
the session cookie. That cookie is SameSite=Strict, so browsers send it only when desk
and Web UI share scheme and host name (the port may differ).
"""

import asyncio
import json
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from starlette.responses import JSONResponse, Response
from temporalio.api.common.v1 import Payload, Payloads

from claims.messages import claim_workflow_id
from desk.route import Page
from desk.visit import Visit
from policy.people import Door, may_enter
from records import claims
from vault.codec import ENCODING, CodecError, decode_payloads_for_audit

MOST_BYTES = 16 * 1024 * 1024
MOST_PAYLOADS = 5000
UNBOUND = (
    "Payloads of a workflow are read with its id in the endpoint: "
    "/codec/WORKFLOW-ID. Set it in the Web UI's codec settings."
)


class RefusedError(Exception):
    """The request is not answered; the status and the reason."""

    def __init__(self, status: int, words: str) -> None:
        """``words`` hold nothing of the payloads."""
        super().__init__(words)
        self.status = status


async def decode(visit: Visit) -> Response:
    """Payloads decrypted on the server; who read them of which workflow is logged."""
    try:
        _check_reader(visit)
        payloads = await _sent(visit)
        found = await asyncio.to_thread(_opened, visit, payloads)
    except RefusedError as error:
        return _answer(visit, {"error": str(error)}, error.status)
    return _answer(visit, MessageToDict(Payloads(payloads=found)))


def refuse_to_encode(visit: Visit) -> Response:
    """The desk starts and signals workflows by itself; nobody encrypts for them."""
    words = "Payloads are not encrypted here. Nothing was done."
    return _answer(visit, {"error": words}, 403)


def preflight(visit: Visit) -> Response:
    """What a browser asks before it sends JSON from another origin."""
    answer = Response(status_code=204)
    _allow_origin(visit, answer)
    if "Access-Control-Allow-Origin" in answer.headers:
        answer.headers["Access-Control-Allow-Methods"] = "POST"
        answer.headers["Access-Control-Allow-Headers"] = "content-type, x-namespace"
    return answer


def _check_reader(visit: Visit) -> None:
    origin = visit.request.headers.get("origin")
    if not visit.desk.codec_origin or origin != visit.desk.codec_origin:
        raise RefusedError(403, "This origin is not the Web UI's. Nothing was read.")
    if visit.session is None:
        raise RefusedError(401, "Nobody is signed in to the desk. Nothing was read.")
    if not may_enter(visit.user.roles, Door.CODEC):
        raise RefusedError(403, "It needs an auditor. Nothing was read.")
    if visit.request.headers.get("x-namespace", "") != visit.desk.namespace:
        raise RefusedError(400, "X-Namespace is another namespace. Nothing was read.")


async def _sent(visit: Visit) -> list[Payload]:
    kind = visit.request.headers.get("content-type", "").partition(";")[0]
    if kind.strip().lower() != "application/json":
        raise RefusedError(415, "This takes application/json. Nothing was read.")
    body = bytearray()
    async for part in visit.request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise RefusedError(413, "More than 16 MB were sent. Nothing was read.")
    try:
        given = json.loads(body)
        if not isinstance(given, dict):
            raise ParseError("not an object")
        found = list(ParseDict(given, Payloads()).payloads)
    except (ParseError, ValueError, RecursionError):
        words = "This is not a JSON body with payloads. Nothing was read."
        raise RefusedError(400, words) from None
    if len(found) > MOST_PAYLOADS:
        raise RefusedError(413, "More than 5,000 payloads. Nothing was read.")
    return found


def _opened(visit: Visit, payloads: list[Payload]) -> list[Payload]:
    """Every payload in the clear; one that was never encrypted goes back as it came.

    Raises:
        RefusedError: one was changed, or belongs to another workflow; none is shown.
    """
    workflow_id = str(visit.request.path_params.get("workflow", ""))
    _log(visit, workflow_id)
    sealed = [p for p in payloads if p.metadata.get("encoding") == ENCODING]
    try:
        clear = iter(
            decode_payloads_for_audit(
                visit.desk.ring, visit.desk.namespace, workflow_id, sealed
            )
        )
    except CodecError as error:
        words = str(error) if workflow_id else f"{error} {UNBOUND}"
        raise RefusedError(400, words) from None
    return [
        next(clear) if p.metadata.get("encoding") == ENCODING else p for p in payloads
    ]


def _log(visit: Visit, workflow_id: str) -> None:
    claim_id = workflow_id.removeprefix(claim_workflow_id(""))
    office = visit.desk.office
    with office.writing() as conn:
        known = claims.many(conn, [claim_id]) if claim_id != workflow_id else {}
        visit.saw(
            conn,
            "payloads",
            claim_ids=list(known),
            subject=(workflow_id or "no workflow")[:80],
            reason="Temporal Web UI",
        )


def _answer(visit: Visit, content: dict[str, Any], status: int = 200) -> Response:
    answer = JSONResponse(content, status)
    _allow_origin(visit, answer)
    return answer


def _allow_origin(visit: Visit, answer: Response) -> None:
    allowed = visit.desk.codec_origin
    answer.headers["Vary"] = "Origin"
    if allowed and visit.request.headers.get("origin") == allowed:
        answer.headers["Access-Control-Allow-Origin"] = allowed
        answer.headers["Access-Control-Allow-Credentials"] = "true"


ROUTES = tuple(
    page
    for path in ("/codec", "/codec/{workflow}")
    for page in (
        Page("OPTIONS", f"{path}/decode", preflight, Door.PUBLIC, machine=True),
        Page("POST", f"{path}/decode", decode, Door.CODEC, machine=True),
        Page("POST", f"{path}/encode", refuse_to_encode, Door.CODEC, machine=True),
    )
)
