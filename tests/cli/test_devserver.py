"""The embedded server, on the real program: one per folder, found, kept or ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from cli import devserver
from cli.devserver import DevServerError, ServerAddress

REPO_ROOT = Path(__file__).resolve().parents[2]


@workflow.defn(sandboxed=False)
class NapWorkflow:
    """Sleeps 50 ms and says how long that took."""

    @workflow.run
    async def run(self) -> float:
        began = workflow.now()
        await workflow.sleep(timedelta(milliseconds=50))
        return (workflow.now() - began).total_seconds()


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose server, if any is left, is ended."""
    folder = tmp_path / "data"
    yield folder
    devserver.stop(folder)


def start_elsewhere(folder: Path, *, keep_alive: bool) -> subprocess.Popen[str]:
    """Another process that starts the server, says its pid and waits for input."""
    code = (
        "import sys; from pathlib import Path; from cli import devserver\n"
        "a = devserver.start(Path(sys.argv[1]), ui=False,"
        " keep_alive=sys.argv[2] == 'keep')\n"
        "print(a.pid, flush=True); sys.stdin.readline()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder), "keep" if keep_alive else "end"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPO_ROOT,
    )


def gone_within(folder: Path, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not devserver._is_held(folder):
            return True
        time.sleep(0.05)
    return False


async def test_serves_its_namespace_and_prompt_timers(data_dir: Path) -> None:
    address = devserver.start(data_dir, ui=False, keep_alive=False)
    client = await Client.connect(address.target, namespace="claimthread")
    naps = []
    async with Worker(client, task_queue="naps", workflows=[NapWorkflow]):
        for n in range(3):
            nap = client.execute_workflow(
                NapWorkflow.run, id=f"nap-{n}", task_queue="naps"
            )
            naps.append(await nap)

    # Without the dynamic setting the best of three is far above a tenth of a second.
    assert 0.05 <= min(naps) < 0.2


def test_writes_the_address_and_the_database_beside_it(data_dir: Path) -> None:
    address = devserver.start(data_dir, keep_alive=False)

    written = (data_dir / "server.json").read_bytes()
    assert ServerAddress.model_validate_json(written) == address
    assert address.ui_url is not None
    assert (data_dir / "temporal.sqlite").read_bytes()[:6] == b"SQLite"
    assert (data_dir / "temporal.sqlite-wal").exists(), "journal_mode is not WAL"
    assert not list(data_dir.glob("*.tmp"))


def test_a_second_start_joins_the_first(data_dir: Path) -> None:
    first = devserver.start(data_dir, ui=False, keep_alive=False)

    assert devserver.start(data_dir, ui=False, keep_alive=True) == first
    assert devserver.join(data_dir) == first


def test_starts_at_the_same_time_give_one_server(data_dir: Path) -> None:
    def begin(_: int) -> ServerAddress:
        return devserver.start(data_dir, ui=False, keep_alive=True)

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda n: begin(n).pid, range(4)))

    assert len(found) == 1


def test_keeps_its_ports_across_a_restart(data_dir: Path) -> None:
    first = devserver.start(data_dir, keep_alive=False)
    assert devserver.stop(data_dir)
    second = devserver.start(data_dir, keep_alive=False)

    assert (second.port, second.ui_url) == (first.port, first.ui_url)
    assert second.pid != first.pid


def test_takes_another_port_when_the_last_one_is_taken(data_dir: Path) -> None:
    first = devserver.start(data_dir, ui=False, keep_alive=False)
    devserver.stop(data_dir)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", first.port))
        squatter.listen()
        second = devserver.start(data_dir, ui=False, keep_alive=False)

    assert second.port != first.port
    assert devserver.join(data_dir) == second


def test_stop_ends_it_and_withdraws_the_address(data_dir: Path) -> None:
    address = devserver.start(data_dir, ui=False, keep_alive=True)

    assert devserver.stop(data_dir)
    assert devserver.join(data_dir) is None
    assert not (data_dir / "server.json").exists()
    assert not devserver._is_ours(address.pid, data_dir.resolve())
    assert not devserver.stop(data_dir), "there was nothing left to stop"


def test_stop_ends_no_process_that_is_not_its_server(data_dir: Path) -> None:
    address = devserver.start(data_dir, ui=False, keep_alive=False)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    wrong = address.model_copy(update={"pid": stranger.pid})
    devserver._write(data_dir / "server.json", wrong)
    try:
        with pytest.raises(DevServerError, match="Nothing was ended"):
            devserver.stop(data_dir)
        assert stranger.poll() is None
        assert devserver._is_held(data_dir)
    finally:
        devserver._write(data_dir / "server.json", address)
        stranger.communicate(b"\n", timeout=10)


def test_join_starts_nothing(data_dir: Path) -> None:
    assert devserver.join(data_dir) is None
    assert not data_dir.exists()


def test_a_stale_address_file_is_not_believed(data_dir: Path) -> None:
    address = devserver.start(data_dir, ui=False, keep_alive=True)
    os.kill(address.pid, signal.SIGKILL)
    assert gone_within(data_dir, 10)

    assert devserver.join(data_dir) is None
    again = devserver.start(data_dir, ui=False, keep_alive=True)
    assert again.port == address.port


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_ends_with_its_starter(data_dir: Path, how: signal.Signals) -> None:
    with start_elsewhere(data_dir, keep_alive=False) as starter:
        assert starter.stdout is not None
        starter.stdout.readline()
        assert devserver.join(data_dir) is not None
        starter.send_signal(how)

    assert gone_within(data_dir, 15)


def test_outlives_its_starter_when_kept_alive(data_dir: Path) -> None:
    with start_elsewhere(data_dir, keep_alive=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    time.sleep(0.5)

    address = devserver.join(data_dir)
    assert address is not None
    assert address.pid == pid


def test_no_setting_of_a_client_reaches_the_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "nowhere.invalid:1")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "other")
    address = devserver.start(data_dir, ui=False, keep_alive=False)

    environment = Path(f"/proc/{address.pid}/environ")
    if not environment.exists():
        pytest.skip("This system shows no environment of a process.")
    assert b"TEMPORAL_" not in environment.read_bytes()


def test_a_server_that_cannot_start_says_where_to_look(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devserver, "DYNAMIC", ("not a setting",))

    with pytest.raises(DevServerError, match=r"server\.log"):
        devserver.start(data_dir, ui=False, keep_alive=False)
    assert not devserver._is_held(data_dir)
    assert "not a setting" in (data_dir / "server.log").read_text()
