"""Names, ids, inputs, signals and updates of every workflow.

Activities start and signal workflows by these names because they may not import them; a
test compares the names with ``worker.WORKFLOWS``. Payloads carry ids, codes, dates and
amounts, never names or member numbers: history copies every one of them.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from claims.calendar import PracticeClock
from claims.claim import ClaimState

_FROZEN = ConfigDict(frozen=True, extra="forbid")

CLAIM: Final = "ClaimWorkflow"
APPEAL: Final = "AppealWorkflow"
SUBMIT_BATCH: Final = "SubmitBatchWorkflow"
INQUIRY_BATCH: Final = "InquiryBatchWorkflow"
RECEIVE_FILES: Final = "ReceiveFilesWorkflow"
POST_REMITTANCE: Final = "PostRemittanceWorkflow"
PATIENT_ACCOUNT: Final = "PatientAccountWorkflow"

NEWS_SIGNAL: Final = "news"
DECIDE_UPDATE: Final = "decide"
REFUSED: Final = "Refused"
"""Type of the failure that refuses an update."""
ACT_UPDATE: Final = "act"


def claim_workflow_id(claim_id: str) -> str:
    """``claim-<uuid>``."""
    return f"claim-{claim_id}"


def appeal_workflow_id(appeal_id: str) -> str:
    """``appeal-<uuid>``."""
    return f"appeal-{appeal_id}"


def account_workflow_id(account_id: str) -> str:
    """``account-<uuid>``."""
    return f"account-{account_id}"


def remittance_workflow_id(remittance_id: str) -> str:
    """``remit-<hash of payer, trace, date, content>``."""
    return f"remit-{remittance_id}"


_SWEEP = re.compile(
    r"^(?P<job>submit|inquire270|inquire276|receive)-(?P<partner>.+?)-"
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?P<again>\.\d+)?$"
)


class Sweep(BaseModel):
    """What a scheduled workflow reads from its own id: job, partner, time."""

    model_config = _FROZEN

    job: str
    partner: str
    at: AwareDatetime

    @classmethod
    def from_workflow_id(cls, workflow_id: str) -> "Sweep":
        """Read ``submit-P-NORTHLAKE-2026-03-03T23:00:00Z``.

        Raises:
            ValueError: the id was not made by a schedule or by ``sweep_id``.
        """
        match = _SWEEP.match(workflow_id)
        if match is None:
            raise ValueError("workflow id names no job, partner and time")
        return cls(
            job=match["job"],
            partner=match["partner"],
            at=datetime.fromisoformat(match["at"]),
        )


def schedule_prefix(job: str, partner: str) -> str:
    """The id a schedule starts from; the server appends ``-<time>``."""
    return f"{job}-{partner}"


def sweep_id(job: str, partner: str, at: datetime) -> str:
    """The id a schedule would give the sweep of ``at``."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{schedule_prefix(job, partner)}-{stamp}"


class SweepInput(BaseModel):
    """Only demos and tests pass it; a schedule passes nothing."""

    model_config = _FROZEN

    clock: PracticeClock | None = None


class Step(BaseModel):
    """What SQL says of a claim after a transaction: state and dated next step."""

    model_config = _FROZEN

    state: ClaimState
    what: str = ""
    at: AwareDatetime | None = Field(None, description="practice instant to look again")
    tell: tuple[str, ...] = Field((), description="news rows to pass on to workflows")


class NewsKind(StrEnum):
    """Why a workflow is woken."""

    ACKNOWLEDGMENT = "acknowledgment"
    ELIGIBILITY = "eligibility"
    AUTHORIZATION = "authorization"
    STATUS = "status"
    SILENCE = "silence"
    REMITTANCE = "remittance"
    APPEAL = "appeal"
    BALANCE = "balance"
    PAYMENT = "payment"
    PERSON = "person"
    TASK = "task"


class News(BaseModel):
    """Something is in SQL that the workflow has not seen. ``id`` is its news row."""

    model_config = _FROZEN

    id: str
    kind: NewsKind


class Decide(BaseModel):
    """A person's stored decision, delivered to the workflow that asked."""

    model_config = _FROZEN

    id: str
    task_id: str
    task_version: int
    decision: str


class Act(BaseModel):
    """A person's stored request to hold, release or retry a claim."""

    model_config = _FROZEN

    id: str
    verb: str


class Decided(BaseModel):
    """The workflow's answer to ``Decide`` or ``Act``."""

    model_config = _FROZEN

    applied: bool
    words: str


class Applied(BaseModel):
    """What applying a stored decision did: its words, and news to pass on."""

    model_config = _FROZEN

    applied: bool
    words: str
    step: Step | None = None
    tell: tuple[str, ...] = ()


class ClaimStart(BaseModel):
    """Start, or continue, one claim. ``seen`` and ``applied`` survive
    continue-as-new."""

    model_config = _FROZEN

    claim_id: str
    clock: PracticeClock | None = None
    step: Step | None = None
    seen: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()


class Look(BaseModel):
    """When any other workflow must look again, and whether it is finished."""

    model_config = _FROZEN

    done: bool = False
    what: str = ""
    at: AwareDatetime | None = None
    tell: tuple[str, ...] = ()


class AppealStart(BaseModel):
    """Start one appeal: its row and its claim."""

    model_config = _FROZEN

    appeal_id: str
    clock: PracticeClock | None = None


class AccountStart(BaseModel):
    """Start, or continue, one patient account."""

    model_config = _FROZEN

    account_id: str
    clock: PracticeClock | None = None
    seen: tuple[str, ...] = ()
    applied: tuple[str, ...] = ()


class RemittanceStart(BaseModel):
    """Post one 835 transaction set that is on file."""

    model_config = _FROZEN

    remittance_id: str
    at: AwareDatetime = Field(description="practice time of the sweep that found it")
    clock: PracticeClock | None = None
