"""What every activity works with: database, keys, documents, practice, payers, mail."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities import mail_state
from activities.read_sets import ReadSets
from claims.calendar import STATEMENT_HOUR, PracticeClock, local_date, practice_now
from claims.calendar import at as at_hour
from claims.decision import MACHINE
from exchange.accounts import SftpAccount
from exchange.mailbox import MOST_BYTES, AccountError, Mailbox, UnreachableError
from exchange.opening import open_mailbox
from payers.code_sets import CodeSets
from payers.practice import Practice
from payers.profile import PayerBook, PayerProfile
from records import users
from records.db import Connection, Database, make_engine
from records.events import Because
from vault.documents import DocumentStore
from vault.fields import FieldCipher
from vault.keys import KeyRing
from vault.stamps import Stamper

OFFICE_PARTNER = "office"
"""The mailbox of the practice itself: charges, payments, deposits, answers by CSV."""
LOCKED_OUT = timedelta(minutes=15)
"""When we log in again at a server that did not take us as we are."""
MAIL_READ = "mail_read"
"""Fact of a demo: the last practice date whose morning mail has been read."""


@dataclass
class Office:
    """The dependencies of activities, built by worker.py and the command line."""

    db: Database
    cipher: FieldCipher
    stamper: Stamper
    documents: DocumentStore
    practice: Practice
    payers: PayerBook
    open_mailbox: Callable[[str], Mailbox]
    task_queue: str
    client: Client | None = None
    codes: CodeSets = field(default_factory=CodeSets)
    read_sets: ReadSets = field(default_factory=ReadSets)
    settle_seconds: float = 0.0
    """How long an inbound file must have lain unchanged before it is read."""
    _clock: PracticeClock | None = field(default=None, repr=False)
    _real_time: bool = field(default=False, repr=False)

    @property
    def zone(self) -> str:
        """The practice's time zone."""
        return self.practice.timezone

    def because(self, at: datetime, rule: str = "", actor: str = MACHINE) -> Because:
        """The reason object of something that happens at practice time ``at``."""
        return Because(at, local_date(at, self.zone), rule, actor)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One SQL transaction."""
        with self.db.transaction() as conn:
            yield conn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent read."""
        with self.db.reading() as conn:
            yield conn

    @contextmanager
    def mailbox(self, partner: str) -> Iterator[Mailbox]:
        """The partner's mailbox for one activity; whether it could be reached is noted.

        Raises:
            ApplicationError: our account there needs a person; tried again rarely, for
                a server may lock an account that knocks each minute.
        """
        try:
            with self.open_mailbox(partner).held() as mailbox:
                yield mailbox
            self._note_mailbox(partner, None)
        except UnreachableError as error:
            self._note_mailbox(partner, error)
            raise
        except AccountError as error:
            self._note_mailbox(partner, error)
            raise ApplicationError(
                f"{partner}: {error}",
                type="AccountError",
                next_retry_delay=LOCKED_OUT,
            ) from None

    def _note_mailbox(self, partner: str, error: Exception | None) -> None:
        now = practice_now(self.clock(), datetime.now(UTC))
        mail_state.note(self.db, partner, error, now)

    def clock(self, conn: Connection | None = None) -> PracticeClock | None:
        """The demo's or test's practice clock; None in production.

        With ``conn`` it is read in the caller's transaction.
        """
        if self._clock is None and not self._real_time:
            with nullcontext(conn) if conn is not None else self.reading() as own:
                self._clock = users.practice_clock(own)
                self._real_time = not users.may_have_clock(own)
        return self._clock

    def moment(self, at: datetime, conn: Connection | None = None) -> datetime:
        """The practice instant a look may act at: ``at``, but never ahead of the mail.

        Silence may only be judged after the mailboxes were read. Schedules see to that;
        on a demo's clock a slow machine can fall behind, and its ticker says how far it
        is (``MAIL_READ``). What is due by then happens, dated by then; the rest waits.
        """
        read = self._mail_read(at, conn)
        return at if read is None else at_hour(read, STATEMENT_HOUR, self.zone)

    def put_off(
        self, due: datetime | None, at: datetime, conn: Connection | None = None
    ) -> datetime | None:
        """When to look again: ``due``, or later when it is past but its mail unread."""
        read = self._mail_read(at, conn)
        if due is None or due > at or read is None:
            return due
        behind = local_date(at, self.zone) - read
        return at + max(behind / 2, timedelta(hours=12))

    def _mail_read(self, at: datetime, conn: Connection | None) -> date | None:
        """The last day whose mail is read, when that is before the day of ``at``."""
        clock = self.clock(conn)
        if clock is None or clock.fast_until is None or at >= clock.fast_until:
            return None
        with nullcontext(conn) if conn is not None else self.reading() as own:
            text = users.fact(own, MAIL_READ)
        read = date.fromisoformat(text) if text else None
        return read if read and read < local_date(at, self.zone) else None

    def payer(self, payer_id: str, day: object = None) -> PayerProfile | None:
        """The payer's profile, None when we have none for it."""
        return self.payers.get(payer_id)

    def partner_of(self, payer_id: str) -> str:
        """Whose mailbox carries this payer's files."""
        return self.payers.partner_of(payer_id)

    def partners(self) -> list[str]:
        """Every mailbox: the clearinghouse, direct payers, the office itself."""
        payers = {self.partner_of(p) for p in self.payers.ids()}
        return [*sorted(payers), OFFICE_PARTNER]

    def payers_of(self, partner: str) -> list[str]:
        """Payers whose files come through this mailbox."""
        return [p for p in self.payers.ids() if self.partner_of(p) == partner]

    @property
    def temporal(self) -> Client:
        """The connected client.

        Raises:
            RuntimeError: this office was opened without a server.
        """
        if self.client is None:
            raise RuntimeError("this step needs the Temporal server")
        return self.client


def assemble(
    ring: KeyRing,
    *,
    database_url: str,
    documents: Path,
    mailbox: Path,
    practice: Practice,
    payers: PayerBook,
    task_queue: str,
    client: Client | None = None,
    codes: CodeSets | None = None,
    accounts: Mapping[str, SftpAccount] | None = None,
    settle_seconds: float = 0.0,
    most_bytes: int = MOST_BYTES,
) -> Office:
    """Build an office from its parts; nothing is started or created but folders."""
    return Office(
        db=Database(make_engine(database_url)),
        cipher=FieldCipher(ring),
        stamper=Stamper(ring),
        documents=DocumentStore(documents, ring),
        practice=practice,
        payers=payers,
        open_mailbox=partial(
            open_mailbox, mailbox, accounts or {}, most_bytes=most_bytes
        ),
        task_queue=task_queue,
        client=client,
        codes=codes or CodeSets(),
        settle_seconds=settle_seconds,
    )
