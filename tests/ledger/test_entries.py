"""Posting: balanced, once by key, refused if a claim would not add up, final."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from claims.money import MoneyError
from ledger.accounts import EFFECT, OPPOSITE, POSTING, EntryType, account_name
from ledger.balances import entries_of, identity_breaches, trial_balance
from ledger.entries import (
    BadEntryError,
    EntryConflictError,
    LedgerIdentityError,
    NewEntry,
    PostResult,
    UnknownEntryError,
    opposite,
    post,
    reverse,
)
from ledger.tables import entry, entry_line
from records.db import Database
from tests.ledger.making import AT, CLAIM, DAY, PAYER, make, money, put

E = EntryType
# What must be on the claim for each type to be possible with 10.00.
BEFORE: Mapping[EntryType, list[tuple[EntryType, str]]] = {
    E.PAYER_REVERSAL: [(E.CHARGE, "10.00"), (E.PAYER_PAYMENT, "10.00")],
    E.CONTRACTUAL_ADJ_REVERSAL: [(E.CHARGE, "10.00"), (E.CONTRACTUAL_ADJ, "10.00")],
    E.WRITE_OFF_SMALL: [(E.CHARGE_SELF_PAY, "10.00")],
    E.WRITE_OFF_CHARITY: [(E.CHARGE_SELF_PAY, "10.00")],
    E.WRITE_OFF_BAD_DEBT: [(E.CHARGE_SELF_PAY, "10.00")],
    E.WRITE_OFF_COURTESY: [(E.CHARGE_SELF_PAY, "10.00")],
    E.TRANSFER_TO_INSURER: [(E.CHARGE_SELF_PAY, "10.00")],
    E.PATIENT_PAYMENT: [(E.CHARGE_SELF_PAY, "10.00")],
    E.PATIENT_PAYMENT_REVERSAL: [
        (E.CHARGE_SELF_PAY, "10.00"),
        (E.PATIENT_PAYMENT, "10.00"),
    ],
    E.APPLY_PREPAYMENT: [
        (E.CHARGE_SELF_PAY, "10.00"),
        (E.PATIENT_PREPAYMENT, "10.00"),
    ],
    E.REFUND_PATIENT: [(E.PATIENT_PREPAYMENT, "10.00")],
    E.REFUND_PAYER: [
        (E.CHARGE, "10.00"),
        (E.PAYER_PAYMENT, "10.00"),
        (E.CREDIT_OPEN_PAYER, "10.00"),
    ],
    E.CREDIT_MOVED_OUT: [(E.PATIENT_PREPAYMENT, "10.00")],
}
NEEDS_NOTHING = {E.CHARGE, E.CHARGE_SELF_PAY, E.PATIENT_PREPAYMENT}


def before(kind: EntryType) -> list[tuple[EntryType, str]]:
    if kind not in EFFECT or kind in NEEDS_NOTHING:
        return []
    return BEFORE.get(kind, [(E.CHARGE, "10.00")])


def lines_of(db: Database, key: str) -> list[tuple[Any, ...]]:
    line = entry_line.c
    query = (
        select(line.n, line.account, line.debit_cents, line.credit_cents)
        .join(entry, entry.c.id == line.entry_id)
        .where(entry.c.key == key)
        .order_by(line.n)
    )
    with db.reading() as conn:
        return [tuple(row) for row in conn.execute(query)]


def test_every_entry_type_is_one_balanced_posting(db: Database) -> None:
    with db.transaction() as conn:
        for kind in EntryType:
            claim = f"claim-{kind}"
            first = [make(k, amount, claim=claim) for k, amount in before(kind)]
            post(conn, first, posted_at=AT)
            was = money(conn, claim)
            new = make(kind, "10.00", key=f"one:{kind}", claim=claim)
            assert post(conn, [new], posted_at=AT) == PostResult(posted=1, known=0)
            now = money(conn, claim)
            for bucket, sign in EFFECT.get(kind, {}).items():
                change = getattr(now, bucket) - getattr(was, bucket)
                assert change == 10 * sign, (kind, bucket)

    for kind in EntryType:
        debit, credit = (account_name(a, PAYER) for a in POSTING[kind])
        assert lines_of(db, f"one:{kind}") == [
            (1, debit, 1000, 0),
            (2, credit, 0, 1000),
        ]
    with db.reading() as conn:
        assert sum(trial_balance(conn).values()) == 0
        assert identity_breaches(conn) == []


def test_every_entry_type_can_be_undone_and_named(db: Database) -> None:
    undone = 0
    with db.transaction() as conn:
        for kind in sorted(set(EntryType) - {E.CHARGE_VOID}):
            claim = f"claim-{kind}"
            post(conn, [make(k, a, claim=claim) for k, a in before(kind)], posted_at=AT)
            was = money(conn, claim)
            post(conn, [make(kind, "10.00", key=kind, claim=claim)], posted_at=AT)
            back = undo(conn, kind)
            assert back.posted == 1
            assert money(conn, claim) == was
            undone += 1
        left = trial_balance(conn)
        assert identity_breaches(conn) == []

    assert undone == len(EntryType) - 1
    assert left["cash"] == 0
    assert sum(left.values()) == 0


def undo(conn: Any, key: str) -> PostResult:
    return reverse(
        conn,
        key,
        business_date=DAY,
        posted_at=AT,
        source="person ana",
        ref="mistake",
        rule="R-MON-03",
        actor="ana",
    )


def test_a_reversal_names_what_it_undoes_and_happens_once(db: Database) -> None:
    with db.transaction() as conn:
        post(conn, [make(E.CHARGE, "80.00", key="charge")], posted_at=AT)
        post(conn, [make(E.PAYER_PAYMENT, "30.00", key="paid")], posted_at=AT)
        assert undo(conn, "paid") == PostResult(posted=1, known=0)
        assert undo(conn, "paid") == PostResult(posted=0, known=1)
        rows = entries_of(conn, CLAIM)

    assert [row["entry_type"] for row in rows][-1] == OPPOSITE[E.PAYER_PAYMENT]
    assert rows[-1]["reverses"] == rows[1]["id"]
    assert rows[-1]["amount_cents"] == 3000
    assert rows[-1]["actor"] == "ana"


def test_a_write_off_undone_is_no_longer_written_off(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
        off = make(E.WRITE_OFF_DENIAL, "80.00", key="off")
        post(conn, [off], posted_at=AT)
        assert money(conn).written_off == Decimal("80.00")
        undo(conn, "off")
        after = money(conn)
        row = entries_of(conn, CLAIM)[-1]

    assert (after.written_off, after.insurer_open) == (
        Decimal("0.00"),
        Decimal("80.00"),
    )
    assert (row["entry_type"], row["direction"]) == ("WRITE_OFF_DENIAL", -1)
    assert [n[1] for n in lines_of(db, row["key"])] == [
        f"insurance_receivable:{PAYER}",
        "other_adjustment",
    ]


def test_a_reversal_that_would_go_below_zero_posts_with_its_credit(
    db: Database,
) -> None:
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
        post(conn, [make(E.TRANSFER_TO_PATIENT, "80.00", key="share")], posted_at=AT)
        put(conn, (E.PATIENT_PAYMENT, "80.00"))
    with pytest.raises(LedgerIdentityError) as refused, db.transaction() as conn:
        undo(conn, "share")
    assert refused.value.below_zero == ("patient_due",)

    with db.transaction() as conn:
        back = opposite(
            conn,
            "share",
            business_date=DAY,
            source="0a1b2c segment 9",
            ref="TRN 8802",
            rule="R-REV-01",
        )
        credit = make(E.CREDIT_OPEN_PATIENT, "80.00")
        assert post(conn, [back, credit], posted_at=AT).posted == 2
        assert money(conn).credit == Decimal("80.00")


def test_an_unknown_entry_cannot_be_reversed(db: Database) -> None:
    with (
        pytest.raises(UnknownEntryError, match="Nothing was reversed"),
        db.transaction() as conn,
    ):
        undo(conn, "no such key")


def test_posting_twice_is_posting_once(db: Database) -> None:
    entries = [make(E.CHARGE, "80.00"), make(E.PAYER_PAYMENT, "30.00")]
    for expected in (PostResult(2, 0), PostResult(0, 2), PostResult(0, 2)):
        with db.transaction() as conn:
            assert post(conn, entries, posted_at=AT) == expected

    with db.reading() as conn:
        assert money(conn).insurer_open == Decimal("50.00")
        assert len(conn.execute(entry_line.select()).all()) == 4


def test_a_replay_with_one_new_entry_posts_only_that(db: Database) -> None:
    first = [make(E.CHARGE, "80.00", key="b"), make(E.PAYER_PAYMENT, "30.00", key="d")]
    with db.transaction() as conn:
        post(conn, first, posted_at=AT)
        more = [make(E.CONTRACTUAL_ADJ, "50.00", key="c"), *first]
        assert post(conn, more, posted_at=AT) == PostResult(posted=1, known=2)
        assert money(conn).insurer_open == Decimal("0.00")
        assert identity_breaches(conn) == []


def test_two_entries_of_one_posting_never_share_a_key(db: Database) -> None:
    twice = [make(E.CONTRACTUAL_ADJ, "5.00", key="line 3") for _ in range(2)]
    with (
        pytest.raises(EntryConflictError, match="the key line 3"),
        db.transaction() as conn,
    ):
        post(conn, [make(E.CHARGE, "80.00"), *twice], posted_at=AT)

    with db.reading() as conn:
        assert entries_of(conn, CLAIM) == []


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("31.00")},
        {"type": E.CONTRACTUAL_ADJ},
        {"claim_id": "claim-2"},
    ],
    ids=["amount", "type", "claim"],
)
def test_a_known_key_with_other_content_is_a_conflict(
    db: Database, change: dict[str, Any]
) -> None:
    paid = make(E.PAYER_PAYMENT, "30.00", key="paid")
    charges = [make(E.CHARGE, "80.00", claim=claim) for claim in (CLAIM, "claim-2")]
    with db.transaction() as conn:
        post(conn, [*charges, paid], posted_at=AT)
    other = replace(paid, **change)
    with (
        pytest.raises(EntryConflictError, match="Nothing was posted"),
        db.transaction() as conn,
    ):
        post(conn, [other], posted_at=AT)

    with db.reading() as conn:
        assert len(entries_of(conn, CLAIM)) == 2


def test_a_bucket_below_zero_undoes_the_whole_posting(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
    with (
        pytest.raises(LedgerIdentityError, match=CLAIM) as refused,
        db.transaction() as c,
    ):
        put(c, (E.PAYER_PAYMENT, "60.00"), (E.CONTRACTUAL_ADJ, "20.01"))
    assert refused.value.below_zero == ("insurer_open",)

    with db.reading() as conn:
        assert money(conn).insurer_open == Decimal("80.00")
        assert len(entries_of(conn, CLAIM)) == 1


def test_buckets_may_pass_below_zero_between_the_entries_of_one_posting(
    db: Database,
) -> None:
    with db.transaction() as conn:
        put(conn, (E.PAYER_PAYMENT, "60.00"), (E.CHARGE, "60.00"))
        assert money(conn).insurer_open == Decimal("0.00")


@pytest.mark.parametrize("table", [entry, entry_line], ids=["entry", "entry_line"])
@pytest.mark.parametrize("action", [update, delete], ids=["update", "delete"])
def test_a_posting_is_never_changed(db: Database, table: Any, action: Any) -> None:
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
    column = "memo" if table is entry else "account"
    statement = action(table)
    if action is update:
        statement = statement.values({column: "other"})
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as conn:
        conn.execute(statement)


def test_a_posting_cannot_be_replaced_or_emptied(db: Database) -> None:
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
    statement = (
        "INSERT OR REPLACE INTO entry_line SELECT entry_id, n, 'other', debit_cents, "
        "credit_cents FROM entry_line"
        if db.dialect == "sqlite"
        else "TRUNCATE entry CASCADE"
    )
    with pytest.raises(DBAPIError, match="append-only"), db.transaction() as conn:
        conn.execute(text(statement))


@pytest.mark.parametrize(("debit", "credit"), [(0, 0), (5, 5), (-5, 0)])
def test_a_line_has_one_side(db: Database, debit: int, credit: int) -> None:
    row = {"n": 3, "account": "cash", "debit_cents": debit, "credit_cents": credit}
    with db.transaction() as conn:
        put(conn, (E.CHARGE, "80.00"))
        id_ = entries_of(conn, CLAIM)[0]["id"]
    with pytest.raises(IntegrityError), db.transaction() as conn:
        conn.execute(insert(entry_line), [{"entry_id": id_, **row}])


def test_two_threads_posting_the_same_keys_end_with_one(db: Database) -> None:
    entries = [
        make(kind, amount, key=f"{kind}:{number}", claim=f"claim-{number}")
        for number in range(50)
        for kind, amount in ((E.CHARGE, "9.00"), (E.PAYER_PAYMENT, "4.00"))
    ]
    orders = [entries, entries[::-1], entries[50:] + entries[:50]]
    start = threading.Barrier(len(orders))
    results: list[PostResult] = []

    def run(order: list[NewEntry]) -> None:
        start.wait()
        with db.transaction() as conn:
            results.append(post(conn, order, posted_at=AT))

    threads = [threading.Thread(target=run, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(r.posted for r in results) == [0, 0, 100]
    with db.reading() as conn:
        assert len(conn.execute(entry.select()).all()) == 100
        assert len(conn.execute(entry_line.select()).all()) == 200
        assert identity_breaches(conn) == []


def test_entries_keep_the_order_they_were_given(db: Database) -> None:
    kinds = [E.CHARGE, E.PAYER_PAYMENT, E.CONTRACTUAL_ADJ, E.TRANSFER_TO_PATIENT]
    keys = ["z", "m", "a", "k"]
    entries = [make(k, "20.00", key=key) for k, key in zip(kinds, keys, strict=True)]
    entries[0] = make(E.CHARGE, "80.00", key="z")
    with db.transaction() as conn:
        post(conn, entries, posted_at=AT)
        rows = entries_of(conn, CLAIM)

    assert [row["key"] for row in rows] == keys
    assert [row["seq"] for row in rows] == [1, 2, 3, 4]


def test_an_empty_posting_does_nothing(db: Database) -> None:
    with db.transaction() as conn:
        assert post(conn, [], posted_at=AT) == PostResult(posted=0, known=0)


@pytest.mark.parametrize(
    ("kind", "change", "says"),
    [
        (E.CHARGE, {"amount": Decimal("0.00")}, "above zero"),
        (E.CHARGE, {"amount": Decimal("-5.00")}, "above zero"),
        (E.CHARGE, {"key": ""}, "key of 1 to 255"),
        (E.CHARGE, {"key": "k" * 256}, "key of 1 to 255"),
        (E.CHARGE, {"source": ""}, "source of"),
        (E.CHARGE, {"rule": ""}, "rule of"),
        (E.CHARGE, {"actor": ""}, "actor of"),
        (E.CHARGE, {"claim_id": None}, "needs a claim"),
        (E.CHARGE, {"payer_id": None}, "needs a payer"),
        (E.DEPOSIT, {"claim_id": "claim-1"}, "cannot name a claim"),
        (E.WRITE_OFF_DENIAL, {"actor": "machine"}, "never the machine's"),
        (E.WRITE_OFF_BAD_DEBT, {"actor": "machine"}, "never the machine's"),
        (E.CHARGE, {"direction": -1, "reverses": 1}, "backwards"),
        (E.WRITE_OFF_DENIAL, {"direction": -1}, "backwards"),
        (E.WRITE_OFF_DENIAL, {"direction": 0, "reverses": 1}, "backwards"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(
    kind: EntryType, change: dict[str, Any], says: str
) -> None:
    good = make(kind, "10.00")
    with pytest.raises(BadEntryError, match=says):
        replace(good, **change)


def test_the_machine_may_write_off_a_small_balance() -> None:
    assert make(E.WRITE_OFF_SMALL, "4.99").actor == "machine"


@pytest.mark.parametrize("amount", [10.0, Decimal("1.005"), Decimal("NaN")])
def test_an_amount_is_whole_cents_and_never_a_float(amount: Any) -> None:
    with pytest.raises(MoneyError):
        replace(make(E.CHARGE, "10.00"), amount=amount)
