"""Exit codes of the command line, and which failure ends with which (desk.md §5)."""

from enum import IntEnum

from temporalio.service import RPCError, RPCStatusCode

from activities.acting import ActRefusedError
from activities.csv_files import CsvError
from activities.tasks import ChangedError, NotPermittedError
from claims.task import DecisionRefused
from edi.errors import EdiError
from records.claims import ClaimMissingError
from records.tasks import TaskMissingError
from records.users import ClockRefusedError
from settings import SettingsError
from wiring import OfficeError, ServerUnreachableError


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    BUG = 1
    USAGE = 2
    SOME_FAILED = 3
    NOT_FOUND = 4
    CHANGED = 5
    REFUSED = 6
    NOT_PERMITTED = 7
    UNREACHABLE = 8
    TIMEOUT = 9
    UNVERIFIED = 10
    INTERRUPTED = 130


class CommandError(Exception):
    """A command that did not do what was asked; the text says why and what to do."""

    def __init__(self, code: Exit, message: str) -> None:
        """``code`` is what the program exits with."""
        super().__init__(message)
        self.code = code


_CODES: tuple[tuple[type[BaseException], Exit], ...] = (
    (ServerUnreachableError, Exit.UNREACHABLE),
    (OfficeError, Exit.USAGE),
    (SettingsError, Exit.USAGE),
    (ClockRefusedError, Exit.USAGE),
    (TaskMissingError, Exit.NOT_FOUND),
    (ClaimMissingError, Exit.NOT_FOUND),
    (ChangedError, Exit.CHANGED),
    (DecisionRefused, Exit.REFUSED),
    (ActRefusedError, Exit.REFUSED),
    (EdiError, Exit.REFUSED),
    (CsvError, Exit.REFUSED),
    (NotPermittedError, Exit.NOT_PERMITTED),
)


def explain(error: BaseException) -> tuple[Exit, str] | None:
    """The exit code and the sentence of a failure we know; None for a bug."""
    if isinstance(error, CommandError):
        return error.code, str(error)
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code, str(error)
    if isinstance(error, TimeoutError):
        return Exit.TIMEOUT, "It did not finish in time. What was saved stays saved."
    if isinstance(error, RPCError):
        return _of_server(error)
    return None


def _of_server(error: RPCError) -> tuple[Exit, str] | None:
    if error.status is RPCStatusCode.UNAVAILABLE:
        words = "The Temporal server stopped answering. What was saved stays saved."
        return Exit.UNREACHABLE, words + "\nSee: python starter.py doctor"
    if error.status is RPCStatusCode.DEADLINE_EXCEEDED:
        return Exit.TIMEOUT, "The Temporal server did not answer in time."
    return None
