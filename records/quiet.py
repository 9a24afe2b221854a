"""Which claims nobody has asked or said anything about, for posting them in bulk."""

from collections.abc import Iterable

from sqlalchemy import Connection, select, union_all

from records.db import one_of
from records.tables import appeal, hold, patient_payment, remittance_claim, task
from records.tables import statement_claim as statement
from records.tasks import WAITING


def spoken_of(conn: Connection, claim_ids: Iterable[str]) -> set[str]:
    """Those with a waiting task, a hold, an appeal, an earlier remittance, a statement
    or a patient's payment."""
    ids = list(claim_ids)
    waits = task.c.status.in_(WAITING)
    held = hold.c.cleared_on.is_(None)
    parts = [
        select(task.c.claim_id).where(waits, one_of(conn, task.c.claim_id, ids)),
        select(hold.c.claim_id).where(held, one_of(conn, hold.c.claim_id, ids)),
    ]
    parts += [
        select(table.c.claim_id).where(one_of(conn, table.c.claim_id, ids))
        for table in (appeal, remittance_claim, statement, patient_payment)
    ]
    return set(conn.execute(union_all(*parts)).scalars())


def accounts_held(conn: Connection, account_ids: Iterable[str]) -> set[str]:
    """Accounts with an active hold of their own."""
    query = select(hold.c.account_id).where(
        hold.c.cleared_on.is_(None), one_of(conn, hold.c.account_id, account_ids)
    )
    return set(conn.execute(query).scalars())
