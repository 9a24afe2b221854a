"""Watch the worker's log while a story runs: a step that failed once is a finding.

Retries hide bugs: an activity that raises and then succeeds leaves the same books.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

SDK = "temporalio"


class Failures(logging.Handler):
    """Keeps what the SDK warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line: the message, and the type of what was raised."""
        kind = record.exc_info[0] if record.exc_info else None
        said = record.getMessage().split("\n")[0]
        self.found.append(f"{kind.__name__}: {said}" if kind else said)


@contextmanager
def failures() -> Iterator[list[str]]:
    """What fails inside, as it happens."""
    logger, handler = logging.getLogger(SDK), Failures()
    level = logger.level
    logger.setLevel(min(level or logging.WARNING, logging.WARNING))
    logger.addHandler(handler)
    try:
        yield handler.found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
