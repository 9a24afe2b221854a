"""Hold, release, retry without a server: stored first, applied once by the activity."""

from datetime import UTC, datetime, timedelta

import pytest

from activities import scrub, steps
from activities.acting import ActingActivities
from activities.followup import FollowUpActivities
from activities.office import Office
from claims.claim import ClaimState
from records import accounts, acts, claims, submissions
from records.claims import ClaimRow

from .conftest import Desk

NOON = datetime(2026, 3, 3, 18, tzinfo=UTC)
NUMBER = "HP260001"


@pytest.fixture
def office(desk: Desk) -> Office:
    """An office in which HP260001 is in the outbox."""
    office = desk.office()
    why = office.because(NOON, "R-SCR-01")
    with office.writing() as conn:
        row = find(office, conn)
        coded = steps.by_claim(office, row, "SCRUB", why.today, "the edits", "it goes")
        claims.set_step(conn, row, ClaimState.CODING, coded, why, "coded")
        scrub.run_edits(conn, office, find(office, conn), why)
    return office


def find(office: Office, conn: object = None) -> ClaimRow:
    """The claim of these tests."""
    with office.reading() as own:
        row = claims.find(conn or own, NUMBER)  # type: ignore[arg-type] # a connection
    assert row is not None
    return row


def waiting(office: Office) -> list[str]:
    """Payers with something to send."""
    with office.reading() as conn:
        return submissions.payers_waiting(conn)


def apply(office: Office, at: datetime = NOON) -> str:
    """Let the workflow's activity carry out what was stored; its words."""
    with office.reading() as conn:
        [(act_id, _, _)] = acts.unanswered(conn)
    return ActingActivities(office).apply_act(act_id, at).words


def test_with_no_server_the_act_is_saved(desk: Desk, office: Office) -> None:
    said = desk("act", NUMBER, "hold", "--reason", "wait", "--as", "cleo")

    assert said.code == 0
    assert "Will be applied when processing resumes" in said.out
    with office.reading() as conn:
        assert [verb for _, verb, _ in acts.unanswered(conn)] == ["hold"]


def test_a_claim_on_hold_stays_in_the_outbox_with_a_dated_step(
    desk: Desk, office: Office
) -> None:
    assert find(office).state is ClaimState.READY
    assert waiting(office) == ["P-NORTHLAKE"]
    desk("act", NUMBER, "hold", "--reason", "wait for the card", "--as", "cleo")
    apply(office)

    held = find(office)
    assert held.held_for == "wait for the card"
    assert (held.state, held.next_what) == (ClaimState.READY, "HOLD_REVIEW")
    assert held.next_due is not None
    assert held.next_due > NOON.date()
    assert waiting(office) == []
    with office.writing() as conn:
        assert submissions.take(conn, payer_id=held.payer_id, batch_id="b") == 0
    assert "ON HOLD: wait for the card" in desk("show", NUMBER).out
    assert "Checking (on hold)" in desk("list", "--stage", "Checking").out


def test_released_it_leaves_with_the_next_batch(desk: Desk, office: Office) -> None:
    desk("act", NUMBER, "hold", "--reason", "wait", "--as", "cleo")
    apply(office)
    desk("act", NUMBER, "release", "--reason", "card came", "--as", "cleo")
    words = apply(office)

    free = find(office)
    assert "next batch" in words
    assert (free.held_for, free.next_what) == (None, "SEND")
    assert waiting(office) == ["P-NORTHLAKE"]


def test_a_hold_nobody_releases_is_shown_again(desk: Desk, office: Office) -> None:
    desk("act", NUMBER, "hold", "--reason", "wait", "--as", "cleo")
    apply(office)
    first = find(office)
    assert first.next_at is not None
    FollowUpActivities(office).follow_up(first.id, first.next_at + timedelta(minutes=1))

    second = find(office)
    assert second.next_what == "HOLD_REVIEW"
    assert second.next_at is not None
    assert second.next_at > first.next_at
    assert "Still on hold; nothing was sent" in desk("show", NUMBER).out


def test_an_act_is_applied_once(desk: Desk, office: Office) -> None:
    desk("act", NUMBER, "hold", "--reason", "wait", "--as", "cleo")
    with office.reading() as conn:
        [(act_id, _, _)] = acts.unanswered(conn)
    activities = ActingActivities(office)
    first = activities.apply_act(act_id, NOON)
    again = activities.apply_act(act_id, NOON + timedelta(days=1))

    assert first == again
    with office.reading() as conn:
        assert len(accounts.holds(conn, find(office).id, None)) == 1


def test_a_claim_that_closed_meanwhile_is_left_alone(
    desk: Desk, office: Office
) -> None:
    desk("act", NUMBER, "hold", "--reason", "wait", "--as", "cleo")
    why = office.because(NOON, "R-CLO-01")
    with office.writing() as conn:
        row = find(office, conn)
        claims.set_step(conn, row, ClaimState.CLOSED, None, why, "closed")
    with office.reading() as conn:
        [(act_id, _, _)] = acts.unanswered(conn)
    activities = ActingActivities(office)

    assert not activities.apply_act(act_id, NOON).applied
    assert not activities.apply_act(act_id, NOON).applied
    assert find(office).held_for is None
    assert desk("act", NUMBER, "retry", "--reason", "x", "--as", "olga").code == 6


def test_retry_makes_the_workflow_look_now_and_moves_nothing(
    desk: Desk, office: Office
) -> None:
    before = find(office)
    desk("act", NUMBER, "retry", "--reason", "stuck?", "--as", "olga")
    with office.reading() as conn:
        [(act_id, _, _)] = acts.unanswered(conn)
    applied = ActingActivities(office).apply_act(act_id, NOON)

    assert applied.step is not None
    assert applied.step.at == NOON
    assert find(office) == before


@pytest.mark.parametrize(
    ("who", "verb", "code"),
    [("audrey", "hold", 7), ("nobody", "hold", 7), ("sam", "release", 6)],
    ids=["an auditor", "a stranger", "nothing to release"],
)
def test_what_may_not_be_is_refused_and_not_stored(
    desk: Desk, office: Office, who: str, verb: str, code: int
) -> None:
    assert desk("act", NUMBER, verb, "--reason", "x", "--as", who).code == code
    with office.reading() as conn:
        assert acts.unanswered(conn) == []


def test_a_clerk_releases_only_her_own_hold(desk: Desk, office: Office) -> None:
    desk("act", NUMBER, "hold", "--reason", "wait", "--as", "sam")
    apply(office)

    assert desk("act", NUMBER, "release", "--reason", "x", "--as", "cleo").code == 7
    assert desk("act", NUMBER, "hold", "--reason", "x", "--as", "cleo").code == 6
    assert desk("act", NUMBER, "release", "--reason", "x", "--as", "sam").code == 0


def test_act_needs_a_reason_and_a_known_verb(desk: Desk) -> None:
    assert desk("act", NUMBER, "hold", "--as", "cleo").code == 2
    assert desk("act", NUMBER, "explode", "--reason", "x", "--as", "cleo").code == 2
