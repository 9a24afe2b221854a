"""Patient accounts with what is open on them, from the ledger: page and totals."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from ledger.accounts import EFFECT, Bucket, EntryType
from ledger.open_items import amount_of
from ledger.tables import entry
from records import claims
from records.claims import ClaimRow
from records.tables import (
    account,
    claim,
    hold,
    letter,
    patient_payment,
    statement,
    task,
)
from records.tasks import WAITING


class Only(StrEnum):
    """Which accounts a list has."""

    ALL = "all"
    INSURANCE = "insurance"
    PATIENT = "patient"
    CREDIT = "credit"
    HELD = "held"


@dataclass(frozen=True)
class Sums:
    """Of every account of a list, in cents."""

    count: int
    insurance: int
    patient: int
    credit: int


_PARTS = {
    Only.INSURANCE: Bucket.INSURER_OPEN,
    Only.PATIENT: Bucket.PATIENT_DUE,
    Only.CREDIT: Bucket.CREDIT,
}


def _matching(only: Only, *where: ColumnElement[bool]) -> CTE:
    """Accounts with the claims' open cents; an account without claims has zeros."""
    of_claims = (
        select(claim.c.account_id, func.count().label("claims"))
        .where(*where)
        .group_by(claim.c.account_id)
        .subquery("of_claims")
    )
    owed = (
        select(
            claim.c.account_id,
            *(amount_of(bucket).label(part.value) for part, bucket in _PARTS.items()),
        )
        .join_from(claim, entry, entry.c.claim_id == claim.c.id)
        .where(*where)
        .group_by(claim.c.account_id)
        .subquery("owed")
    )
    held = _held()
    query = (
        select(
            account.c.id,
            account.c.public_ref,
            account.c.guarantor_enc,
            func.coalesce(of_claims.c.claims, 0).label("claims"),
            *(func.coalesce(owed.c[p.value], 0).label(p.value) for p in _PARTS),
            held.label("held"),
        )
        .outerjoin(of_claims, of_claims.c.account_id == account.c.id)
        .outerjoin(owed, owed.c.account_id == account.c.id)
    )
    if only is Only.HELD:
        query = query.where(held)
    elif only is not Only.ALL:
        query = query.where(owed.c[only.value] > 0)
    return query.cte("matching")


def _held() -> ColumnElement[bool]:
    """A hold is in force on the account, or on a claim of it."""
    in_force = hold.c.cleared_on.is_(None)
    on_it = exists().where(in_force, hold.c.account_id == account.c.id)
    on_claim = exists().where(
        in_force, hold.c.claim_id == claim.c.id, claim.c.account_id == account.c.id
    )
    return or_(on_it, on_claim)


def listing(
    conn: Connection, only: Only, *, after: str, limit: int
) -> tuple[list[RowMapping], Sums]:
    """Accounts after this reference, by reference, with cents open on them; and the
    sums of every match.

    ``guarantor_enc`` is sealed: open it only for who sees patients.
    """
    if only is Only.ALL:  # only what is on the page is added up account by account
        return _page_of_all(conn, after, limit), _sums_of_all(conn)
    found = _matching(only)
    columns = (found.c.insurance, found.c.patient, found.c.credit)
    total = select(
        func.count().label("accounts"),
        *(func.coalesce(func.sum(c), 0).label(f"all_{c.name}") for c in columns),
    )
    page = select(found).where(found.c.public_ref > after)
    page = page.order_by(found.c.public_ref).limit(limit)
    all_, one = total.select_from(found).subquery("all_matches"), page.subquery("page")
    # Sums come with an empty page too: it is joined to them, not they to it.
    query = select(all_, one).select_from(all_.outerjoin(one, true()))
    rows = list(conn.execute(query.order_by(one.c.public_ref)).mappings())
    names = ("accounts", *(f"all_{c.name}" for c in columns))
    sums = Sums(*(int(rows[0][name]) for name in names))
    return [row for row in rows if row["id"] is not None], sums


