"""Tell workflows what is in SQL: signal-with-start, about fifty in flight.

A claim or account that completed starts again (R-STA-03), so a signal is never lost to
a workflow that is just ending. Starting a workflow from its row goes the same way.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from temporalio import activity
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.office import Office
from claims.calendar import PracticeClock
from claims.messages import (
    APPEAL,
    CLAIM,
    NEWS_SIGNAL,
    PATIENT_ACCOUNT,
    POST_REMITTANCE,
    AccountStart,
    AppealStart,
    ClaimStart,
    News,
    NewsKind,
    RemittanceStart,
    claim_workflow_id,
    remittance_workflow_id,
)
from records import news as news_rows
from records.db import RowMapping

IN_FLIGHT = 50


async def tell(office: Office, rows: Sequence[RowMapping]) -> int:
    """Pass news rows on, each once; how many were told."""
    if not rows:
        return 0
    limit = asyncio.Semaphore(IN_FLIGHT)
    clock = await asyncio.to_thread(office.clock)

    async def each(of_one: list[RowMapping]) -> None:
        async with limit:
            for row in of_one:  # two at once would both start one that has ended
                await _tell_one(office, row, clock)

    by_workflow: dict[str, list[RowMapping]] = {}
    for row in rows:
        by_workflow.setdefault(row["workflow_id"], []).append(row)
    await asyncio.gather(*map(each, by_workflow.values()))
    await asyncio.to_thread(_mark_told, office, [str(row["id"]) for row in rows])
    return len(rows)


def _mark_told(office: Office, ids: list[str]) -> None:
    with office.writing() as conn:
        news_rows.told(conn, ids, datetime.now(UTC))


async def _tell_one(
    office: Office, row: RowMapping, clock: PracticeClock | None
) -> None:
    news = News(id=row["id"], kind=NewsKind(row["kind"]))
    kind, _, row_id = str(row["workflow_id"]).partition("-")
    if kind == "claim":
        start: Any = ClaimStart(claim_id=row_id, clock=clock)
        await _start(office, CLAIM, row["workflow_id"], start, news)
    elif kind == "account":
        start = AccountStart(account_id=row_id, clock=clock)
        await _start(office, PATIENT_ACCOUNT, row["workflow_id"], start, news)
    elif kind == "appeal" and row["kind"] == NewsKind.BALANCE:
        start = AppealStart(appeal_id=row_id, clock=clock)
        await _start_once(office, APPEAL, row["workflow_id"], start)
    else:
        await _signal(office, row["workflow_id"], news)


async def _start(
    office: Office, name: str, workflow_id: str, start: BaseModel, news: News | None
) -> None:
    """Start a claim or account, or wake it; one that completed starts again."""
    signal: dict[str, Any] = {}
    if news is not None:
        signal = {"start_signal": NEWS_SIGNAL, "start_signal_args": [news]}
    await office.temporal.start_workflow(
        name,
        start,
        id=workflow_id,
        task_queue=office.task_queue,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        **signal,
    )


async def _start_once(
    office: Office, name: str, workflow_id: str, start: BaseModel
) -> None:
    """Start an appeal or a remittance; its id is never used twice."""
    try:
        await office.temporal.start_workflow(
            name,
            start,
            id=workflow_id,
            task_queue=office.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )
    except WorkflowAlreadyStartedError:
        return


async def _signal(office: Office, workflow_id: str, news: News) -> None:
    """Wake a running workflow; one that has ended has nothing left to hear."""
    try:
        handle = office.temporal.get_workflow_handle(workflow_id)
        await handle.signal(NEWS_SIGNAL, news)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def start_claims(office: Office, claim_ids: Iterable[str]) -> None:
    """Start the workflows of imported claims, or leave them running."""
    limit = asyncio.Semaphore(IN_FLIGHT)
    clock = await asyncio.to_thread(office.clock)

    async def one(claim_id: str) -> None:
        async with limit:
            start = ClaimStart(claim_id=claim_id, clock=clock)
            await _start(office, CLAIM, claim_workflow_id(claim_id), start, None)

    await asyncio.gather(*(one(claim_id) for claim_id in claim_ids))


async def start_remittance(office: Office, remittance_id: str, at: datetime) -> None:
    """Start posting one transaction set."""
    start = RemittanceStart(remittance_id=remittance_id, at=at, clock=office.clock())
    await _start_once(
        office, POST_REMITTANCE, remittance_workflow_id(remittance_id), start
    )


@dataclass
class TellingActivities:
    """Regular activities that reach other workflows."""

    office: Office

    @activity.defn
    async def tell_news(self, news_ids: list[str]) -> int:
        """Pass these news rows on; rows told before are left alone."""
        rows = await asyncio.to_thread(self._untold, news_ids)
        return await tell(self.office, rows)

    def _untold(self, news_ids: list[str]) -> list[RowMapping]:
        with self.office.reading() as conn:
            return news_rows.untold(conn, ids=news_ids)
