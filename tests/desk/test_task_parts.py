"""The parts of a task's page: what led here, the lines, the call, cases like it."""

import re
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, update

from claims.money import usd
from claims.task import TASKS, Role, TaskType
from desk.evidence import dated
from desk.task_denial import DecidedLine, Denial
from records import audit, claims, events, tasks
from records.claims import ClaimRow
from records.tables import (
    batch,
    claim,
    decision,
    inquiry,
    remittance,
    remittance_claim,
    submission,
    task,
)
from records.tasks import NewTask
from tests.desk.conftest import PEOPLE, Site
from tests.desk.test_task_names import denial_for
from tests.desk.test_views import queries

NOTICE = date(2026, 1, 26)
LINES = [
    {
        "line": number,
        "code": code,
        "charge": charge,
        "amount": charge,
        "carc": "CO-252",
        "rarcs": ["N706"],
        "notice_on": str(NOTICE),
        "trace": "EFT1",
        "expected": expected,
    }
    for number, code, charge, expected in (
        (1, "99214", "240.00", "148.00"),
        (2, "96372", "45.10", "24.00"),
    )
]


def claim_of(site: Site, payer: str = "") -> ClaimRow:
    """Some claim, or one of a payer."""
    with site.office.reading() as conn:
        found = claims.every(conn)
    return next(row for row in found if not payer or row.payer_id == payer)


def opened_for(site: Site, kind: TaskType, row: ClaimRow, **more: Any) -> str:
    """A task of this claim."""
    office, now = site.office, site.desk.now()
    new = {"key": f"{kind}:{row.id}:{len(more)}", "why": "a test", **more}
    with office.writing() as conn:
        return tasks.open_task(
            conn,
            NewTask(
                type=kind,
                workflow_id="claim-test",
                role=TASKS[kind].role,
                due_on=now.date(),
                rule="R-DEN-01",
                claim_id=row.id,
                payer_id=row.payer_id,
                **new,
            ),
            office.because(now, "R-DEN-01", "test"),
        )


def shown(site: Site, task_id: str, who: str = "clerk") -> str:
    """The page's words, without marks and doubled spaces."""
    page = site.signed_in(who).get(f"/tasks/{task_id}")
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


# --- what happened -------------------------------------------------------------------


