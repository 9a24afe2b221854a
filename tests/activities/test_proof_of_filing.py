"""The chain that proves a claim was filed: 837P, 999, 277CA, 277, kept and shown.

And where it ends: what a payer rejects or cannot process (MA130) was never filed, so
the filing clock runs on, and the claim goes out as a new one (R-FIL-03, R-FIL-04).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from activities.denial import resolve_correction, resolve_other_payer
from activities.files import take_in
from activities.filing import first_proof, limit_of
from activities.followup import ask_status
from activities.imports import import_claims
from activities.inquiry import InquiryActivities
from activities.office import Office
from activities.proof_documents import Document, documents
from activities.scrub import ready
from activities.submission import SubmissionActivities, proof_of_filing
from claims.claim import ClaimState
from claims.money import ZERO, from_cents
from claims.task import DecisionRefused
from edi.acks import SetAcknowledgment, write_999, write_ta1
from edi.x276 import StatusAnswer, write_status_answers
from edi.x277ca import AnsweredClaim, write_277ca
from edi.x837 import read_claims
from records import claims, inquiries, submissions, tasks
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

MEDICARE, NORTHLAKE = "P-MEDB", "P-NORTHLAKE"
NUMBERS = ("SYN-0001", "SYN-0002")
PARTNER = "clearinghouse"


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    opened = open_office(tmp_path, repo_root, database_url)
    a1 = next(s for s in OURS if s.path.name.startswith("a1_")).content
    import_claims(opened, a1, name="", why=Because(NOON, NOON.date(), "R-BAD-01"))
    yield opened
    opened.db.close()


def queue(office: Office, why: Because, payer: str) -> None:
    """Two patients' claims are ready for one batch."""
    with office.writing() as conn:
        for number in NUMBERS:
            row = claim_of(conn, number)
            claims.change_payer(
                conn, row.id, payer_id=payer, member_index=row.member_index
            )
            row = claims.get(conn, row.id)
            ready(conn, office, row, claims.content(conn, office.cipher, row.id), why)


def send(office: Office, payer: str, batch: int = 1) -> bytes:
    batch_id = f"submit-{payer}-2026-06-15T22:00:0{batch}Z"
    activities = SubmissionActivities(office)
    assert activities.take_outbox(batch_id, payer, NOON)
    activities.send_batch(batch_id, NOON)
    mailbox = office.open_mailbox(PARTNER)
    return mailbox.read_outbound(
        [n for n in mailbox.list_outbound() if n.startswith("837P-")][-1]
    )


def now(office: Office) -> ClaimRow:
    with office.reading() as conn:
        return claim_of(conn, NUMBERS[0])


def receipt(office: Office, why: Because, code: str = "A", *errors: str) -> bytes:
    sets = [SetAcknowledgment("0001", code, errors)]
    content = write_999(ENVELOPE, gs06="1", code=code, sets=sets)
    take_in(office, PARTNER, "999.edi", content, why)
    return content


def door(
    office: Office, why: Because, category: str, icn: str = "", isa13: int = 7
) -> bytes:
    """A 277CA about both claims."""
    with office.reading() as conn:
        rows = [claim_of(conn, number) for number in NUMBERS]
    content = write_277ca(
        [
            AnsweredClaim(
                row.pcn, category, "20", from_cents(row.charge_cents), f"{icn}{n}"
            )
            for n, row in enumerate(rows, start=1)
        ],
        replace(ENVELOPE, isa13=isa13),
        payer_name="PAYER",
        payer_edi_id="99001",
        provider_npi="1234567893",
    )
    take_in(office, PARTNER, "277ca.edi", content, why)
    return content


