"""A claim's workflow history, every run stitched, each event as a sentence.

Payloads are decoded here, on the reader's side, so the read itself is logged
(R-SEC-01). They carry ids, codes, dates and amounts, never names; a sentence shows the
few of them that people know.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.converter import (
    PayloadCodec,
    WorkflowSerializationContext,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.office import Office
from activities.tasks import NotPermittedError
from claims.calendar import practice_now
from claims.messages import claim_workflow_id
from policy.people import may_read_history
from records import events
from records.claims import ClaimRow
from records.users import User

ENCRYPTED = "binary/encrypted"
WENT_ON = "Went on in a new run"
"""How the first event of a run begins that continues an earlier one."""


class Told(BaseModel):
    """One event: its run and number, practice time, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: int
    run_id: str
    event: int
    at: datetime
    type: str
    words: str
    routine: bool = False


class NoHistoryError(LookupError):
    """The server keeps no history of this workflow."""


def log_reading(
    office: Office,
    row: ClaimRow,
    reader: User,
    reason: str,
    at: datetime,
    address: str = "",
) -> None:
    """Check that this person may read histories, and log that they do.

    ``address`` is where they read it, "" at the command line.

    Raises:
        NotPermittedError: neither an auditor nor a supervisor; nothing was read.
    """
    if not may_read_history(reader.roles):
        raise NotPermittedError(
            f"{reader.name} may not read workflow histories. Nothing was read. "
            "It needs an auditor or a supervisor."
        )
    with office.writing() as conn:
        events.log_accesses(
            conn,
            at=at,
            actor=reader.name,
            what="workflow history",
            reason=reason[:200],
            claim_ids=[row.id],
            address=address,
        )


async def history(office: Office, row: ClaimRow) -> list[Told]:
    """Every event of every run of the claim's workflow, oldest first.

    Raises:
        NoHistoryError: no run is on the server.
    """
    client, workflow_id = office.temporal, claim_workflow_id(row.id)
    reader = _Reader(office, client, workflow_id)
    told: list[Told] = []
    for number, run_id in enumerate(await _runs(client, workflow_id), start=1):
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        reader.begin()
        async for event in handle.fetch_history_events():
            told.append(await reader.tell(number, run_id, event))
    if not told:
        raise NoHistoryError(
            f"The server keeps no history of claim {row.pcn}. Its story is in SQL: "
            f"show {row.pcn}"
        )
    return told


async def _runs(client: Client, workflow_id: str) -> list[str]:
    """The runs of a workflow id, first one first."""
    query = f"WorkflowId = '{workflow_id}'"
    try:
        found = [w async for w in client.list_workflows(query)]
    except RPCError as error:
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
        found = []  # a server without a list still has the newest run
    if found:
        return [w.run_id for w in sorted(found, key=lambda w: w.start_time)]
    try:
        newest = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return []
        raise
    return [newest.run_id]


