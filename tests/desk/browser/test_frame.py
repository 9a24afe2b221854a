"""The frame of every page in a real browser."""

from playwright.async_api import Browser

from tests.desk.browser.conftest import Premises, enter


async def test_signing_in_and_out(browser: Browser, premises: Premises) -> None:
    page = await enter(browser, premises, "clerk")
    await page.locator("summary", has_text="Dana Ruiz").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in*")
    assert await page.get_by_text("You are signed out.").is_visible()


async def test_nothing_is_refused_by_the_content_policy(
    browser: Browser, premises: Premises
) -> None:
    page = await enter(browser, premises, "supervisor")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    for path in ("/", "/password"):
        await page.goto(path)
    assert [words for words in said if "Content Security Policy" in words] == []
