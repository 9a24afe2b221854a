"""A simulator per test, ended with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulator.driver import Simulator


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Start one: ``simulate(script, seed=0)``; each must end well with its input."""
    started: list[Simulator] = []

    def start(script: str = "{}", *, seed: int = 0) -> Simulator:
        one = Simulator(tmp_path / str(len(started)), script, seed=seed)
        started.append(one)
        return one

    yield start
    assert [one.close() for one in started] == [0] * len(started)
