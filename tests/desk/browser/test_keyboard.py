"""The desk by keyboard alone: sign in, walk the queue, act, and switch the keys off."""

from datetime import date

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.desk.browser.conftest import Premises
from tests.desk.browser.test_axe import TAGS
from tests.desk.browser.test_journeys import first_task, free_choice, stored, task_of
from tests.desk.conftest import PASSWORD


async def enter_by_keys(browser: Browser, premises: Premises, name: str) -> Page:
    """Sign in without a mouse."""
    context = await browser.new_context(base_url=premises.url)
    context.set_default_timeout(15_000)
    page = await context.new_page()
    await page.goto("/sign-in")
    await tab_to(page, "input[name=username]")
    await page.keyboard.type(name)
    await tab_to(page, "input[name=password]")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until this has the focus; whatever has it can be seen to have it."""
    for _ in range(80):
        if await page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_a_clerk_walks_the_queue_takes_and_snoozes_without_a_mouse(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    until = wanted["legal_deadline"] or date(2030, 12, 31)
    page = await enter_by_keys(browser, premises, "clerk")
    await press(page, "g", "q")
    await page.wait_for_url("**/tasks")
    first = page.locator("tr[data-row]").first
    await press(page, "j", "j", "k")
    assert await first.evaluate("row => row.classList.contains('at')")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await page.evaluate(outline) == "solid"

    while await page.locator("tr.at").get_attribute("data-row") != wanted["id"]:
        await press(page, "j")
    await press(page, "e")
    await page.get_by_text("is taken.").wait_for()
    assert task_of(premises, wanted["id"])["assignee"] == "clerk"

    await press(page, "j")
    while await page.locator("tr.at").get_attribute("data-row") != wanted["id"]:
        await press(page, "j")
    await press(page, "s")
    await page.keyboard.type(until.strftime("%m%d%Y"))
    await tab_to(page, "input[name=reason]")
    await page.keyboard.type("joke: keys in a field are only text")
    await press(page, "Enter")
    await page.get_by_text("is put to sleep until").wait_for()
    row = task_of(premises, wanted["id"])
    assert row["snooze_reason"] == "joke: keys in a field are only text"
    assert row["snoozed_until"] == until


async def test_a_decision_is_made_without_a_mouse(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    page = await enter_by_keys(browser, premises, "clerk")
    await press(page, "g", "q")
    await page.wait_for_url("**/tasks")
    await press(page, "j")
    while await page.locator("tr.at").get_attribute("data-row") != wanted["id"]:
        await press(page, "j")
    await press(page, "o")
    await page.wait_for_url(f"**/tasks/{wanted['id']}")
    chosen = free_choice(wanted)
    await tab_to(page, "[name=reason]")
    await page.keyboard.type("a person has looked at it")
    await tab_to(page, "input[name=decision]")
    await press(page, "Space")
    while not await page.locator(f'input[value="{chosen}"]').is_checked():
        await press(page, "ArrowDown")
    await press(page, "Control+Enter")
    await stored(page, premises, wanted["id"])
    assert task_of(premises, wanted["id"])["status"] == "saved"


async def test_question_mark_lists_the_keys_and_the_switch_turns_them_off(
    browser: Browser, premises: Premises
) -> None:
    page = await enter_by_keys(browser, premises, "clerk")
    await press(page, "g", "q")
    await page.wait_for_url("**/tasks")
    await press(page, "?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert await dialog.get_by_text("Take the selected tasks").is_visible()
    await tab_to(page, "dialog input")
    await press(page, "Space", "Escape", "j", "?")
    assert not await dialog.is_visible()
    assert await page.locator("tr.at").count() == 0

    await page.reload()
    await press(page, "j")
    assert await page.locator("tr.at").count() == 0


async def test_the_queue_has_no_violation_in_any_of_its_states(
    browser: Browser, premises: Premises
) -> None:
    page = await enter_by_keys(browser, premises, "supervisor")
    found = []
    states = {
        "/tasks?state=waiting": ("j", "s"),
        "/tasks?size=100": ("j", "a"),
        "/tasks?due=-1": ("f",),
        "/tasks?role=any": ("?",),
        "/tasks?type=PLAN_SETUP&legal=3": (),
        "/tasks?amount=much": (),
    }
    for path, keys in states.items():
        await page.goto(path)
        await press(page, *keys)
        results = await Axe().run(page, options=TAGS)
        found += [(path, v["id"]) for v in results.response["violations"]]
    assert found == []


async def test_search_and_filters_take_the_focus(
    browser: Browser, premises: Premises
) -> None:
    page = await enter_by_keys(browser, premises, "clerk")
    await press(page, "g", "q")
    await page.wait_for_url("**/tasks")
    await press(page, "/")
    await page.keyboard.type("gq?")
    assert await page.locator("#find").input_value() == "gq?"
    await press(page, "Escape")
    await page.locator("h1").focus()
    await page.evaluate("document.activeElement.blur()")
    await press(page, "f")
    await tab_to(page, "[data-filters] [name=amount]")
    await page.keyboard.type("1000000")
    await press(page, "Enter")
    await page.wait_for_url("**amount=1000000**")
    assert await page.get_by_text("No task matches").is_visible()
    await tab_to(page, ".chip a")
    await press(page, "Enter")
    await page.wait_for_url(lambda url: "amount" not in url)
    assert await page.locator("tr[data-row]").count() > 0
