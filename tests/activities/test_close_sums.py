"""Daily close: only what is certain is paired; the items add up to the difference."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from activities.close_pairs import Paired, Side, pair
from activities.close_sums import (
    PARTS,
    Line,
    belonging,
    by_account,
    items,
    totals,
    turned_late,
)

MONDAY = date(2026, 6, 1)
days = st.integers(0, 9).map(lambda n: MONDAY + timedelta(n))
cents = st.integers(1, 3)
signed = st.sampled_from([-3, -2, -1, 1, 2, 3])
accounts = st.sampled_from(["", "1111", "2222"])
traces = st.sampled_from(["", "T1", "T2", "T3"])
parties = st.sampled_from(["", "P-1", "P-2", "patient:card"])


def _sides(kind: str) -> st.SearchStrategy[list[Side]]:
    made = st.lists(st.tuples(days, cents, traces, parties), max_size=8)
    return made.map(
        lambda some: [Side(f"{kind}:{n}", *one) for n, one in enumerate(some)]
    )


def _deposits() -> st.SearchStrategy[list[Side]]:
    made = st.lists(st.tuples(days, signed, traces, parties, accounts), max_size=8)
    return made.map(
        lambda some: [
            Side(f"deposit:{n}", *one[:4], account=one[4]) for n, one in enumerate(some)
        ]
    )


@given(_deposits(), _sides("835"))
def test_nothing_is_paired_twice_and_nothing_is_lost(
    deposits: list[Side], expected: list[Side]
) -> None:
    found = pair(deposits, expected)
    keys = [k for s, _ in found.open for k in (s.parts or (s.key,))]
    for one in found.pairs:
        keys += [one.deposit.key, *(one.expected.parts or (one.expected.key,))]
        sign = -1 if one.how == "returned" else 1
        assert one.deposit.cents == sign * one.expected.cents
    assert sorted(keys) == sorted(s.key for s in (*deposits, *expected))


lines = st.lists(
    st.builds(
        Line,
        days,
        st.sampled_from(PARTS),
        st.sampled_from(
            [f"{kind}:{n}" for kind in ("deposit", "835") for n in range(4)]
        ),
        st.integers(-500, 500),
    ),
    max_size=20,
)


@given(lines, _deposits(), _sides("835"))
def test_the_items_and_the_accounts_add_up_to_the_difference(
    some: list[Line], deposits: list[Side], expected: list[Side]
) -> None:
    found, off = pair(deposits, expected), totals(some)["difference"]
    named = items(some, found, MONDAY + timedelta(9))
    of = by_account(some, found, {d.key: d.account for d in deposits})
    assert sum(i.cents for i in named) == off
    assert sum(one["difference"] for one in of) == off
    assert not [i for i in named if i.explained and i.waiting]


@given(lines, lines)
def test_two_closes_count_what_one_would(first: list[Line], more: list[Line]) -> None:
    one = belonging(first, [])
    two = belonging([*first, *more], one)
    whole = belonging([*first, *more], [])
    for part, sum_ in totals(whole).items():
        assert totals(one)[part] + totals(two)[part] == sum_


def test_money_without_a_trace_is_paired_by_payer_and_amount_within_three_days() -> (
    None
):
    deposit = Side("deposit:A", MONDAY, 500, "", "P-1")
    in_time = Side("835:P-1:T", MONDAY + timedelta(3), 500, "T", "P-1")
    late = Side("835:P-1:T", MONDAY + timedelta(4), 500, "T", "P-1")
    assert [p.how for p in pair([deposit], [in_time]).pairs] == ["amount"]
    assert pair([deposit], [late]).pairs == ()


def test_two_candidates_stay_open_and_are_named() -> None:
    deposit = Side("deposit:A", MONDAY, 500, "", "P-1")
    both = [Side(f"835:P-1:T{n}", MONDAY, 500, f"T{n}", "P-1") for n in (1, 2)]
    found = pair([deposit], both)
    assert found.pairs == ()
    assert {s.key: c for s, c in found.open}["deposit:A"] == (
        "835:P-1:T1",
        "835:P-1:T2",
    )


def test_half_of_the_money_waits_with_its_age_and_is_not_explained_by_it() -> None:
    deposit = Side("deposit:A", MONDAY, 500, "", "P-1")
    line = Line(MONDAY, "deposits", deposit.key, 500)
    friday = MONDAY + timedelta(4)

    (early,) = items([line], pair([deposit], []), MONDAY + timedelta(1))
    (late,) = items([line], pair([deposit], []), friday)

    assert (early.explained, early.waiting) == (False, True)
    assert early.words == (
        "money without a remittance or receipt; waiting 1 business day, late on "
        f"{friday}"
    )
    assert (late.explained, late.waiting) == (False, False)


def test_the_same_amount_is_paired_in_the_account_the_payer_pays_into() -> None:
    known = Side("deposit:K", MONDAY, 900, "T0", "P-1", account="1111")
    here = Side("deposit:A", MONDAY, 500, "", "P-1", account="1111")
    there = Side("deposit:B", MONDAY, 500, "", "P-1", account="2222")
    first = Side("835:P-1:T0", MONDAY, 900, "T0", "P-1")
    paid = Side("835:P-1:T1", MONDAY, 500, "T1", "P-1")

    with_home = pair([known, here, there], [first, paid])
    without = pair([here, there], [paid])
    elsewhere = pair([known, there], [first, paid])

    assert [p.deposit.key for p in with_home.pairs] == ["deposit:K", "deposit:A"]
    assert without.pairs == ()
    assert [p.deposit.key for p in elsewhere.pairs] == ["deposit:K"]


def test_a_refund_that_was_cashed_is_what_the_bank_took() -> None:
    back = Side("deposit:A", MONDAY + timedelta(1), -500, "", "patient:check")
    refund = Side("refund:R1", MONDAY, -500, "R1")
    traced = Side("deposit:B", MONDAY + timedelta(40), -500, "R1")

    assert [p.expected.key for p in pair([back], [refund]).pairs] == ["refund:R1"]
    assert [p.how for p in pair([traced], [refund]).pairs] == ["trace"]
    assert pair([], [refund]) == Paired((), ())


def test_a_deposit_that_the_bank_undoes_is_paired_unless_it_paid_something() -> None:
    in_ = Side("deposit:A", MONDAY, 500, "T1", "P-1", account="1111")
    back = Side("deposit:B", MONDAY, -500, "T1", "P-1", account="1111")
    paid = Side("835:P-1:T1", MONDAY, 500, "T1", "P-1")
    other = Side("deposit:C", MONDAY, -500, "T1", "P-1", account="2222")

    assert [p.how for p in pair([in_, back], []).pairs] == ["returned"]
    found = pair([in_, back], [paid])
    assert [p.how for p in found.pairs] == ["trace"]
    assert found.open == ((back, ("deposit:A",)),)
    assert pair([in_, other], []).pairs == ()


def test_money_the_bank_took_back_is_to_explain_at_once_and_never_late() -> None:
    back = Side("deposit:B", MONDAY, -500)
    found = pair([back], [])

    (item,) = items([Line(MONDAY, "deposits", back.key, -500)], found, MONDAY)

    assert (item.explained, item.waiting, item.cents) == (False, False, -500)
    assert turned_late(found, None, MONDAY + timedelta(20)) == []
