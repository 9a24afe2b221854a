"""What comes by mailbox is answered there: 999 for its groups, TA1 when asked."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.files import ROUTES, FileActivities, FilesLeftError
from activities.imports import import_claims
from activities.intake import look_over
from activities.mail_waiting import lying_in, put_aside
from activities.office import OFFICE_PARTNER, Office
from activities.receipts import TAKEN, acknowledge
from edi.acks import AcknowledgmentFile, read_acknowledgments
from edi.gate import findings
from edi.interchange import FileKind
from exchange.directory import DirectoryMailbox
from records import files, submissions
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.edi.conftest import OURS
from tests.payer import PARTNER, Outside, Patient


def sample(name: str) -> bytes:
    return next(s for s in OURS if s.path.name.startswith(f"{name}_")).content


def institutional() -> bytes:
    """The sample's claims as a hospital would send them (837I, SV2)."""
    other = sample("a1").replace(b"005010X222A1", b"005010X223A2")
    return other.replace(b"SV1*HC:", b"SV2*0510*HC:")


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    made = open_office(tmp_path, repo_root, sqlite_url)
    for partner in (PARTNER, OFFICE_PARTNER):
        made.open_mailbox(partner)
    yield made
    made.db.close()


def sweep(
    office: Office, folder: Path, content: bytes, partner: str = OFFICE_PARTNER
) -> list[bytes]:
    """Drop a file into a mailbox, sweep it; what lies there for the partner."""
    (folder / "mailbox" / partner / "inbound" / "in.edi").write_bytes(content)
    assert FileActivities(office).receive_files(partner, NOON) == 1
    return out(office, partner)


def out(office: Office, partner: str = OFFICE_PARTNER) -> list[bytes]:
    mailbox = office.open_mailbox(partner)
    return [mailbox.read_outbound(name) for name in mailbox.list_outbound()]


def read_one(found: list[bytes]) -> AcknowledgmentFile:
    (content,) = found
    assert findings(content) == ()
    return read_acknowledgments(content)


def asking_ta1(content: bytes) -> bytes:
    return re.sub(rb"\*0\*([PT])\*", rb"*1*\1*", content, count=1)


def test_claims_of_a_practice_are_answered_with_a_999_in_its_mailbox(
    office: Office, tmp_path: Path
) -> None:
    content = sample("a1")
    found = sweep(office, tmp_path, content)

    said = read_one(found)
    (group,) = said.files
    sent = next(t for t in content.split(b"~") if t.strip().startswith(b"GS*"))
    assert group.gs06 == sent.split(b"*")[6].decode()
    assert group.code == "A"
    assert said.interchanges == ()
    assert office.open_mailbox(OFFICE_PARTNER).list_outbound() == [
        "999-office-000000001.edi"
    ]
    with office.reading() as conn:
        listed = [f for f in files.listing(conn) if f["direction"] == "out"]
    assert [(f["kind"], f["partner"]) for f in listed] == [("999", OFFICE_PARTNER)]


def test_isa14_asks_for_a_ta1_and_gets_it(office: Office, tmp_path: Path) -> None:
    content = asking_ta1(sample("a1"))
    assert content != sample("a1")

    said = read_one(sweep(office, tmp_path, content))

    (ta1,) = said.interchanges
    assert (ta1.isa13, ta1.code, ta1.note) == (
        content.split(b"*")[13].decode(), "A", "000",
    )  # fmt: skip
    assert [one.code for one in said.files] == ["A"]


def test_a_claim_that_cannot_be_read_is_an_error_of_its_set(
    office: Office, tmp_path: Path
) -> None:
    bad = sample("a1").replace(b"HC:99213*150*", b"HC:99213*1x0*", 1)
    assert bad != sample("a1")
    (group,) = read_one(sweep(office, tmp_path, bad)).files

    assert group.code == "E"
    assert group.errors[0].startswith("segment SV1 at segment ")


def test_a_claim_known_with_other_content_is_no_fault_of_syntax(
    office: Office, tmp_path: Path, why: Because
) -> None:
    import_claims(office, sample("a1"), name="", why=why)
    changed = sample("a1").replace(b"HI*ABK:J069", b"HI*ABK:J029")
    assert changed != sample("a1")
    (group,) = read_one(sweep(office, tmp_path, changed)).files

    assert group.code == "A"