class _Reader:
    """Reads events of one workflow id, run after run."""

    def __init__(self, office: Office, client: Client, workflow_id: str) -> None:
        self._clock = office.clock()
        self._zone = ZoneInfo(office.zone)
        self._codec = _codec_of(client, workflow_id)
        self._timers: dict[str, str] = {}
        self._steps: dict[int, str] = {}

    def begin(self) -> None:
        """A new run numbers its timers and events anew."""
        self._timers.clear()
        self._steps.clear()

    async def tell(self, run: int, run_id: str, event: HistoryEvent) -> Told:
        """One event as a sentence."""
        name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        words = await self._words(event)
        at = practice_now(self._clock, event.event_time.ToDatetime(tzinfo=UTC))
        return Told(
            run=run,
            run_id=run_id,
            event=event.event_id,
            at=at,
            type=name,
            words=words or name.replace("_", " ").capitalize(),
            routine=name in _ROUTINE,
        )

    async def _words(self, event: HistoryEvent) -> str:
        kind = event.event_type
        if kind == EventType.EVENT_TYPE_MARKER_RECORDED:
            return await self._marker(event)
        if kind == EventType.EVENT_TYPE_TIMER_STARTED:
            return await self._timer(event)
        if kind == EventType.EVENT_TYPE_TIMER_FIRED:
            what = self._timers.get(event.timer_fired_event_attributes.timer_id, "")
            return f"The date has come: {_wait(what)}"
        if kind == EventType.EVENT_TYPE_TIMER_CANCELED:
            what = self._timers.get(event.timer_canceled_event_attributes.timer_id, "")
            return f"No longer waiting for {_wait(what)}: something else came first"
        if kind == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            scheduled = event.activity_task_scheduled_event_attributes
            self._steps[event.event_id] = _step(scheduled.activity_type.name)
            return f"To do outside: {self._steps[event.event_id]}"
        if of := _OF_STEP.get(kind):
            attributes = getattr(event, event.WhichOneof("attributes") or "")
            step = self._steps.get(attributes.scheduled_event_id, "a step")
            return of.format(step=step)
        tell = _WORDS.get(kind)
        return await tell(self, event) if tell else _FIXED.get(kind, "")

    async def _marker(self, event: HistoryEvent) -> str:
        """A local activity: a step that only reads and writes our own database."""
        marker = event.marker_recorded_event_attributes
        data = await self.decode(marker.details["data"].payloads)
        name = data[0].get("activity_type", "") if data else ""
        result = await self.decode(marker.details["result"].payloads)
        if marker.HasField("failure"):
            return f"{_step(str(name))}: failed and is tried again"
        return f"{_step(str(name))}{self._outcome(result[0] if result else None)}"

    async def _timer(self, event: HistoryEvent) -> str:
        started = event.timer_started_event_attributes
        summary = await self.decode([event.user_metadata.summary])
        what = str(summary[0]) if summary and summary[0] else "a date"
        self._timers[started.timer_id] = what
        length: timedelta = started.start_to_fire_timeout.ToTimedelta()
        until = event.event_time.ToDatetime(tzinfo=UTC) + length
        when = self._local(practice_now(self._clock, until))
        return f"Waiting for {_wait(what)} until {when}"

    def _local(self, instant: datetime) -> str:
        return instant.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def _outcome(self, result: Any) -> str:
        """What a step came to: its words, or the state and next date it found."""
        if not isinstance(result, dict):
            return ""
        step = result.get("step") or result
        parts = [str(result["words"])] if result.get("words") else []
        if step.get("state"):
            parts.append(f"the claim is {step['state']}")
        if step.get("what") and step.get("at"):
            when = self._local(datetime.fromisoformat(step["at"]))
            parts.append(f"next {_wait(step['what'])} at {when}")
        return f": {', '.join(parts)}" if parts else ""

    async def decode(self, payloads: Iterable[Payload]) -> list[Any]:
        """Payloads as values; the SDK's own notes are not encrypted."""
        found = []
        for payload in payloads:
            sealed = payload.metadata.get("encoding") == ENCRYPTED.encode()
            clear = [payload]
            if sealed and self._codec is not None:
                clear = await self._codec.decode(clear)
            found.append(_value(clear[0]))
        return found

    async def _started(self, event: HistoryEvent) -> str:
        attributes = event.workflow_execution_started_event_attributes
        given = await self.decode(attributes.input.payloads)
        state = (_of(given, "step") or {}).get("state", "")
        if attributes.continued_execution_run_id:
            return f"{WENT_ON}, in state {state or 'as SQL says'}"
        return "Following the claim began"

    async def _signal(self, event: HistoryEvent) -> str:
        attributes = event.workflow_execution_signaled_event_attributes
        given = await self.decode(attributes.input.payloads)
        ref = str(_of(given, "id")).partition("/")[0]
        return f"News arrived: {_of(given, 'kind')} ({ref[:40]})"

    async def _update(self, event: HistoryEvent) -> str:
        attributes = event.workflow_execution_update_accepted_event_attributes
        request = attributes.accepted_request.input
        given = await self.decode(request.args.payloads)
        if verb := _of(given, "verb"):
            return f"A person asked to {verb} the claim ({_id(given)})"
        decision = _of(given, "decision")
        return f"A person decided {decision} ({_id(given)})"

    async def _answered(self, event: HistoryEvent) -> str:
        attributes = event.workflow_execution_update_completed_event_attributes
        if attributes.outcome.HasField("failure"):
            return "The person was told: it failed"
        given = await self.decode(attributes.outcome.success.payloads)
        return f"The person was told: {_of(given, 'words')}"

    async def _completed(self, event: HistoryEvent) -> str:
        attributes = event.workflow_execution_completed_event_attributes
        given = await self.decode(attributes.result.payloads)
        state = given[0] if given else ""
        return f"This run ended: the claim is {state}, nothing was left to do"


