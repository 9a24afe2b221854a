"""An operator's import, an auditor's proof, a second person's approval."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect
from sqlalchemy import func, select

from records import accounts, claims, file_list, tasks
from records.db import RowMapping
from records.tables import access, claim
from tests.desk.browser.conftest import Premises, enter
from tests.desk.browser.test_journeys import (
    decide_first,
    first_task,
    stored,
    task_of,
)


def brought(premises: Premises, sha: str) -> file_list.Progress:
    with premises.office.reading() as conn:
        return file_list.progress(conn, sha)


async def test_an_operator_checks_a_file_starts_it_and_sees_its_claims_run(
    browser: Browser, live: Premises, repo_root: Path, tmp_path: Path
) -> None:
    live.start_worker()
    content = (repo_root / "samples" / "charges.837").read_text()
    known = content.split("CLM*")
    one = tmp_path / "today.837"
    one.write_text(re.sub(r"CLM\*", "CLM*N", content))
    page = await enter(browser, live, "ops")
    await page.get_by_role("link", name="Start").click()
    await page.set_input_files("#file", one)
    await page.get_by_role("button", name="Check the file").click()
    await page.wait_for_url("**/start/check**")
    start = page.get_by_role("button", name=f"Start {len(known) - 1} claims")
    await start.dblclick()
    await page.wait_for_url("**/imports/*")
    sha = page.url.rpartition("/")[2]
    await expect(page.get_by_text("claims started")).to_be_visible()
    for _ in range(120):
        if brought(live, sha).waiting == 0:
            break
        await page.wait_for_timeout(500)
    assert brought(live, sha) == file_list.Progress(len(known) - 1, 0)
    count = len(known) - 1
    await expect(page.get_by_text(f"{count} of {count} claims started")).to_have_count(
        1, timeout=15_000
    )


async def test_an_operator_gets_the_rejects_of_a_file(
    browser: Browser, premises: Premises, tmp_path: Path
) -> None:
    one = tmp_path / "deposits.csv"
    one.write_text(
        "deposit_ref,date,amount,method\nD1,2026-02-03,1.00,ach\nD2,2026-02-03,x,ach\n"
    )
    page = await enter(browser, premises, "ops")
    await page.goto("/start")
    await page.set_input_files("#file", one)
    await page.get_by_role("button", name="Check the file").click()
    await page.get_by_role("button", name="Take the file in").click()
    async with page.expect_download() as waited:
        await page.get_by_role("link", name="Reject file").click()
    path = await (await waited.value).path()
    assert len(Path(path).read_text().splitlines()) == 2


async def test_an_auditor_reads_the_history_and_takes_a_proof_that_verifies(
    browser: Browser, live: Premises, tmp_path: Path
) -> None:
    wanted = first_task(live, "clerk")
    with live.office.reading() as conn:
        row = claims.get(conn, wanted["claim_id"])
    page = await enter(browser, live, "auditor")
    await page.goto(f"/audit/claims/{row.pcn}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(row.pcn)
    await page.get_by_label("Reason for the export").fill("a sample of the quarter")
    async with page.expect_download() as waited:
        await page.get_by_role("button", name="Export as ZIP").click()
    proof = tmp_path / "proof.zip"
    await (await waited.value).save_as(proof)
    assert verified(proof, tmp_path / "whole") == 0
    assert verified(spoiled(proof, tmp_path), tmp_path / "spoiled") != 0
    await page.goto(f"/audit/claims/{row.pcn}/access")
    await expect(page.get_by_text("a sample of the quarter").first).to_be_visible()


def verified(proof: Path, folder: Path) -> int:
    """What the verifier inside the ZIP says, alone with Python's standard library."""
    with zipfile.ZipFile(proof) as opened:
        name = next(n for n in opened.namelist() if n.endswith("verify.py"))
        opened.extract(name, folder)
    done = subprocess.run(
        [sys.executable, "-I", str(folder / name), str(proof)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode


def spoiled(proof: Path, folder: Path) -> Path:
    """The same ZIP with one byte of a record changed."""
    other = folder / "other.zip"
    with zipfile.ZipFile(proof) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("events.jsonl"):
                content = content.replace(b"2026", b"2025", 1)
            new.writestr(name, content)
    return other


def prepared_task(premises: Premises) -> RowMapping:
    """What one person prepared and another must confirm."""
    with premises.office.reading() as conn:
        found = [t for t in tasks.listing(conn) if t["status"] == "prepared"]
    assert found, "the demo has no prepared task"
    return found[0]


async def test_a_supervisor_returns_a_letter_and_its_maker_reads_the_marks(
    browser: Browser, premises: Premises
) -> None:
    row = prepared_task(premises)
    second = await enter(browser, premises, "supervisor", java_script_enabled=False)
    await second.goto(f"/tasks/{row['id']}")
    await second.get_by_role("radio", name="Return with marks").check()
    await second.get_by_role("textbox", name="What to change").fill("Send it by fax.")
    await second.get_by_role("button", name="Return with marks").click()

    first = await enter(
        browser, premises, row["prepared_by"], java_script_enabled=False
    )
    await first.goto(f"/tasks/{row['id']}")
    await expect(first.get_by_text("Send it by fax.")).to_be_visible()
    await first.get_by_role("radio", name="Fax").check()
    reasons = first.get_by_label("Why the decision is wrong")
    await reasons.fill("We filed in time, as your own report says")
    await first.get_by_role("button", name="Preview the letter").click()
    letter = first.frame_locator("iframe").get_by_role("main")
    await expect(letter).to_contain_text("as your own report says.")
    await expect(letter).to_contain_text("Not to be sent")
    await expect(reasons).to_have_value("We filed in time, as your own report says")


@pytest.mark.parametrize("width", [320, 1280])
async def test_an_appeals_review_has_no_violation_and_no_sideways_scroll(
    browser: Browser, premises: Premises, width: int
) -> None:
    row = prepared_task(premises)
    size = {"width": width, "height": 800}
    found = []
    for who in ("supervisor", row["prepared_by"], "auditor"):
        page = await enter(browser, premises, who, viewport=size)
        await page.goto(f"/tasks/{row['id']}")
        letter = page.frame_locator("iframe").get_by_role("heading", level=1)
        await expect(letter).to_contain_text("Please pay")
        results = await Axe().run(page)
        found += [(who, v["id"]) for v in results.response["violations"]]
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == width
    assert found == []


async def test_a_supervisor_confirms_what_another_person_prepared(
    browser: Browser, live: Premises
) -> None:
    live.start_worker()
    row = prepared_task(live)
    first = await enter(browser, live, row["prepared_by"])
    await first.goto(f"/tasks/{row['id']}")
    await expect(first.get_by_text("another person must confirm it")).to_be_visible()

    second = await enter(browser, live, "supervisor")
    await second.goto(f"/tasks/{row['id']}")
    await expect(second.get_by_text("prepared").first).to_be_visible()
    await expect(second.get_by_text("The letter has 9 of 9 elements")).to_be_visible()
    shown = second.frame_locator("iframe").get_by_role("heading", level=1)
    await expect(shown).to_contain_text("Please pay")
    link = await second.get_by_role("link", name="As PDF").get_attribute("href")
    read = await (await second.request.get(str(link))).body()
    await second.get_by_label("Reason", exact=True).fill("read and agreed")
    choice = second.locator(".choice").filter(has=second.locator("input[type=radio]"))
    await choice.locator("input[type=radio]").first.check()
    await choice.locator("button.main").first.click()
    await stored(second, live, row["id"])
    for _ in range(60):
        if task_of(live, row["id"])["status"] == "done":
            break
        await second.wait_for_timeout(500)
    done = task_of(live, row["id"])
    assert (done["status"], done["decision"]) == ("done", row["decision"])
    assert (done["prepared_by"], done["decided_by"]) == (
        row["prepared_by"],
        "supervisor",
    )
    assert mailed(live, str(row["claim_id"])) == hashlib.sha256(read).hexdigest()


def mailed(premises: Premises, claim_id: str) -> str:
    """The hash of the newest appeal letter's PDF."""
    with premises.office.reading() as conn:
        letters = accounts.letters(conn, claim_id=claim_id)
    found = [one for one in letters if one["template"].startswith("APPEAL")]
    return str(found[-1]["pdf_sha256"])


def planted(premises: Premises) -> set[str]:
    """Last names and member numbers of every claim, in lower case."""
    found = set()
    with premises.office.reading() as conn:
        for row in claims.every(conn):
            person = claims.content(conn, premises.office.cipher, row.id).patient_person
            found |= {person.last.lower(), person.member_id.lower()}
    return {word for word in found if len(word) > 3}


async def test_no_planted_name_is_in_an_address_a_title_a_log_or_an_error(
    browser: Browser, premises: Premises
) -> None:
    names = planted(premises)
    wanted = first_task(premises, "clerk")
    page = await enter(browser, premises, "supervisor")
    titles, errors = [], []
    last = sorted(names)[0]
    for words in (last, wanted["claim_id"]):
        await page.get_by_role("searchbox").fill(words)
        await page.get_by_role("button", name="Find").click()
        await page.wait_for_load_state()
        titles.append(await page.title())
    claim_page = f"/claims/{wanted['claim_id']}"
    for path in ("/", "/tasks", f"/tasks/{wanted['id']}", claim_page, "/accounts"):
        await page.goto(path)
        titles.append(await page.title())
    for tab in ("money", "edi", "documents", "access"):
        await page.goto(f"{claim_page}/{tab}")
        titles.append(await page.title())
    for path in (f"/claims/{last}", f"/tasks?type={last}", f"/audit/claims/{last}"):
        answer = await page.request.get(path)
        errors.append((await answer.text()).lower())
    await page.goto(f"/tasks/{wanted['id']}")
    await decide_first(page, premises, wanted["id"])

    seen = [
        url for url in premises.seen if f"/{last}" not in url and f"={last}" not in url
    ]
    spoken = "\n".join([*seen, *titles, premises.log("desk")]).lower()
    assert [n for n in sorted(names) if n in spoken] == []
    echoed = [n for n in sorted(names) if any(n in text for text in errors)]
    assert echoed == []
    with premises.office.reading() as conn:
        reads = conn.execute(
            select(func.count()).where(access.c.claim_id == wanted["claim_id"])
        ).scalar_one()
        assert conn.execute(select(func.count()).select_from(claim)).scalar_one()
    assert reads >= 5
