"""The submission outbox, batches and control numbers.

The outbox is the undo: a queued row can be withdrawn until a batch takes it. Taking
rows *is* the batch: they carry its id before anything is uploaded (design rule 8).
"""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Connection,
    RowMapping,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from claims.claim import Claim
from records.acts import held_claims
from records.db import one_of, upsert_ignore
from records.tables import batch, claim, control_number, submission
from vault.fields import FieldCipher

_TWIN = select(submission.c.id).where(
    submission.c.claim_id == bindparam("of_claim"),
    submission.c.number == bindparam("of_number"),
)
_OF_CLAIM = (
    select(submission)
    .where(submission.c.claim_id == bindparam("of_claim"))
    .order_by(submission.c.number)
)
_WITHDRAW = (
    update(submission)
    .where(
        submission.c.claim_id == bindparam("of_claim"), submission.c.status == "queued"
    )
    .values(status="withdrawn")
)
_MARK = update(submission).where(
    submission.c.id == bindparam("marked"),
    submission.c.status.in_(bindparam("only_from", expanding=True)),
)


IN_FLIGHT = ("sent", "accepted", "silent", "taken")
"""A remittance ends each of these."""


def queue(
    conn: Connection,
    cipher: FieldCipher,
    *,
    claim_id: str,
    number: int,
    payer_id: str,
    content: Claim,
    today: date,
) -> str:
    """Put submission ``number`` of a claim in the outbox, once (R-IDM-01)."""
    twin = {"of_claim": claim_id, "of_number": number}
    if known := conn.execute(_TWIN, twin).scalar():
        return str(known)
    row_id = str(uuid4())
    sealed = cipher.encrypt(content.model_dump_json(), row_key=f"submission:{row_id}")
    conn.execute(
        insert(submission),
        {
            "id": row_id,
            "claim_id": claim_id,
            "number": number,
            "payer_id": payer_id,
            "frequency": content.frequency,
            "ref_f8": content.payer_icn or None,
            "content_enc": sealed,
            "status": "queued",
            "queued_on": today,
        },
    )
    return row_id


def withdraw(conn: Connection, claim_id: str) -> int:
    """Take back what has not left (R-POST: posting withdraws unsent rows)."""
    return conn.execute(_WITHDRAW, {"of_claim": claim_id}).rowcount


def decide_first(conn: Connection, claim_ids: Iterable[str]) -> None:
    """These claims were sent once, and the payer has decided: nothing is in flight."""
    mine = one_of(conn, submission.c.claim_id, claim_ids) & (submission.c.number == 1)
    queued = submission.c.status == "queued"
    status = case((queued, "withdrawn"), else_="decided")
    live = submission.c.status.in_(("queued", *IN_FLIGHT))
    conn.execute(update(submission).where(mine, live).values(status=status))


def payers_waiting(conn: Connection) -> list[str]:
    """Payers with at least one claim in the outbox that is not on hold."""
    query = select(submission.c.payer_id).where(
        submission.c.status == "queued", submission.c.claim_id.notin_(held_claims())
    )
    return sorted(set(conn.execute(query).scalars()))


def take(conn: Connection, *, payer_id: str, batch_id: str) -> int:
    """Give every queued row of the payer to the batch; how many rows it now has.

    A claim on hold stays in the outbox until the hold is released.
    """
    conn.execute(
        update(submission)
        .where(
            submission.c.payer_id == payer_id,
            submission.c.status == "queued",
            submission.c.claim_id.notin_(held_claims()),
        )
        .values(status="taken", batch_id=batch_id)
    )
    query = select(func.count()).where(submission.c.batch_id == batch_id)
    return int(conn.execute(query).scalar_one())


def of_batch(conn: Connection, batch_id: str) -> list[RowMapping]:
    """The batch's submissions in a stable order, with the claim's number and state."""
    query = (
        select(
            submission,
            claim.c.pcn,
            claim.c.state,
            claim.c.submission_number.label("newest"),
        )
        .join(claim, claim.c.id == submission.c.claim_id)
        .where(submission.c.batch_id == batch_id)
        .order_by(claim.c.pcn, submission.c.number)
    )
    return list(conn.execute(query).mappings())


def content(cipher: FieldCipher, row: RowMapping) -> Claim:
    """What this submission says, decrypted."""
    return Claim.model_validate_json(
        cipher.decrypt(row["content_enc"], row_key=f"submission:{row['id']}")
    )