def test_institutional_claims_are_refused_as_not_supported(
    office: Office, tmp_path: Path
) -> None:
    """Recognised, read to claim level, refused for submission with a clear word."""
    (answer,) = sweep(office, tmp_path, institutional())

    assert b"IK5*R*1~" in answer
    assert b"AK9*R*" in answer
    with office.reading() as conn:
        came = next(f for f in files.listing(conn) if f["direction"] == "in")
    assert came["ended"] == "quarantined"
    assert came["kind"] == "837I"
    assert came["reason"] == (
        "these are institutional claims (837I); only professional claims (837P) can be "
        "sent from here"
    )


def test_a_look_at_institutional_claims_says_that_they_would_be_refused(
    office: Office, why: Because
) -> None:
    seen = look_over(office, "hospital.edi", institutional(), why)

    assert (seen.kind, seen.ended) == ("837I", "quarantined")
    assert "only professional claims (837P) can be sent from here" in seen.words
    assert not seen.is_whole


def test_the_institutional_claims_beside_others_are_rejected_by_name(
    office: Office, tmp_path: Path, why: Because
) -> None:
    both = sample("a1") + institutional()
    result = import_claims(office, both, name="", why=why)

    refused = [r for r in result.rejects if "institutional" in r.reason.lower()]
    assert len(refused) == both.count(b"CLM*") / 2
    assert result.read == result.accepted + result.held + result.rejected
    assert result.accepted + result.held > 0


def test_what_payers_send_is_answered_too_but_no_acknowledgment(
    office: Office, tmp_path: Path
) -> None:
    outside = Outside()
    (answer,) = sweep(office, tmp_path, outside.coverage([Patient(1)]), PARTNER)
    assert b"AK1*HB*" in answer
    assert b"AK2*271*" in answer

    assert sweep(office, tmp_path, answer, PARTNER) == [answer]


def test_the_same_bytes_are_answered_once(office: Office, tmp_path: Path) -> None:
    first = sweep(office, tmp_path, sample("a1"))
    again = sweep(office, tmp_path, sample("a1"))

    assert len(first) == 1
    assert again == first


def test_a_crash_after_the_answer_left_sends_no_second_one(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: object, __: str) -> None:
        raise OSError("the power fails")

    with monkeypatch.context() as patch:
        patch.setattr(DirectoryMailbox, "archive_inbound", crash)
        with pytest.raises(FilesLeftError):
            sweep(office, tmp_path, sample("a1"))
    before = out(office)

    FileActivities(office).receive_files(OFFICE_PARTNER, NOON)

    assert len(before) == 1
    assert out(office) == before


def test_answers_and_claims_to_one_partner_never_share_a_number(
    office: Office, tmp_path: Path, why: Because
) -> None:
    sweep(office, tmp_path, Outside().coverage([Patient(1)]), PARTNER)
    with office.writing() as conn:
        batch = submissions.open_batch(
            conn, batch_id="submit-x", kind="837P", payer_id="P-NORTHLAKE",
            partner=PARTNER, today=why.today,
        )  # fmt: skip
    assert batch["isa13"] == 2


def test_a_file_that_a_person_takes_from_a_mailbox_is_answered_there(
    office: Office, tmp_path: Path, why: Because
) -> None:
    path = tmp_path / "mailbox" / OFFICE_PARTNER / "inbound" / "mine.edi"
    path.write_bytes(sample("a1"))
    import_claims(office, sample("a1"), name="", why=why)
    sha = hashlib.sha256(sample("a1")).hexdigest()
    put_aside(office, OFFICE_PARTNER, "mine.edi", sha, why)

    assert lying_in(office, OFFICE_PARTNER) == []
    assert [one.code for one in read_one(out(office)).files] == ["A"]


@pytest.mark.parametrize("content", [b"", b"not X12", b"date,amount\n"])
def test_what_is_no_x12_has_no_answer(
    office: Office, why: Because, content: bytes
) -> None:
    mailbox = office.open_mailbox(OFFICE_PARTNER)
    assert acknowledge(office, mailbox, OFFICE_PARTNER, content, why) == 0
    assert mailbox.list_outbound() == []


def test_what_a_999_calls_supported_is_what_the_sweep_takes() -> None:
    routed = {kind for kind in FileKind if kind in ROUTES}
    assert routed | {FileKind.X837P} == TAKEN
