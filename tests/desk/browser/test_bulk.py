"""Acts on many tasks in a browser: by keyboard, and without JavaScript on a phone."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from records import tasks
from tests.desk.browser.conftest import Premises, enter
from tests.desk.browser.test_axe import TAGS
from tests.desk.browser.test_keyboard import enter_by_keys, press, tab_to


def holders(premises: Premises) -> dict[str, str | None]:
    """Who has each waiting task."""
    with premises.office.reading() as conn:
        return {row["id"]: row["assignee"] for row in tasks.listing(conn)}


async def looked_over(page: Page) -> None:
    """The page has no violation, and no way to scroll sideways."""
    results = await Axe().run(page, options=TAGS)
    assert [v["id"] for v in results.response["violations"]] == []
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert await page.evaluate(wide) <= 0


async def test_two_tasks_are_taken_looked_over_and_undone_without_a_mouse(
    browser: Browser, premises: Premises
) -> None:
    before = holders(premises)
    page = await enter_by_keys(browser, premises, "clerk")
    await press(page, "g", "q")
    await page.wait_for_url("**/tasks")
    await press(page, "j", "x", "j", "X", "e")
    await page.wait_for_url("**/bulk/*")
    assert await page.get_by_role("heading", name="Take 2 tasks?").is_visible()
    assert holders(premises) == before
    await looked_over(page)

    await tab_to(page, "button.main")
    await press(page, "Enter")
    await page.get_by_role("heading", name="2 tasks taken").wait_for()
    assert list(holders(premises).values()).count("clerk") == 2
    await looked_over(page)

    await press(page, "g", "q")
    await page.get_by_text("Your last act, taking tasks").wait_for()
    await looked_over(page)
    await press(page, "z")
    await page.wait_for_url("**/bulk/*")
    await press(page, "z")
    await page.get_by_text("Undone for 2 of 2 tasks").wait_for()
    assert holders(premises) == before


async def test_a_supervisor_gives_a_whole_list_away_without_javascript_on_a_phone(
    browser: Browser, premises: Premises
) -> None:
    small = {"width": 320, "height": 640}
    page = await enter(
        browser, premises, "supervisor", viewport=small, java_script_enabled=False
    )
    await page.goto("/tasks?state=waiting")
    await page.get_by_label("Which tasks").select_option("all")
    await page.locator("summary", has_text="Assign").click()
    await page.get_by_label("Give them to").select_option("clerk")
    await page.get_by_role("button", name="Give them").click()
    await page.wait_for_url("**/bulk/*")
    assert await page.get_by_text("may not decide this kind of task").is_visible()
    await page.get_by_role("button", name="Give").click()
    await page.get_by_role("button", name="Undo for").wait_for()
    given = [task for task, who in holders(premises).items() if who == "clerk"]
    assert given

    await page.get_by_role("button", name="Undo for").click()
    await page.get_by_text(f"Undone for {len(given)} of").wait_for()
    assert "clerk" not in holders(premises).values()


async def test_columns_are_chosen_without_javascript_and_found_again(
    browser: Browser, premises: Premises
) -> None:
    page = await enter(browser, premises, "clerk", java_script_enabled=False)
    await page.goto("/tasks")
    await page.locator("summary", has_text="Columns").click()
    await page.get_by_label("Patient and visit").uncheck()
    await page.get_by_label("Waiting for").check()
    await page.get_by_role("button", name="Show these").click()
    await page.get_by_text("Columns changed").wait_for()
    await page.goto("/")
    await page.goto("/tasks")

    heads = await page.locator("thead th").all_inner_texts()
    assert "Waiting for" in heads
    assert "Patient and visit" not in heads


async def test_the_pages_of_acts_have_no_violation(
    browser: Browser, premises: Premises
) -> None:
    page = await enter(browser, premises, "supervisor")
    await page.goto("/bulk")
    await looked_over(page)
    await page.goto("/tasks?state=waiting")
    await page.get_by_label("Which tasks").select_option("all")
    await page.get_by_role("button", name="Give back").click()
    await page.get_by_text("None of them can be").wait_for()
    await looked_over(page)
    await page.goto("/tasks?cols=patient,payer,open,who,waiting,opened,legal,number")
    await page.locator("summary", has_text="Columns").click()
    await looked_over(page)