def _page_of_all(conn: Connection, after: str, limit: int) -> list[RowMapping]:
    listed = select(account.c.id, account.c.public_ref)
    listed = listed.where(account.c.public_ref > after)
    mine = listed.order_by(account.c.public_ref).limit(limit).subquery("mine")
    found = _matching(Only.ALL, claim.c.account_id.in_(select(mine.c.id)))
    query = select(found).where(found.c.id.in_(select(mine.c.id)))
    query = query.order_by(found.c.public_ref).limit(limit)
    return list(conn.execute(query).mappings())


def _sums_of_all(conn: Connection) -> Sums:
    """By type of entry, as an index has them: the effect of each is known here."""
    accounts = select(literal("").label("kind"), func.count().label("amount"))
    moved = select(
        entry.c.entry_type,
        func.sum(entry.c.amount_cents * entry.c.direction),
    ).where(entry.c.claim_id.is_not(None))
    query = union_all(accounts.select_from(account), moved.group_by(entry.c.entry_type))
    found = {kind: int(amount) for kind, amount in conn.execute(query)}
    count = found.pop("")
    parts = (
        sum(
            EFFECT.get(EntryType(kind), {}).get(bucket, 0) * amount
            for kind, amount in found.items()
        )
        for bucket in _PARTS.values()
    )
    return Sums(count, *parts)


def claims_of(conn: Connection, account_id: str) -> list[ClaimRow]:
    """The claims of one account, newest visit first."""
    query = select(*claims.COLUMNS).where(claim.c.account_id == account_id)
    query = query.order_by(claim.c.service_from.desc(), claim.c.pcn)
    return [claims.as_row(row) for row in conn.execute(query).mappings()]


def payments_of(conn: Connection, account_id: str) -> list[RowMapping]:
    """What this account's patients paid, on its claims or on account, newest first."""
    paid = patient_payment
    query = select(paid).where(
        or_(paid.c.account_id == account_id, _is_ours(paid, account_id))
    )
    return list(conn.execute(query.order_by(paid.c.paid_on.desc())).mappings())


def letters_of(conn: Connection, account_id: str) -> list[RowMapping]:
    """Letters to the account or about a claim of it, newest first, with the claim's
    number and, of a statement, its amount in cents."""
    query = (
        select(letter, claim.c.pcn, statement.c.amount_cents)
        .outerjoin(claim, claim.c.id == letter.c.claim_id)
        .outerjoin(statement, statement.c.letter_id == letter.c.id)
        .where(or_(letter.c.account_id == account_id, _is_ours(letter, account_id)))
        .order_by(letter.c.dated.desc(), letter.c.key)
    )
    return list(conn.execute(query).mappings())


def tasks_of(conn: Connection, account_id: str) -> list[RowMapping]:
    """Open tasks of the account and of its claims, by due date, with the claim's
    number."""
    query = (
        select(task, claim.c.pcn)
        .outerjoin(claim, claim.c.id == task.c.claim_id)
        .where(
            task.c.status.in_(WAITING),
            or_(task.c.account_id == account_id, _is_ours(task, account_id)),
        )
        .order_by(task.c.due_on, task.c.number)
    )
    return list(conn.execute(query).mappings())


def _is_ours(table: Table, account_id: str) -> ColumnElement[bool]:
    """Rows of a claim of this account; by its claims first, which an index finds."""
    ours = select(claim.c.id).where(claim.c.account_id == account_id)
    return table.c.claim_id.in_(ours)


def holds_of(conn: Connection, account_id: str) -> list[RowMapping]:
    """Holds in force on the account or on a claim of it, with the claim's number."""
    query = (
        select(hold, claim.c.pcn)
        .outerjoin(claim, claim.c.id == hold.c.claim_id)
        .where(
            hold.c.cleared_on.is_(None),
            or_(hold.c.account_id == account_id, claim.c.account_id == account_id),
        )
        .order_by(hold.c.set_on, hold.c.id)
    )
    return list(conn.execute(query).mappings())
