"""The Money tab: corrections as pairs, the balance of any day, and what adds up."""

import re
from datetime import date, timedelta
from decimal import Decimal

import httpx2
import pytest

from claims.calendar import local_date
from ledger.accounts import EntryType
from ledger.balances import balances_as_of, entries_of
from ledger.entries import NewEntry, post
from records import claims
from records.claims import ClaimRow
from records.instants import to_text
from tests.desk.conftest import Site

FIRST, SECOND = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
"""Beginnings of two files' SHA-256."""


def first(site: Site) -> ClaimRow:
    with site.office.reading() as conn:
        return claims.every(conn)[0]


def put(
    site: Site, day: date, source: str, rule: str, *parts: tuple[str, str]
) -> list[int]:
    """Post these on the first claim; their numbers."""
    row = first(site)
    new = [
        NewEntry(
            key=f"test:{source}:{kind}",
            type=EntryType(kind),
            amount=Decimal(amount),
            business_date=day,
            source=source,
            ref="test",
            rule=rule,
            claim_id=row.id,
            payer_id=row.payer_id,
        )
        for kind, amount in parts
    ]
    with site.office.writing() as conn:
        post(conn, new, posted_at=to_text(site.desk.now()))
        return [int(e["id"]) for e in entries_of(conn, row.id)][-len(parts) :]


def today(site: Site) -> date:
    return local_date(site.desk.now(), site.office.zone)


def corrected(site: Site) -> tuple[int, int, int]:
    """A payment, its reversal five days later, and the payment posted instead."""
    was, now = today(site) - timedelta(8), today(site) - timedelta(3)
    put(site, was - timedelta(9), "claim", "R-MON-04", ("CHARGE", "570"))
    (paid,) = put(
        site, was, f"{FIRST} segment 9", "R-POST-01", ("PAYER_PAYMENT", "94.40")
    )
    (back,) = put(
        site, now, f"{SECOND} segment 9", "R-REV-01", ("PAYER_REVERSAL", "94.40")
    )
    (anew,) = put(
        site, now, f"{SECOND} segment 30", "R-POST-01", ("PAYER_PAYMENT", "106.20")
    )
    return paid, back, anew


def page(site: Site, query: str = "") -> httpx2.Response:
    return site.signed_in("supervisor").get(f"/claims/{first(site).id}/money{query}")


def group_of(text: str, entry: int) -> str:
    """The table part that holds an entry."""
    parts = re.findall(r"<tbody.*?</tbody>", text, re.DOTALL)
    return str(next(part for part in parts if f'id="e{entry}"' in part))


def test_a_reversed_entry_and_its_reversal_lead_to_each_other(site: Site) -> None:
    paid, back, anew = corrected(site)
    text = page(site).text
    was, rev, fix = (group_of(text, entry) for entry in (paid, back, anew))
    assert f'taken back by <a href="#e{back}">' in was
    assert f'takes back <a href="#e{paid}">' in rev
    for part, kind, words in (
        (was, "was", "Taken back later"),
        (rev, "rev", "Reversal"),
        (fix, "fix", "Correction"),
    ):
        assert part.startswith(f'<tbody class="{kind}">')
        assert words in part


def test_a_correction_stands_together_with_what_it_changed(site: Site) -> None:
    paid, back, anew = corrected(site)
    pairs = page(site).text.partition("Corrections, in pairs")[2]
    row = pairs.partition("<tbody>")[2].partition("</tr>")[0]
    numbers = re.findall(r'href="#e(\d+)"', row)
    assert numbers == [str(paid), str(back), str(anew)]
    assert "$94.40" in row
    assert "$106.20" in row
    assert ">11.80<" in row


def test_the_balance_runs_and_ends_at_the_ledgers_own(site: Site) -> None:
    corrected(site)
    text, row = page(site).text, first(site)
    seen = re.findall(r'class="r bal">([\d.,]+)<', text)
    assert seen == ["570.00", "475.60", "570.00", "463.80"]
    with site.office.reading() as conn:
        money = balances_as_of(conn, row.id, today(site))
    assert money.insurer_open + money.patient_due - money.credit == Decimal(seen[-1])


def test_as_of_a_day_shows_the_ledger_of_that_day_and_says_so(site: Site) -> None:
    corrected(site)
    day = today(site) - timedelta(8)
    text = page(site, f"?as_of={day}").text
    assert re.findall(r'class="r bal">([\d.,]+)<', text) == ["570.00", "475.60"]
    assert "The figures are those at the end of" in text
    assert "Reversal" not in text
    assert "Taken back later" not in text
    the_day_before = page(site, f"?as_of={day - timedelta(1)}").text
    assert re.findall(r'class="r bal">([\d.,]+)<', the_day_before) == ["570.00"]


@pytest.mark.parametrize("asked", ["2026-02-30", "yesterday", "20260105", "2026-1-5"])
def test_a_day_that_is_none_is_one_clear_error(site: Site, asked: str) -> None:
    answer = page(site, f"?as_of={asked}")
    assert answer.status_code == 400
    assert "This is no day. Nothing was worked out." in answer.text
    assert asked not in answer.text


def test_a_day_still_to_come_is_refused(site: Site) -> None:
    answer = page(site, f"?as_of={today(site) + timedelta(2)}")
    assert answer.status_code == 400
    assert "This day is still to come." in answer.text


def test_before_the_charge_posts_nothing_is_said_to_be_billed(site: Site) -> None:
    text = page(site).text
    assert "not on the ledger yet, so nothing is billed" in text
    assert "$0.00 billed" not in text
    assert "Yes, to the cent" not in text


def test_after_the_charge_it_adds_up_to_the_cent(site: Site) -> None:
    corrected(site)
    text = page(site).text
    assert "$570.00 billed = $106.20" in text
    assert "Yes, to the cent" in text


def test_a_posting_leads_to_the_segment_it_came_from_and_to_its_rule(
    site: Site,
) -> None:
    paid, _, _ = corrected(site)
    part, row = group_of(page(site).text, paid), first(site)
    assert f"/claims/{row.id}/edi?file={FIRST}&amp;segment=9#s9" in part
    assert 'href="/rules/R-POST-01"' in part
