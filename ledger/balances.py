"""Read the ledger: a claim's buckets as of any day, totals, accounts, and the checks.

Balances come from entry types (``EFFECT``); ``identity_breaches`` compares them with
the double-entry lines, which are stored apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from claims.money import ZERO, Usd, from_cents
from ledger.accounts import (
    CLEARING,
    EFFECT,
    INTEREST,
    POSTING,
    RECOUPMENT,
    UNAPPLIED,
    VIEW,
    WRITE_OFFS,
    Bucket,
    EntryType,
    account_name,
)
from ledger.tables import entry, entry_line
from records.db import one_of

_SIGNED = func.sum(entry.c.amount_cents * entry.c.direction)
_SIGN = {b: -1 if b in (Bucket.CHARGE, Bucket.CREDIT) else 1 for b in Bucket}
_NET = func.sum(entry_line.c.debit_cents - entry_line.c.credit_cents)


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
        """The charge is paid, adjusted, due or open, less credit (I2)."""
        return self.difference() == ZERO

    def below_zero(self) -> list[str]:
        """Buckets that are negative, which none may be."""
        return [b.value for b in Bucket if getattr(self, b.value) < ZERO]


class Totals(BaseModel):
    """The whole practice's money. ``adjusted`` leaves out ``written_off``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    billed: Usd
    paid: Usd
    patient_paid: Usd
    adjusted: Usd
    written_off: Usd
    insurer_open: Usd
    patient_due: Usd
    credit: Usd

    @property
    def open(self) -> Decimal:
        """What payers and patients still owe, less credit."""
        return self.insurer_open + self.patient_due - self.credit

    def adds_up(self) -> bool:
        """What was billed is paid, adjusted, written off or open."""
        given_up = self.adjusted + self.written_off
        return self.billed == self.paid + self.patient_paid + given_up + self.open


class Breach(NamedTuple):
    """A claim whose money is wrong: dollars it is off, and what is wrong, in words."""

    claim_id: str
    difference: Decimal
    why: str


class PayerCash(BaseModel):
    """A payer's deposits and what its remittances say about them (I3, R-MON-07)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deposited: Usd
    claims_net: Usd
    interest: Usd
    other: Usd

    def difference(self) -> Decimal:
        """Deposits minus what remittances explain; zero when I3 holds."""
        return self.deposited - (self.claims_net + self.interest + self.other)


def balances(
    conn: Connection, claim_ids: Iterable[str], *, as_of: date | None = None
) -> dict[str, Balances]:
    """Buckets of each claim, in one query; zeros for a claim without entries."""
    ids = sorted(set(claim_ids))
    where = one_of(conn, entry.c.claim_id, ids)
    sums = _sums(conn, where, as_of) if ids else {}
    return {claim_id: _balances(sums.get(claim_id, {})) for claim_id in ids}


def unsound(
    conn: Connection, claim_ids: Iterable[str]
) -> Iterator[tuple[str, Balances]]:
    """Those of these claims whose identity or a bucket's sign is broken (I2)."""
    ids = sorted(set(claim_ids))
    sums = _sums(conn, one_of(conn, entry.c.claim_id, ids)) if ids else {}
    for claim_id, kinds in sorted(sums.items()):
        buckets = _buckets(kinds)
        # I2 in whole cents: a posting checks thousands of claims.
        off = sum(_SIGN[bucket] * total for bucket, total in buckets.items())
        if off or min(buckets.values()) < 0:
            yield claim_id, _balances(kinds)


def balances_as_of(conn: Connection, claim_id: str, day: date) -> Balances:
    """One claim's buckets at the end of a business day."""
    return balances(conn, [claim_id], as_of=day)[claim_id]


def _sums(
    conn: Connection, where: ColumnElement[bool], as_of: date | None = None
) -> dict[str, dict[EntryType, int]]:
    """Cents of each entry type by claim."""
    query = select(entry.c.claim_id, entry.c.entry_type, _SIGNED).where(where)
    if as_of is not None:
        query = query.where(entry.c.business_date <= as_of)
    sums: dict[str, dict[EntryType, int]] = {}
    grouped = query.group_by(entry.c.claim_id, entry.c.entry_type)
    for claim_id, kind, total in conn.execute(grouped):
        sums.setdefault(claim_id, {})[EntryType(kind)] = int(total)
    return sums


def _buckets(kinds: Mapping[EntryType, int]) -> dict[Bucket, int]:
    totals = dict.fromkeys(Bucket, 0)
    for kind, total in kinds.items():
        for bucket, sign in EFFECT[kind].items():
            totals[bucket] += sign * total
    return totals


def _balances(kinds: Mapping[EntryType, int]) -> Balances:
    values = {b.value: from_cents(total) for b, total in _buckets(kinds).items()}
    written = sum(total for kind, total in kinds.items() if kind in WRITE_OFFS)
    return Balances(**values, written_off=from_cents(written))


def totals(conn: Connection, *, as_of: date | None = None) -> Totals:
    """The money of all claims together, now or at the end of a business day."""
    query = (
        select(entry.c.entry_type, _SIGNED)
        .where(entry.c.claim_id.is_not(None))
        .group_by(entry.c.entry_type)
    )
    if as_of is not None:
        query = query.where(entry.c.business_date <= as_of)
    kinds = {EntryType(kind): int(total) for kind, total in conn.execute(query)}
    money = _balances(kinds)
    return Totals(
        billed=money.charge,
        paid=money.paid_payer,
        patient_paid=money.paid_patient,
        adjusted=money.adjusted - money.written_off,
        written_off=money.written_off,
        insurer_open=money.insurer_open,
        patient_due=money.patient_due,
        credit=money.credit,
    )


