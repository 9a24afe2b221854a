"""835s, deposits, replacements, appeals and patients of the running simulator."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from claims.calendar import is_business_day
from claims.money import usd
from claims.remittance import Remittance, RemittanceClaim, imbalances
from tests.simulator.driver import Simulator, data

Start = Callable[..., Simulator]

MARCH_13, APRIL_30 = date(2026, 3, 13), date(2026, 4, 30)


def decided(remittances: list[Remittance], pcn: str) -> list[RemittanceClaim]:
    return [c for one in remittances for c in one.claims if c.pcn == pcn]


def reasons(claim: RemittanceClaim) -> dict[str, Decimal]:
    return {a.code: a.amount for line in claim.lines for a in line.adjustments}


def replacement(icn: str, *, isa13: int, fixed: bool = True) -> bytes:
    content = data("837p-replacement.edi").replace(b"@ICN@", icn.encode())
    content = content.replace(b"000000002", b"%09d" % isa13)
    if not fixed:
        content = content.replace(b"XX*1900000047", b"XX*1900000039")
    return content


def test_claims_of_a_payer_are_paid_together_and_the_bank_agrees(
    simulate: Start,
) -> None:
    house = simulate(
        """
members:
  TST-PAID: {verdicts: [{after: 11}]}
  TST-DENIED: {verdicts: [{after: 11}]}
  TST-REJECTED: {verdicts: [{after: 11, fee_percent: 85}]}
  TST-SILENT: {verdicts: [{after: 18}]}
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    first, second = house.remittances()
    assert first.payment_date == MARCH_13
    assert [c.pcn for c in first.claims] == ["T-0001", "T-0002", "T-0003"]
    assert imbalances(first) == imbalances(second) == ()
    assert (first.method, first.payer_edi_id) == ("ACH", "99001")
    # 104 + 72 - 25, 104 - 25, 85 % of 104 - 25
    paid = [usd("151.00"), usd("79.00"), usd("63.40")]
    assert [c.paid for c in first.claims] == paid
    line = first.claims[0].lines[0]
    assert (line.line_ref, line.code, line.modifiers) == ("T-0001-1", "99213", ("25",))
    assert reasons(first.claims[1]) == {"CO-45": usd("61.00"), "PR-3": usd("25.00")}
    rows = {row["trace_no"]: row for row in house.rows("deposits")}
    assert {t: (r["date"], r["amount"]) for t, r in rows.items()} == {
        first.trace: ("2026-03-13", "293.40"),
        second.trace: ("2026-03-20", "79.00"),
    }


def test_medicare_takes_its_two_percent_after_the_patients_share(
    simulate: Start,
) -> None:
    house = simulate()
    house.send(data("837p-medicare.edi"))
    house.until(APRIL_30)

    (claim,) = decided(house.remittances(), "T-0007")
    assert claim.paid == usd("51.74")
    assert reasons(claim) == {
        "CO-45": usd("114.00"),
        "CO-253": usd("1.06"),
        "PR-2": usd("13.20"),
    }


def test_ordinary_claims_take_10_to_18_days(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    days = {one.payment_date for one in house.remittances()}
    assert len(decided(house.remittances(), "T-0001")) == 1
    assert all(d and date(2026, 3, 12) <= d <= date(2026, 3, 20) for d in days)
    assert all(d and is_business_day(d) for d in days)


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        ('{carc: "16", rarc: N286}', {"CO-16": "165.00"}),
        ('{carc: "197"}', {"CO-197": "165.00"}),
        ('{group: PR, carc: "96", rarc: N130}', {"PR-96": "165.00"}),
        (
            '{carc: "999", amount: "20.00"}',
            {"CO-45": "61.00", "PR-3": "25.00", "CO-999": "20.00"},
        ),
    ],
)
def test_a_denial_says_its_reasons(
    simulate: Start, deny: str, expected: dict[str, str]
) -> None:
    house = simulate(
        f"members: {{TST-OTHER: {{verdicts: [{{after: 10, deny: [{deny}]}}]}}}}"
    )
    house.send(data("837p-one-claim.edi"))
    house.until(APRIL_30)

    (one,) = house.remittances()
    assert imbalances(one) == ()
    assert reasons(one.claims[0]) == {k: usd(v) for k, v in expected.items()}
    assert one.claims[0].status == "1"
    assert ("N" in "".join(one.claims[0].lines[0].rarcs)) == ("rarc" in deny)
    assert len(house.rows("deposits")) == (1 if one.paid else 0)


