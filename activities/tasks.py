"""A person's decision: checked, stored in SQL first, then delivered to the workflow.

What desk and command line share. With the server down the decision waits here and is
delivered later, so nothing typed is lost (desk.md law 2).
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import (
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities import day_close
from activities.appeal_review import bind
from activities.office import Office
from activities.steps import say_who_is_asked
from claims.messages import DECIDE_UPDATE, Decide, Decided
from claims.task import (
    TASKS,
    WITHOUT_WORKFLOW,
    DecisionRefused,
    Form,
    ProviderLevelForm,
    TaskSpec,
    TaskType,
    validate_decision,
)
from policy.people import second_person
from policy.tasks import may_decide
from records import tasks, users
from records.db import Connection, RowMapping
from records.events import Because

DELIVERY_TIMEOUT = timedelta(seconds=10)


class NotPermittedError(Exception):
    """This person may not decide this task; nothing was stored."""


class ChangedError(Exception):
    """The task changed under the person; nothing was stored."""

    def __init__(self, message: str, version: int) -> None:
        """``version`` is the one the task has now."""
        super().__init__(message)
        self.version = version


@dataclass(frozen=True)
class Outcome:
    """What became of a decision: prepared, applied, refused or saved for later."""

    status: str
    words: str


async def decide(
    office: Office,
    reference: str,
    *,
    version: int,
    decision: str,
    form: Mapping[str, str],
    why: Because,
    wait: timedelta = DELIVERY_TIMEOUT,
) -> Outcome:
    """Store ``why.actor``'s decision and deliver it; ``wait`` so long for an answer.

    Raises:
        TaskMissingError, DecisionRefused, NotPermittedError, ChangedError: one clear
            sentence each; nothing was stored.
    """
    stored = await asyncio.to_thread(
        _store, office, reference, version, decision, dict(form), why
    )
    if isinstance(stored, Outcome):
        return stored
    return await deliver(office, *stored, wait=wait)


def _store(
    office: Office,
    reference: str,
    version: int,
    decision: str,
    form: dict[str, str],
    why: Because,
) -> Outcome | tuple[str, Decide]:
    with office.writing() as conn:
        row = tasks.get(conn, reference)
        spec = TASKS[TaskType(row["type"])]
        _check_open(row, version)
        _check_person(conn, row, spec, decision, why.actor)
        given = validate_decision(spec.type, decision, form)
        given = bind(conn, office, row, decision, given, why)
        given = _as_prepared(conn, office, row, given)
        text = given.model_dump_json(exclude_none=True)
        second = second_person(spec, decision, row["evidence"])
        if second is not None and row["status"] == "open":
            return _prepare(office, conn, row, spec, version, decision, text, why)
        decision_id = tasks.save(
            conn,
            office.cipher,
            row=row,
            version=version,
            chosen=decision,
            form=text,
            why=why,
        )
        if decision_id is None:
            raise _changed(row)
        if spec.type in WITHOUT_WORKFLOW:
            words = day_close.resolve(conn, office, row, decision, why)
            stored = tasks.stored_decision(conn, decision_id)
            tasks.close(conn, stored=stored, evidence={}, why=why)
            return Outcome("applied", words)
        return row["workflow_id"], Decide(
            id=decision_id,
            task_id=row["id"],
            task_version=version + 1,
            decision=decision,
        )


def _as_prepared(
    conn: Connection, office: Office, row: RowMapping, given: Form
) -> Form:
    """Where a payer's money goes, as the first person said: the second confirms that,
    and no other place (R-TSK-05)."""
    if row["status"] != "prepared" or not isinstance(given, ProviderLevelForm):
        return given
    first, text = tasks.prepared_form(conn, office.cipher, row["id"])
    said = ProviderLevelForm.model_validate_json(text)
    for own, theirs in (
        (given.claim_ref, said.claim_ref),
        (given.plb_reason, said.plb_reason),
    ):
        if own and own != theirs:
            raise DecisionRefused(
                f"{first} prepared {theirs or 'none'}, not {own}; a second person "
                "confirms that one or returns it. Nothing was stored."
            )
    told = said.model_dump(include={"claim_ref", "plb_reason"})
    return given.model_copy(update=told)


def _prepare(
    office: Office,
    conn: Connection,
    row: RowMapping,
    spec: TaskSpec,
    version: int,
    decision: str,
    text: str,
    why: Because,
) -> Outcome:
    done = tasks.prepare(
        conn,
        office.cipher,
        row=row,
        version=version,
        chosen=decision,
        form=text,
        why=why,
    )
    if not done:
        raise _changed(row)
    say_who_is_asked(conn, row["id"])
    second = spec.two_person[decision]
    return Outcome(
        "prepared",
        f"Prepared. Another person ({second}) must give the same decision "
        "to finish it.",
    )


def _check_open(row: RowMapping, version: int) -> None:
    if row["status"] not in ("open", "prepared") or row["version"] != version:
        raise _changed(row)


def _changed(row: RowMapping) -> ChangedError:
    now = f"it is {row['status']} at version {row['version']}"
    return ChangedError(
        f"Not applied: task {row['number']} changed while you worked ({now}). "
        f"See it again: task show {row['number']}",
        row["version"],
    )


def _check_person(
    conn: Connection, row: RowMapping, spec: TaskSpec, decision: str, actor: str
) -> None:
    user = users.get_user(conn, actor)
    if user is None:
        raise NotPermittedError(f"There is no active user {actor}. Nothing was stored.")
    second = row["status"] == "prepared"
    if second and row["decision"] != decision:
        raise DecisionRefused(
            f"{row['prepared_by']} prepared {row['decision']}; a second person "
            "confirms that one or leaves it. Nothing was stored."
        )
    if second and row["prepared_by"] == actor:
        raise NotPermittedError(
            "You prepared this decision, so another person must confirm it (R-TSK-05). "
            "Nothing was stored."
        )
    if not may_decide(user.roles, spec.type, decision, second=second):
        wanted = spec.two_person[decision] if second else spec.role
        raise NotPermittedError(
            f"{user.name} may not decide this task; it is for a {wanted}. "
            "Nothing was stored."
        )


async def deliver(
    office: Office,
    workflow_id: str,
    decide: Decide,
    *,
    wait: timedelta = DELIVERY_TIMEOUT,
) -> Outcome:
    """Send a stored decision to its workflow as an Update, once by its id."""
    if office.client is None:
        return _saved("the server is not reachable")
    handle = office.client.get_workflow_handle(workflow_id)
    try:
        update = await handle.start_update(
            DECIDE_UPDATE,
            decide,
            id=decide.id,
            wait_for_stage=WorkflowUpdateStage.COMPLETED,
            result_type=Decided,
            rpc_timeout=wait,
        )
        answer = await update.result(rpc_timeout=wait)
    except WorkflowUpdateFailedError as error:
        return _saved(_cause(error))
    except (
        RPCError,
        TimeoutError,
        WorkflowUpdateRPCTimeoutOrCancelledError,
    ) as error:
        return _undelivered(error)
    return Outcome("applied" if answer.applied else "refused", answer.words)


def _cause(error: WorkflowUpdateFailedError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else "it is busy"


def _undelivered(error: Exception) -> Outcome:
    gone = isinstance(error, RPCError) and error.status is RPCStatusCode.NOT_FOUND
    return _saved("its workflow is not running" if gone else "no worker answered yet")


def _saved(reason: str) -> Outcome:
    return Outcome(
        "saved", f"Saved. Will be applied when processing resumes ({reason})."
    )


async def deliver_waiting(office: Office) -> int:
    """Deliver decisions that were stored while nothing could take them."""

    def waiting() -> list[RowMapping]:
        with office.reading() as conn:
            return tasks.undelivered(conn)

    rows = await asyncio.to_thread(waiting)
    delivered = 0
    for row in rows:
        decision = Decide(
            id=row["id"],
            task_id=row["task_id"],
            task_version=row["task_version"],
            decision=row["decision"],
        )
        outcome = await deliver(office, row["workflow_id"], decision)
        delivered += outcome.status != "saved"
    return delivered


def form_of(office: Office, stored: RowMapping) -> dict[str, str]:
    """What the person filled in, as text; several changes as ``change.<field>``."""
    stored_form = json.loads(tasks.decision_form(office.cipher, stored))
    changes = stored_form.pop("changes", {})
    filled = {k: str(v) for k, v in stored_form.items() if v not in ("", None)}
    return filled | {f"change.{name}": str(v) for name, v in changes.items()}
