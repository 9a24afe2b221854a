"""Open the office from the settings: keys, database, documents, payers, the server.

What worker.py and every command share. Each thing that is missing is one sentence with
the fix; nothing is created here but by ``prepare``.
"""

import asyncio
import gc

from temporalio.client import Client

from activities.office import Office, assemble
from exchange.accounts import AccountsError, SftpAccount, load_accounts
from ledger.tables import METADATA
from payers.code_sets import CodeSets
from payers.practice import Practice
from payers.profile import PayerBook
from records.migrate import is_current, upgrade
from settings import Settings, connect
from vault.keys import KeyFileError, KeyRing

TRIES = 3


class OfficeError(Exception):
    """Something this installation needs is missing; the text says what to do."""


class ServerUnreachableError(OfficeError):
    """No Temporal server answered; nothing was started."""


def prepare(settings: Settings) -> None:
    """Create what a new installation lacks: data folder, key ring, database schema."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.keys.exists():
        KeyRing.create(settings.keys)
    upgrade(settings.database, METADATA)


def open_ring(settings: Settings) -> KeyRing:
    """The key ring.

    Raises:
        OfficeError: there is none, or it cannot be read.
    """
    if not settings.keys.exists():
        raise OfficeError(
            f"There is no key file at {settings.keys}. Nothing was started. "
            "Name it in CLAIMTHREAD_KEY_FILE, or make a new installation with: "
            "python starter.py init"
        )
    try:
        return KeyRing.load(settings.keys)
    except KeyFileError as error:
        raise OfficeError(str(error)) from None


def open_accounts(settings: Settings) -> dict[str, SftpAccount]:
    """Our accounts at partners' SFTP servers; none unless a file is named.

    Raises:
        OfficeError: the file cannot be read or does not fit.
    """
    try:
        return load_accounts(settings.sftp_file)
    except AccountsError as error:
        raise OfficeError(str(error)) from None


def open_office_offline(settings: Settings, client: Client | None = None) -> Office:
    """The office without a server, or with one that is connected already.

    Raises:
        OfficeError: no keys, SFTP accounts that do not fit, or a database that is not
            at the newest schema.
    """
    accounts = open_accounts(settings)
    office = assemble(
        open_ring(settings),
        database_url=settings.database,
        documents=settings.documents,
        mailbox=settings.mailbox,
        practice=Practice.load(settings.practice_file),
        payers=PayerBook.load(settings.payers_dir),
        task_queue=settings.task_queue,
        client=client,
        codes=CodeSets.load(settings.practice_file.with_name("code_sets.yaml")),
        accounts=accounts,
        settle_seconds=settings.mailbox_settle_seconds,
        most_bytes=settings.mailbox_max_mb * 1_000_000,
    )
    if strangers := sorted(set(accounts) - set(office.partners())):
        office.db.close()
        raise OfficeError(
            f"{settings.sftp_file} names {', '.join(strangers)}, but the partners are "
            f"{', '.join(office.partners())}. Nothing was started. Correct the name."
        )
    if not is_current(office.db):
        office.db.close()
        raise OfficeError(
            "The database is empty or older than this program. Nothing was started. "
            "Bring it up to date with: python starter.py init"
        )
    return office


async def connect_server(settings: Settings) -> Client:
    """Connect to the Temporal server.

    Raises:
        ServerUnreachableError: nothing answered at the address the settings give.
    """
    ring = open_ring(settings)
    for _ in range(TRIES):
        try:
            return await connect(settings, ring)
        except RuntimeError:  # what the SDK raises when nobody answers, or not yet
            await asyncio.sleep(1)
    raise unreachable(*settings.address())


def unreachable(address: str, source: str) -> ServerUnreachableError:
    """The sentence for a server that does not answer; ``source`` gave its address."""
    return ServerUnreachableError(
        f"No Temporal server answered at {address} (from {source}). "
        "Nothing was started.\n"
        "  Start one:   make demo\n"
        "  Elsewhere?   set CLAIMTHREAD_TEMPORAL_ADDRESS=host:port or pass --address"
    )


async def open_office(settings: Settings, *, connect: bool) -> Office:
    """The office, connected to the server if asked.

    Raises:
        OfficeError: what is missing, and the fix.
    """
    client = await connect_server(settings) if connect else None
    return open_office_offline(settings, client)


def spare_collector() -> None:
    """Let Python's collector of cycles leave alone what stays, and come less often.

    A set of thousands of claims is a hundred thousand small values without a cycle;
    looking through them every few hundred took a quarter of the time of posting.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