def test_a_replacement_is_paid_only_when_number_and_field_are_right(
    simulate: Start,
) -> None:
    house = simulate(
        """
members:
  TST-DENIED:
    verdicts: [{after: 10, deny: [{carc: "16", rarc: N286}], fixed_by: 2310A NM109}]
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(date(2026, 3, 18))
    first = house.statuses()["T-0002"].payer_icn or ""

    house.send(replacement("WRONG", isa13=31), day=date(2026, 3, 18))
    house.until(date(2026, 3, 20), first=date(2026, 3, 19))
    wrong = house.statuses()["T-0002"]
    assert (wrong.category, wrong.status) == ("A7", "464")

    house.send(replacement(first, isa13=32, fixed=False), day=date(2026, 3, 20))
    house.until(date(2026, 4, 1), first=date(2026, 3, 21))
    second = house.statuses()["T-0002"].payer_icn or ""
    assert second not in ("", first)

    house.send(replacement(second, isa13=33), day=date(2026, 4, 1))
    house.until(APRIL_30, first=date(2026, 4, 2))
    found = decided(house.remittances(), "T-0002")
    assert [c.paid for c in found] == [usd("0.00"), usd("0.00"), usd("79.00")]
    assert [c.original_icn for c in found] == [None, first, second]
    assert [c.status for c in found] == ["1", "1", "1"], "nothing had to be taken back"


def test_medicare_takes_no_replacement(simulate: Start) -> None:
    house = simulate()
    house.send(data("837p-medicare.edi"))
    house.until(date(2026, 3, 4))
    icn = house.statuses()["T-0007"].payer_icn or ""
    again = data("837p-medicare.edi").replace(b"000000005", b"000000006")
    again = again.replace(b"11:B:1", b"11:B:7").replace(b"SE*28", b"SE*29")
    assert b"SE*29" in again
    marked = again.replace(b"HI*ABK", b"REF*F8*%s~\nHI*ABK" % icn.encode())
    house.send(marked, day=date(2026, 3, 5))
    house.until(APRIL_30, first=date(2026, 3, 6))

    assert house.statuses()["T-0007"].category == "A7"
    assert len(decided(house.remittances(), "T-0007")) == 1


def test_an_original_sent_twice_is_a_duplicate(simulate: Start) -> None:
    house = simulate("members: {TST-OTHER: {verdicts: [{after: 10}]}}")
    house.send(data("837p-one-claim.edi"))
    again = data("837p-one-claim.edi").replace(b"000000003", b"000000004")
    house.send(again, day=date(2026, 3, 20))
    house.until(APRIL_30)

    first, second = decided(house.remittances(), "T-0005")
    assert (first.paid, second.paid) == (usd("79.00"), usd("0.00"))
    assert reasons(second) == {"OA-18": usd("165.00")}


def test_a_payment_is_taken_back_exactly_and_made_anew(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-OTHER:
    verdicts: [{after: 10}]
    later: [{after: 20, verdict: {copay: "0.00"}}]
"""
    )
    house.send(data("837p-one-claim.edi"))
    house.until(APRIL_30)

    first, back, new = decided(house.remittances(), "T-0005")
    assert (back.status, back.payer_icn) == ("22", first.payer_icn)
    assert (back.charge, back.paid) == (-first.charge, -first.paid)
    assert reasons(back) == {k: -v for k, v in reasons(first).items()}
    assert (new.status, new.paid, new.original_icn) == (
        "1",
        usd("104.00"),
        first.payer_icn,
    )
    assert all(imbalances(one) == () for one in house.remittances())


