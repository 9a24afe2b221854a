"""Heartbeats by themselves: the server learns within seconds that a worker is gone.

An activity that waits for its timeout after a crash would hold up its claims for
minutes. Short activities send none, so this costs nothing.
"""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

PARTS = 4
"""Heartbeats sent within one heartbeat timeout."""


@contextlib.asynccontextmanager
async def heartbeats(every: timedelta, *, threaded: bool) -> AsyncIterator[None]:
    """Heartbeat while the body runs; that of a threaded activity waits for the loop."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(every.total_seconds())
            if threaded:
                await asyncio.to_thread(activity.heartbeat)
            else:
                activity.heartbeat()

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        timeout = activity.info().heartbeat_timeout
        if activity.info().is_local or not timeout:
            return await super().execute_activity(input)
        threaded = not inspect.iscoroutinefunction(input.fn)
        async with heartbeats(timeout / PARTS, threaded=threaded):
            return await super().execute_activity(input)


class KeepAlive(Interceptor):
    """Heartbeats for every activity that was given a heartbeat timeout."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002
    ) -> ActivityInboundInterceptor:
        """Wrap one activity."""
        return _Inbound(super().intercept_activity(next))