def asked(office: Office, why: Because) -> bytes:
    """A 276 leaves and is answered."""
    with office.writing() as conn:
        ask_status(conn, office, claim_of(conn, NUMBERS[0]), why)
    activities = InquiryActivities(office)
    activities.take_inquiries("inquire276-x", "276", NORTHLAKE, NOON)
    activities.send_inquiries("inquire276-x", NOON)
    row = now(office)
    with office.reading() as conn:
        (question,) = inquiries.of_claim(conn, row.id, "276")
    answer = StatusAnswer(
        trace=question["trace"], pcn=row.pcn, category="P1", status="20",
        charge=from_cents(row.charge_cents),
    )  # fmt: skip
    content = write_status_answers(
        [answer], ENVELOPE, payer_name="PAYER", payer_edi_id="99001",
        provider_npi="1234567893",
    )  # fmt: skip
    take_in(office, PARTNER, "277.edi", content, why)
    return content


def proof(office: Office) -> dict[str, list[Document]]:
    with office.reading() as conn:
        found: dict[str, list[Document]] = {}
        for one in documents(conn, office, claim_of(conn, NUMBERS[0])):
            found.setdefault(one.kind, []).append(one)
    return found


def test_r_fil_03_the_whole_chain_is_in_the_proof_with_this_claim_alone(
    office: Office, why: Because
) -> None:
    queue(office, why, NORTHLAKE)
    sent = send(office, NORTHLAKE)
    came = {
        "999": receipt(office, why),
        "277CA": door(office, why, "A2", "ICN"),
        "277": asked(office, why),
    }

    found = proof(office)

    other = claim_of_other(office)
    for kind in ("837P", "999", "277CA", "276", "277"):
        (one,) = [d for d in found[kind] if d.direction == "out" or kind in came]
        assert one.content
        assert other.pcn.encode() not in one.content
    assert found["999"][0].content == came["999"]  # as it came, whole
    assert found["277CA"][0].included == "excerpt"
    assert b"A2:20:PR" in found["277CA"][0].content
    assert sent.count(b"CLM*") == 2
    for kind, content in came.items():
        with office.reading() as conn:
            kept = office.documents.get(found[kind][0].sha256)
            assert kept == content  # unaltered in the store
            assert proof_of_filing(conn, office, now(office).id)["proof"] == (
                f"277CA A2:20 of {why.today}"
            )


def claim_of_other(office: Office) -> ClaimRow:
    with office.reading() as conn:
        return claim_of(conn, NUMBERS[1])


def test_a_receipt_that_is_received_and_waited_after_is_kept_as_well(
    office: Office, why: Because
) -> None:
    """A1 changes nothing and is no news: it is in the claim's proof all the same."""
    queue(office, why, NORTHLAKE)
    send(office, NORTHLAKE)
    door(office, why, "A1")

    assert [b"A1:20" in d.content for d in proof(office)["277CA"]] == [True]
    with office.reading() as conn:
        assert first_proof(conn, now(office).id) is None


@pytest.mark.parametrize("kind", ["999", "277CA", "TA1"])
def test_what_rejected_the_claim_is_kept_with_it(
    office: Office, why: Because, kind: str
) -> None:
    queue(office, why, NORTHLAKE)
    send(office, NORTHLAKE)
    if kind == "999":
        receipt(office, why, "R", "NM1|8|2010AA|3")
    elif kind == "277CA":
        door(office, why, "A7")
    else:
        content = write_ta1(ENVELOPE, isa13="000000001", code="R", note="006")
        take_in(office, PARTNER, "ta1.edi", content, why)

    assert now(office).state is ClaimState.REJECTED
    (one,) = proof(office)[kind]
    assert one.content