def test_the_last_three_things_that_led_here_name_who_by_which_rule_and_when(
    site: Site,
) -> None:
    row = claim_of(site)
    office, now = site.office, site.desk.now() + timedelta(hours=1)
    with office.writing() as conn:
        for n in range(4):
            at = now + timedelta(minutes=n)
            why = office.because(at, f"R-FIL-0{n}", "clerk" if n == 3 else "machine")
            events.add(conn, why, "sent", f"Thing {n} of 2026-01-14", claim_id=row.id)
    task_id = opened_for(
        site, TaskType.DENIAL_REVIEW, row, why="not seen on 2026-01-26"
    )
    page = site.signed_in("clerk").get(f"/tasks/{task_id}").text
    part = page.partition('id="wh"')[2].partition("</section>")[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", part).split())
    assert "Not seen on 26 Jan 2026 Rule R-DEN-01" in words
    assert re.findall(r"Thing (\d) of 14 Jan 2026", words) == ["3", "2", "1"]
    assert f"{PEOPLE['clerk']} · R-FIL-03" in words
    assert "By rule · R-FIL-02" in words
    assert 'href="/rules/R-FIL-03"' in part


def test_a_closed_task_says_nothing_of_what_came_later(site: Site) -> None:
    row = claim_of(site)
    task_id = opened_for(site, TaskType.DENIAL_REVIEW, row)
    office, now = site.office, site.desk.now()
    with office.writing() as conn:
        closed = {"status": "done", "decision": "appeal", "closed_on": now.date()}
        conn.execute(update(task).where(task.c.id == task_id).values(**closed))
        later = office.because(now + timedelta(days=3), "R-FIL-03", "machine")
        events.add(conn, later, "sent", "Came three days later", claim_id=row.id)
    assert "Came three days later" not in shown(site, task_id)


def test_dates_in_a_sentence_are_written_as_people_do() -> None:
    assert dated("no 277CA since 2026-01-14.") == "no 277CA since 14 Jan 2026."
    assert dated("trace 12026-01-145 of 2026-02-30") == (
        "trace 12026-01-145 of 2026-02-30"
    )


# --- the lines -----------------------------------------------------------------------


def stated(site: Site, row: ClaimRow) -> None:
    """The remittance that denied the lines, as posting keeps it."""
    lines = [
        {
            "number": one["line"],
            "paid": "0.00",
            "allowed": "12.50" if one["line"] == 1 else None,
            "treated": [{"code": "CO-252", "amount": one["amount"]}],
        }
        for one in LINES
    ]
    with site.office.writing() as conn:
        conn.execute(
            insert(remittance).values(
                id="r1",
                payer_id=row.payer_id,
                trace="EFT1",
                paid_cents=0,
                content_hash="",
                file_sha256="",
                st_segment=1,
                status="posted",
                received_on=NOTICE,
                posted_on=NOTICE,
            )
        )
        conn.execute(
            insert(remittance_claim).values(
                remittance_id="r1",
                position=1,
                claim_id=row.id,
                clp01_index="",
                status="4",
                charge_cents=28510,
                paid_cents=0,
                patient_cents=0,
                outcome="posted",
                detail={"lines": lines},
            )
        )


def test_each_denied_line_has_its_reason_in_words_and_the_total_is_their_sum(
    site: Site,
) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    stated(site, row)
    evidence = {"carc": "CO-252", "rarc": "N706", "lines": LINES}
    words = shown(
        site, opened_for(site, TaskType.DENIAL_REVIEW, row, evidence=evidence)
    )
    said = "CO-252 · document needed before a decision N706 · documentation missing"
    assert f"1 · 99214 {said} $240.00 $148.00 $12.50 $0.00 $240.00" in words
    assert f"2 · 96372 {said} $45.10 $24.00 Not said $0.00 $45.10" in words
    assert "2 lines $285.10 $285.10" in words


def test_the_total_of_the_lines_is_exact() -> None:
    def line(amount: str) -> DecidedLine:
        return DecidedLine(1, "", usd("1.00"), None, None, None, (), (), usd(amount))

    assert str(Denial((line("0.10"), line("0.20")), (), "Denied").total) == "0.30"


def test_until_when_a_denial_can_be_answered_is_said_in_words(site: Site) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    words = shown(
        site, opened_for(site, TaskType.DENIAL_REVIEW, row, evidence={"lines": LINES})
    )
    said = "25 Jul 2026 level 1, 180 days from the notice of 26 Jan 2026"
    assert f"Appeal by {said}" in words
    assert "Corrected claim by 25 Jul 2026 180 days from the notice" in words


def test_a_remark_that_leaves_no_appeal_is_said_instead_of_a_date(site: Site) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    barred = [{**one, "rarcs": ["MA130"]} for one in LINES]
    words = shown(
        site, opened_for(site, TaskType.DENIAL_REVIEW, row, evidence={"lines": barred})
    )
    assert "Appeal Not possible: an unprocessable claim has no appeal" in words
    assert "Appeal by" not in words


def test_an_appeals_task_shows_the_lines_that_are_denied_now(site: Site) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    (one,) = LINES[:1]
    denial = {k: v for k, v in one.items() if k not in ("line", "code", "charge")}
    with site.office.writing() as conn:
        claims.decide_line(
            conn, row.id, 1, status="denied", denial=denial, decided_by="835"
        )
    words = shown(site, opened_for(site, TaskType.APPEAL_FOLLOW_UP, row))
    assert "CO-252 · document needed before a decision" in words
    assert "1 line " in words


# --- the call ------------------------------------------------------------------------


def sent(site: Site, row: ClaimRow) -> None:
    """One submission that was accepted, and one status inquiry that was answered."""
    day = NOTICE - timedelta(days=12)
    with site.office.writing() as conn:
        conn.execute(
            insert(batch).values(
                id="b1",
                kind="837",
                payer_id=row.payer_id,
                business_date=day,
                isa13=7,
                gs06=7,
                reference="x",
            )
        )
        conn.execute(
            insert(submission).values(
                id="s1",
                claim_id=row.id,
                number=1,
                payer_id=row.payer_id,
                frequency="1",
                content_enc=b"",
                status="accepted",
                queued_on=day,
                batch_id="b1",
                sent_on=day,
                acknowledged_on=day + timedelta(1),
                accepted_on=day + timedelta(2),
                payer_icn="NL77",
            )
        )
        conn.execute(
            insert(inquiry).values(
                id="i1",
                kind="276",
                claim_id=row.id,
                payer_id=row.payer_id,
                trace="276ABC",
                status="answered",
                due_on=NOTICE,
                sent_on=NOTICE,
                answered_on=NOTICE + timedelta(1),
                answer={"status": "P1:20"},
            )
        )


def called(site: Site, row: ClaimRow) -> None:
    """An earlier call about the claim."""
    office, now = site.office, site.desk.now()
    first = opened_for(site, TaskType.FOLLOW_UP_CALL, row, subject="first")
    form = (
        '{"who": "claims desk", "reference": "R-1", "answer": "still working on it",'
        ' "next_date": "2026-02-27"}'
    )
    with office.writing() as conn:
        why = office.because(now, "R-FUP-03", "clerk")
        tasks.save(
            conn,
            office.cipher,
            row=tasks.get(conn, first),
            version=1,
            chosen="in_process",
            form=form,
            why=why,
        )
        conn.execute(update(decision).values(applied_at=decision.c.saved_at))


def test_a_call_sheet_has_whom_to_reach_what_to_say_what_we_prove_and_what_was_said(
    site: Site,
) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    sent(site, row)
    called(site, row)
    words = shown(site, opened_for(site, TaskType.STATUS_REVIEW, row))
    for said in (
        "Provider line 555-0101, 08:00-18:00 CT",
        "Their claim number NL77",
        f"Our claim number {row.pcn}",
        "Submission 1 sent 14 Jan 2026, interchange 000000007, receipt (999) "
        "15 Jan 2026, accepted by the payer (277CA) 16 Jan 2026 as NL77",
        "Asked 26 Jan 2026, trace 276ABC 27 Jan 2026: P1:20 · pending, in process",
        "In process Spoke to: claims desk. Their reference: R-1. "
        "They said: still working on it. Look again: 27 Feb 2026.",
    ):
        assert said in words
    assert PEOPLE["clerk"] in words


def test_the_sheet_names_the_patient_only_to_who_may_see_them_and_is_logged(
    site: Site,
) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    task_id = opened_for(site, TaskType.FOLLOW_UP_CALL, row)
    with site.office.reading() as conn:
        person = claims.content(conn, site.office.cipher, row.id).patient_person
    assert "Member number" in shown(site, task_id, "clerk")
    assert person.last in shown(site, task_id, "clerk")
    hidden = shown(site, task_id, "poster")
    assert "Member number" not in hidden
    assert person.last not in hidden
    with site.office.reading() as conn:
        whats = [one["what"] for one in audit.accesses(conn, row.id)]
    assert whats == ["call sheet"] * 3


# --- cases like it -------------------------------------------------------------------


def test_similar_cases_say_what_was_decided_and_what_the_payer_answered(
    site: Site,
) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    with site.office.reading() as conn:
        other = next(
            one
            for one in claims.every(conn)
            if one.payer_id == row.payer_id and one.id != row.id
        )
    evidence = {"carc": "CO-252", "lines": LINES}
    done = opened_for(site, TaskType.DENIAL_REVIEW, other, evidence=evidence)
    closed = NOTICE - timedelta(days=16)
    with site.office.writing() as conn:
        values = {"status": "done", "decision": "correct_freq_7", "closed_on": closed}
        conn.execute(update(task).where(task.c.id == done).values(**values))
        number = tasks.get(conn, done)["number"]
    stated(site, other)
    with site.office.writing() as conn:
        conn.execute(update(remittance_claim).values(paid_cents=64200))
    words = shown(
        site, opened_for(site, TaskType.DENIAL_REVIEW, row, evidence=evidence)
    )
    assert "the last one for Northlake Mutual Health, CO-252 · document" in words
    assert f"{number} 10 Jan 2026 Send a corrected claim Paid $0.00 $642.00 16" in words


# --- the whole -----------------------------------------------------------------------


def test_the_header_names_the_claim_as_the_queue_does_and_the_practices_number(
    site: Site,
) -> None:
    task_id, claim_id, _ = denial_for(site, Role.CLERK)
    with site.office.writing() as conn:
        number = {"practice_number": "HP-4711"}
        conn.execute(update(claim).where(claim.c.id == claim_id).values(**number))
        pcn = claims.get(conn, claim_id).pcn
    words = shown(site, task_id)
    assert re.search(f"Claim {pcn} Practice.s number HP-4711", words)
    assert pcn in site.signed_in("clerk").get("/tasks").text


def test_a_page_takes_few_queries(site: Site) -> None:
    row = claim_of(site, "P-NORTHLAKE")
    stated(site, row)
    denial = opened_for(site, TaskType.DENIAL_REVIEW, row, evidence={"lines": LINES})
    call = opened_for(site, TaskType.FOLLOW_UP_CALL, row)
    browser = site.signed_in("supervisor")
    for task_id in (denial, call):
        browser.get(f"/tasks/{task_id}")
        with queries(site) as ran:
            browser.get(f"/tasks/{task_id}")
        assert len(ran) <= 14, ran
