"""Programs of ours that outlive the command that started them: the demo's worker.

A program's log file is its lock, handed to it open: the lock lives as long as the
program does, whoever started it. Its pid stands beside it in ``<name>.pid``.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_SECONDS = 20.0
_LAUNCH = '"$@" >&2 & echo $!'


class ProcessError(Exception):
    """A program was not started or did not end; the text says which and why."""


def start(
    folder: Path, name: str, arguments: Sequence[str], environment: Mapping[str, str]
) -> int:
    """Run ``python ARGUMENTS`` in a session of its own; its pid.

    Raises:
        ProcessError: the program of this name still runs in this folder.
    """
    with (folder / f"{name}.log").open("ab") as log:
        if not _try_lock(log.fileno()):
            raise ProcessError(
                f"The {name} of {folder} still runs. Nothing was started. "
                "End it with: make stop"
            )
        # Through a shell that ends at once: then it is no child of ours to wait for.
        shell = subprocess.run(  # noqa: S603 - our own program
            ["/bin/sh", "-c", _LAUNCH, "sh", sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, **environment},
            start_new_session=True,
            check=True,
        )
    pid = int(shell.stdout)
    (folder / f"{name}.pid").write_text(f"{pid}\n")
    return pid


def is_running(folder: Path, name: str) -> bool:
    """Whether the program of this name runs in this folder."""
    path = folder / f"{name}.log"
    if not path.exists():
        return False
    with path.open("ab") as log:
        return not _try_lock(log.fileno())


def stop(folder: Path, name: str) -> bool:
    """End it and wait until it is gone; False when it did not run.

    Raises:
        ProcessError: it did not end, or its pid is not on file.
    """
    if not is_running(folder, name):
        return False
    try:
        pid = int((folder / f"{name}.pid").read_text())
    except (OSError, ValueError):
        raise ProcessError(
            f"The {name} of {folder} runs, but {name}.pid does not name it. Nothing "
            f"was ended. End the process that has {name}.log open."
        ) from None
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        if _wait_gone(folder, name):
            return True
    raise ProcessError(f"The {name} (process {pid}) did not end, even by SIGKILL.")


def _wait_gone(folder: Path, name: str) -> bool:
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if not is_running(folder, name):
            return True
        time.sleep(0.05)
    return False


def _try_lock(log: int) -> bool:
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
