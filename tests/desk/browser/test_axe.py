"""axe-core finds nothing on any page, for a role that may open it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser
from sqlalchemy import update

from activities.intake import bring_in
from claims.calendar import practice_now
from records import accounts, claims, files, remit_list, remittances
from records.tables import claim
from tests.desk.browser.conftest import Premises, enter
from tests.desk.browser.test_journeys import first_task

TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag22aa"]}}


@pytest.mark.parametrize("role", ["supervisor", "clerk", "auditor", "ops"])
async def test_no_page_has_a_violation(
    browser: Browser, premises: Premises, role: str
) -> None:
    task = first_task(premises, "clerk")
    claim = f"/claims/{task['claim_id']}"
    tabs = ("", "/lines", "/money", "/documents", "/tasks", "/rules", "/access", "/edi")
    paths = ["/", "/tasks", "/tasks?state=closed", "/tasks?type=PLAN_SETUP", "/help"]
    paths += [f"/tasks/{task['id']}", "/claims", *(claim + tab for tab in tabs)]
    paths += [f"{claim}?only=failures", "/claims?late=1", "/rules", "/rules/R-DEN-01"]
    paths += ["/health", "/password", "/ar", "/ar?by=deadline", "/ar/rows"]
    paths += ["/start", "/imports", "/imports?ended=none", "/remits", "/accounts"]
    paths += ["/audit", "/audit/access", f"/audit{claim}", "/no-such-page"]
    page = await enter(browser, premises, role)
    found = []
    for path in paths:
        await page.goto(path)
        results = await Axe().run(page, options=TAGS)
        found += [
            (path.replace(task["claim_id"], "CLAIM"), v["id"])
            for v in results.response["violations"]
        ]
    assert found == []


DEPOSITS = (
    b"deposit_ref,date,amount,method,trace_no,originator,payer_name,account_last4\r\n"
    b"D-9001,2026-01-20,100.00,ach,,,,\r\n"
    b"D-9002,2026-01-20,not-money,ach,,,,\r\n"
)


ONE_THAT_LIES_THERE = re.compile(r"Check (june\.csv|File 1)$")
"""By its name for who sees every patient, else by its place in the list."""


def details(premises: Premises) -> list[str]:
    """A remittance of each kind, an account with letters and a hold, files with and
    without rejects, health with a late claim, and a file in a mailbox."""
    office = premises.office
    inbound = premises.folder / "mailbox" / "office" / "inbound"
    (inbound / "june.csv").write_bytes(DEPOSITS.replace(b"D-9", b"D-8"))
    with office.reading() as conn:
        now = practice_now(office.clock(), datetime.now(UTC))
        rows = remittances.listing(conn)
        reversal = next(
            one["remittance_id"]
            for row in claims.every(conn)
            for one in remittances.of_claim(conn, row.id)
            if one["status"] == "22"
        )
        account = next(
            one["account_id"] for one in accounts.letters(conn) if one["account_id"]
        )
        charges = next(f["sha256"] for f in files.listing(conn) if f["kind"] == "837P")
    done = bring_in(office, "may.csv", DEPOSITS, office.because(now, "R-BAD-01", "ops"))
    with office.writing() as conn:
        row = claims.every(conn, open_only=True)[0]
        long_ago = now.date() - timedelta(days=400)
        conn.execute(
            update(claim)
            .where(claim.c.id == row.id)
            .values(next_due=long_ago, next_owner="claim")
        )
        reason = "A reason of the test."
        accounts.set_hold(
            conn,
            kind="HOLD_TEST",
            reason=reason,
            today=now.date(),
            actor="supervisor",
            account_id=account,
        )
    waits = next(row["id"] for row in rows if row["status"] == "suspended")
    odd = next(
        row["id"]
        for row in rows
        if row["status"] == "posted" and _has_unmatched(premises, row["id"])
    )
    paths = [f"/remits/{one}" for one in (reversal, waits, odd)]
    paths += [f"/remits/{odd}?only=unmatched", f"/accounts/{account}", "/health"]
    paths += ["/remits?trace=none", "/accounts?only=held", "/accounts?only=nonsense"]
    return [*paths, f"/imports/{charges}", f"/imports/{done.sha256}", "/start"]


def _has_unmatched(premises: Premises, remittance_id: str) -> bool:
    with premises.office.reading() as conn:
        return "unmatched" in remit_list.outcomes(conn, remittance_id).values()


@pytest.mark.parametrize(("role", "width"), [("supervisor", 1280), ("poster", 320)])
async def test_no_detail_page_has_a_violation_or_scrolls_sideways(
    browser: Browser, premises: Premises, role: str, width: int
) -> None:
    paths = details(premises)
    view = {"width": width, "height": 700}
    page = await enter(browser, premises, role, viewport=view)
    found = []
    for path in paths:
        await page.goto(path)
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((path[:12], "scrolls sideways"))
        results = await Axe().run(page, options=TAGS)
        found += [(path[:12], v["id"]) for v in results.response["violations"]]
    await page.get_by_role("button", name=ONE_THAT_LIES_THERE).click()
    await page.wait_for_url("**/start/check*")
    assert await page.get_by_text("Left out: 1").count() == 1
    results = await Axe().run(page, options=TAGS)
    found += [("check", v["id"]) for v in results.response["violations"]]
    assert found == []


async def test_the_sign_in_page_has_no_violation(
    browser: Browser, premises: Premises
) -> None:
    page = await browser.new_page(base_url=premises.url)
    for path in ("/sign-in", "/sign-in?why=idle"):
        await page.goto(path)
        results = await Axe().run(page, options=TAGS)
        assert [v["id"] for v in results.response["violations"]] == []
