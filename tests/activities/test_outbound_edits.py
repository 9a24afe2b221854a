"""No bad claim leaves: each edit pyx12 does not make stops it before the outbox."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities import steps
from activities import submission as submitting
from activities.followup import resend
from activities.imports import import_claims
from activities.office import Office
from activities.scrub import ScrubActivities, ready
from activities.submission import SubmissionActivities
from claims.claim import Claim, ClaimState, OtherPayer
from claims.money import usd
from claims.task import DecisionRefused
from edi.gate import findings
from edi.x837 import read_claims, write_claims
from payers.code_sets import CodeSets
from records import claims, submissions, tasks
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import claim_of
from tests.edi.conftest import OURS
from tests.edi.make import ENVELOPE

PAYER = "P-NORTHLAKE"
NUMBER = "SYN-0001"
BATCH = f"submit-{PAYER}-2026-06-15T22:00:00Z"
LETTERS = "\u0416\u0430\u043d"
Change = Callable[[Claim], Claim]


def _changed(claim: Claim, **changes: Any) -> Claim:
    return claim.model_copy(update=changes)


def _line(claim: Claim, **changes: Any) -> Claim:
    first, *rest = claim.lines
    return _changed(claim, lines=(first.model_copy(update=changes), *rest))


def _billing(claim: Claim, **changes: Any) -> Claim:
    return _changed(claim, billing=claim.billing.model_copy(update=changes))


def _person(claim: Claim, **changes: Any) -> Claim:
    person = claim.subscriber.person.model_copy(update=changes)
    holder = claim.subscriber.model_copy(update={"person": person})
    return _changed(claim, subscriber=holder)


def _related(claim: Claim, code: str) -> Claim:
    holder = claim.subscriber.model_copy(update={"relationship": code})
    return _changed(claim, subscriber=holder)


def _short_zip(claim: Claim) -> Claim:
    address = claim.billing.address.model_copy(update={"zip": "62701"})
    return _billing(claim, address=address)


def _eleven_others(claim: Claim) -> Claim:
    other = OtherPayer(subscriber=claim.subscriber, payer=claim.payer)
    return _changed(claim, other_payers=(other,) * 11)


def _many_lines(claim: Claim) -> Claim:
    line = claim.lines[0]
    lines = tuple(line.model_copy(update={"number": n}) for n in range(1, 52))
    return _changed(claim, lines=lines, charge=line.charge * 51)


@dataclasses.dataclass(frozen=True)
class Bad:
    """One fault, and the finding that must name it."""

    name: str
    change: Change
    edit: str
    rule: str
    field: str


FAULTS = (
    Bad("npi check digit", lambda c: _billing(c, npi="1234567890"),
        "E-101", "R-SCR-02", "2010AA NM109"),
    Bad("npi length", lambda c: _billing(c, npi="123456789"),
        "E-101", "R-SCR-02", "2010AA NM109"),
    Bad("npi of a line", lambda c: _line(c, rendering=c.billing.model_copy(
        update={"npi": "1234567890"})), "E-101", "R-SCR-02", "2420A/1 NM109"),
    Bad("lines differ from CLM02", lambda c: _changed(c, charge=usd("150.01")),
        "E-103", "R-SCR-03", "2300 CLM02"),
    Bad("replacement without REF*F8", lambda c: _changed(c, frequency="7"),
        "E-106", "R-SUB-01", "2300 REF*F8"),
    Bad("void without REF*F8", lambda c: _changed(c, frequency="8"),
        "E-106", "R-SUB-01", "2300 REF*F8"),
    Bad("pointer past the diagnoses", lambda c: _line(c, pointers=(2,)),
        "E-105", "R-SCR-04", "2400/1 SV107"),
    Bad("five pointers", lambda c: _line(c, pointers=(1, 1, 1, 1, 1)),
        "E-105", "R-SCR-04", "2400/1 SV107"),
    Bad("no pointer", lambda c: _line(c, pointers=()),
        "E-105", "R-SCR-04", "2400/1 SV107"),
    Bad("diagnosis not valid that day", lambda c: _changed(c, diagnoses=("M25579",)),
        "E-118", "R-SCR-07", "2300 HI01"),
    Bad("billing ZIP of five digits", _short_zip,
        "E-102", "R-SCR-02", "2010AA N403"),
    Bad("negative charge", lambda c: _changed(
        _line(c, charge=usd("-150.00")), charge=usd("-150.00")),
        "E-114", "R-BAD-03", "2400/1 SV102"),
    Bad("missing DMG", lambda c: _person(c, birth_date=None),
        "E-108", "R-SCR-08", "2010BA DMG02"),
    Bad("SBR02 blank, no 2000C", lambda c: _related(c, ""),
        "E-120", "R-SCR-08", "2000B SBR02"),
    Bad("a child without 2000C", lambda c: _related(c, "19"),
        "E-120", "R-SCR-08", "2000B SBR02"),
    Bad("thirteen diagnoses", lambda c: _changed(
        c, diagnoses=tuple(f"M{n:02d}" for n in range(13))),
        "E-104", "R-SCR-03", "2300 HI"),
    Bad("fifty-one lines", _many_lines, "E-104", "R-SCR-03", "2400"),
    Bad("eleven other payers", _eleven_others, "E-104", "R-SCR-03", "2320"),
    Bad("a delimiter in a number", lambda c: _person(c, member_id="NL1*~2"),
        "E-121", "R-BAD-02", "2010BA NM109"),
    Bad("a name without plain letters", lambda c: _person(c, last=LETTERS),
        "E-121", "R-BAD-02", "2010BA NM103"),
)  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, sqlite_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    visit = read_claims(a1).claims[0].claim.lines[0].service_from
    row = {"code": "M25579", "valid_to": str(visit - timedelta(1))}
    opened.codes = CodeSets.read({"icd": [row]})
    yield opened
    opened.db.close()


def coded(office: Office, why: Because, change: Change) -> Claim:
    """The sample claim, changed, as it comes from coding."""
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        claims.change_payer(conn, row.id, payer_id=PAYER, member_index=row.member_index)
        content = change(claims.content(conn, office.cipher, row.id))
        claims.replace_content(conn, office.cipher, row.id, content)
        row = claims.get(conn, row.id)
        step = steps.by_claim(
            office, row, "CHECK_DOCUMENTATION", why.today, "coding", "edits"
        )
        claims.set_step(conn, row, ClaimState.CODING, step, why, "coverage is active")
    return content


def send(office: Office) -> list[str]:
    """What lies in the partner's mailbox after the payer's cut-off."""
    activities = SubmissionActivities(office)
    if activities.take_outbox(BATCH, PAYER, NOON):
        activities.send_batch(BATCH, NOON)
    return office.open_mailbox("clearinghouse").list_outbound()


def scrub(office: Office) -> str:
    with office.reading() as conn:
        claim_id = claim_of(conn, NUMBER).id
    ScrubActivities(office).scrub_claim(claim_id, NOON)
    return claim_id


def test_the_claim_without_a_fault_leaves(office: Office, why: Because) -> None:
    coded(office, why, lambda claim: claim)
    scrub(office)

    assert len(send(office)) == 1


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_a_bad_claim_never_leaves_and_a_task_names_rule_field_and_fix(
    office: Office, why: Because, fault: Bad
) -> None:
    coded(office, why, fault.change)
    claim_id = scrub(office)

    with office.reading() as conn:
        row = claims.get(conn, claim_id)
        (task,) = tasks.waiting(conn, claim_id=claim_id, types=["SCRUB_FIX"])
        queued = submissions.of_claim(conn, claim_id)
    assert send(office) == []
    assert queued == []
    assert row.state is ClaimState.SCRUB_HOLD
    assert (row.next_owner, row.next_due) == ("task", task["due_on"])
    named = {(f["edit"], f["rule"], f["field"]): f for f in task["evidence"]["edits"]}
    found = named[fault.edit, fault.rule, fault.field]
    assert found["reason"]
    assert found["fix"]
    assert f"{fault.edit} {fault.field}: {found['reason']}" in task["why"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_a_bad_claim_cannot_be_sent_again_either(
    office: Office, why: Because, fault: Bad
) -> None:
    bad = coded(office, why, fault.change)
    with office.writing() as conn:
        row = claim_of(conn, NUMBER)
        with pytest.raises(DecisionRefused, match=f"{fault.edit} ") as refused:
            resend(conn, office, row, bad, ClaimState.CORRECTING, why, "again")
        queued = submissions.of_claim(conn, row.id)
    assert fault.field in str(refused.value)
    assert queued == []


def test_a_file_under_another_guide_is_refused_and_no_claim_is_blamed(
    office: Office, why: Because, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST03 belongs to the file: the gate refuses it, and the batch is tried again."""

    def other_guide(sent: list[Claim], envelope: Any) -> bytes:
        written = write_claims(sent, envelope)
        return written.replace(b"*005010X222A1~BHT", b"*005010X223A2~BHT", 1)

    coded(office, why, lambda claim: claim)
    claim_id = scrub(office)
    with monkeypatch.context() as patch:
        patch.setattr(submitting, "write_claims", other_guide)
        with pytest.raises(ApplicationError, match="Nothing was sent") as refused:
            send(office)
    with office.reading() as conn:
        row = claims.get(conn, claim_id)
    assert "ST at segment 3" in str(refused.value)
    assert row.state is ClaimState.READY
    assert office.open_mailbox("clearinghouse").list_outbound() == []
    assert len(send(office)) == 1


