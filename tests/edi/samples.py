"""Says which transactions of the samples a test runs over."""

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])


def each(*transactions: str) -> Callable[[F], F]:
    """Run the test once for every sample of these transactions."""

    def mark(test: F) -> F:
        test.transactions = transactions  # type: ignore[attr-defined]  # read by conftest
        return test

    return mark
