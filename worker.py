"""WORKFLOWS and ACTIVITIES; builds the dependencies and runs the worker. No logic."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import (
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)

from activities.acting import ActingActivities
from activities.alive import KeepAlive
from activities.appeal import AppealActivities
from activities.authorization import AuthorizationActivities
from activities.claims import ClaimActivities
from activities.coding import CodingActivities
from activities.eligibility import EligibilityActivities
from activities.files import FileActivities
from activities.followup import FollowUpActivities
from activities.inquiry import InquiryActivities
from activities.office import Office
from activities.patient import PatientActivities
from activities.remittance import RemittanceActivities
from activities.schedules import ensure_schedules
from activities.scrub import ScrubActivities
from activities.submission import SubmissionActivities
from activities.telling import TellingActivities
from edi.gate import warm_up
from settings import SettingsError, load
from vault.logs import install as install_logs
from wiring import OfficeError, open_office, spare_collector
from workflows.appeal import AppealWorkflow
from workflows.claim import ClaimWorkflow
from workflows.inquiry_batch import InquiryBatchWorkflow
from workflows.patient_account import PatientAccountWorkflow
from workflows.post_remittance import PostRemittanceWorkflow
from workflows.receive_files import ReceiveFilesWorkflow
from workflows.submit_batch import SubmitBatchWorkflow

WORKFLOWS: list[type] = [
    ClaimWorkflow,
    AppealWorkflow,
    SubmitBatchWorkflow,
    InquiryBatchWorkflow,
    ReceiveFilesWorkflow,
    PostRemittanceWorkflow,
    PatientAccountWorkflow,
]
ACTIVITIES: list[type] = [
    ActingActivities,
    AppealActivities,
    AuthorizationActivities,
    ClaimActivities,
    CodingActivities,
    EligibilityActivities,
    FileActivities,
    FollowUpActivities,
    InquiryActivities,
    PatientActivities,
    RemittanceActivities,
    ScrubActivities,
    SubmissionActivities,
    TellingActivities,
]
PASS_THROUGH = [
    "activities",
    "claims",
    "edi",
    "exchange",
    "ledger",
    "letters",
    "payers",
    "policy",
    "records",
    "vault",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "sqlalchemy",
    "holidays",
    "dateutil",
    "yaml",
    "jinja2",
    "typst",
    "markdown_it",
    "cryptography",
    "pyx12",
]
THREADS = 40


def activities_of(office: Office) -> list[Callable[..., Any]]:
    """Every activity method, bound to this office."""
    found: list[Callable[..., Any]] = []
    for kind in ACTIVITIES:
        owner = kind(office)
        for name in dir(kind):
            if hasattr(getattr(kind, name), "__temporal_activity_definition"):
                found.append(getattr(owner, name))
    return found


def runner(*, sandbox: bool) -> WorkflowRunner:
    """The sandbox with our modules passed through, or none (design rule 12)."""
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASS_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)


def build_worker(
    client: Client, office: Office, *, sandbox: bool = True, **options: Any
) -> Worker:
    """A worker for every workflow and activity on the office's task queue."""
    settings: dict[str, Any] = {
        "activity_executor": ThreadPoolExecutor(THREADS),
        "max_concurrent_activities": THREADS,
        "max_concurrent_local_activities": THREADS,
        "workflow_runner": runner(sandbox=sandbox),
        "interceptors": [KeepAlive()],
    }
    return Worker(
        client,
        task_queue=office.task_queue,
        workflows=WORKFLOWS,
        activities=activities_of(office),
        **(settings | options),
    )


async def serve(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT, then drain."""
    settings = load()
    office = await open_office(settings, connect=True)
    if arguments.ensure_schedules:
        await ensure_schedules(office)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await asyncio.to_thread(warm_up)
    spare_collector()
    async with build_worker(office.temporal, office, sandbox=settings.sandbox):
        sys.stderr.write(f"Worker ready on queue {office.task_queue}\n")
        sys.stderr.flush()
        await stop.wait()
    return 0


def options() -> argparse.ArgumentParser:
    """The worker's command line."""
    parser = argparse.ArgumentParser(description="Run the Claimthread worker.")
    parser.add_argument(
        "--ensure-schedules", action="store_true", help="create the daily schedules"
    )
    return parser


def main() -> int:
    """Run the worker; 2 with one sentence when something it needs is missing."""
    install_logs(logging.WARNING)
    chosen = options().parse_args()
    try:
        return asyncio.run(serve(chosen))
    except (OfficeError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
