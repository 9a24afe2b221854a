"""axe-core finds nothing on any page, for a role that may open it."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

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


async def test_the_sign_in_page_has_no_violation(
    browser: Browser, premises: Premises
) -> None:
    page = await browser.new_page(base_url=premises.url)
    for path in ("/sign-in", "/sign-in?why=idle"):
        await page.goto(path)
        results = await Axe().run(page, options=TAGS)
        assert [v["id"] for v in results.response["violations"]] == []
