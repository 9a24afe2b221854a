"""Every category of claim_status_actions.yaml, as a claim takes it (R-FUP-01).

The table's own words are held here, row by row, through the functions that a 277CA and
a 277 come in by: state, next step, tasks and news of the claim.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from activities.claim_status import ACTIONS, take_277, take_277ca
from activities.denial import resolve_review
from activities.followup import FollowUpActivities, ask_status, resend
from activities.imports import import_claims
from activities.inquiry import InquiryActivities
from activities.next_payer import step as next_step
from activities.office import Office
from activities.scrub import ready
from activities.submission import SubmissionActivities, proof_of_filing
from claims.claim import ClaimState
from claims.money import ZERO, from_cents
from claims.task import DecisionRefused
from edi.x276 import read_status_inquiries
from edi.x277ca import (
    AnsweredClaim,
    ClaimStatus,
    read_claim_acknowledgments,
    write_277ca,
)
from ledger.balances import entries_of
from policy import timers
from policy.tables import rows
from records import claims, events, inquiries, news, submissions, tasks
from records.claims import ClaimRow
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import (
    a_line,
    a_set,
    adjusted,
    claim_of,
    decided,
    post_set,
)
from tests.edi.conftest import OURS
from tests.edi.make import ENVELOPE

PAYER, NUMBER = "P-NORTHLAKE", "SYN-0001"
TODAY = NOON.date()
SHA = "c" * 64
CATEGORIES = rows("claim_status_actions", "categories", "code")
STATUSES = rows("claim_status_actions", "statuses", "code")
IN_277 = [c for c, row in CATEGORIES.items() if "277" in map(str, row["seen_in"])]
IN_277CA = [c for c, row in CATEGORIES.items() if "277CA" in row["seen_in"]]


@dataclass(frozen=True)
class Took:
    """What an action of the table makes of a claim: state, next step, tasks."""

    state: ClaimState
    step: str
    tasks: tuple[str, ...] = ()
    timer: str = ""
    """Of timers.yaml, when the step's date is that clock's."""


S = ClaimState
WHEN_ASKED: dict[str, Took] = {
    "wait": Took(S.ACCEPTED, "ACK_277CA_HARD", timer="ACK_277CA_HARD"),
    "mark_accepted": Took(S.ACCEPTED, "STATUS_FIRST", timer="STATUS_FIRST"),
    "reject_fix": Took(S.REJECTED, "REJECT_FIX due", ("REJECT_FIX",)),
    "lost_claim": Took(S.FOLLOW_UP, "LOST_CLAIM due", ("LOST_CLAIM",)),
    "widen_search": Took(S.ACCEPTED, "STATUS_RETRY", timer="STATUS_RETRY"),
    "retry": Took(S.ACCEPTED, "STATUS_RETRY", timer="STATUS_RETRY"),
    "retry_then_review": Took(S.ACCEPTED, "STATUS_RETRY", timer="STATUS_RETRY"),
    "status_review": Took(S.FOLLOW_UP, "STATUS_REVIEW due", ("STATUS_REVIEW",)),
    "expect_835": Took(S.ACCEPTED, "ERA_AFTER_FINAL", timer="ERA_AFTER_FINAL"),
    "denial_notice": Took(
        S.ACCEPTED, "ERA_AFTER_FINAL", ("DENIAL_REVIEW",), "ERA_AFTER_FINAL"
    ),
    "mark_crossover": Took(S.ACCEPTED, "CROSSOVER_WAIT", timer="CROSSOVER_WAIT"),
    "reschedule": Took(S.ACCEPTED, "STATUS_REPEAT", timer="STATUS_REPEAT"),
    "document_request": Took(
        S.FOLLOW_UP, "PAYER_REQUEST_DOCS due", ("PAYER_REQUEST_DOCS",)
    ),
    "patient_request": Took(
        S.FOLLOW_UP, "PATIENT_INFO_REQUEST due", ("PATIENT_INFO_REQUEST",)
    ),
}
"""A claim that the payer has and was asked about (276), by the action of its answer."""
AT_THE_DOOR: dict[str, Took] = {
    "wait": Took(S.SUBMITTED, "ACK_999"),
    "mark_accepted": Took(S.ACCEPTED, "STATUS_FIRST", timer="STATUS_FIRST"),
    "reject_fix": Took(S.REJECTED, "REJECT_FIX due", ("REJECT_FIX",)),
    "lost_claim": Took(S.FOLLOW_UP, "LOST_CLAIM due", ("LOST_CLAIM",)),
    "retry": Took(S.SUBMITTED, "STATUS_RETRY", timer="STATUS_RETRY"),
    "retry_then_review": Took(S.SUBMITTED, "STATUS_RETRY", timer="STATUS_RETRY"),
    "status_review": Took(S.SUBMITTED, "ACK_999", ("STATUS_REVIEW",)),
}
"""A claim that was sent, by the action of its 277CA."""


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    """The sample claim has left for Northlake."""
    opened = open_office(tmp_path, repo_root, sqlite_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    why = Because(NOON, TODAY, "R-BAD-01")
    import_claims(opened, a1, name="", why=why)
    with opened.writing() as conn:
        row = claim_of(conn, NUMBER)
        claims.change_payer(conn, row.id, payer_id=PAYER, member_index=row.member_index)
        row = claims.get(conn, row.id)
        ready(conn, opened, row, claims.content(conn, opened.cipher, row.id), why)
    activities = SubmissionActivities(opened)
    batch = f"submit-{PAYER}-2026-06-15T22:00:00Z"
    activities.take_outbox(batch, PAYER, NOON)
    activities.send_batch(batch, NOON)
    yield opened
    opened.db.close()


def said(office: Office, category: str, status: str = "20", **more: Any) -> ClaimStatus:
    with office.reading() as conn:
        row = claim_of(conn, NUMBER)
    given: dict[str, Any] = {
        "position": 9, "pcn": row.pcn, "category": category, "status": status,
    }  # fmt: skip
    return ClaimStatus(**(given | more))


def knock(
    office: Office,
    why: Because,
    category: str,
    status: str = "20",
    *,
    payer_icn: str = "",
    batch_ref: str = "B1",
) -> ClaimRow:
    """A 277CA, as a file."""
    row = now(office)
    answered = AnsweredClaim(
        pcn=row.pcn,
        category=category,
        status=status,
        charge=from_cents(row.charge_cents),
        payer_icn=payer_icn,
    )
    content = write_277ca(
        [answered],
        replace(ENVELOPE, batch_ref=batch_ref),
        payer_name="NORTHLAKE",
        payer_edi_id="99001",
        provider_npi="1234567893",
    )
    sha = office.documents.put(content)
    with office.writing() as conn:
        found = read_claim_acknowledgments(content).statuses
        take_277ca(conn, office, found, sha, why)
    return now(office)


def asked(office: Office, why: Because) -> str:
    """The payer has the claim, a 276 leaves; its trace."""
    if now(office).state is ClaimState.SUBMITTED:
        knock(office, why, "A2", payer_icn="ICN1")
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        ask_status(conn, office, row, why)
    return send_276(office)


def send_276(office: Office) -> str:
    with office.reading() as conn:
        count = len(inquiries.of_claim(conn, claim_of(conn, NUMBER).id, "276"))
    batch = f"inquire276-{PAYER}-{count}"
    activities = InquiryActivities(office)
    assert activities.take_inquiries(batch, "276", PAYER, NOON) == 1
    activities.send_inquiries(batch, NOON)
    with office.reading() as conn:
        found = inquiries.of_claim(conn, claim_of(conn, NUMBER).id, "276")
    return str(found[-1]["trace"])


def answer(
    office: Office, why: Because, category: str, status: str = "20", **more: Any
) -> ClaimRow:
    """A 277."""
    with office.writing() as conn:
        take_277(conn, office, [said(office, category, status, **more)], SHA, why)
    return now(office)


def now(office: Office) -> ClaimRow:
    with office.reading() as conn:
        return claim_of(conn, NUMBER)


def waiting(office: Office) -> list[str]:
    with office.reading() as conn:
        found = tasks.waiting(conn, claim_id=claim_of(conn, NUMBER).id)
    return sorted(task["type"] for task in found)


def ledger(office: Office) -> int:
    with office.reading() as conn:
        return len(entries_of(conn, claim_of(conn, NUMBER).id))


def told(office: Office, ref: str) -> bool:
    with office.reading() as conn:
        row = claim_of(conn, NUMBER)
        return any(
            n["ref"].startswith(ref) and row.id in n["workflow_id"]
            for n in news.untold(conn)
        )


def due(timer: str, office: Office) -> date:
    return timers.due(timer, TODAY, office.payer(PAYER))


def test_every_action_of_the_table_is_known_here() -> None:
    actions = {str(row["action"]) for row in CATEGORIES.values()}
    assert actions == WHEN_ASKED.keys()
    assert actions == ACTIONS.keys() | {"reject_fix", "status_review"}
    assert {str(CATEGORIES[c]["action"]) for c in IN_277CA} == AT_THE_DOOR.keys()


@pytest.mark.parametrize("category", IN_277)
def test_a_277_of_each_category_takes_the_tables_action(
    office: Office, why: Because, category: str
) -> None:
    row = CATEGORIES[category]
    want = WHEN_ASKED[str(row["action"])]
    trace = asked(office, why)
    before = ledger(office)

    took = answer(office, why, category, trace=trace)

    assert (took.state, took.next_what) == (want.state, want.step)
    assert tuple(waiting(office)) == want.tasks
    assert took.next_due is not None
    assert took.next_at is not None
    if want.timer:
        assert took.next_due == due(want.timer, office)
    if row["next_timer"] and not want.tasks:
        assert took.next_what == row["next_timer"]
    if row["task"] and row["action"] != "retry_then_review":
        assert row["task"] in want.tasks
    assert told(office, "277:")
    assert ledger(office) == before  # money is never posted from a 277 (R-FUP-04)
    with office.reading() as conn:
        (one,) = inquiries.of_claim(conn, took.id, "276")
    assert one["status"] == "answered"
    assert one["answer"]["status"] == f"{category}:20"


@pytest.mark.parametrize("category", [*sorted(CATEGORIES), "Z9", "DR01"])
def test_a_277ca_of_each_category_takes_the_tables_action_or_is_only_asked_about(
    office: Office, why: Because, category: str
) -> None:
    expected = category in IN_277CA
    action = str(CATEGORIES[category]["action"]) if expected else "status_review"
    want = AT_THE_DOOR[action]

    took = knock(office, why, category)

    assert (took.state, took.next_what) == (want.state, want.step)
    assert tuple(waiting(office)) == want.tasks
    if want.timer:
        assert took.next_due == due(want.timer, office)
    accepted = action == "mark_accepted"
    with office.reading() as conn:
        newest = submissions.newest(conn, took.id)
    assert newest is not None
    assert (newest["proof_file"] is not None) is accepted
    assert (took.accepted_on is not None) is accepted


@pytest.mark.parametrize("category", ["", "Z9", "DR01", "P9"])
def test_a_277_of_an_unknown_category_is_reviewed_never_guessed(
    office: Office, why: Because, category: str
) -> None:
    took = answer(office, why, category, trace=asked(office, why))

    assert waiting(office) == ["STATUS_REVIEW"]
    assert took.state is ClaimState.FOLLOW_UP


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_a_rejection_tells_each_status_code_in_our_words(
    office: Office, why: Because, status: str
) -> None:
    knock(office, why, "A7", status)

    with office.reading() as conn:
        (task,) = tasks.waiting(conn, claim_id=claim_of(conn, NUMBER).id)
    assert task["evidence"]["status"] == f"A7:{status}"
    assert STATUSES[status]["meaning"] in task["evidence"]["hint"]
    assert STATUSES[status]["hint"] in task["evidence"]["hint"]


# --- what a 277 is not ---------------------------------------------------------------


@pytest.mark.parametrize("category", ["A2", "A5", "P1", "F1"])
def test_r_fil_03_no_277_is_proof_of_filing(
    office: Office, why: Because, category: str
) -> None:
    took = answer(office, why, category)

    with office.reading() as conn:
        (one,) = submissions.of_claim(conn, took.id)
    assert one["proof_file"] is None
    assert one["accepted_on"] is None
    assert took.accepted_on is None


@pytest.mark.parametrize("category", ["A2", "P1", "F1", "F3F", "F2"])
def test_r_ack_06_a_277_that_finds_the_claim_ends_the_search_for_it(
    office: Office, why: Because, category: str
) -> None:
    knock(office, why, "A4")
    assert waiting(office) == ["LOST_CLAIM"]

    took = answer(office, why, category)

    assert took.state is ClaimState.ACCEPTED
    assert "LOST_CLAIM" not in waiting(office)


@pytest.mark.parametrize("category", ["A0", "A1"])
def test_received_is_not_accepted_and_the_search_goes_on(
    office: Office, why: Because, category: str
) -> None:
    knock(office, why, "A4")

    took = answer(office, why, category)

    assert took.state is ClaimState.FOLLOW_UP
    assert waiting(office) == ["LOST_CLAIM"]


def test_a_claim_never_accepted_in_seven_days_is_looked_for(
    office: Office, why: Because
) -> None:
    trace = asked(office, why)
    took = answer(office, why, "A1", trace=trace)
    assert took.next_at is not None

    FollowUpActivities(office).follow_up(took.id, took.next_at + timedelta(minutes=1))

    assert waiting(office) == ["LOST_CLAIM"]
    with office.reading() as conn:
        newest = inquiries.of_claim(conn, took.id, "276")[-1]
    assert newest["status"] == "queued"


def test_r_bad_04_an_older_277_changes_nothing(office: Office, why: Because) -> None:
    trace = asked(office, why)
    answer(office, why, "F1", trace=trace, status_date=TODAY)
    before = now(office)

    took = answer(office, why, "P1", status_date=TODAY - timedelta(3))

    assert (took.state, took.next_what, took.next_due) == (
        before.state, before.next_what, before.next_due,
    )  # fmt: skip
    with office.reading() as conn:
        last = events.of_claim(conn, took.id)[-1]
    assert "something newer" in last["words"]


# --- 277CA: which submission ---------------------------------------------------------


def sent_again(office: Office, why: Because) -> None:
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        content = claims.content(conn, office.cipher, row.id)
        resend(conn, office, row, content, ClaimState.CORRECTING, why, "again")
    batch = f"submit-{PAYER}-2026-06-16T22:00:00Z"
    activities = SubmissionActivities(office)
    activities.take_outbox(batch, PAYER, NOON)
    activities.send_batch(batch, NOON)


def reference(office: Office, number: int) -> str:
    with office.reading() as conn:
        claim_id = claim_of(conn, NUMBER).id
        one = submissions.of_claim(conn, claim_id)[number - 1]
        batch = submissions.get_batch(conn, one["batch_id"])
    assert batch is not None
    return str(batch["reference"])


def test_a_late_rejection_of_an_earlier_submission_does_not_reject_the_one_sent_since(
    office: Office, why: Because
) -> None:
    sent_again(office, why)

    took = knock(office, why, "A3", batch_ref=reference(office, 1))

    assert took.state is ClaimState.SUBMITTED
    assert waiting(office) == []
    with office.reading() as conn:
        status = [s["status"] for s in submissions.of_claim(conn, took.id)]
    assert status == ["rejected", "sent"]


def test_r_fil_03_the_first_proof_wins_and_a_resend_never_overwrites_it(
    office: Office, why: Because
) -> None:
    sent_again(office, why)
    knock(office, why, "A2", payer_icn="ONE", batch_ref=reference(office, 1))
    with office.reading() as conn:
        first = submissions.of_claim(conn, now(office).id)[0]["proof_file"]
    knock(office, why, "A2", payer_icn="TWO", batch_ref=reference(office, 2))
    knock(office, why, "A2", payer_icn="LATE", batch_ref=reference(office, 1))

    with office.reading() as conn:
        row = claim_of(conn, NUMBER)
        proofs = [s["proof_file"] for s in submissions.of_claim(conn, row.id)]
        cited = proof_of_filing(conn, office, row.id)
    assert proofs[0] == first
    assert proofs[1] not in (first, None)
    assert row.payer_icn == "TWO"  # REF*F8 needs the newest (R-COR-02)
    assert cited["proof"] == f"277CA A2:20 of {TODAY}"


def test_r_ack_04_the_number_of_each_part_of_a_split_claim_is_kept(
    office: Office, why: Because
) -> None:
    knock(office, why, "A5", payer_icn="PART1")
    took = knock(office, why, "A5", payer_icn="PART2")

    with office.reading() as conn:
        told_ = [e["words"] for e in events.of_claim(conn, took.id)]
    assert took.payer_icn == "PART1"
    assert any("PART2" in words for words in told_)


def test_a_277ca_about_a_claim_that_is_past_the_door_is_only_noted(
    office: Office, why: Because
) -> None:
    """R-STA-01: a claim that was paid is not looked for again."""
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        line = a_line(conn, row, 1, from_cents(row.charge_cents))
        found = decided(row, from_cents(row.charge_cents), lines=(line,))
        post_set(conn, office, PAYER, a_set(found), why)
    before = now(office)
    assert before.state is ClaimState.CLOSED

    for category in ("A4", "E1", "P1", "Z9"):
        took = knock(office, why, category)
        assert took.state is ClaimState.CLOSED
    assert waiting(office) == []


# --- asked again ---------------------------------------------------------------------


@pytest.mark.parametrize("category", ["E0", "E1", "E2", "E3"])
def test_a_payer_that_cannot_answer_is_asked_five_times_then_a_person_looks(
    office: Office, why: Because, category: str
) -> None:
    for tries in range(1, 6):
        took = answer(office, why, category, trace=asked(office, why))
        expected = ["STATUS_REVIEW"] if tries == 5 else []
        assert waiting(office) == expected
    assert took.state is ClaimState.FOLLOW_UP


def test_answers_from_before_do_not_count_as_failures(
    office: Office, why: Because
) -> None:
    for _ in range(5):
        answer(office, why, "P1", trace=asked(office, why))

    took = answer(office, why, "E1", trace=asked(office, why))

    assert (took.state, took.next_what) == (ClaimState.ACCEPTED, "STATUS_RETRY")


def test_d0_is_asked_once_with_less_then_the_claim_is_lost(
    office: Office, why: Because
) -> None:
    answer(office, why, "D0", "35", trace=asked(office, why))
    trace = asked(office, why)
    mailbox = office.open_mailbox("clearinghouse")
    names = [n for n in mailbox.list_outbound() if n.startswith("276-")]
    narrow, wide = (
        read_status_inquiries(mailbox.read_outbound(name))[0] for name in names
    )
    assert (narrow.payer_icn, narrow.charge) == ("ICN1", "150")
    assert (wide.payer_icn, wide.charge) == ("", "")
    assert wide.pcn == narrow.pcn
    assert wide.service_from == narrow.service_from

    took = answer(office, why, "D0", "35", trace=trace)

    assert took.state is ClaimState.FOLLOW_UP
    assert waiting(office) == ["LOST_CLAIM"]


# --- denied, forwarded ---------------------------------------------------------------


def test_a_denial_that_is_announced_cannot_be_decided_before_its_reason_is_here(
    office: Office, why: Because
) -> None:
    answer(office, why, "F2", "585", trace=asked(office, why))
    form = {"_subject": "announced", "reason": "no"}
    for decision in ("appeal", "write_off", "patient", "other_payer", "documents"):
        with office.writing() as conn:
            row = claim_of(conn, NUMBER)
            with pytest.raises(DecisionRefused, match="not why"):
                resolve_review(conn, office, row, decision, form, why)


def test_the_remittance_puts_the_denied_lines_in_place_of_the_announcement(
    office: Office, why: Because
) -> None:
    answer(office, why, "F2", "585", trace=asked(office, why))
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        charge = from_cents(row.charge_cents)
        line = a_line(conn, row, 1, ZERO, adjustments=adjusted("CO", "50", charge))
        post_set(
            conn,
            office,
            PAYER,
            a_set(decided(row, ZERO, status="4", lines=(line,))),
            why,
        )
        (task,) = tasks.waiting(conn, claim_id=row.id, types=["DENIAL_REVIEW"])

    assert now(office).state is ClaimState.DENIED
    assert task["subject"] != "announced"
    assert task["evidence"]["carc"] == "CO-50"


def test_r_cob_04_a_claim_that_a_277_says_was_forwarded_is_waited_for(
    office: Office, why: Because
) -> None:
    took = answer(office, why, "F3F", "104", trace=asked(office, why))

    with office.reading() as conn:
        assert next_step(conn, office, took, why).what == "CROSSOVER_WAIT"
    answer(office, why, "F1", "65", trace=asked(office, why))
    with office.reading() as conn:
        assert next_step(conn, office, took, why).what == "SECONDARY_CLAIM"
