"""Hold, release or retry a claim: stored first, then an Update of its workflow.

A hold keeps the machine from sending anything about the claim: it stays in the outbox,
is not asked about, and no letter goes to the patient (R-PAT-06). Retry makes the
workflow look at SQL now; it starts the workflow of a claim that has none.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from temporalio import activity
from temporalio.client import (
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.service import RPCError, RPCStatusCode

from activities import steps
from activities.office import Office
from activities.tasks import NotPermittedError, Outcome
from activities.telling import start_claims
from claims.messages import ACT_UPDATE, Act, Applied, Decided, claim_workflow_id
from policy.people import may_act
from records import accounts, acts, claims, users
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because

DELIVERY_TIMEOUT = timedelta(seconds=10)
SEND = "SEND"
_FORMS = UUID("0e6b2f3c-5a0d-4b7e-9a57-3b1c2d94e6aa")


class ActRefusedError(Exception):
    """The act makes no sense for this claim now; nothing was stored."""


async def act(
    office: Office,
    claim_id: str,
    verb: str,
    reason: str,
    why: Because,
    *,
    once: str = "",
) -> Outcome:
    """Store what ``why.actor`` asks for and deliver it to the claim's workflow.

    The same is stored once while nobody has answered it, and once for each form:
    ``once`` is what that copy of the form carries, so that a second click is no second
    request.

    Raises:
        NotPermittedError, ActRefusedError: one clear sentence; nothing was stored.
    """
    form = f"{claim_id}:{verb}:{why.today}:{once}"
    act_id = str(uuid5(_FORMS, form) if once else uuid4())
    act_id = await asyncio.to_thread(
        _store, office, act_id, claim_id, verb, reason, why
    )
    return await deliver(office, claim_id, Act(id=act_id, verb=verb))


def _store(
    office: Office, act_id: str, claim_id: str, verb: str, reason: str, why: Because
) -> str:
    """The id under which the request is on file: an earlier one's if that is the
    same."""
    with office.writing() as conn:
        row = claims.get(conn, claim_id)
        _check_person(conn, row, verb, why.actor)
        _check_sense(row, verb)
        known = acts.same_unanswered(conn, claim_id, verb=verb, reason=reason)
        if known is None:
            acts.request(
                conn, act_id, verb=verb, reason=reason, claim_id=claim_id, why=why
            )
        return known or act_id


def _check_person(conn: Connection, row: ClaimRow, verb: str, actor: str) -> None:
    """By role; who put a claim on hold may also release it."""
    user = users.get_user(conn, actor)
    if user is None:
        raise NotPermittedError(f"There is no active user {actor}. Nothing was stored.")
    held_by = {
        h["set_by"]
        for h in accounts.holds(conn, row.id, None)
        if h["kind"] == acts.CLAIM_HOLD
    }
    if may_act(user.roles, verb) or (verb == "release" and actor in held_by):
        return
    raise NotPermittedError(
        f"{actor} may not {verb} this claim. Nothing was stored. Ask a supervisor."
    )


def _check_sense(row: ClaimRow, verb: str) -> None:
    if not row.state.is_open:
        raise ActRefusedError(
            f"Claim {row.pcn} is closed, so there is nothing to {verb}. "
            "Nothing was changed."
        )
    if verb == "hold" and row.held_for is not None:
        raise ActRefusedError(
            f"Claim {row.pcn} is on hold already ({row.held_for}). Nothing was changed."
        )
    if verb == "release" and row.held_for is None:
        raise ActRefusedError(f"Claim {row.pcn} is not on hold. Nothing was changed.")


async def deliver(office: Office, claim_id: str, asked: Act) -> Outcome:
    """Send a stored act to the claim's workflow, once by its id."""
    if office.client is None:
        return _saved("the server is not reachable")
    handle = office.client.get_workflow_handle(claim_workflow_id(claim_id))
    started = ""
    try:
        try:
            answer = await _update(handle, asked)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            # Rule 8: the row of an open claim has a workflow; this one lost it.
            await start_claims(office, [claim_id])
            started = "Its workflow was not running and was started. "
            answer = await _update(handle, asked)
    except WorkflowUpdateFailedError:
        return _saved("another decision is being carried out")
    except (RPCError, TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return _saved(f"{started}no worker answered yet")
    status = "applied" if answer.applied else "refused"
    return Outcome(status, started + answer.words)


async def _update(handle: WorkflowHandle[Any, Any], asked: Act) -> Decided:
    update = await handle.start_update(
        ACT_UPDATE,
        asked,
        id=asked.id,
        wait_for_stage=WorkflowUpdateStage.COMPLETED,
        result_type=Decided,
        rpc_timeout=DELIVERY_TIMEOUT,
    )
    answer: Decided = await update.result(rpc_timeout=DELIVERY_TIMEOUT)
    return answer


def _saved(reason: str) -> Outcome:
    return Outcome(
        "saved", f"Saved. Will be applied when processing resumes ({reason})."
    )


async def deliver_acts(office: Office) -> int:
    """Deliver acts that were stored while nothing could take them."""

    def waiting() -> list[tuple[str, str, str]]:
        with office.reading() as conn:
            return acts.unanswered(conn)

    delivered = 0
    for act_id, verb, claim_id in await asyncio.to_thread(waiting):
        outcome = await deliver(office, claim_id, Act(id=act_id, verb=verb))
        delivered += outcome.status != "saved"
    return delivered


@dataclass
class ActingActivities:
    """Where hold, release and retry take effect."""

    office: Office

    @activity.defn
    def apply_act(self, act_id: str, at: datetime) -> Applied:
        """Apply a stored act once and say what became of it."""
        with self.office.writing() as conn:
            return _apply(conn, self.office, act_id, at)


def _apply(conn: Connection, office: Office, act_id: str, at: datetime) -> Applied:
    asked = acts.get(conn, act_id)
    if asked is None:
        return Applied(applied=False, words="This request is not on file.")
    claim_id, verb = str(asked["claim_id"]), str(asked["data"]["act"])
    step = steps.step_of(conn, claim_id)
    if known := acts.answer_of(conn, act_id):
        done = bool(known["data"]["applied"])
        return Applied(applied=done, words=known["words"], step=step)
    why = office.because(at, asked["rule"] or "", asked["actor"])
    row = claims.get(conn, claim_id)
    if not row.state.is_open:  # it closed while the request waited
        words = "The claim has closed since. Nothing was changed."
        acts.answer(
            conn, act_id, applied=False, words=words, claim_id=claim_id, why=why
        )
        return Applied(applied=False, words=words, step=step)
    apply = {"hold": _hold, "release": _release}.get(verb, _retry)
    words = apply(conn, office, row, str(asked["data"]["reason"]), why)
    acts.answer(conn, act_id, applied=True, words=words, claim_id=claim_id, why=why)
    step = steps.step_of(conn, claim_id)
    if verb == "retry":  # a date that has come makes the workflow look now
        step = step.model_copy(update={"at": at})
    return Applied(applied=True, words=words, step=step)


def _hold(
    conn: Connection, office: Office, row: ClaimRow, reason: str, why: Because
) -> str:
    accounts.set_hold(
        conn,
        kind=acts.CLAIM_HOLD,
        reason=reason,
        today=why.today,
        actor=why.actor,
        claim_id=row.id,
    )
    held = claims.get(conn, row.id)
    if row.next_what != SEND:
        return "On hold: nothing is sent by itself. What it waits for stays the same."
    step = steps.by_hold(office, held, why)
    claims.set_step(conn, held, held.state, step, why, f"On hold: {reason}")
    return f"On hold: it stays in the outbox. Looked at again on {step.due}."


def _release(
    conn: Connection, office: Office, row: ClaimRow, reason: str, why: Because
) -> str:
    for held in accounts.holds(conn, row.id, None):
        if held["kind"] == acts.CLAIM_HOLD:
            accounts.clear_hold(conn, held["id"], today=why.today, actor=why.actor)
    free = claims.get(conn, row.id)
    if row.next_what != steps.HOLD_REVIEW:
        return "Released: it goes on as before."
    step = steps.by_outbox(office, free, why)
    claims.set_step(conn, free, free.state, step, why, f"Released: {reason}")
    return f"Released: it leaves with the payer's next batch on {step.due}."


def _retry(
    conn: Connection, office: Office, row: ClaimRow, reason: str, why: Because
) -> str:
    when = f" The next step is due {row.next_due}." if row.next_due else ""
    return f"Looking at the claim again now.{when}"
