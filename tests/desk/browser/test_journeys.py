"""Whole journeys in a real browser: what a person does, and what becomes of it."""

from playwright.async_api import Browser, Page
from sqlalchemy import func, select

from claims.task import TASKS, TaskType
from desk.task_form import choices
from records import claims, drafts, tasks
from records.db import RowMapping
from records.tables import decision
from tests.desk.browser.conftest import Premises, enter


def first_task(premises: Premises, role: str, status: str = "open") -> RowMapping:
    """The first task of this role in the queue's order."""
    with premises.office.reading() as conn:
        found = [t for t in tasks.listing(conn, role=role) if t["status"] == status]
    return next(t for t in found if t["claim_id"])


def task_of(premises: Premises, task_id: str) -> RowMapping:
    with premises.office.reading() as conn:
        return tasks.get(conn, task_id)


def decisions(premises: Premises) -> int:
    with premises.office.reading() as conn:
        return int(
            conn.execute(select(func.count()).select_from(decision)).scalar_one()
        )


async def choose_call(page: Page) -> None:
    """Any decision that only a note stands behind."""
    await page.get_by_label("Note", exact=True).fill("Looked at it in the morning")
    await page.get_by_label("Reason", exact=True).fill("a person has looked at it")


async def test_a_clerk_signs_in_gets_the_next_task_and_sees_the_claim_move(
    browser: Browser, live: Premises
) -> None:
    live.start_worker()
    wanted = first_task(live, "clerk")
    with live.office.reading() as conn:
        before = claims.get(conn, wanted["claim_id"])
    page = await enter(browser, live, "clerk")
    await page.get_by_role("button", name="Get next task").click()
    await page.wait_for_url(f"**/tasks/{wanted['id']}")
    await decide_first(page, live, wanted["id"])

    done = task_of(live, wanted["id"])
    assert (done["status"], done["decided_by"]) == ("done", "clerk")
    with live.office.reading() as conn:
        after = claims.get(conn, wanted["claim_id"])
    assert (after.state, after.next_what) != (before.state, before.next_what)
    await page.goto(f"/claims/{after.id}")
    assert await page.get_by_text("Waiting for").first.is_visible()


def free_choice(row: RowMapping) -> str:
    """The first decision that needs nobody else and no field."""
    listed = choices(TASKS[TaskType(row["type"])], row["evidence"])
    return next(c.decision for c in listed if not (c.needs or c.second))


async def stored(page: Page, premises: Premises, task_id: str) -> None:
    """Wait until a decision is on file and the page that says so is there."""
    for _ in range(100):
        if task_of(premises, task_id)["status"] not in ("open", "prepared"):
            break
        await page.wait_for_timeout(100)
    await page.locator('input[name="decision"]').first.wait_for(state="detached")
    await page.wait_for_load_state()


async def decide_first(page: Page, premises: Premises, task_id: str) -> None:
    """Give that decision."""
    chosen = free_choice(task_of(premises, task_id))
    await choose_call(page)
    await page.locator(f'input[name="decision"][value="{chosen}"]').check()
    await page.locator(f'.choice:has(input[value="{chosen}"]) button.main').click()
    await stored(page, premises, task_id)


async def test_without_a_worker_a_decision_is_saved_and_applied_when_one_starts(
    browser: Browser, live: Premises
) -> None:
    wanted = first_task(live, "clerk")
    page = await enter(browser, live, "clerk")
    await page.goto(f"/tasks/{wanted['id']}")
    await decide_first(page, live, wanted["id"])
    said = page.get_by_text("Will be applied when processing resumes")
    assert await said.first.is_visible()
    assert task_of(live, wanted["id"])["status"] == "saved"

    live.start_worker()
    for _ in range(60):
        if task_of(live, wanted["id"])["status"] != "saved":
            break
        await page.wait_for_timeout(500)
    assert task_of(live, wanted["id"])["status"] == "done"


async def test_a_double_click_decides_once(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    before = decisions(premises)
    page = await enter(browser, premises, "clerk")
    await page.goto(f"/tasks/{wanted['id']}")
    await choose_call(page)
    chosen = free_choice(wanted)
    await page.locator(f'input[name="decision"][value="{chosen}"]').check()
    await page.locator(".choice:has(input:checked) button.main").dblclick()
    await stored(page, premises, wanted["id"])
    assert decisions(premises) == before + 1


async def test_two_people_on_one_task_see_both_and_lose_nothing(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    first = await enter(browser, premises, "clerk")
    second = await enter(browser, premises, "supervisor")
    for page in (first, second):
        await page.goto(f"/tasks/{wanted['id']}")
    await decide_first(first, premises, wanted["id"])
    await second.get_by_label("Note", exact=True).fill("the supervisor's own words")
    await second.locator('input[name="decision"]').first.check()
    await second.locator(".choice:has(input:checked) button.main").click()
    await second.wait_for_load_state()

    assert await second.get_by_text("changed while you worked").first.is_visible()
    with premises.office.reading() as conn:
        kept = drafts.newest_of_others(
            conn, premises.office.cipher, wanted["id"], "clerk"
        )
    assert kept is not None
    assert kept.form["note"] == "the supervisor's own words"


async def test_the_core_works_without_javascript(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    page = await enter(browser, premises, "clerk", java_script_enabled=False)
    await page.get_by_role("button", name="Get next task").click()
    await page.wait_for_url("**/tasks/*")
    await decide_first(page, premises, wanted["id"])
    assert task_of(premises, wanted["id"])["status"] == "saved"


async def test_nothing_scrolls_sideways_on_a_phone(
    browser: Browser, premises: Premises
) -> None:
    wanted = first_task(premises, "clerk")
    page = await enter(
        browser, premises, "supervisor", viewport={"width": 320, "height": 640}
    )
    claim = f"/claims/{wanted['claim_id']}"
    wide = []
    for path in ("/", "/tasks", f"/tasks/{wanted['id']}", claim, f"{claim}/money"):
        await page.goto(path)
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide.append((path.split("/")[1], width))
    assert wide == []
