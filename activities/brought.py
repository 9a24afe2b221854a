"""Start what one file brought, and nothing else that waits (that is a sweep's)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from activities.office import Office
from activities.telling import start_claims, start_remittance, tell
from records import news, remittances, reports
from records.db import RowMapping


@dataclass(frozen=True)
class Before:
    """News that waited before a file was taken in: what is new after it is its own."""

    news: frozenset[str]


def before(office: Office) -> Before:
    """Remember what waits; call it just before taking a file in."""
    with office.reading() as conn:
        return Before(frozenset(row["id"] for row in news.untold(conn)))


async def start_brought(
    office: Office, sha256: str, waited: Before, at: datetime
) -> int:
    """Start its claims and remittances, tell its news; how many claims were started.

    Raises:
        RPCError: the server does not answer; the next sweep starts the rest.
    """
    claim_ids, remittance_ids, told = await asyncio.to_thread(
        _brought, office, sha256, waited
    )
    await start_claims(office, claim_ids)
    for remittance_id in remittance_ids:
        await start_remittance(office, remittance_id, at)
    await tell(office, told)
    return len(claim_ids)


def _brought(
    office: Office, sha256: str, waited: Before
) -> tuple[list[str], list[str], list[RowMapping]]:
    with office.reading() as conn:
        received = remittances.listing(conn, status=["received"])
        return (
            reports.unstarted_claims(conn, source_file=sha256),
            [row["id"] for row in received if row["file_sha256"] == sha256],
            [row for row in news.untold(conn) if row["id"] not in waited.news],
        )
