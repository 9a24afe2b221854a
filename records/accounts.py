"""Patient accounts, their letters and statements, holds and appeals."""

from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, insert, select, update

from claims.claim import Person
from records.tables import account, appeal, hold, letter, statement, statement_claim
from vault.fields import FieldCipher


def account_of(conn: Connection, cipher: FieldCipher, guarantor: Person) -> str:
    """The account of this guarantor, opened on first sight; its id."""
    who = f"{guarantor.last}|{guarantor.first}|{guarantor.birth_date}"
    index = cipher.index(who, kind="guarantor")
    known = select(account.c.id).where(account.c.guarantor_index == index)
    if found := conn.execute(known).scalar():
        return str(found)
    account_id = uuid4()
    sealed = cipher.encrypt(
        guarantor.model_dump_json(), row_key=f"account:{account_id}"
    )
    conn.execute(
        insert(account).values(
            id=str(account_id),
            public_ref=f"A-{account_id.hex[:8].upper()}",
            guarantor_index=index,
            guarantor_enc=sealed,
        )
    )
    return str(account_id)


def get(conn: Connection, account_id: str) -> RowMapping:
    """One account."""
    return (
        conn.execute(select(account).where(account.c.id == account_id)).mappings().one()
    )


def find(conn: Connection, account_id: str) -> RowMapping | None:
    """One account, None when there is none."""
    query = select(account).where(account.c.id == account_id)
    return conn.execute(query).mappings().first()


def guarantor(cipher: FieldCipher, row: RowMapping) -> Person:
    """Who pays, decrypted."""
    return Person.model_validate_json(
        cipher.decrypt(row["guarantor_enc"], row_key=f"account:{row['id']}")
    )


def set_hold(
    conn: Connection,
    *,
    kind: str,
    reason: str,
    today: date,
    actor: str,
    claim_id: str | None = None,
    account_id: str | None = None,
) -> None:
    """Set a hold once; it stops money letters of its scope (R-PAT-06)."""
    if kind in {h["kind"] for h in holds(conn, claim_id, account_id)}:
        return
    conn.execute(
        insert(hold).values(
            id=str(uuid4()),
            claim_id=claim_id,
            account_id=account_id,
            kind=kind,
            reason=reason,
            set_on=today,
            set_by=actor,
        )
    )


def holds(
    conn: Connection, claim_id: str | None, account_id: str | None
) -> list[RowMapping]:
    """Active holds of a claim or an account."""
    query = select(hold).where(hold.c.cleared_on.is_(None))
    if claim_id is not None:
        query = query.where(hold.c.claim_id == claim_id)
    if account_id is not None:
        query = query.where(hold.c.account_id == account_id)
    return list(conn.execute(query).mappings())


def clear_hold(conn: Connection, hold_id: str, *, today: date, actor: str) -> None:
    """Clear one hold; who and when stay on record."""
    conn.execute(
        update(hold)
        .where(hold.c.id == hold_id, hold.c.cleared_on.is_(None))
        .values(cleared_on=today, cleared_by=actor)
    )


def add_letter(conn: Connection, **values: Any) -> str:
    """Keep a rendered letter once by its key; its id (R-IDM-01)."""
    known = select(letter.c.id).where(letter.c.key == values["key"])
    if found := conn.execute(known).scalar():
        conn.execute(
            update(letter)
            .where(letter.c.id == found, letter.c.status == "draft")
            .values(**values)
        )
        return str(found)
    letter_id = str(uuid4())
    conn.execute(insert(letter).values(id=letter_id, **values))
    return letter_id


def letter_kept(conn: Connection, key: str) -> str | None:
    """The letter with this key that is no draft any more."""
    query = select(letter.c.id).where(letter.c.key == key, letter.c.status != "draft")
    found = conn.execute(query).scalar()
    return str(found) if found else None


def letters(
    conn: Connection, *, claim_id: str | None = None, account_id: str | None = None
) -> list[RowMapping]:
    """Letters by date: all, of a claim, or of an account."""
    query = select(letter).order_by(letter.c.dated, letter.c.key)
    if claim_id is not None:
        query = query.where(letter.c.claim_id == claim_id)
    if account_id is not None:
        query = query.where(letter.c.account_id == account_id)
    return list(conn.execute(query).mappings())


def get_letter(conn: Connection, letter_id: str) -> RowMapping | None:
    """One letter."""
    return (
        conn.execute(select(letter).where(letter.c.id == letter_id)).mappings().first()
    )


def add_statement(
    conn: Connection,
    *,
    account_id: str,
    letter_id: str,
    dated: date,
    amount_cents: int,
    claims: list[dict[str, Any]],
) -> str:
    """Keep a statement with the step each of its claims is at, once per letter."""
    known = select(statement.c.id).where(statement.c.letter_id == letter_id)
    if found := conn.execute(known).scalar():
        return str(found)
    statement_id = str(uuid4())
    conn.execute(
        insert(statement).values(
            id=statement_id,
            account_id=account_id,
            letter_id=letter_id,
            dated=dated,
            amount_cents=amount_cents,
        )
    )
    rows = [{"statement_id": statement_id, **c} for c in claims]
    conn.execute(insert(statement_claim), rows)
    return statement_id


def statements_of_claim(conn: Connection, claim_id: str) -> list[RowMapping]:
    """Statements that billed this claim, first one first."""
    query = (
        select(statement_claim, statement.c.dated, statement.c.letter_id)
        .join(statement, statement.c.id == statement_claim.c.statement_id)
        .where(statement_claim.c.claim_id == claim_id)
        .order_by(statement.c.dated, statement_claim.c.step)
    )
    return list(conn.execute(query).mappings())


def add_appeal(conn: Connection, **values: Any) -> str:
    """A new appeal row; its id."""
    appeal_id = str(uuid4())
    conn.execute(insert(appeal).values(id=appeal_id, **values))
    return appeal_id


def get_appeal(conn: Connection, appeal_id: str) -> RowMapping | None:
    """One appeal."""
    return (
        conn.execute(select(appeal).where(appeal.c.id == appeal_id)).mappings().first()
    )


def appeals_of(conn: Connection, claim_id: str) -> list[RowMapping]:
    """A claim's appeals by level."""
    query = select(appeal).where(appeal.c.claim_id == claim_id)
    return list(conn.execute(query.order_by(appeal.c.level, appeal.c.id)).mappings())


def mark_appeal(conn: Connection, appeal_id: str, **values: Any) -> None:
    """Set facts of an appeal."""
    conn.execute(update(appeal).where(appeal.c.id == appeal_id).values(**values))