def test_a_remittance_never_pays_below_zero(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-OTHER:
    verdicts: [{after: 10, copay: "0.00"}]
    later: [{after: 20, verdict: {copay: "100.00"}}]
  TST-PAID: {verdicts: [{after: 44}]}
"""
    )
    house.send(data("837p-one-claim.edi"))
    house.send(data("837p-four-claims.edi"))
    house.until(date(2026, 5, 12))

    lower = next(r for r in house.remittances() if r.claims[0].status == "22")
    later = house.remittances()[-1]
    assert (lower.paid, lower.method) == (usd("0.00"), "NON")
    assert [(a.code, a.amount) for a in lower.provider_adjustments] == [
        ("FB", usd("-100.00"))
    ]
    assert [(a.code, a.amount) for a in later.provider_adjustments] == [
        ("FB", usd("100.00"))
    ]
    assert later.paid == usd("51.00")
    assert all(imbalances(one) == () for one in house.remittances())


def test_an_appeal_is_answered_by_the_calendar(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-PAID: {verdicts: [{after: 10, deny: [{carc: "197"}]}]}
  TST-DENIED: {verdicts: [{after: 10, deny: [{carc: "50", rarc: N115}]}]}
  TST-SILENT: {verdicts: [{after: 10}]}
appeals:
  TST-PAID: {days_after_denial: 30, outcome: overturned, paid_after: 6}
  TST-DENIED: {days_after_denial: 30, outcome: upheld}
  TST-SILENT: {days_after_denial: 30, outcome: overturned}
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    rows = house.rows("appeal_decisions")
    assert {(r["claim_ref"], r["level"], r["outcome"]) for r in rows} == {
        ("T-0001", "1", "overturned"),
        ("T-0002", "1", "upheld"),
    }
    assert {r["notice_date"] for r in rows} == {"2026-04-13"}
    won = decided(house.remittances(), "T-0001")[-1]
    assert (won.paid, won.rarcs) == (usd("151.00"), ("MA67",))
    assert house.remittances()[-1].payment_date == date(2026, 4, 20)
    assert len(decided(house.remittances(), "T-0002")) == 1


def test_patients_pay_by_fate(simulate: Start) -> None:
    house = simulate(
        """
members:
  TST-PAID: {verdicts: [{after: 11}], patient: {pays: full, after: 20}}
  TST-DENIED: {verdicts: [{after: 11}], patient: {pays: partial, percent: 40, after: 9}}
  TST-REJECTED: {verdicts: [{after: 11}], patient: {pays: never}}
  TST-SILENT: {verdicts: [{after: 11, copay: "0.00"}], patient: {prepays: "25.00"}}
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    rows = house.rows("patient_payments")
    found = {(r["claim_ref"], r["amount"], r["date"], r["method"]) for r in rows}
    assert found == {
        ("T-0001", "25.00", "2026-04-02", "portal"),
        ("T-0002", "10.00", "2026-03-23", "portal"),
        ("T-0004", "25.00", "2026-03-02", "card"),
    }
    assert len({r["receipt_ref"] for r in rows}) == 3


def test_authorizations_arrive_on_their_day(simulate: Start) -> None:
    house = simulate(
        """
authorizations:
  - {day: 2026-03-09, auth_no: A1, payer_id: P-X, member_id: M1, code: "73721",
     valid_from: 2026-03-01, valid_to: 2026-05-31}
"""
    )
    assert house.morning(date(2026, 3, 6)) == 0
    assert house.morning(date(2026, 3, 9)) == 1
    (row,) = house.rows("authorizations")
    assert (row["auth_no"], row["status"], row["units"]) == ("A1", "approved", "1")


def test_an_unbalanced_remittance_is_replaced_under_a_new_trace(
    simulate: Start,
) -> None:
    house = simulate(
        "members: {TST-OTHER: {verdicts: [{after: 11}]}}\n"
        "faults: {unbalanced: [TST-OTHER]}"
    )
    house.send(data("837p-one-claim.edi"))
    house.until(APRIL_30)

    bad, good = house.remittances()
    assert [i.level for i in imbalances(bad)] == ["transaction"]
    assert imbalances(good) == ()
    assert (bad.claims[0].paid, good.claims[0].paid) == (usd("79.00"), usd("79.00"))
    assert bad.trace != good.trace
    assert (bad.payment_date, good.payment_date) == (MARCH_13, date(2026, 3, 18))
    assert [r["trace_no"] for r in house.rows("deposits")] == [good.trace]


def test_a_remittance_can_come_twice_byte_for_byte(simulate: Start) -> None:
    house = simulate(
        "members: {TST-OTHER: {verdicts: [{after: 11}]}}\n"
        "faults: {duplicate: [TST-OTHER]}"
    )
    house.send(data("837p-one-claim.edi"))
    house.until(APRIL_30)

    first, copy = house.inbound("835")
    assert first.name != copy.name
    assert first.read_bytes() == copy.read_bytes()
    assert len(house.rows("deposits")) == 1


def test_a_remittance_can_hold_a_claim_nobody_sent(simulate: Start) -> None:
    house = simulate(
        "members: {TST-OTHER: {verdicts: [{after: 11}]}}\n"
        "faults: {stranger: [TST-OTHER]}"
    )
    house.send(data("837p-one-claim.edi"))
    house.until(APRIL_30)

    (one,) = house.remittances()
    assert [c.pcn for c in one.claims] == ["T-0005", "OTHER-40911"]
    assert imbalances(one) == ()
    assert house.rows("deposits")[0]["amount"] == "124.00"


def test_what_is_paid_too_much_is_announced_and_kept_back_from_a_later_payment(
    simulate: Start,
) -> None:
    house = simulate(
        """
members:
  TST-PAID:
    verdicts: [{after: 11}]
    later: [{after: 5, taken_after: 4, verdict: {copay: "45.00"}}]
  TST-DENIED: {verdicts: [{after: 11}]}
  TST-REJECTED: {verdicts: [{after: 11}]}
  TST-SILENT: {verdicts: [{after: 24}]}
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    first, again, last = house.remittances()
    assert [imbalances(one) for one in (first, again, last)] == [()] * 3
    assert [c.status for c in again.claims] == ["22", "1"]
    icn = first.claims[0].payer_icn
    said = [(a.code, a.reference, a.amount) for a in again.provider_adjustments]
    assert said == [("WO", f"{icn} T-0001", usd("-20.00"))]
    assert again.paid == 0
    kept = [(a.code, a.reference, a.amount) for a in last.provider_adjustments]
    assert kept == [("WO", f"{icn} T-0001", usd("20.00"))]
    assert last.paid == sum(c.paid for c in last.claims) - usd("20.00")


def test_money_kept_back_without_a_word_is_carried_when_it_is_more_than_is_paid(
    simulate: Start,
) -> None:
    house = simulate(
        """
members:
  TST-PAID: {verdicts: [{after: 11}], takes_back: {after: 3, amount: "100.00"}}
  TST-DENIED: {verdicts: [{after: 11}]}
  TST-REJECTED: {verdicts: [{after: 11}]}
  TST-SILENT: {verdicts: [{after: 18}]}
"""
    )
    house.send(data("837p-four-claims.edi"))
    house.until(APRIL_30)

    first, last = house.remittances()
    assert imbalances(first) == imbalances(last) == ()
    assert first.provider_adjustments == ()
    said = [(a.code, a.amount) for a in last.provider_adjustments]
    assert said == [("WO", usd("100.00")), ("FB", usd("-21.00"))]
    assert last.paid == 0
