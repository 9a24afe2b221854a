"""Environment -> frozen ``Settings``; with desk/, worker.py and starter.py its only
readers.

Every variable is ``CLAIMTHREAD_<FIELD>``. The Temporal address falls back to the
embedded server's address file under the data folder, then to ``TEMPORAL_ADDRESS``.
"""

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import TLSConfig

from vault.codec import data_converter
from vault.keys import KeyRing

PREFIX = "CLAIMTHREAD_"
ROOT = Path(__file__).resolve().parent


class SettingsError(Exception):
    """A setting is missing or wrong; nothing was started. The text says which."""


class Settings(BaseModel):
    """Where this installation finds its server, database, files and keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path(".claimthread"), description="documents and defaults")
    database_url: str = Field("", description="default: SQLite in data_dir")
    temporal_address: str = Field("", description="host:port of the server")
    temporal_namespace: str = Field("claimthread", description="ours on that server")
    temporal_tls: bool = Field(False, description="whether the server speaks TLS")
    temporal_api_key: str = Field("", description="for Temporal Cloud; implies TLS")
    mailbox_dir: Path | None = Field(None, description="default: data_dir/mailbox")
    mailbox_settle_seconds: float = Field(
        30, ge=0, le=120, description="how long a file must lie unchanged to be read"
    )
    mailbox_max_mb: int = Field(
        200, ge=10, le=2000, description="the largest file read from a mailbox"
    )
    sftp_file: Path | None = Field(
        None, description="accounts at partners' SFTP servers; default: folders only"
    )
    key_file: Path | None = Field(None, description="default: data_dir/keys.json")
    practice_file: Path = Field(
        ROOT / "payers" / "practice.yaml", description="the practice itself"
    )
    payers_dir: Path = Field(
        ROOT / "payers" / "profiles", description="one profile for each payer"
    )
    task_queue: str = Field("claimthread", description="the worker's, on the server")
    sandbox: bool = Field(True, description="workflow sandbox in the worker")

    @property
    def database(self) -> str:
        """The database URL, SQLite in the data folder unless set."""
        path = self.data_dir.resolve() / "claimthread.db"
        return self.database_url or f"sqlite:///{path}"

    @property
    def mailbox(self) -> Path:
        """The folder with one mailbox per trading partner."""
        return self.mailbox_dir or self.data_dir / "mailbox"

    @property
    def documents(self) -> Path:
        """The encrypted document store."""
        return self.data_dir / "documents"

    @property
    def keys(self) -> Path:
        """The key ring file."""
        return self.key_file or self.data_dir / "keys.json"

    def address(self) -> tuple[str, str]:
        """The server's ``host:port`` and where that came from."""
        if self.temporal_address:
            return self.temporal_address, PREFIX + "TEMPORAL_ADDRESS"
        found = self.data_dir / "server.json"
        if found.exists():
            info = json.loads(found.read_text())
            return f"{info['host']}:{info['port']}", str(found)
        if env := os.environ.get("TEMPORAL_ADDRESS"):
            return env, "TEMPORAL_ADDRESS"
        return "localhost:7233", "default"


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value that does not fit, named by its variable.
    """
    env = os.environ if environment is None else environment
    given = {
        name: env[PREFIX + name.upper()]
        for name in Settings.model_fields
        if env.get(PREFIX + name.upper())
    }
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        names = ", ".join(PREFIX + str(e["loc"][0]).upper() for e in error.errors())
        raise SettingsError(
            f"These settings do not fit: {names}. Nothing was started. "
            "Correct them and start again."
        ) from None


def converter(settings: Settings, ring: KeyRing) -> DataConverter:
    """The one data converter everybody shares: pydantic, encrypted, failures too."""
    return data_converter(ring, settings.temporal_namespace)


@cache
def core_runtime() -> Runtime:
    """The SDK's engine with its log in Python's: by itself it writes to stdout."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    levels = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    logs = LoggingConfig(filter=levels, forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=logs))


async def connect(settings: Settings, ring: KeyRing) -> Client:
    """Connect to the Temporal server with the shared converter."""
    address, _ = settings.address()
    tls: bool | TLSConfig = settings.temporal_tls or bool(settings.temporal_api_key)
    return await Client.connect(
        address,
        namespace=settings.temporal_namespace,
        data_converter=converter(settings, ring),
        tls=tls,
        api_key=settings.temporal_api_key or None,
        runtime=core_runtime(),
    )
