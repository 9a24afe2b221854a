"""What every command has: settings, the office, the person, practice time."""

import argparse
import asyncio
import os
import socket
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

from activities.office import Office
from claims.calendar import local_date, practice_now
from claims.decision import MACHINE
from cli.failures import CommandError, Exit
from cli.terminal import Terminal
from records import audit, claims, users
from records.claims import ClaimRow
from records.events import Because
from settings import Settings
from wiring import (
    ServerUnreachableError,
    connect_server,
    open_office_offline,
    unreachable,
)

USER_VARIABLE = "CLAIMTHREAD_USER"


@dataclass
class Session:
    """One run of the command line."""

    options: argparse.Namespace
    settings: Settings
    out: Terminal
    _connected: bool = field(default=False)

    @cached_property
    def office(self) -> Office:
        """The office; without a server until ``connect``."""
        return open_office_offline(self.settings)

    async def connect(self) -> Office:
        """The office with its server.

        Raises:
            ServerUnreachableError: nobody answered.
        """
        office = self.office
        if not self._connected:
            if not await asyncio.to_thread(_listens, self.address[0]):
                raise unreachable(*self.address)
            office.client = await connect_server(self.settings)
            self._connected = True
        return office

    async def try_connect(self) -> bool:
        """Connect if a server answers; the office works without one as well."""
        try:
            await self.connect()
        except ServerUnreachableError:
            return False
        return True

    @property
    def address(self) -> tuple[str, str]:
        """The server's address and what decided it."""
        address, source = self.settings.address()
        return address, "--address" if self.options.address else source

    @property
    def user_name(self) -> str:
        """Who acts, "" when nobody was named."""
        return self.options.user or os.environ.get(USER_VARIABLE, "")

    def person(self) -> users.User:
        """Who acts.

        Raises:
            CommandError: nobody was named, or no such user is active.
        """
        if not self.user_name:
            raise CommandError(
                Exit.NOT_PERMITTED,
                "This needs to know who you are. Nothing was done. "
                f"Add --as USER, or set {USER_VARIABLE}.",
            )
        with self.office.reading() as conn:
            user = users.get_user(conn, self.user_name)
        if user is None:
            raise CommandError(
                Exit.NOT_PERMITTED,
                f"There is no active user {self.user_name}. Nothing was done.",
            )
        return user

    def now(self) -> datetime:
        """Practice time."""
        return practice_now(self.office.clock(), datetime.now(UTC))

    @property
    def today(self) -> date:
        """The practice's date."""
        return local_date(self.now(), self.office.zone)

    def because(self, actor: str = MACHINE, rule: str = "") -> Because:
        """The reason of what happens now."""
        return self.office.because(self.now(), rule, actor)

    def claim(self, reference: str) -> ClaimRow:
        """A claim by our number, the practice's number or its id.

        Raises:
            CommandError: none has it, or several have this practice number.
        """
        with self.office.reading() as conn:
            row = claims.find(conn, reference)
            several = [] if row else audit.claims_like(conn, reference)
        if row is not None:
            return row
        if several:
            words = f"{len(several)} claims carry this number of the practice. Use our "
            raise CommandError(
                Exit.NOT_FOUND, f"{words}number: {', '.join(several[:10])}"
            )
        raise CommandError(
            Exit.NOT_FOUND,
            "No claim has this number. Give our number (CT…), the practice's number "
            "or the id. See: python starter.py list",
        )

    def local(self, instant: datetime) -> str:
        """``2026-03-03 08:00`` in the practice's time zone."""
        from zoneinfo import ZoneInfo

        return instant.astimezone(ZoneInfo(self.office.zone)).strftime("%Y-%m-%d %H:%M")

    def close(self) -> None:
        """Let go of the database."""
        if "office" in self.__dict__:
            self.office.db.close()


def _listens(address: str) -> bool:
    """Whether anything takes a connection: the client alone would wait for long."""
    host, _, port = address.rpartition(":")
    for _ in range(2):
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=2):
                return True
        except (OSError, ValueError):
            continue
    return False
