"""Files, newest first: how each ended, its counts and what it started."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    exists,
    func,
    not_,
    select,
    true,
    tuple_,
)

from claims.messages import remittance_workflow_id
from records import reports
from records.db import one_of
from records.files import End
from records.tables import claim, file, import_run, remittance, task

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
_UNPOSTED = exists().where(
    remittance.c.file_sha256 == file.c.sha256,
    remittance.c.status.not_in(("posted", "duplicate")),
)
_ASKS = exists().where(
    task.c.workflow_id == remittance_workflow_id("") + remittance.c.id,
    task.c.closed_on.is_(None),
)


@dataclass(frozen=True)
class Sets:
    """How many payments (transaction sets, checks) of a file ended how."""

    posted: int = 0
    waiting: int = 0
    """A person has a task for it."""
    coming: int = 0
    refused: int = 0
    """A person decided that it does not post."""

    @property
    def count(self) -> int:
        """All of them."""
        return self.posted + self.waiting + self.coming + self.refused


NO_SETS = Sets()


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
    if ended == "waiting":
        return and_(file.c.ended == End.POSTED, _UNPOSTED)
    if ended == End.POSTED:
        return and_(file.c.ended == ended, not_(_UNPOSTED))
    return file.c.ended == ended if ended else true()


def page(
    conn: Connection, ended: str, *, before: tuple[str, str] | None, limit: int
) -> list[RowMapping]:
    """Files that ended so (empty: all) before a place in the list.

    ``none``: not yet; ``waiting``: some of its money is not in the ledger.

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


def sets(conn: Connection, sha256s: Iterable[str]) -> dict[str, Sets]:
    """What became of the payments of these files, by file; without copies of others."""
    of = (remittance.c.file_sha256, remittance.c.status, _ASKS)
    query = (
        select(*of, func.count())
        .where(
            one_of(conn, remittance.c.file_sha256, sha256s),
            remittance.c.status != "duplicate",
        )
        .group_by(*of)
    )
    found: dict[str, Sets] = {}
    for sha, status, asks, count in conn.execute(query):
        name = "posted" if status == "posted" else "refused"
        if status != "posted" and asks:
            name = "waiting"
        elif status in ("received", "unapproved"):
            name = "coming"
        before = found.get(sha, NO_SETS)
        found[sha] = replace(before, **{name: getattr(before, name) + int(count)})
    return found


def ends(conn: Connection) -> dict[str, int]:
    """How many files there are of each end, as ``newest`` names it."""
    end = case(
        (file.c.direction == "out", "sent"),
        (and_(file.c.ended == End.POSTED, _UNPOSTED), "waiting"),
        else_=func.coalesce(file.c.ended, "none"),
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
