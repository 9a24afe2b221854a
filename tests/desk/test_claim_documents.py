"""Documents and Tasks tabs: who may read letters, and who decided what."""

import pytest
from starlette.testclient import TestClient

from claims.task import TaskType
from records import accounts, audit, claims, tasks
from records.claims import ClaimRow
from records.tasks import NewTask
from tests.desk.conftest import Site, post

HTML = b"<!doctype html><title>Letter</title><p>Balance: $25.00</p>"


def first(site: Site) -> ClaimRow:
    with site.office.reading() as conn:
        return claims.every(conn)[0]


def letter(site: Site, *, of_claim: bool = True) -> str:
    """A first statement for the first claim: its own, or its account's."""
    row, documents = first(site), site.office.documents
    with site.office.writing() as conn:
        letter_id = accounts.add_letter(
            conn,
            key="test:letter",
            template="STMT_1",
            template_version="STMT_1/1",
            claim_id=row.id if of_claim else None,
            account_id=row.account_id,
            recipient="patient",
            dated=site.desk.now().date(),
            status="outbox",
            html_sha256=documents.put(HTML),
            pdf_sha256=documents.put(b"%PDF-1.7 test"),
            facts_sha256=documents.put(b"{}"),
        )
        if not of_claim:
            billed = {"claim_id": row.id, "step": 1, "amount_cents": 2500}
            billed |= {"cycle_start": site.desk.now().date(), "template": "STMT_1"}
            accounts.add_statement(
                conn,
                account_id=row.account_id,
                letter_id=letter_id,
                dated=site.desk.now().date(),
                amount_cents=2500,
                claims=[billed],
            )
    return letter_id


def break_glass(site: Site, client: TestClient) -> None:
    path = f"/claims/{first(site).id}/open"
    assert post(client, path, {"reason": "Asked by phone"}).status_code == 303


@pytest.mark.parametrize("of_claim", [True, False])
@pytest.mark.parametrize("way", ["", "/pdf"])
def test_a_reason_opens_the_letters_of_the_chart_too(
    site: Site, way: str, of_claim: bool
) -> None:
    letter_id, coder = letter(site, of_claim=of_claim), site.signed_in("coder")
    path = f"/claims/{first(site).id}/documents"
    assert f"/letters/{letter_id}" not in coder.get(path).text
    assert coder.get(f"/letters/{letter_id}{way}").status_code == 403
    break_glass(site, coder)
    assert f'href="/letters/{letter_id}{way}"' in coder.get(path).text
    assert coder.get(f"/letters/{letter_id}{way}").status_code == 200
    with site.office.reading() as conn:
        reads = audit.accesses(conn, first(site).id)
    assert [r["what"] for r in reads if r["actor"] == "coder"][-1] == "letter"


def test_a_reason_for_one_chart_opens_no_other_letter(site: Site) -> None:
    letter_id, coder = letter(site), site.signed_in("coder")
    with site.office.reading() as conn:
        other = claims.every(conn)[1].id
    opened = post(coder, f"/claims/{other}/open", {"reason": "Asked by phone"})
    assert opened.status_code == 303
    assert coder.get(f"/letters/{letter_id}").status_code == 403


def test_ops_read_no_letter_and_get_no_link_to_one(site: Site) -> None:
    letter_id, ops = letter(site), site.signed_in("ops")
    page = ops.get(f"/claims/{first(site).id}/documents").text
    assert "First statement" in page
    assert f"/letters/{letter_id}" not in page
    assert ops.get(f"/letters/{letter_id}").status_code == 403


def test_documents_list_each_letter_with_its_date_state_and_reader(site: Site) -> None:
    letter_id = letter(site)
    page = site.signed_in("auditor").get(f"/claims/{first(site).id}/documents").text
    item = page.partition(f'href="/letters/{letter_id}"')[2].partition("</li>")[0]
    assert "First statement" in item
    assert "<time datetime=" in item
    assert "waits to be mailed" in item
    assert "to the patient" in item


def test_the_story_leads_to_a_letter_only_for_who_may_read_it(site: Site) -> None:
    letter_id, path = letter(site, of_claim=False), f"/claims/{first(site).id}"
    assert f'href="/letters/{letter_id}"' in site.signed_in("auditor").get(path).text
    shown = site.signed_in("ops").get(path).text
    assert "First statement" in shown
    assert letter_id not in shown


def test_the_tasks_tab_says_what_was_decided_and_by_whom(site: Site) -> None:
    office, row = site.office, first(site)
    why = office.because(site.desk.now(), "R-DEN-01", "machine")
    new = NewTask(
        key="test:denial",
        type=TaskType.DENIAL_REVIEW,
        workflow_id="claim-test",
        role="clerk",
        due_on=why.today,
        rule="R-DEN-01",
        why="the payer refused it",
        claim_id=row.id,
    )
    with office.writing() as conn:
        task_id = tasks.open_task(conn, new, why)
    clerk = site.signed_in("clerk")
    given = {"version": "1", "decision": "appeal"}
    assert post(clerk, f"/tasks/{task_id}", given).status_code == 303
    tab = clerk.get(f"/claims/{row.id}/tasks").text
    line = tab.partition(f'href="/tasks/{task_id}"')[2].partition("</tr>")[0]
    assert "A denied claim" in line
    assert "saved, not yet applied" in line
    assert "appeal" in line


def test_a_claim_without_tasks_says_so(site: Site) -> None:
    page = site.signed_in("auditor").get(f"/claims/{first(site).id}/tasks").text
    assert "This claim has had no task." in page