def _codec_of(client: Client, workflow_id: str) -> PayloadCodec | None:
    context = WorkflowSerializationContext(
        namespace=client.namespace, workflow_id=workflow_id
    )
    return client.data_converter.with_context(context).payload_codec


def _value(payload: Payload) -> Any:
    if not payload.data:
        return None
    try:
        return json.loads(payload.data)
    except ValueError:
        return None


def _of(given: Sequence[Any], name: str) -> Any:
    first = given[0] if given else None
    return first.get(name) if isinstance(first, dict) else None


def _id(given: Sequence[Any]) -> str:
    """The start of a stored decision's or request's id, as people quote it."""
    return str(_of(given, "id"))[:8]


def _step(name: str) -> str:
    return _STEPS.get(name, name.replace("_", " "))


def _wait(what: str) -> str:
    return _WAITS.get(what, what.replace("_", " ").lower())


_STEPS = {
    "check_eligibility": "Looked at coverage",
    "check_authorization": "Looked at the authorization",
    "check_documentation": "Looked at documentation and codes",
    "scrub_claim": "Ran the edits",
    "follow_up": "Looked at the claim",
    "apply_decision": "Carried out the decision",
    "apply_act": "Carried out the request",
    "tell_news": "pass news on to other workflows",
}
_WAITS = {
    "ELIG_270_BATCH": "the plan's answer about coverage (271)",
    "CHECK_ELIGIBILITY": "the coverage check",
    "CHECK_DOCUMENTATION": "the documentation check",
    "SCRUB": "the edits",
    "SEND": "the payer's next batch",
    "HOLD_REVIEW": "a person to release the hold",
    "ACK_999": "the receipt of the file (999)",
    "ACK_277CA_SOFT": "the payer's acceptance (277CA)",
    "ACK_277CA_HARD": "the payer's acceptance (277CA), last day",
    "STATUS_FIRST": "the first status inquiry (276)",
    "STATUS_REPEAT": "the next status inquiry (276)",
    "STATUS_RETRY": "the next status inquiry (276)",
    "ANSWER_276": "the payer's answer to the inquiry (277)",
    "ERA_AFTER_FINAL": "the remittance (835)",
    "NO_ACTIVITY_E": "any news of the claim",
    "FOLLOW_UP": "the date a person set",
    "STATEMENT_CYCLE": "the next letter to the patient",
}
"""What a timer's code means; others are read as they are written."""
_ROUTINE = {
    "WORKFLOW_TASK_SCHEDULED",
    "WORKFLOW_TASK_STARTED",
    "WORKFLOW_TASK_COMPLETED",
    "ACTIVITY_TASK_STARTED",
}
_FIXED = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: "The workflow has something to do",
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED: "A worker took it up",
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: "The worker finished",
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: "THE WORKER FAILED; it is tried again",
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: "The worker was lost; tried again",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "THE WORKFLOW FAILED",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "SOMEBODY ENDED THE WORKFLOW",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "The workflow ran out of time",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "The workflow was cancelled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: (
        "This run is long; it goes on in a new one"
    ),
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: "Its stage was published",
}
_OF_STEP = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: "Began to {step}",
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "Done: {step}",
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "FAILED: {step}",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "Ran out of time: {step}",
}
_WORDS: dict[int, Callable[[_Reader, HistoryEvent], Any]] = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: _Reader._started,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: _Reader._signal,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: _Reader._update,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: _Reader._answered,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: _Reader._completed,
}