def of_claim(conn: Connection, claim_id: str) -> list[RowMapping]:
    """All submissions of a claim, first sent first."""
    return list(conn.execute(_OF_CLAIM, {"of_claim": claim_id}).mappings())


def newest(conn: Connection, claim_id: str) -> RowMapping | None:
    """The newest submission of a claim that was not withdrawn."""
    rows = [r for r in of_claim(conn, claim_id) if r["status"] != "withdrawn"]
    return rows[-1] if rows else None


def mark(
    conn: Connection, submission_id: str, *, only_from: Iterable[str], **values: Any
) -> bool:
    """Change one submission if it is still in an expected state (monotone)."""
    found = {"marked": submission_id, "only_from": list(only_from)}
    return bool(conn.execute(_MARK, found | values).rowcount)


def next_number(conn: Connection, receiver: str, kind: str) -> int:
    """The next control number of this receiver: never reused (R-SUB-03).

    Two workers never get the same: the row is locked until the transaction ends. One
    that is rolled back used nothing.
    """
    first = {"receiver": receiver, "kind": kind, "last": 0}
    upsert_ignore(conn, control_number, [first], key=("receiver", "kind"))
    query = (
        update(control_number)
        .where(control_number.c.receiver == receiver, control_number.c.kind == kind)
        .values(last=control_number.c.last + 1)
        .returning(control_number.c.last)
    )
    return int(conn.execute(query).scalar_one())


def open_batch(
    conn: Connection,
    *,
    batch_id: str,
    kind: str,
    payer_id: str,
    partner: str,
    today: date,
) -> RowMapping:
    """The batch's row with its control numbers, made once.

    Numbers are unique per mailbox, because its acknowledgments name only the number.
    """
    known = get_batch(conn, batch_id)
    if known is not None:
        return known
    number = next_number(conn, partner, "ISA13")
    conn.execute(
        insert(batch).values(
            id=batch_id,
            kind=kind,
            payer_id=payer_id,
            business_date=today,
            isa13=number,
            gs06=number,
            reference=f"CT{kind}{number:09d}",
        )
    )
    made = get_batch(conn, batch_id)
    if made is None:
        raise LookupError(f"batch {batch_id} has no row")
    return made


def get_batch(conn: Connection, batch_id: str) -> RowMapping | None:
    """One batch by the id of its workflow."""
    query = select(batch).where(batch.c.id == batch_id)
    return conn.execute(query).mappings().first()


def batch_by_number(
    conn: Connection, payers: Iterable[str], *, number: int, by: str
) -> RowMapping | None:
    """The newest batch of these payers with this ISA13 or GS06 (R-ACK-01)."""
    column = batch.c.isa13 if by == "isa13" else batch.c.gs06
    query = (
        select(batch)
        .where(batch.c.payer_id.in_(list(payers)), column == number)
        .order_by(batch.c.business_date.desc())
    )
    return conn.execute(query).mappings().first()


def batch_by_reference(conn: Connection, reference: str) -> RowMapping | None:
    """The batch whose BHT03 this is: an 837P's 277CA names it."""
    query = select(batch).where(batch.c.reference == reference)
    return conn.execute(query).mappings().first()


def mark_batch(conn: Connection, batch_id: str, **values: Any) -> None:
    """Set facts of a batch."""
    conn.execute(update(batch).where(batch.c.id == batch_id).values(**values))


def stage_batch(
    conn: Connection, batch_id: str, *, sha256: str, draft: str
) -> RowMapping:
    """Note the draft that will be released as the batch's file; the first one wins.

    Returns the batch's row: whose draft it is stands in ``file_name``.
    """
    conn.execute(
        update(batch)
        .where(batch.c.id == batch_id, batch.c.file_sha256.is_(None))
        .values(file_sha256=sha256, file_name=draft)
    )
    found = get_batch(conn, batch_id)
    if found is None:
        raise LookupError(f"batch {batch_id} has no row")
    return found


def batches(conn: Connection, *, unfinished: bool = False) -> list[RowMapping]:
    """Batches, newest first."""
    query = select(batch).order_by(batch.c.business_date.desc(), batch.c.id)
    if unfinished:
        query = query.where(batch.c.ended_on.is_(None))
    return list(conn.execute(query).mappings())
