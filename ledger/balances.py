"""Read the ledger: a claim's seven buckets as of any day, and the practice's totals."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, RowMapping, func, select

from claims.money import ZERO, Usd, from_cents
from ledger.accounts import EFFECT, WRITE_OFFS, Bucket, EntryType
from ledger.tables import entry, entry_line

CHUNK = 900


class Balances(BaseModel):
    """A claim's money (R-MON-02); ``written_off`` is part of ``adjusted``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    charge: Usd = ZERO
    paid_payer: Usd = ZERO
    paid_patient: Usd = ZERO
    adjusted: Usd = ZERO
    patient_due: Usd = ZERO
    insurer_open: Usd = ZERO
    credit: Usd = ZERO
    written_off: Usd = ZERO

    def difference(self) -> Decimal:
        """Charge minus what it must equal; zero when the identity holds (I2)."""
        parts = self.paid_payer + self.paid_patient + self.adjusted
        return self.charge - (
            parts + self.patient_due + self.insurer_open - self.credit
        )

    def identity_holds(self) -> bool:
        """charge = paid_payer + paid_patient + adjusted + patient_due + open - credit."""
        return self.difference() == ZERO

    def below_zero(self) -> list[str]:
        """Buckets that are negative, which none may be."""
        return [b.value for b in Bucket if getattr(self, b.value) < ZERO]


def balances(
    conn: Connection, claim_ids: Iterable[str], *, as_of: date | None = None
) -> dict[str, Balances]:
    """Buckets of each claim, in one grouped query per 900 claims."""
    ids = sorted(set(claim_ids))
    sums: dict[str, dict[str, int]] = {claim_id: {} for claim_id in ids}
    for start in range(0, len(ids), CHUNK):
        query = (
            select(entry.c.claim_id, entry.c.type, func.sum(entry.c.amount_cents))
            .where(entry.c.claim_id.in_(ids[start : start + CHUNK]))
            .group_by(entry.c.claim_id, entry.c.type)
        )
        if as_of is not None:
            query = query.where(entry.c.business_date <= as_of)
        for claim_id, kind, total in conn.execute(query):
            sums[claim_id][kind] = int(total)
    return {claim_id: _balances(kinds) for claim_id, kinds in sums.items()}


def _balances(kinds: dict[str, int]) -> Balances:
    totals = dict.fromkeys(Bucket, 0)
    for kind, total in kinds.items():
        for bucket, sign in EFFECT[EntryType(kind)].items():
            totals[bucket] += sign * total
    written = sum(total for kind, total in kinds.items() if EntryType(kind) in WRITE_OFFS)
    values = {bucket.value: from_cents(total) for bucket, total in totals.items()}
    return Balances(**values, written_off=from_cents(written))


def totals(conn: Connection) -> Balances:
    """The buckets of the whole practice."""
    query = (
        select(entry.c.type, func.sum(entry.c.amount_cents))
        .where(entry.c.claim_id.is_not(None))
        .group_by(entry.c.type)
    )
    return _balances({kind: int(total) for kind, total in conn.execute(query)})


def entries_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """A claim's postings in the order they were made."""
    query = select(entry).where(entry.c.claim_id == claim_id).order_by(entry.c.id)
    return list(conn.execute(query).mappings())


def practice_entries(conn: Connection) -> list[RowMapping]:
    """Postings that belong to no claim (R-MON-07)."""
    query = select(entry).where(entry.c.claim_id.is_(None)).order_by(entry.c.id)
    return list(conn.execute(query).mappings())


def every_entry(conn: Connection) -> list[RowMapping]:
    """The whole journal in order."""
    return list(conn.execute(select(entry).order_by(entry.c.id)).mappings())


def trial_balance(conn: Connection) -> dict[str, Decimal]:
    """Debit minus credit by account; the sum is zero."""
    query = (
        select(
            entry_line.c.account,
            func.sum(entry_line.c.debit_cents) - func.sum(entry_line.c.credit_cents),
        )
        .group_by(entry_line.c.account)
        .order_by(entry_line.c.account)
    )
    return {account: from_cents(int(total)) for account, total in conn.execute(query)}


def identity_breaches(conn: Connection) -> list[tuple[str, Decimal]]:
    """Claims whose money does not add up, with the difference; always empty (I2)."""
    query = select(entry.c.claim_id).where(entry.c.claim_id.is_not(None)).distinct()
    ids = list(conn.execute(query).scalars())
    return [
        (claim_id, money.difference())
        for claim_id, money in balances(conn, ids).items()
        if not money.identity_holds() or money.below_zero()
    ]


def unapplied(conn: Connection) -> Decimal:
    """Payer cash that belongs to no claim yet."""
    query = select(
        func.coalesce(
            func.sum(entry_line.c.credit_cents) - func.sum(entry_line.c.debit_cents), 0
        )
    ).where(entry_line.c.account.like("unapplied%"))
    return from_cents(int(conn.execute(query).scalar_one()))