@pytest.mark.parametrize("at", ["receiver", "provider"])
@pytest.mark.parametrize("named", [False, True])
def test_a_277ca_that_rejects_the_whole_file_rejects_each_claim_it_does_not_name(
    office: Office, why: Because, named: bool, at: str
) -> None:
    queue(office, why, NORTHLAKE)
    sent = send(office, NORTHLAKE)
    row = now(office)
    reference = next(t for t in sent.split(b"~") if t.startswith(b"BHT")).split(b"*")[3]
    listed = [AnsweredClaim(row.pcn, "A2", "20", from_cents(row.charge_cents), "I")]
    content = write_277ca(
        listed if named else [],
        replace(ENVELOPE, batch_ref=reference.decode()),
        payer_name="PAYER",
        payer_edi_id="99001",
        provider_npi="1234567893",
    )
    day = f"{ENVELOPE.created:%Y%m%d}".encode()
    received = b"STC*A1:19:PR*" + day + b"*WQ"
    refused = b"STC*A8:24:41*" + day + b"*U"
    refusing = content.replace(received, refused)
    if at == "provider":
        of_provider = b"*XX*1234567893~"
        refusing = content.replace(
            of_provider, of_provider + b"TRN*2*0~" + refused + b"~"
        )
    assert refusing != content
    said = take_in(office, PARTNER, "277ca.edi", refusing, why)

    assert "rejected with their whole file" in said
    assert claim_of_other(office).state is ClaimState.REJECTED
    expected = ClaimState.ACCEPTED if named else ClaimState.REJECTED
    assert now(office).state is expected
    with office.reading() as conn:
        (task,) = tasks.waiting(conn, claim_id=claim_of_other(office).id)
    assert (task["type"], task["evidence"]["status"]) == ("REJECT_FIX", "A8:24")


def test_a_bad_value_that_a_999_quotes_does_not_leave_with_the_proof(
    office: Office, why: Because
) -> None:
    queue(office, why, NORTHLAKE)
    send(office, NORTHLAKE)
    sets = [SetAcknowledgment("0001", "R", ("NM1|8|2010BA|8|3|6",))]
    content = write_999(ENVELOPE, gs06="1", code="R", sets=sets)
    quoting = content.replace(b"IK4*3**6~", b"IK4*3**6*SECRETNAME~")
    assert quoting != content
    take_in(office, PARTNER, "999.edi", quoting, why)

    (one,) = proof(office)["999"]
    assert b"IK3*NM1*8*2010BA*8" in one.content
    assert b"SECRETNAME" not in one.content


def test_r_bad_04_a_999_after_the_277ca_changes_nothing(
    office: Office, why: Because
) -> None:
    queue(office, why, NORTHLAKE)
    send(office, NORTHLAKE)
    door(office, why, "A2", "ICN")
    before = now(office)

    receipt(office, why, "R", "NM1|8|2010AA|3")

    after = now(office)
    assert (after.state, after.next_what, after.next_due) == (
        before.state, before.next_what, before.next_due,
    )  # fmt: skip
    with office.reading() as conn:
        assert first_proof(conn, after.id) is not None


def test_r_fil_04_a_rejection_takes_the_proof_away(
    office: Office, why: Because
) -> None:
    queue(office, why, NORTHLAKE)
    send(office, NORTHLAKE)
    door(office, why, "A2", "ICN")
    door(office, why, "A3", isa13=8)

    row = now(office)
    assert row.state is ClaimState.REJECTED
    with office.reading() as conn:
        assert first_proof(conn, row.id) is None
        assert proof_of_filing(conn, office, row.id) == {}


# --- MA130: a new claim ---------------------------------------------------------------


def unprocessable(office: Office, why: Because, payer: str) -> ClaimRow:
    """Sent, accepted, and then not processed."""
    queue(office, why, payer)
    send(office, payer)
    door(office, why, "A2", "ICN")
    with office.writing() as conn:
        row = claim_of(conn, NUMBERS[0])
        charge = from_cents(row.charge_cents)
        line = a_line(
            conn,
            row,
            1,
            ZERO,
            rarcs=("N382",),
            adjustments=adjusted("CO", "16", charge),
        )
        found = decided(row, ZERO, rarcs=("MA130",), payer_icn="ICN1", lines=(line,))
        post_set(conn, office, payer, a_set(found), why)
    return now(office)


def correct(office: Office, why: Because, decision: str) -> None:
    with office.writing() as conn:
        row = claim_of(conn, NUMBERS[0])
        resolve_correction(conn, office, row, decision, {}, why)


