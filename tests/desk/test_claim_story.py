"""The Story tab: paged without a gap, the future above the line, rows that open."""

import re
from datetime import date, timedelta

import httpx2
import pytest

from activities import story_items
from activities.story import payer_name
from activities.story_items import Item, Place
from claims.calendar import local_date
from claims.money import from_cents
from claims.task import TASKS, TaskType
from desk import claim_story
from desk.story_words import who_words
from desk.words import task_title
from ledger.accounts import EntryType
from ledger.balances import entries_of
from ledger.entries import NewEntry, post
from policy.step_rules import text_of
from records import claims, events, files, remittances
from records.claims import ClaimRow
from records.events import Because
from records.instants import to_text
from records.tasks import NewTask, open_task
from tests.desk.conftest import Site


def first(site: Site) -> ClaimRow:
    with site.office.reading() as conn:
        return claims.every(conn)[0]


def because(
    site: Site, *, minutes: int = 0, rule: str = "", actor: str = ""
) -> Because:
    at = site.desk.now() + timedelta(minutes=minutes)
    return site.office.because(at, rule, actor or "machine")


def tell(site: Site, kind: str, words: str, **more: object) -> None:
    """One event of the first claim."""
    row, minutes = first(site), int(str(more.pop("minutes", 0)))
    actor, rule = str(more.pop("actor", "")), str(more.pop("rule", ""))
    why = because(site, minutes=minutes, actor=actor, rule=rule)
    with site.office.writing() as conn:
        events.add(conn, why, kind, words, claim_id=row.id, **more)  # type: ignore[arg-type] # states


def charge(site: Site) -> int:
    """The first claim's charge, posted; its entry's number."""
    row, now = first(site), site.desk.now()
    new = NewEntry(
        key=f"test:{row.id}:charge",
        type=EntryType.CHARGE,
        amount=from_cents(row.charge_cents),
        business_date=now.date(),
        source=f"claim {row.pcn}",
        ref="claim READY",
        rule="R-MON-04",
        claim_id=row.id,
        payer_id=row.payer_id,
    )
    with site.office.writing() as conn:
        post(conn, [new], posted_at=to_text(now))
        return int(entries_of(conn, row.id)[-1]["id"])


def give(site: Site, kind: TaskType, due: date) -> str:
    """A task of the first claim."""
    new = NewTask(
        key=f"test:{kind}",
        type=kind,
        workflow_id="claim-test",
        role=TASKS[kind].role,
        due_on=due,
        rule="R-DEN-01",
        why="the payer refused it",
        claim_id=first(site).id,
        payer_id=first(site).payer_id,
    )
    with site.office.writing() as conn:
        return open_task(conn, new, because(site, rule="R-DEN-01"))


def page(site: Site, query: str = "", who: str = "supervisor") -> httpx2.Response:
    return site.signed_in(who).get(f"/claims/{first(site).id}{query}")


