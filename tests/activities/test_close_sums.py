"""Daily close: only what is certain is paired; the items add up to the difference."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from activities.close_pairs import Side, pair
from activities.close_sums import PARTS, Line, belonging, items, totals

MONDAY = date(2026, 6, 1)
days = st.integers(0, 9).map(lambda n: MONDAY + timedelta(n))
cents = st.integers(1, 3)
traces = st.sampled_from(["", "T1", "T2", "T3"])
parties = st.sampled_from(["", "P-1", "P-2", "patient:card"])


def _sides(kind: str) -> st.SearchStrategy[list[Side]]:
    made = st.lists(st.tuples(days, cents, traces, parties), max_size=8)
    return made.map(
        lambda some: [Side(f"{kind}:{n}", *one) for n, one in enumerate(some)]
    )


@given(_sides("deposit"), _sides("835"))
def test_nothing_is_paired_twice_and_nothing_is_lost(
    deposits: list[Side], expected: list[Side]
) -> None:
    found = pair(deposits, expected)
    keys = [k for s, _ in found.open for k in (s.parts or (s.key,))]
    for one in found.pairs:
        keys += [one.deposit.key, *(one.expected.parts or (one.expected.key,))]
        assert one.deposit.cents == one.expected.cents
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


@given(lines, _sides("deposit"), _sides("835"))
def test_the_items_add_up_to_the_difference(
    some: list[Line], deposits: list[Side], expected: list[Side]
) -> None:
    named = items(some, pair(deposits, expected), MONDAY + timedelta(9))
    assert sum(i.cents for i in named) == totals(some)["difference"]


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
