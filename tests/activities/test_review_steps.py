"""Steps that ended at nobody, or were overwritten by somebody who looked before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from activities import patient, payments
from activities.appeal import AppealActivities, take_decision
from activities.deposits import open_unmatched
from activities.filing import watch_filing
from activities.followup import FollowUpActivities, await_835
from activities.imports import import_claims
from activities.next_payer import COVERAGE
from activities.notices import ask_patient
from activities.office import Office
from activities.payments import PatientPayment, take_payment
from activities.scrub import ready
from activities.settle import settle
from activities.steps import by_claim, is_due, safety_net
from activities.submission import SubmissionActivities, lost, queue_claim
from claims.claim import ClaimState
from ledger.accounts import EntryType
from records import accounts, claims, events, inquiries, remittances, submissions, tasks
from records.db import Connection
from records.events import Because
from records.tasks import NewTask
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import accept, claim_of, enter
from tests.edi.conftest import OURS

PAYER = "P-NORTHLAKE"
EVENING = NOON.replace(hour=23)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    """The five claims of a1, billed to a payer that we know."""
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    with opened.writing() as conn:
        for row in claims.every(conn):
            claims.change_payer(
                conn, row.id, payer_id=PAYER, member_index=row.member_index
            )
    yield opened
    opened.db.close()


def _end(
    conn: Connection, office: Office, task_id: str, how: str, why: Because
) -> None:
    """A person decides the task, as their stored decision does it."""
    row = tasks.get(conn, task_id)
    made = tasks.save(
        conn,
        office.cipher,
        row=row,
        version=row["version"],
        chosen=how,
        form="{}",
        why=why,
    )
    assert made is not None
    stored = tasks.stored_decision(conn, made)
    assert tasks.close(conn, stored=stored, evidence={}, why=why)


def test_a_claim_lost_twice_has_a_new_task(office: Office, why: Because) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        lost(conn, office, row.id, why, "the payer cannot find the claim")
        (first,) = tasks.waiting(conn, claim_id=row.id)
        _end(conn, office, first["id"], "found", why)
        step = safety_net(office, row, why)
        claims.set_step(
            conn, claims.get(conn, row.id), ClaimState.ACCEPTED, step, why, "Found"
        )
        lost(conn, office, row.id, why, "the payer cannot find the claim")
        waiting = tasks.waiting(conn, claim_id=row.id)
        row = claims.get(conn, row.id)

    assert [t["type"] for t in waiting] == ["LOST_CLAIM"]
    assert row.next_owner_id == waiting[0]["id"]


def test_a_submission_takes_back_the_one_that_has_not_left(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        content = claims.content(conn, office.cipher, row.id)
        queue_claim(conn, office, row.id, content, why)
        queue_claim(conn, office, row.id, content, why)
        taken = submissions.take(conn, payer_id=PAYER, batch_id="submit-test")

    assert taken == 1


def _at_day_120(conn: Connection, office: Office, why: Because) -> str:
    """A patient's balance whose four letters were not answered."""
    row = accept(conn, office, claim_of(conn), why)
    start = why.today - timedelta(130)
    then = replace(why, today=start)
    enter(conn, row, EntryType.TRANSFER_TO_PATIENT, Decimal(150), then)
    for number in range(1, 5):
        accounts.add_statement(
            conn,
            account_id=row.account_id,
            letter_id=f"letter-{number}",
            dated=start + timedelta(30 * (number - 1)),
            amount_cents=15000,
            claims=[
                {
                    "claim_id": row.id,
                    "step": number,
                    "cycle_start": start,
                    "template": "STATEMENT",
                    "amount_cents": 15000,
                }
            ],
        )
    step = safety_net(office, row, why)
    claims.set_step(conn, row, ClaimState.PATIENT_BALANCE, step, why, "Patient")
    return row.account_id


