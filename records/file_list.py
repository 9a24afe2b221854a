"""Files, newest first: how each ended, its counts and what it started."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    func,
    select,
    true,
    tuple_,
)

from records import reports
from records.db import one_of
from records.tables import claim, file, import_run, remittance

_NEWEST = (
    select(import_run.c.id)
    .where(import_run.c.file_sha256 == file.c.sha256)
    .order_by(import_run.c.started_at.desc())
    .limit(1)
    .correlate(file)
    .scalar_subquery()
)
_ROWS = (
    select(
        file,
        import_run.c.actor,
        import_run.c.read,
        import_run.c.accepted,
        import_run.c.unchanged,
        import_run.c.held,
        import_run.c.rejected,
        import_run.c.charge_cents,
        import_run.c.rejects,
    )
    .outerjoin(import_run, import_run.c.id == _NEWEST)
    .where(file.c.direction == "in")
)


@dataclass(frozen=True)
class Progress:
    """How many claims a file brought, and how many of them wait for their workflow."""

    brought: int
    waiting: int

    @property
    def started(self) -> int:
        """How many are being followed."""
        return self.brought - self.waiting


def _ended(ended: str) -> ColumnElement[bool]:
    if ended == "none":
        return file.c.ended.is_(None)
    return file.c.ended == ended if ended else true()


def page(
    conn: Connection, ended: str, *, before: tuple[str, str] | None, limit: int
) -> list[RowMapping]:
    """Files that ended so (``none``: not yet; empty: all) before a place in the list.

    The counts are those of the newest import, None for a kind that is not counted.
    """
    query = _ROWS.where(_ended(ended))
    if before is not None:
        query = query.where(tuple_(file.c.received_at, file.c.sha256) < before)
    query = query.order_by(file.c.received_at.desc(), file.c.sha256.desc())
    return list(conn.execute(query.limit(limit)).mappings())


def count(conn: Connection, ended: str) -> int:
    """How many received files ended so."""
    query = select(func.count()).where(file.c.direction == "in", _ended(ended))
    return int(conn.execute(query).scalar_one())


def newest(conn: Connection, ended: str, *, limit: int) -> list[RowMapping]:
    """Files received and sent, newest first: all, or those that ended so.

    ``sent`` are those of ours; ``none``: received, and not at an end yet.
    """
    query = select(file).where(_anyhow(ended))
    query = query.order_by(file.c.received_at.desc(), file.c.sha256.desc())
    return list(conn.execute(query.limit(limit)).mappings())


def unposted(conn: Connection, sha256s: Iterable[str]) -> dict[str, int]:
    """How many remittances of these files are not in the ledger (yet), by file."""
    query = (
        select(remittance.c.file_sha256, func.count())
        .where(
            one_of(conn, remittance.c.file_sha256, sha256s),
            remittance.c.status.not_in(("posted", "duplicate")),
        )
        .group_by(remittance.c.file_sha256)
    )
    return {str(sha): int(count) for sha, count in conn.execute(query)}


def ends(conn: Connection) -> dict[str, int]:
    """How many files there are of each end, as ``newest`` names it."""
    end = case(
        (file.c.direction == "out", "sent"), else_=func.coalesce(file.c.ended, "none")
    )
    query = select(end, func.count()).group_by(end)
    return {str(name): int(count) for name, count in conn.execute(query)}


def _anyhow(ended: str) -> ColumnElement[bool]:
    if ended == "sent":
        return file.c.direction == "out"
    return and_(file.c.direction == "in", _ended(ended)) if ended else true()


def one(conn: Connection, sha256: str) -> RowMapping | None:
    """One received file with its counts; None for another's hash."""
    query = _ROWS.where(file.c.sha256 == sha256)
    return conn.execute(query).mappings().first()


def progress(conn: Connection, sha256: str) -> Progress:
    """What became of the claims of one file."""
    query = select(func.count()).where(claim.c.source_file == sha256)
    brought = int(conn.execute(query).scalar_one())
    waiting = len(reports.unstarted_claims(conn, source_file=sha256)) if brought else 0
    return Progress(brought, waiting)