@pytest.mark.parametrize("payer", [MEDICARE, NORTHLAKE])
def test_r_den_05_an_unprocessable_claim_is_sent_as_a_new_one(
    office: Office, why: Because, payer: str
) -> None:
    """Whether or not the payer takes replacements: there is nothing to replace."""
    row = unprocessable(office, why, payer)
    assert row.state is ClaimState.DENIED
    with office.reading() as conn:
        (task,) = tasks.waiting(conn, claim_id=row.id, types=["CORRECT_CLAIM"])
    assert task["evidence"]["appeal"] == "barred"
    with pytest.raises(DecisionRefused, match="new_claim instead"):
        correct(office, why, "corrected_freq_7")

    correct(office, why, "new_claim")

    sent = {c.claim.pcn: c.claim for c in read_claims(send(office, payer, 2)).claims}
    assert (sent[row.pcn].frequency, sent[row.pcn].payer_icn) == ("1", "")
    with office.reading() as conn:
        numbers = [s["number"] for s in submissions.of_claim(conn, row.id)]
    assert numbers == [1, 2]
    assert now(office).state is ClaimState.SUBMITTED


@pytest.mark.parametrize("how", ["MA130", "277CA A3"])
def test_r_fil_04_an_unprocessable_or_rejected_claim_was_never_filed(
    office: Office, why: Because, how: str
) -> None:
    """Its 277CA is kept but proves nothing, and the filing alarm is set at once."""
    late = replace(why, today=_alarm_day(office))
    if how == "MA130":
        row = unprocessable(office, late, NORTHLAKE)
    else:
        queue(office, late, NORTHLAKE)
        send(office, NORTHLAKE)
        door(office, late, "A2", "ICN")
        assert waiting_for(office, "FILING_DEADLINE") == 0
        door(office, late, "A3", isa13=8)
        row = now(office)

    with office.reading() as conn:
        (one,) = submissions.of_claim(conn, row.id)
        assert first_proof(conn, row.id) is None
    assert one["proof_file"] is not None
    assert waiting_for(office, "FILING_DEADLINE") == 1
    assert row.accepted_on is None


def waiting_for(office: Office, kind: str) -> int:
    with office.reading() as conn:
        row = claim_of(conn, NUMBERS[0])
        return len(tasks.waiting(conn, claim_id=row.id, types=[kind]))


def _alarm_day(office: Office) -> date:
    with office.reading() as conn:
        row = replace(claim_of(conn, NUMBERS[0]), payer_id=NORTHLAKE)
    limit = limit_of(office, row)
    assert limit is not None
    return limit - timedelta(20)


def test_the_new_claim_has_a_proof_of_its_own(office: Office, why: Because) -> None:
    unprocessable(office, why, NORTHLAKE)
    correct(office, why, "new_claim")
    send(office, NORTHLAKE, 2)

    door(office, why, "A2", "NEW", isa13=9)

    row = now(office)
    assert row.state is ClaimState.ACCEPTED
    assert row.payer_icn == "NEW1"
    with office.reading() as conn:
        found = first_proof(conn, row.id)
        assert found is not None
        assert found["number"] == 2


@pytest.mark.parametrize("payer", [MEDICARE, NORTHLAKE])
def test_r_cor_04_a_claim_goes_out_anew_where_replacements_are_not_taken(
    office: Office, why: Because, payer: str
) -> None:
    """The order is confirmed: a replacement, or a new claim to Medicare Part B."""
    queue(office, why, payer)
    send(office, payer)
    door(office, why, "A2", "ICN")
    with office.writing() as conn:
        row = claim_of(conn, NUMBERS[0])
        line = a_line(
            *(conn, row, 1, ZERO),
            adjustments=adjusted("CO", "22", from_cents(row.charge_cents)),
        )
        post_set(conn, office, payer, a_set(decided(row, ZERO, lines=(line,))), why)
        row = claims.get(conn, row.id)
        resolve_other_payer(conn, office, row, "same_order", {}, why)

    sent = {c.claim.pcn: c.claim for c in read_claims(send(office, payer, 2)).claims}
    frequency, icn = ("1", "") if payer == MEDICARE else ("7", "ICN1")
    assert (sent[row.pcn].frequency, sent[row.pcn].payer_icn) == (frequency, icn)
