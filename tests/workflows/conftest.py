"""A live world per test; ``driver`` has a running worker, ``idle`` has none yet."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from tests.scenarios.driver import Driver
from tests.scenarios.live import LiveWorld, live_world

DAY, ZONE = date(2026, 3, 2), "America/Chicago"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[LiveWorld]:
    """A practice on a server of its own; no worker runs yet."""
    async with live_world(tmp_path, DAY, zone=ZONE) as running:
        yield running


@pytest.fixture
def idle(live: LiveWorld) -> Driver:
    """The practice while its worker is down."""
    return Driver(live)


@pytest.fixture
async def driver(live: LiveWorld) -> AsyncIterator[Driver]:
    """The practice at work."""
    async with live.worker():
        yield Driver(live)