@pytest.mark.parametrize("decision", ["place", "hold"])
def test_what_a_supervisor_decided_about_collections_stands(
    office: Office, why: Because, decision: str
) -> None:
    with office.writing() as conn:
        account_id = _at_day_120(conn, office, why)
    looking = patient.PatientActivities(office)
    looking.look_at_account(account_id, EVENING)
    with office.writing() as conn:
        (task,) = tasks.waiting(conn, types=["COLLECTIONS_APPROVE"])
        saul = replace(why, actor="saul")
        _end(conn, office, task["id"], decision, saul)
        row = claim_of(conn)
        patient.resolve_collections(
            conn, office, row, decision, {"_task": task["id"]}, saul
        )
        set_by_supervisor = claim_of(conn)
    for day in range(1, 4):
        look = looking.look_at_account(account_id, EVENING + timedelta(day))

    with office.reading() as conn:
        row = claim_of(conn)
    assert (row.state, row.next_owner, row.next_due) == (
        set_by_supervisor.state,
        "claim",
        set_by_supervisor.next_due,
    )
    assert look.done


def test_a_part_payment_leaves_a_placed_balance_with_a_date(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        account_id = _at_day_120(conn, office, why)
        row = claim_of(conn)
        claims.note(conn, row.id, first_remit_on=why.today)
        claims.decide_line(conn, row.id, 1, status="paid", denial=None, decided_by="t")
    looking = patient.PatientActivities(office)
    looking.look_at_account(account_id, EVENING)
    with office.writing() as conn:
        (task,) = tasks.waiting(conn, types=["COLLECTIONS_APPROVE"])
        saul = replace(why, actor="saul")
        _end(conn, office, task["id"], "place", saul)
        form = {"_task": task["id"]}
        patient.resolve_collections(conn, office, claim_of(conn), "place", form, saul)
        placed = claim_of(conn)
        paid = PatientPayment(
            receipt_ref="R-1", date=why.today, amount=Decimal(20), method="card"
        )
        take_payment(conn, office, paid, placed, source=("f", 1), why=why)
    looking.look_at_account(account_id, EVENING + timedelta(1))

    with office.reading() as conn:
        row = claim_of(conn)
    assert (row.state, row.next_owner, row.next_due) == (
        ClaimState.COLLECTIONS,
        "claim",
        placed.next_due,
    )


def test_a_raised_share_starts_at_the_first_statement(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        account_id = _at_day_120(conn, office, why)
        row = claim_of(conn)
        later = replace(why, today=why.today + timedelta(1))
        enter(conn, row, EntryType.CHARGE, Decimal(30), later, key="test:more")
        kind = EntryType.TRANSFER_TO_PATIENT
        enter(conn, row, kind, Decimal(30), later, key="test:share")
    looking = patient.PatientActivities(office)
    looking.look_at_account(account_id, EVENING + timedelta(1))

    with office.reading() as conn:
        row = claim_of(conn)
        asked = tasks.waiting(conn, types=["COLLECTIONS_APPROVE"])
    assert asked == []
    assert (row.next_what, row.next_owner) == ("first statement", "account")


def test_a_payment_ends_the_question_about_collections(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        account_id = _at_day_120(conn, office, why)
        row = claim_of(conn)
        claims.note(conn, row.id, first_remit_on=why.today)
        for line in claims.lines(conn, row.id):
            claims.decide_line(
                conn, row.id, line["number"], status="paid", denial=None, decided_by="t"
            )
    patient.PatientActivities(office).look_at_account(account_id, EVENING)
    with office.writing() as conn:
        paid = PatientPayment(
            receipt_ref="R-1", date=why.today, amount=Decimal(150), method="card"
        )
        take_payment(conn, office, paid, claim_of(conn), source=("f", 1), why=why)
        waiting = tasks.waiting(conn, types=["COLLECTIONS_APPROVE"])
        row = claim_of(conn)

    assert row.state is ClaimState.CLOSED
    assert waiting == []


def test_a_claim_that_closes_leaves_no_question_at_its_own_workflow(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        watch_filing(conn, office, row.id, replace(why, today=date(2030, 1, 2)))
        opened = tasks.waiting(conn, claim_id=row.id)
        enter(conn, row, EntryType.WRITE_OFF_DENIAL, Decimal(150), why)
        claims.decide_line(conn, row.id, 1, status="paid", denial=None, decided_by="t")
        settle(conn, office, row.id, why, "Nothing is open")
        row = claims.get(conn, row.id)
        left = tasks.waiting(conn, claim_id=row.id)

    assert [t["type"] for t in opened] == ["FILING_DEADLINE"]
    assert row.state is ClaimState.CLOSED
    assert left == []


def test_a_deposit_that_was_looked_at_is_not_asked_about_again_at_once(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        asked = inquiries.queue(
            conn, kind="276", claim_id=row.id, payer_id=PAYER, due_on=why.today
        )
        inquiries.mark(
            conn,
            [asked],
            only_from=["queued"],
            status="answered",
            answer={"status": "F1:65", "trace": "TRN9"},
        )
        remittances.record_deposit(
            conn,
            ref="DEP-9",
            deposited_on=why.today - timedelta(10),
            amount_cents=5000,
            method="ach",
            trace="TRN9",
            file_sha256="f" * 64,
            row=1,
        )
        open_unmatched(conn, office, row, why)
        (task,) = tasks.waiting(conn, types=["EFT_UNMATCHED"])
        _end(conn, office, task["id"], "trace_opened", why)
        await_835(conn, office, claims.get(conn, row.id), why, "Decided at the payer")
        row = claims.get(conn, row.id)

    assert not is_due(row, NOON)


def test_a_payment_does_not_end_the_wait_for_another_plans_coverage(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        claims.note(conn, row.id, first_remit_on=why.today)
        step = by_claim(office, row, COVERAGE, why.today + timedelta(1), "a 271", "b")
        claims.set_step(conn, row, ClaimState.NEXT_PAYER, step, why, "Asked")
        paid = PatientPayment(
            receipt_ref="R-1", date=why.today, amount=Decimal(10), method="card"
        )
        row = claims.get(conn, row.id)
        payments.take_payment(conn, office, paid, row, source=("f", 1), why=why)
        row = claims.get(conn, row.id)

    assert (row.state, row.next_what) == (ClaimState.NEXT_PAYER, COVERAGE)


def test_a_dispute_that_was_won_waits_for_its_money(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        claims.note(conn, row.id, first_remit_on=why.today)
        claims.decide_line(conn, row.id, 1, status="short", denial=None, decided_by="t")
        appeal_id = accounts.add_appeal(
            conn,
            claim_id=row.id,
            level=1,
            lines=[1],
            carc="CO-45",
            template="UNDERPAYMENT",
            notice_on=why.today,
            legal_deadline=why.today,
            work_by=why.today,
            status="sent",
            sent_on=why.today,
            expected_on=why.today + timedelta(30),
        )
        given = {"level": 1, "outcome": "overturned", "notice_on": why.today}
        assert take_decision(conn, office, row, **given, sha="f" * 64, why=why)  # type: ignore[arg-type]  # as given
    looking = AppealActivities(office)
    first = looking.look_at_appeal(appeal_id, NOON)
    last = looking.look_at_appeal(appeal_id, NOON + timedelta(40))

    with office.reading() as conn:
        waiting = tasks.waiting(conn, claim_id=row.id)
        row = claim_of(conn)
    assert (first.done, last.done) == (False, True)
    assert [t["type"] for t in waiting] == ["FOLLOW_UP_CALL"]
    assert row.next_owner_id == waiting[0]["id"]


def test_a_batch_that_was_uploaded_before_a_crash_is_filed_as_it_was_sent(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        content = claims.content(conn, office.cipher, row.id)
        queue_claim(conn, office, row.id, content, why)
    sending = SubmissionActivities(office)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("activities.submission.findings", lambda _: ())
        assert sending.take_outbox("submit-test", PAYER, NOON) == 1
        mailbox = office.open_mailbox(office.partner_of(PAYER))
        name = f"837P-{PAYER}-000000001.edi"
        draft = mailbox.stage_outbound(name, b"ISA as the version before wrote it")
        mailbox.release_outbound(draft, name)
        sending.send_batch("submit-test", NOON)

    with office.reading() as conn:
        batch = submissions.get_batch(conn, "submit-test")
    assert batch is not None
    assert office.documents.get(batch["file_sha256"]) == mailbox.read_outbound(name)


def test_a_second_look_on_the_day_of_a_statement_writes_no_second_event(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        keep = partial(
            ask_patient, conn, office, row, "a trigger", why.by_rule("R-COB-02")
        )
        keep()
        keep()
        said = [e for e in events.of_claim(conn, row.id) if e["kind"] == "letter"]
        kept = accounts.letters(conn, claim_id=row.id)

    assert len(kept) == 1
    assert len(said) == 1


def test_a_claim_that_charges_nothing_goes_to_the_outbox(
    office: Office, why: Because
) -> None:
    with office.writing() as conn:
        row = claim_of(conn)
        content = claims.content(conn, office.cipher, row.id)
        claims.note(conn, row.id, charge_cents=0)
        ready(conn, office, claims.get(conn, row.id), content, why)
        row = claims.get(conn, row.id)

    assert row.state is ClaimState.READY


# --- two at once ---------------------------------------------------------------------


def test_a_look_waits_for_what_is_being_posted(office: Office, why: Because) -> None:
    """READ COMMITTED: a claim that is being closed is not opened by a timer."""
    with office.writing() as conn:
        row = accept(conn, office, claim_of(conn), why)
        step = by_claim(office, row, "STATUS_FIRST", why.today, "the payer", "a 276")
        claims.set_step(conn, row, ClaimState.ACCEPTED, step, why, "Waits")
    begun, go_on = Event(), Event()

    def close() -> None:
        with office.writing() as conn:
            row = claim_of(conn)
            claims.set_step(conn, row, ClaimState.CLOSED, None, why, "Paid in full")
            begun.set()
            go_on.wait(10)

    with ThreadPoolExecutor(2) as pool:
        closing = pool.submit(close)
        assert begun.wait(10)
        looking = pool.submit(FollowUpActivities(office).follow_up, row.id, NOON)
        with pytest.raises(TimeoutError):
            looking.result(timeout=0.5)
        go_on.set()
        closing.result(10)
        looking.result(10)

    with office.reading() as conn:
        assert claim_of(conn).state is ClaimState.CLOSED


def _new(key: str, today: Because) -> NewTask:
    return NewTask(
        key=key,
        type="STATUS_REVIEW",
        workflow_id=f"claim-{key}",
        role="clerk",
        due_on=today.today,
        rule="R-TSK-01",
        why="a test asks",
        subject=key,
    )


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a")], ids=["two", "the-same"])
def test_two_tasks_opened_at_once_have_two_numbers(
    office: Office, why: Because, keys: tuple[str, str]
) -> None:
    first_in, go_on = Event(), Event()

    def one() -> str:
        with office.writing() as conn:
            made = tasks.open_task(conn, _new(keys[0], why), why)
            first_in.set()
            go_on.wait(10)
            return made

    def other() -> str:
        with office.writing() as conn:
            return tasks.open_task(conn, _new(keys[1], why), why)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(one)
        assert first_in.wait(10)
        quick = pool.submit(other)
        with pytest.raises(TimeoutError):
            quick.result(timeout=0.3)
        go_on.set()
        ids = {slow.result(10), quick.result(10)}

    with office.reading() as conn:
        numbers = {t["number"] for t in tasks.waiting(conn)}
    assert len(ids) == len(numbers) == len(set(keys))
