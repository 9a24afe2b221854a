"""Every kind of 837P that the product sends: through the edits, the gate, as meant."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities import steps
from activities.denial import resolve_correction
from activities.imports import import_claims
from activities.next_payer import bill_next
from activities.office import Office
from activities.scrub import ScrubActivities
from activities.submission import SubmissionActivities
from claims.adjustment import Adjustment
from claims.claim import (
    Address,
    Claim,
    ClaimState,
    LineDecision,
    OtherPayer,
    Payer,
    Person,
    Subscriber,
)
from claims.money import usd
from claims.task import DecisionRefused
from edi.gate import findings
from edi.x837 import read_claims, write_claims
from payers.profile import PayerBook
from records import claims
from records.claims import ClaimRow
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.activities.reviewing import a_line, a_set, adjusted, decided, post_set
from tests.claims.test_correction import differences
from tests.edi.conftest import OURS
from tests.edi.make import ENVELOPE

PAYER, OTHER_PLAN = "P-NORTHLAKE", "P-EASTGATE"
CHILD = Person(
    last="MAPLEWOOD",
    first="LEO",
    birth_date=date(2015, 2, 1),
    sex="M",
    address=Address(
        line1="200 EXAMPLE AVENUE", city="SPRINGFIELD", state="IL", zip="627020002"
    ),
)
NOT_IN_2330A = {
    "other_payers[1].subscriber.person.birth_date",
    "other_payers[1].subscriber.person.sex",
}
"""The guide has no DMG there."""
Change = Callable[[Claim], Claim]


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, sqlite_url)
    yield opened
    opened.db.close()


def sample() -> Claim:
    """A claim of the practice to Northlake."""
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    found = read_claims(a1).claims[0].claim
    payer = Payer(name="NORTHLAKE HEALTH", edi_id="99001")
    return found.model_copy(update={"payer": payer})


def another(n: int = 1, **more: Any) -> OtherPayer:
    person = Person(last="MAPLEWOOD", first="ODETTE", member_id=f"OTHER{n}")
    holder = Subscriber(
        sequence="P" if n == 1 else "T", person=person, filing_indicator="CI"
    )
    plan = Payer(name=f"PLAN {n}", edi_id="99004" if n == 1 else f"9{n:04d}")
    return OtherPayer(subscriber=holder, payer=plan, **more)


def dependent(claim: Claim) -> Claim:
    holder = claim.subscriber.model_copy(update={"relationship": "19"})
    return claim.model_copy(update={"subscriber": holder, "patient": CHILD})


def full_diagnoses(claim: Claim) -> Claim:
    line = claim.lines[0].model_copy(update={"pointers": (1, 12, 5, 7)})
    codes = (*(f"M17{n}" for n in range(10)), "I10", "E119")
    return claim.model_copy(update={"diagnoses": codes, "lines": (line,)})


def fifty_lines(claim: Claim) -> Claim:
    line = claim.lines[0]
    lines = tuple(
        line.model_copy(update={"number": n, "line_ref": f"L{n}"}) for n in range(1, 51)
    )
    return claim.model_copy(update={"lines": lines, "charge": line.charge * 50})


def ten_others(claim: Claim) -> Claim:
    others = tuple(another(n) for n in range(1, 11))
    return claim.model_copy(update={"other_payers": others})


def secondary(claim: Claim) -> Claim:
    """As a practice system writes it when the first plan has decided."""
    line = claim.lines[0]
    said = LineDecision(
        payer_edi_id="99004",
        paid=usd("100.00"),
        code=line.code,
        units=line.units,
        adjustments=(
            Adjustment(group="CO", carc="45", amount=usd("30.00")),
            Adjustment(group="PR", carc="2", amount=usd("20.00")),
        ),
        decided_on=date(2026, 3, 20),
    )
    other = another(paid=usd("100.00"), decided_on=date(2026, 3, 20), icn="ICN9")
    lines = (line.model_copy(update={"decisions": (said,)}),)
    holder = claim.subscriber.model_copy(update={"sequence": "S"})
    return claim.model_copy(
        update={"subscriber": holder, "other_payers": (other,), "lines": lines}
    )


KINDS: dict[str, tuple[Change, dict[bytes, int]]] = {
    "original": (lambda claim: claim, {b":B:1*": 1, b"REF*F8*": 0, b"HL*3*": 0}),
    "dependent": (dependent, {b"HL*3*2*23*0~PAT*19~": 1, b"SBR*P**": 1, b"*QC*": 1}),
    "12 diagnoses, 4 pointers": (
        full_diagnoses,
        {b"*ABF:": 11, b"*1:12:5:7~": 1},
    ),
    "50 lines": (fifty_lines, {b"~LX*": 50, b"~SV1*": 50}),
    "10 other payers": (ten_others, {b"~SBR*": 11, b"NM1*PR*": 11}),
    "secondary": (
        secondary,
        {
            b"~SBR*S*": 1, b"~SBR*P*": 1, b"AMT*D*100~": 1, b"NM1*PR*": 2,
            b"SVD*99004*100*": 1, b"CAS*CO*45*30~CAS*PR*2*20~": 1,
            b"DTP*573*D8*20260320~": 2,
        },
    ),
}  # fmt: skip


def bring(office: Office, why: Because, claim: Claim) -> ClaimRow:
    """The claim comes as an 837P and is coded."""
    content = write_claims([claim], ENVELOPE)
    result = import_claims(office, content, name="", why=why)
    (claim_id,) = result.claim_ids
    with office.writing() as conn:
        row = claims.get(conn, claim_id)
        step = steps.by_claim(
            office, row, "CHECK_DOCUMENTATION", why.today, "coding", "edits"
        )
        claims.set_step(conn, row, ClaimState.CODING, step, why, "coverage is active")
    return row


def sent(office: Office, row: ClaimRow, payer: str = PAYER, batch: int = 1) -> bytes:
    """What leaves for the payer; it must be as it stands in the outbox."""
    batch_id = f"submit-{payer}-2026-06-15T22:00:0{batch}Z"
    activities = SubmissionActivities(office)
    assert activities.take_outbox(batch_id, payer, NOON) == 1
    activities.send_batch(batch_id, NOON)
    mailbox = office.open_mailbox("clearinghouse")
    names = [n for n in mailbox.list_outbound() if n.startswith(f"837P-{payer}-")]
    content = mailbox.read_outbound(names[-1])
    with office.reading() as conn:
        meant = claims.content(conn, office.cipher, row.id)
        state = claims.get(conn, row.id).state
    (read,) = read_claims(content).claims
    assert set(differences(meant.model_dump(), read.claim.model_dump())) <= NOT_IN_2330A
    assert findings(content) == ()
    assert state is ClaimState.SUBMITTED
    return content


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_leaves_as_it_came_without_a_finding(
    office: Office, why: Because, kind: str
) -> None:
    change, counts = KINDS[kind]
    row = bring(office, why, change(sample()))
    ScrubActivities(office).scrub_claim(row.id, NOON)

    content = sent(office, row)

    assert {mark: content.count(mark) for mark in counts} == counts


@pytest.mark.parametrize(
    ("decision", "frequency"), [("corrected_freq_7", "7"), ("void", "8")]
)
@pytest.mark.parametrize("change", [lambda claim: claim, dependent])
def test_a_replacement_and_a_void_carry_the_payers_newest_number_and_every_line(
    office: Office, why: Because, decision: str, frequency: str, change: Change
) -> None:
    row = bring(office, why, change(sample()))
    ScrubActivities(office).scrub_claim(row.id, NOON)
    sent(office, row)
    with office.writing() as conn:
        claims.note(conn, row.id, payer_icn="NEWEST1")
        resolve_correction(conn, office, claims.get(conn, row.id), decision, {}, why)

    content = sent(office, row, batch=2)

    assert f":B:{frequency}*".encode() in content
    assert b"REF*F8*NEWEST1~" in content
    assert content.count(b"~LX*") == len(sample().lines)


def test_a_void_goes_only_to_a_payer_that_takes_voids(
    office: Office, why: Because
) -> None:
    """A payer may take replacements and no voids, or voids and no replacements."""
    row = bring(office, why, sample())
    profile = office.payers.get(PAYER)
    assert profile is not None
    with office.writing() as conn:
        claims.note(conn, row.id, payer_icn="NEWEST1")
        for able, decision, word in (
            ({"frequency_8": False}, "void", "voids"),
            ({"frequency_7": False}, "corrected_freq_7", "replacement claims"),
        ):
            limited = profile.model_copy(
                update={"capabilities": profile.capabilities.model_copy(update=able)}
            )
            office.payers = PayerBook([limited])
            with pytest.raises(DecisionRefused, match=f"takes no {word}"):
                resolve_correction(
                    conn, office, claims.get(conn, row.id), decision, {}, why
                )


@pytest.mark.parametrize(
    ("relationship", "marks"),
    [
        ("18", {b"HL*3*": 0, b"SBR*S*18*": 1}),
        ("01", {b"HL*3*2*23*0~PAT*01~": 1, b"SBR*S**": 1}),
    ],
    ids=["the patient's own plan", "a spouse's plan"],
)
def test_the_next_plan_is_billed_with_the_first_ones_decision_and_the_patient(
    office: Office, why: Because, relationship: str, marks: dict[bytes, int]
) -> None:
    """R-COB-05; the patient of one plan may be no subscriber of the next (2000C)."""
    plan = another()
    holder = plan.subscriber.model_copy(
        update={"relationship": relationship, "sequence": "S"}
    )
    waiting = plan.model_copy(update={"subscriber": holder})
    row = bring(office, why, sample().model_copy(update={"other_payers": (waiting,)}))
    ScrubActivities(office).scrub_claim(row.id, NOON)
    sent(office, row)
    with office.writing() as conn:
        row = claims.get(conn, row.id)
        line = a_line(
            conn, row, 1, Decimal("100.00"),
            adjustments=(
                *adjusted("CO", "45", Decimal("30.00")),
                *adjusted("PR", "2", Decimal("20.00")),
            ),
        )  # fmt: skip
        found = decided(row, Decimal("100.00"), lines=(line,))
        post_set(conn, office, PAYER, a_set(found), why)
        row = claims.get(conn, row.id)
        assert row.state is ClaimState.NEXT_PAYER
        bill_next(conn, office, row, why)

    content = sent(office, row, OTHER_PLAN, batch=3)

    assert {mark: content.count(mark) for mark in marks} == marks
    assert content.count(b"SVD*99001*100*") == 1
    assert b"CAS*CO*45*30~" in content
    assert b"CAS*PR*2*20~" in content
