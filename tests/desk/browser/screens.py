"""``python -m tests.desk.browser.screens URL``: pictures of the desk for docs/screens.

URL is the desk of a demo; all data on the pictures is fictional.
"""

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.desk.conftest import PASSWORD

SCREENS = Path(__file__).resolve().parents[3] / "docs" / "screens"
SIZE = {"width": 1280, "height": 860}


async def take(url: str) -> None:
    """Sign in as a supervisor and picture each page."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = await browser.new_page(base_url=url, viewport=SIZE)  # type: ignore[arg-type] # a plain dict is one
        await page.goto("/sign-in")
        await picture(page, "sign-in")
        await page.get_by_label("User name").fill("supervisor")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(lambda now: "/sign-in" not in now)
        await picture(page, "today")
        await page.goto("/tasks")
        await picture(page, "queue")
        await page.locator("a[data-open]").first.click()
        await page.wait_for_load_state()
        await picture(page, "task")
        await page.locator("a[href^='/claims/']").first.click()
        await page.wait_for_load_state()
        await picture(page, "claim-story")
        claim = page.url
        for tab in ("money", "edi"):
            await page.goto(f"{claim}/{tab}")
            await picture(page, f"claim-{tab}")
        for name, path in (
            ("aging", "/ar"),
            ("audit", "/audit"),
            ("health", "/health"),
        ):
            await page.goto(path)
            await picture(page, name)
        await browser.close()


async def picture(page: Page, name: str) -> None:
    """One PNG of what the window shows."""
    await page.screenshot(path=SCREENS / f"{name}.png")


if __name__ == "__main__":
    SCREENS.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(sys.argv[1]))
