"""Questions about a payer's money: what differs, what it could be of, what books it."""

from datetime import date

import pytest
from sqlalchemy import update

from activities.files import take_in
from activities.remittance import RemittanceActivities
from desk.task_money import money_of
from policy import plb
from records import claims, remit_list, remittances, tasks
from records.tables import claim
from tests.desk.conftest import Site
from tests.desk.test_money_lists import era, posted


def asked(site: Site, content: bytes, kind: str) -> tuple[str, str]:
    """Post it; the task of this type, and its page."""
    posted(site, content)
    with site.office.reading() as conn:
        [task] = tasks.waiting(conn, types=[kind])
    return task["id"], site.signed_in("poster").get(f"/tasks/{task['id']}").text


@pytest.mark.parametrize(("paid", "side"), [("70", "less"), ("81", "more")])
def test_the_difference_is_named_with_its_side_and_leads_to_the_payment(
    site: Site, paid: str, side: str
) -> None:
    _, page = asked(site, era(paid=paid), "ERA_UNBALANCED")
    apart = abs(75 - int(paid))
    assert f"${apart}.00 {side} than its parts make" in page
    assert ">See the payment</a>" in page
    assert "What is paid for the claims, less provider level, is not the check" in page


def test_two_payments_with_one_trace_number_lead_to_both(site: Site) -> None:
    first = posted(site, era(paid="75"))
    again = era(paid="85").replace(b"*100*80*20*", b"*110*90*20*")
    again = again.replace(b"99213*100*80", b"99213*110*90")
    why = site.office.because(site.desk.now(), "R-BAD-01", "poster")
    take_in(site.office, "office", "again.edi", again, why)
    with site.office.reading() as conn:
        both = {row["id"] for row in remittances.of_trace(conn, "T-77001")}
    [second] = both - {first}
    RemittanceActivities(site.office).post_remittance(second, site.desk.now())
    with site.office.reading() as conn:
        [task] = tasks.waiting(conn, types=["ERA_CONFLICT"])
    page = site.signed_in("poster").get(f"/tasks/{task['id']}").text
    assert f'<a href="/remits/{first}">See the first one</a>' in page
    assert f'<a href="/remits/{second}">See the one that came again</a>' in page


def test_claims_like_it_are_offered_for_a_payment_that_was_not_matched(
    site: Site,
) -> None:
    with site.office.writing() as conn:
        some = [r for r in claims.every(conn) if r.payer_id == "P-NORTHLAKE"][:3]
        for row, cents in zip(some, (100_00, 100_01, 100_00), strict=True):
            one = update(claim).where(claim.c.id == row.id)
            conn.execute(one.values(charge_cents=cents, service_from=date(2026, 2, 1)))
        decided = update(claim).where(claim.c.id == some[2].id)
        conn.execute(decided.values(first_remit_on=date(2026, 5, 1)))
    _, page = asked(site, era(paid="75"), "ERA_UNMATCHED_CLAIM")
    offered = f'<option value="{some[0].pcn}">'
    assert offered in page
    assert f'<a href="/claims/{some[0].id}">' in page
    assert some[1].pcn not in page
    assert some[2].pcn not in page


@pytest.mark.parametrize("amount", ["5", "-5"])
def test_claims_that_were_paid_just_that_are_offered_for_what_is_taken_back(
    site: Site, amount: str
) -> None:
    first = posted(site, era(paid="75"))
    with site.office.writing() as conn:
        ours = next(r for r in claims.every(conn) if r.payer_id == "P-NORTHLAKE")
        [place] = remit_list.outcomes(conn, first)
        linked = {"claim_id": ours.id, "outcome": "linked", "paid_cents": 500}
        remittances.mark_claim(conn, first, place, **linked)
    again = era(paid=str(80 - int(amount)), trace="T-2")
    again = again.replace(b"L3*5", f"WO*{amount}".encode())
    why = site.office.because(site.desk.now(), "R-BAD-01", "poster")
    take_in(site.office, "office", "again.edi", again, why)
    with site.office.reading() as conn:
        [second] = remittances.of_trace(conn, "T-2")
    RemittanceActivities(site.office).post_remittance(second["id"], site.desk.now())
    with site.office.reading() as conn:
        [task] = tasks.waiting(conn, types=["RECOUPMENT_REVIEW"])
    page = site.signed_in("poster").get(f"/tasks/{task['id']}").text
    assert "Claims for which this payer once paid just $5.00" in page
    assert f'<a href="/claims/{ours.id}">{ours.pcn}</a>' in page


def test_a_provider_level_amount_offers_just_the_reasons_that_book_it(
    site: Site,
) -> None:
    content = era(paid="75").replace(b"*L3*5", b"*CS*5")
    task, page = asked(site, content, "PLB_REVIEW")
    assert "$5.00, taken out of this payment" in page
    assert '<option value="L3">L3 · penalty</option>' in page
    with site.office.reading() as conn:
        money = money_of(conn, site.office, tasks.get(conn, task))
    assert money is not None
    codes = [code for code, _ in money.reasons]
    assert not {"CS", "WO", "72"}.intersection(codes)
    for code in codes:
        word = plb.entry_word(code, lowers_payment=True)
        assert word not in (None, "PLB_SUSPENSE")
