"""Every reject reason of a 271: asked of the patient, or of the plan once more.

The claim's 270 leaves in a real file, the plan's 271 comes back as one (R-ELG-04).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from activities.answers import take_271
from activities.eligibility import EligibilityActivities
from activities.imports import import_claims
from activities.inquiry import InquiryActivities
from activities.next_payer import put_first
from activities.office import Office
from claims.claim import ClaimState
from edi.x270 import (
    CoverageAnswer,
    read_eligibility_answers,
    read_eligibility_inquiries,
    write_eligibility_answers,
)
from policy.coverage_rejects import OTHER, REASONS
from records import claims, inquiries, news, tasks
from records.claims import ClaimRow
from records.db import RowMapping
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import claim_of
from tests.edi.conftest import OURS
from tests.edi.make import ENVELOPE

PAYER, NUMBER = "P-NORTHLAKE", "SYN-0001"
NEXT_DAY = NOON + timedelta(1)
AGAIN = sorted(code for code, found in REASONS.items() if found.again)
ASKED = sorted(code for code, found in REASONS.items() if not found.again)


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, sqlite_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    with opened.writing() as conn:
        row = claim_of(conn, NUMBER)
        claims.change_payer(conn, row.id, payer_id=PAYER, member_index=row.member_index)
    yield opened
    opened.db.close()


def now(office: Office) -> ClaimRow:
    with office.reading() as conn:
        return claim_of(conn, NUMBER)


def asks(office: Office, number: int, payer: str = PAYER) -> str:
    """Its 270 leaves; the trace that the payer reads in it."""
    activities = InquiryActivities(office)
    batch = f"inquire270-{payer}-{number}"
    assert activities.take_inquiries(batch, "270", payer, NOON) == 1
    activities.send_inquiries(batch, NOON)
    mailbox = office.open_mailbox("clearinghouse")
    names = [n for n in mailbox.list_outbound() if n.startswith(f"270-{payer}")]
    name = names[-1]
    (asked,) = read_eligibility_inquiries(mailbox.read_outbound(name))
    return asked.trace


def answers(office: Office, trace: str, *, aaa: str = "", eb01: str = "") -> None:
    said = CoverageAnswer(trace=trace, member_id="M1", eb01=eb01, aaa=aaa)
    content = write_eligibility_answers(
        [said],
        ENVELOPE,
        payer_name="PLAN",
        payer_edi_id="99001",
        provider_npi="1234567893",
    )
    why = office.because(NOON, "R-BAD-01")
    sha = office.documents.put(content)
    with office.writing() as conn:
        found = read_eligibility_answers(content).answers
        take_271(conn, office, "clearinghouse", found, sha, why)


def check(office: Office, at: object = NOON) -> ClaimRow:
    EligibilityActivities(office).check_eligibility(now(office).id, at)  # type: ignore[arg-type]  # a datetime
    return now(office)


def resolve_tasks(office: Office) -> list[RowMapping]:
    with office.reading() as conn:
        return tasks.waiting(conn, claim_id=now(office).id, types=["ELIG_RESOLVE"])


def told(office: Office) -> bool:
    with office.reading() as conn:
        return any(n["ref"].startswith("271:") for n in news.untold(conn))


@pytest.mark.parametrize("code", [*ASKED, "99"])
def test_a_reject_reason_is_a_question_for_the_patient_the_same_day(
    office: Office, code: str
) -> None:
    expected = REASONS.get(code, OTHER)
    check(office)
    answers(office, asks(office, 1), aaa=code)
    assert told(office)

    row = check(office)

    (task,) = resolve_tasks(office)
    assert row.state is ClaimState.ELIG_HOLD
    assert (row.next_owner, row.next_due) == ("task", task["due_on"])
    assert task["evidence"]["question_to_patient"] == expected.question
    assert task["evidence"].get("what_to_mend", "") == expected.mend
    assert task["rule"] == "R-ELG-04"
    assert f"AAA {code}" not in f"{task['why']} {task['evidence']}"
    with office.reading() as conn:
        assert [q["status"] for q in inquiries.of_claim(conn, row.id, "270")] == [
            "answered"
        ]


@pytest.mark.parametrize("code", AGAIN)
def test_a_plan_that_could_not_answer_is_asked_once_more(
    office: Office, code: str
) -> None:
    check(office)
    answers(office, asks(office, 1), aaa=code)

    row = check(office)
    assert resolve_tasks(office) == []
    assert (row.state, row.next_what) == (ClaimState.INTAKE, "ELIG_270_BATCH")
    answers(office, asks(office, 2), eb01="1")

    assert check(office, NEXT_DAY).state is ClaimState.CODING


@pytest.mark.parametrize("code", AGAIN)
@pytest.mark.parametrize("silent", [True, False])
def test_after_two_tries_the_patient_is_asked(
    office: Office, code: str, silent: bool
) -> None:
    check(office)
    answers(office, asks(office, 1), aaa=code)
    check(office)
    trace = asks(office, 2)
    assert check(office).state is ClaimState.INTAKE  # it waits for the second answer
    if not silent:
        answers(office, trace, aaa=code)

    row = check(office, NEXT_DAY)

    (task,) = resolve_tasks(office)
    assert row.state is ClaimState.ELIG_HOLD
    assert task["evidence"]["question_to_patient"] == REASONS[code].question
    with office.reading() as conn:
        assert len(inquiries.of_claim(conn, row.id, "270")) == 2


@pytest.mark.parametrize("code", ["72", "75", "42"])
def test_a_plan_named_first_that_refuses_is_a_question_too(
    office: Office, code: str
) -> None:
    """R-COB-01: it is not billed before it says active (R-ELG-05)."""
    order = {"order": "P-EASTGATE, P-NORTHLAKE", "member_id": "EG1"}
    why = office.because(NOON, "R-COB-01")
    with office.writing() as conn:
        put_first(conn, office, claim_of(conn, NUMBER), order, why)

    answers(office, asks(office, 1, "P-EASTGATE"), aaa=code)

    with office.reading() as conn:
        (task,) = tasks.waiting(conn, claim_id=now(office).id, types=["COB_UPDATE"])
    assert task["evidence"]["question_to_patient"] == REASONS[code].question
    assert now(office).state is ClaimState.NEXT_PAYER


@pytest.mark.parametrize("code", ["42", "50", "79", "T4"])
def test_a_plan_that_refuses_the_whole_270_refuses_each_question_in_it(
    office: Office, code: str
) -> None:
    """AAA in 2000A names no patient; BHT03 says to which 270 of ours it answers."""
    check(office)
    with office.writing() as conn:
        other = claim_of(conn, "SYN-0002")
        claims.change_payer(
            conn, other.id, payer_id=PAYER, member_index=other.member_index
        )
    EligibilityActivities(office).check_eligibility(other.id, NOON)
    activities, batch = InquiryActivities(office), f"inquire270-{PAYER}-1"
    assert activities.take_inquiries(batch, "270", PAYER, NOON) == 2
    activities.send_inquiries(batch, NOON)
    mailbox = office.open_mailbox("clearinghouse")
    (name,) = (n for n in mailbox.list_outbound() if n.startswith("270-"))
    sent = mailbox.read_outbound(name)
    reference = next(t for t in sent.split(b"~") if t.startswith(b"BHT")).split(b"*")[3]
    set_ = (
        b"ST*271*0001*005010X279A1~BHT*0022*11*" + reference + b"*20260615*1700~"
        b"HL*1**20*0~AAA*N**"
        + code.encode()
        + b"*R~NM1*PR*2*PLAN*****PI*99001~SE*6*0001~"
    )
    head, tail = sent[: sent.index(b"ST*270")], b"GE*1*1~IEA*1*000000001~"
    content = head.replace(b"GS*HS*", b"GS*HB*") + set_ + tail
    why = office.because(NOON, "R-BAD-01")
    for _ in range(2):  # the same file again changes nothing
        with office.writing() as conn:
            found = read_eligibility_answers(content).answers
            take_271(conn, office, "clearinghouse", found, "d" * 64, why)
    with office.reading() as conn:
        refs = [n["workflow_id"] for n in news.untold(conn)]
    assert sorted(refs) == sorted(f"claim-{one.id}" for one in (now(office), other))

    row = check(office)

    expected = REASONS[code]
    if expected.again:
        assert (row.state, resolve_tasks(office)) == (ClaimState.INTAKE, [])
    else:
        (task,) = resolve_tasks(office)
        assert task["evidence"]["question_to_patient"] == expected.question
        assert task["evidence"]["what_to_mend"] == expected.mend