def test_delimiters_inside_a_name_become_spaces_and_the_claim_leaves(
    office: Office, why: Because
) -> None:
    coded(office, why, lambda c: _person(c, last="DE*LA:CRUZ~^", first="A\nNA"))
    scrub(office)
    (name,) = send(office)

    content = office.open_mailbox("clearinghouse").read_outbound(name)
    person = read_claims(content).claims[0].claim.subscriber.person
    assert (person.last, person.first) == ("DE LA CRUZ", "A NA")
    assert findings(content) == ()


def test_a_claim_the_writer_refuses_stays_behind_with_a_task(
    office: Office, why: Because
) -> None:
    """The writer is the last wall, should a value come past the edits."""
    bad = coded(office, why, lambda c: _person(c, member_id="NL1*2"))
    with office.writing() as conn:
        ready(conn, office, claim_of(conn, NUMBER), bad, why)

    assert send(office) == []
    with office.reading() as conn:
        row = claim_of(conn, NUMBER)
        (task,) = tasks.waiting(conn, claim_id=row.id, types=["SCRUB_FIX"])
    assert row.state is ClaimState.SCRUB_HOLD
    assert "NL1" not in f"{task['why']} {task['evidence']}"
    assert b"NL1*2" not in write_claims([_person(bad, member_id="X1")], ENVELOPE)
