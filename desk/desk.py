"""What every page of the desk works with: the office, the server, the templates."""

import asyncio
import hashlib
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from temporalio.client import Client
from temporalio.service import RPCError

from activities.acting import deliver_acts
from activities.brought import Before, start_brought
from activities.files import FileActivities
from activities.office import Office
from activities.running import recent_polls
from activities.tasks import deliver_waiting
from claims.calendar import practice_now
from desk.remit_outlines import Outlines
from desk.words import FILTERS
from policy.people import Door, may_enter
from records import tasks
from vault.keys import KeyRing

LOG = logging.getLogger("desk")
HERE = Path(__file__).resolve().parent
LISTEN_SECONDS = 0.5
NO_WORKER = "no worker is running"


@dataclass(frozen=True)
class Pulse:
    """Whether processing goes on, in words, and since when it does not."""

    normal: bool
    words: str
    since: datetime | None = None


@dataclass
class Desk:
    """One desk: its office and how it finds the Temporal server."""

    office: Office
    ring: KeyRing
    namespace: str
    address: str
    dial: Callable[[], Awaitable[Client]]
    data_dir: Path
    secure: bool = False
    codec_origin: str = ""
    """The origin of the Web UI that may have payloads decoded; "" is none."""
    pulse: Pulse = Pulse(normal=False, words="Looking for the server")
    templates: Environment = field(init=False)
    badges: dict[object, tuple[datetime, list[int]]] = field(default_factory=dict)
    """What saved views counted lately, and when: see ``desk.views.known_counts``."""
    outlines: Outlines = field(default_factory=Outlines)
    brought: bool = True
    """A file may have brought work that nobody has started yet."""
    _background: set[asyncio.Task[object]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Make the templates' environment."""
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(FILTERS)
        self.templates.globals.update(static=static, Door=Door, may_enter=may_enter)

    def now(self) -> datetime:
        """Practice time."""
        return practice_now(self.office.clock(), self.wall())

    def wall(self) -> datetime:
        """Real time: sessions live by it."""
        return datetime.now(UTC)

    async def connect(self) -> bool:
        """Have a connection to the server if it answers; pages work without one."""
        if not await asyncio.to_thread(_listens, self.address):
            return False
        if self.office.client is None:
            try:
                self.office.client = await self.dial()
            except RuntimeError:  # what the SDK raises when nobody answers, or not yet
                return False
        return True

    async def feel_pulse(self) -> Pulse:
        """Look whether a server answers and a worker asks it for work."""
        words = await self._trouble()
        if not words:
            self.pulse = Pulse(normal=True, words="Processing normal")
        elif self.pulse.normal or self.pulse.since is None:
            self.pulse = Pulse(normal=False, words=words, since=self.now())
        else:
            self.pulse = Pulse(normal=False, words=words, since=self.pulse.since)
        return self.pulse

    async def _trouble(self) -> str:
        if not await self.connect():
            return "the Temporal server does not answer"
        client = self.office.temporal
        try:
            polls = await recent_polls(client, self.office.task_queue, self.wall())
        except RPCError:
            return "the Temporal server does not answer"
        return "" if polls else NO_WORKER

    async def deliver(self) -> int:
        """Deliver what people decided, and start what files brought, while nothing
        could take it."""
        if self.brought and await self.connect():
            await self.start_waiting()

        def waiting() -> bool:
            with self.office.reading() as conn:
                return tasks.anything_undelivered(conn)

        if not await asyncio.to_thread(waiting) or not await self.connect():
            return 0
        decided = await deliver_waiting(self.office)
        return decided + await deliver_acts(self.office)

    async def start_waiting(self) -> None:
        """Start what files brought, and tell workflows what they said, as a sweep."""
        self.brought = True  # until it is done
        await FileActivities(self.office).pass_on(self.now())
        self.brought = False

    async def start_brought(self, sha256: str, waited: Before) -> None:
        """Start what one file brought; what fails starts when the server answers."""
        try:
            await start_brought(self.office, sha256, waited, self.now())
        except Exception:
            self.brought = True
            raise

    def soon(self, work: Coroutine[object, object, None]) -> None:
        """Do something after the answer; what fails is done by the next sweep."""
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[object]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.warning("work after an answer failed: %s", type(error).__name__)


def _listens(address: str) -> bool:
    """Whether anything takes a connection: the client alone would wait for long."""
    host, _, port = address.rpartition(":")
    try:
        where = (host.strip("[]"), int(port))
        with socket.create_connection(where, timeout=LISTEN_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def static(name: str) -> str:
    """The address of one of our files, with its version: browsers may keep it."""
    content = (HERE / "static" / name).read_bytes()
    return f"/static/{hashlib.sha256(content).hexdigest()[:12]}/{name}"