def in_pages(site: Site, size: int) -> list[Item]:
    """Every item as the pages have them, routine steps too."""
    found: list[Item] = []
    before: Place | None = None
    with site.office.reading() as conn:
        while True:
            part = story_items.page(
                conn, site.office, first(site), routine=True, before=before, size=size
            )
            found += part.items
            if part.older is None:
                return found
            before = part.older


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_the_pages_hold_every_item_once_and_newest_first(site: Site, size: int) -> None:
    charge(site)
    for number in range(9):  # three of each instant
        tell(site, "note", f"Note {number}", minutes=number // 3, actor="clerk")
    with site.office.reading() as conn:
        whole = story_items.every(conn, site.office, first(site))
    assert len(whole) > 10
    assert in_pages(site, size) == list(reversed(whole))


def test_older_leads_on_without_script_to_the_first_thing_that_happened(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_story, "SIZE", 4)
    for number in range(6):
        tell(site, "note", f"Note {number}.", minutes=number, actor="clerk")
    newest = page(site)
    assert "Note 5." in newest.text
    assert "Note 0." not in newest.text
    older = re.search(r'href="([^"]*)" rel="next"', newest.text)
    assert older is not None
    second = page(site, older[1].replace("&amp;", "&")).text
    assert "Note 0." in second
    assert "Note 5." not in second
    assert "Back to the newest" in second


@pytest.mark.parametrize("query", ["?before=yesterday", "?only=everything"])
def test_an_address_that_somebody_changed_is_one_clear_error(
    site: Site, query: str
) -> None:
    answer = page(site, query)
    assert answer.status_code == 400
    assert "Open the claim again." in answer.text


def test_routine_steps_are_hidden_counted_and_shown_when_asked_for(site: Site) -> None:
    tell(site, "step", "A routine look.")
    assert "A routine look." not in page(site).text
    assert "1 routine step is hidden." in page(site).text
    assert "A routine look." in page(site, "?routine=1").text


def test_failures_are_refusals_and_moves_into_a_refusal_not_out_of_one(
    site: Site,
) -> None:
    moves = (
        ("ACCEPTED", "DENIED", "Posted: paid nothing."),
        ("DENIED", "ACCEPTED", "Documents were sent."),
    )
    for old, new, words in moves:
        tell(site, "state", words, rule="R-STA-02", old_state=old, new_state=new)
    tell(site, "step", "The file was refused by the payer.")
    shown = page(site, "?only=failures").text
    assert "Posted: paid nothing." in shown
    assert "The file was refused by the payer." in shown
    assert "Documents were sent." not in shown


def test_people_only_shows_what_people_did(site: Site) -> None:
    tell(site, "note", "Somebody called.", actor="clerk")
    tell(site, "state", "The machine went on.", rule="R-STA-02", new_state="CODING")
    shown = page(site, "?only=people").text
    assert "Somebody called." in shown
    assert "The machine went on." not in shown


def test_what_is_to_come_stands_above_now_and_what_is_late_below_it(site: Site) -> None:
    today = local_date(site.desk.now(), site.office.zone)
    late, soon = TaskType.SCRUB_FIX, TaskType.DENIAL_REVIEW
    far = TaskType.PAYER_REQUEST_DOCS
    for kind, days in ((soon, 3), (late, -3), (far, 9)):
        give(site, kind, today + timedelta(days))
    text = page(site).text
    order = [
        text.index(f"<b>{words}</b>")
        for words in (task_title(far), task_title(soon), "Now", task_title(late))
    ]
    assert order == sorted(order)
    assert "3 days late" in text[order[2] :]
    assert "3 days late" not in text[: order[2]]


def test_rows_lead_to_their_task_their_entry_and_the_segments_of_their_file(
    site: Site,
) -> None:
    task = give(site, TaskType.DENIAL_REVIEW, site.desk.now().date())
    entry = charge(site)
    row, text = first(site), page(site).text
    happened = text.partition("What has happened")[2]
    assert f'href="/tasks/{task}"' in happened
    assert f'href="/claims/{row.id}/money#e{entry}"' in happened
    link = re.search(r'href="(/claims/[^"]*/edi\?file=[^"]*)"', happened)
    assert link is not None
    assert row.source_file is not None
    assert row.source_file[:12] in link[1]
    assert site.signed_in("supervisor").get(link[1]).status_code == 200


def pay(site: Site, *, keyed_by: str | None) -> None:
    """A remittance on file that says something of the first claim."""
    row, now, sha = first(site), site.desk.now(), "e" * 64
    with site.office.writing() as conn:
        files.register(
            conn,
            sha256=sha,
            direction="in",
            partner="clearinghouse",
            name="a file",
            kind="835",
            size=1,
            today=now.date(),
            at=now,
        )
        remittances.insert_new(
            conn,
            id="r",
            payer_id=row.payer_id,
            trace="T-1",
            paid_cents=100,
            content_hash="",
            file_sha256=sha,
            st_segment=3,
            status="posted",
            received_on=now.date(),
            keyed_by=keyed_by,
        )
        clp = {"remittance_id": "r", "position": 14, "claim_id": row.id, "status": "1"}
        clp |= {"charge_cents": 100, "paid_cents": 100, "patient_cents": 0}
        clp |= {"clp01_index": "", "outcome": "posted", "detail": {}}
        remittances.add_claims(conn, [clp])


def test_a_remittance_names_its_payer_and_leads_to_its_segment(site: Site) -> None:
    pay(site, keyed_by=None)
    row, text = first(site), page(site).text
    assert f'/claims/{row.id}/edi?file={"e" * 64}&amp;segment=14#s14"' in text
    assert f"{payer_name(site.office, row.payer_id)} · EDI in" in text
    assert f"{row.payer_id} ·" not in text


def test_one_keyed_from_paper_names_who_did_and_has_no_segments(site: Site) -> None:
    pay(site, keyed_by="poster")
    text = page(site).text
    assert "T-1 (keyed from paper)" in text
    assert "Sam Okafor · paper · row 14" in text
    assert "segment=14" not in text
    assert "T-1 (keyed from paper)" in page(site, "?only=people").text


def test_a_task_that_could_be_either_of_two_is_not_guessed(site: Site) -> None:
    row, kind = first(site), TaskType.DENIAL_REVIEW
    for subject in ("line 1", "line 2"):
        new = NewTask(
            key=f"test:{subject}",
            type=kind,
            workflow_id="claim-test",
            role=TASKS[kind].role,
            due_on=site.desk.now().date(),
            rule="R-DEN-01",
            why="the payer refused it",
            claim_id=row.id,
            subject=subject,
        )
        with site.office.writing() as conn:
            open_task(conn, new, because(site))
    happened = page(site).text.partition("What has happened")[2]
    assert 'href="/tasks/' not in happened


def test_a_decision_names_its_rule_with_a_link_its_evidence_and_who(site: Site) -> None:
    row = first(site)
    why = Because(
        at=site.desk.now(),
        today=site.desk.now().date(),
        rule="R-DEN-01",
        actor="clerk",
        table="carc_actions/1",
        data={"evidence": ["CO-97"], "decision": "write_off"},
    )
    with site.office.writing() as conn:
        events.add(conn, why, "state", "Decided.", claim_id=row.id, new_state="DENIED")
    text = page(site).text
    assert 'href="/rules/R-DEN-01"' in text
    assert "on CO-97 · " in text
    assert "; the decision “write off”" in text
    assert "table carc_actions, version 1" in text
    assert "Dana Ruiz" in text


def test_a_payer_is_named_and_not_its_id() -> None:
    known = {"P-X": "Northfield PPO", "clearinghouse": "the clearinghouse"}
    assert who_words("P-X", known) == "Northfield PPO"
    assert who_words("clearinghouse", known) == "The clearinghouse"


@pytest.mark.parametrize("who", ["clinician", "admin", "ops", "clerk"])
def test_a_rule_has_a_page_with_its_words_for_everybody(site: Site, who: str) -> None:
    answer = site.signed_in(who).get("/rules/R-DEN-01")
    assert answer.status_code == 200
    assert str(text_of("R-DEN-01")) in answer.text.replace("&#39;", "'")


def test_a_rule_that_does_not_exist_is_not_found_in_words(site: Site) -> None:
    answer = site.signed_in("clerk").get("/rules/R-NONE-01")
    assert answer.status_code == 404
    assert "No rule has this number." in answer.text


def test_the_list_of_rules_has_each_once(site: Site) -> None:
    text = site.signed_in("auditor").get("/rules").text
    numbers = re.findall(r'href="/rules/([^"]+)"', text)
    assert len(numbers) == len(set(numbers)) > 100
    assert "Other rules" not in text


def test_rules_that_ran_say_what_they_are_and_link_to_it(site: Site) -> None:
    tell(site, "step", "A look.", rule="R-SUB-02")
    text = page(site, "/rules").text
    assert 'href="/rules/R-SUB-02"' in text
    assert str(text_of("R-SUB-02")) in text.replace("&#39;", "'")
