"""A claim the guide's validator refuses stays behind with a task; the others leave."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.imports import import_claims
from activities.office import Office
from activities.scrub import ready
from activities.submission import SubmissionActivities
from claims.claim import ClaimState
from edi.x837 import read_claims
from records import claims, submissions, tasks
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import claim_of
from tests.edi.conftest import OURS

PAYER = "P-NORTHLAKE"
BATCH = f"submit-{PAYER}-2026-06-15T22:00:00Z"
NOTE_TEXT = "SECRETNOTE "


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, sqlite_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    yield opened
    opened.db.close()


def queue(office: Office, why: Because, *numbers: str, bad: str = "") -> None:
    """These claims are ready; the note of ``bad`` is longer than NTE02 may be."""
    with office.writing() as conn:
        for number in numbers:
            row = claim_of(conn, number)
            claims.change_payer(
                conn, row.id, payer_id=PAYER, member_index=row.member_index
            )
            content = claims.content(conn, office.cipher, row.id)
            if number == bad:
                content = content.model_copy(update={"note": NOTE_TEXT * 9})
                claims.replace_content(conn, office.cipher, row.id, content)
            ready(conn, office, claims.get(conn, row.id), content, why)


def send(office: Office) -> list[str]:
    """One batch; the numbers of the claims in the file that left."""
    activities = SubmissionActivities(office)
    activities.take_outbox(BATCH, PAYER, NOON)
    activities.send_batch(BATCH, NOON)
    activities.send_batch(BATCH, NOON)  # a repeat changes nothing
    mailbox = office.open_mailbox("clearinghouse")
    return [
        found.claim.pcn
        for name in mailbox.list_outbound()
        for found in read_claims(mailbox.read_outbound(name)).claims
    ]


def test_one_bad_claim_does_not_hold_the_others(office: Office, why: Because) -> None:
    queue(office, why, "SYN-0001", "SYN-0002", bad="SYN-0001")

    left = send(office)

    with office.reading() as conn:
        bad, good = claim_of(conn, "SYN-0001"), claim_of(conn, "SYN-0002")
        waiting = tasks.waiting(conn, claim_id=bad.id, types=["SCRUB_FIX"])
        newest = submissions.newest(conn, good.id)
    assert left == [good.pcn]
    assert (good.state, bad.state) == (ClaimState.SUBMITTED, ClaimState.SCRUB_HOLD)
    assert newest is not None
    assert newest["status"] == "sent"
    assert len(waiting) == 1
    assert (bad.next_owner, bad.next_due) == ("task", waiting[0]["due_on"])
    assert "NTE" in waiting[0]["why"]
    assert NOTE_TEXT.strip() not in f"{waiting[0]['why']} {waiting[0]['evidence']}"


def test_a_batch_of_bad_claims_sends_nothing_and_ends(
    office: Office, why: Because
) -> None:
    queue(office, why, "SYN-0001", bad="SYN-0001")

    left = send(office)

    with office.reading() as conn:
        batch = submissions.get_batch(conn, BATCH)
        bad = claim_of(conn, "SYN-0001")
    assert left == []
    assert batch is not None
    assert (batch["sent_on"], batch["ended_on"]) == (None, NOON.date())
    assert bad.state is ClaimState.SCRUB_HOLD
    assert SubmissionActivities(office).watch_batch(BATCH, NOON).done