def entries_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """A claim's postings in the order they were made."""
    query = select(entry).where(entry.c.claim_id == claim_id).order_by(entry.c.id)
    return list(conn.execute(query).mappings())


def practice_entries(
    conn: Connection,
    *,
    payer_id: str | None = None,
    kinds: Iterable[EntryType] = (),
) -> list[RowMapping]:
    """Postings that belong to no claim (R-MON-07); those of a payer, of some types."""
    query = select(entry).where(entry.c.claim_id.is_(None)).order_by(entry.c.id)
    if payer_id is not None:
        query = query.where(entry.c.payer_id == payer_id)
    if wanted := [kind.value for kind in kinds]:
        query = query.where(entry.c.entry_type.in_(wanted))
    return list(conn.execute(query).mappings())


def has_entry(conn: Connection, key: str) -> bool:
    """Whether an entry with this key has been posted."""
    return (
        conn.execute(select(entry.c.id).where(entry.c.key == key)).first() is not None
    )


def trial_balance(conn: Connection, *, as_of: date | None = None) -> dict[str, Decimal]:
    """Debit minus credit by account, now or at the end of a business day; the sum is
    zero."""
    account = entry_line.c.account
    query = select(account, _NET).group_by(account).order_by(account)
    if as_of is not None:
        query = query.join(entry, entry.c.id == entry_line.c.entry_id)
        query = query.where(entry.c.business_date <= as_of)
    return {name: from_cents(int(total)) for name, total in conn.execute(query)}


def identity_breaches(conn: Connection) -> list[Breach]:
    """Claims whose money is wrong; always empty (I2).

    Wrong is a bucket below zero, or a bucket that differs from its accounts: lines that
    are missing, doubled or on another account than their entry says.
    """
    by_type = _sums(conn, entry.c.claim_id.is_not(None))
    by_account = _line_sums(conn)
    found = []
    for claim_id, kinds in sorted(by_type.items()):
        money = _balances(kinds)
        accounts = by_account.get(claim_id, {})
        off = [
            (bucket.value, total - _seen(bucket, accounts))
            for bucket, total in _buckets(kinds).items()
            if total != _seen(bucket, accounts)
        ]
        why = [f"{name} differs from its accounts" for name, _ in off]
        why += [f"{name} is below zero" for name in money.below_zero()]
        if sum(accounts.values()):
            why.append("debits differ from credits")
        if why or not money.identity_holds():
            largest = max((abs(cents) for _, cents in off), default=0)
            difference = from_cents(largest) or money.difference()
            found.append(Breach(claim_id, difference, "; ".join(why)))
    return found


def _line_sums(conn: Connection) -> dict[str, dict[str, int]]:
    """Debit minus credit in cents, by claim and kind of account."""
    query = (
        select(entry.c.claim_id, entry_line.c.account, _NET)
        .join(entry_line, entry_line.c.entry_id == entry.c.id)
        .where(entry.c.claim_id.is_not(None))
        .group_by(entry.c.claim_id, entry_line.c.account)
    )
    sums: dict[str, dict[str, int]] = {}
    for claim_id, account, total in conn.execute(query):
        kinds = sums.setdefault(claim_id, {})
        kind = account.partition(":")[0]
        kinds[kind] = kinds.get(kind, 0) + int(total)
    return sums


def _seen(bucket: Bucket, accounts: Mapping[str, int]) -> int:
    sign, kinds = VIEW[bucket]
    return sign * sum(accounts.get(kind, 0) for kind in kinds)


def payer_cash(conn: Connection, payer_id: str) -> PayerCash:
    """What a payer deposited and what its remittances explain (I3)."""
    query = (
        select(entry.c.entry_type, _NET)
        .join(entry_line, entry_line.c.entry_id == entry.c.id)
        .where(entry_line.c.account == account_name(CLEARING, payer_id))
        .group_by(entry.c.entry_type)
    )
    parts = dict.fromkeys(("deposited", "claims_net", "interest", "other"), 0)
    for kind, total in conn.execute(query):
        part = _part(EntryType(kind))
        parts[part] += -int(total) if part == "deposited" else int(total)
    return PayerCash(**{part: from_cents(total) for part, total in parts.items()})


def _part(kind: EntryType) -> str:
    if kind is EntryType.DEPOSIT:
        return "deposited"
    if kind in EFFECT:
        return "claims_net"
    return "interest" if INTEREST in POSTING[kind] else "other"


def recoupment_due(conn: Connection) -> Decimal:
    """What payers will still take back, by their own announcement (R-PLB-02)."""
    return _owed(conn, RECOUPMENT)


def unapplied(conn: Connection) -> Decimal:
    """Payer cash that belongs to no claim yet."""
    return _owed(conn, UNAPPLIED)


def _owed(conn: Connection, kind: str) -> Decimal:
    """The credit balance of one kind of account over all payers."""
    name: Any = entry_line.c.account
    query = select(func.coalesce(_NET, 0)).where(name.startswith(f"{kind}:"))
    return -from_cents(int(conn.execute(query).scalar_one())) + ZERO
