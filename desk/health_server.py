"""What the Temporal server says of our health, asked once a page, not for long."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from temporalio.service import RPCError

from activities.running import poll_times
from activities.schedules import ScheduleView, schedule_views
from activities.troubles import Found, find_troubles
from desk.visit import Visit

SECONDS = 2.0


@dataclass(frozen=True)
class Asked:
    """What was answered in time; None where nothing was."""

    last_poll: datetime | None = None
    schedules: list[ScheduleView] | None = None
    found: Found | None = None
    why: str = "cannot be seen without the server"


async def ask(visit: Visit, late: list[str], *, schedules: bool) -> Asked:
    """Ask about workers, sweeps and troubles; ``late`` are workflows to look at too."""
    office = visit.desk.office
    try:
        async with asyncio.timeout(SECONDS):
            if not await visit.desk.connect():
                return Asked()
            polls, planned, found = await asyncio.gather(
                poll_times(office.temporal, office.task_queue),
                schedule_views(office) if schedules else _none(),
                find_troubles(office.temporal, late),
            )
    except (TimeoutError, RPCError):
        return Asked(why="cannot be seen now: the server is slow to answer")
    return Asked(max(polls, default=None), planned, found, "")


async def _none() -> list[ScheduleView]:
    return []
