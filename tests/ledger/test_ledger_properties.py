"""Any sequence of entries: each step is refused whole, or balances and adds up (I2)."""

from decimal import Decimal

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from ledger.accounts import EntryType
from ledger.balances import balances, identity_breaches, totals, trial_balance
from ledger.entries import LedgerIdentityError, NewEntry, PostResult, post, reverse
from ledger.tables import entry_line
from records.db import Database
from tests.ledger.making import AT, DAY, make

CLAIMS = ("claim-1", "claim-2")
# Charges and prepayments come often: a run that is mostly refused would prove little.
OFTEN = [EntryType.CHARGE, EntryType.CHARGE_SELF_PAY, EntryType.PATIENT_PREPAYMENT] * 6

amounts = st.integers(1, 5_000).map(lambda cents: str(Decimal(cents).scaleb(-2)))
new_entries = st.builds(
    lambda kind, amount, claim: make(kind, amount, claim=claim),
    st.sampled_from([*sorted(EntryType), *OFTEN]),
    amounts,
    st.sampled_from(CLAIMS),
)
steps = st.lists(
    st.one_of(
        st.lists(new_entries, min_size=1, max_size=3),
        st.integers(0, 30),  # undo the entry posted in that place
    ),
    max_size=12,
)


def play(conn: Connection, step: list[NewEntry] | int, keys: list[str]) -> bool:
    """Whether the ledger took the step; it refuses only a bucket below zero."""
    try:
        take(conn, step, keys)
    except LedgerIdentityError as refused:
        if not refused.below_zero:
            raise
        return False
    return True


def take(conn: Connection, step: list[NewEntry] | int, keys: list[str]) -> None:
    if isinstance(step, list):
        assert post(conn, step, posted_at=AT) == PostResult(len(step), 0)
        assert post(conn, step, posted_at=AT) == PostResult(0, len(step))
        keys += [new.key for new in step]
    elif keys:
        reverse(
            conn,
            keys[step % len(keys)],
            business_date=DAY,
            posted_at=AT,
            source="person ana",
            ref="undo",
            rule="R-MON-03",
            actor="ana",
        )


def books(conn: Connection) -> object:
    return balances(conn, CLAIMS), trial_balance(conn)


def assert_sound(conn: Connection) -> None:
    line = entry_line.c
    uneven = (
        select(line.entry_id)
        .group_by(line.entry_id)
        .having(func.sum(line.debit_cents - line.credit_cents) != 0)
    )
    assert conn.execute(uneven).all() == []
    assert identity_breaches(conn) == []
    assert all(m.identity_holds() for m in balances(conn, CLAIMS).values())
    assert totals(conn).adds_up()
    assert sum(trial_balance(conn).values()) == 0


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(played=steps)
def test_any_sequence_of_entries_leaves_sound_books(
    db: Database, played: list[list[NewEntry] | int]
) -> None:
    keys: list[str] = []
    with db.transaction() as conn:
        for step in played:
            before = books(conn)
            mark = conn.begin_nested()
            if play(conn, step, keys):
                mark.commit()
            else:
                mark.rollback()
                assert books(conn) == before
            assert_sound(conn)
        event(f"about {len(keys) // 5 * 5} entries posted")
        conn.rollback()  # The next example starts with an empty ledger.
