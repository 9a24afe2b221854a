"""A batch's file leaves once, and what is on record is what left."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.office import Office
from activities.outbound import put_out, register_sent
from activities.submission import envelope_for
from records import files, submissions
from records.db import RowMapping
from records.events import Because
from tests.activities.conftest import NOON, open_office

BATCH = "submit-P-NORTHLAKE-2026-06-15T22:00:00Z"


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, sqlite_url: str) -> Iterator[Office]:
    found = open_office(tmp_path, repo_root, sqlite_url)
    yield found
    found.db.close()


def open_batch(office: Office, why: Because) -> RowMapping:
    with office.writing() as conn:
        return submissions.open_batch(
            conn,
            batch_id=BATCH,
            kind="837P",
            payer_id="P-NORTHLAKE",
            partner="clearinghouse",
            today=why.today,
        )


def test_interchange_group_and_set_carry_the_number_of_their_batch(
    office: Office, why: Because
) -> None:
    batch = open_batch(office, why)

    made = envelope_for(office, "RECEIVER", "A PAYER", batch, NOON)

    assert (made.isa13, made.gs06, made.st02) == (1, 1, "000000001")


def test_a_repeat_finds_the_file_that_left_and_registers_its_bytes(
    office: Office, why: Because
) -> None:
    batch = open_batch(office, why)

    first = put_out(office, batch, b"ISA first")
    again = put_out(office, batch, b"ISA made anew, with another time")
    with office.writing() as conn:
        register_sent(conn, office, batch, again[1], again[0], why)

    assert first == again == ("837P-P-NORTHLAKE-000000001.edi", b"ISA first")
    mailbox = office.open_mailbox("clearinghouse")
    assert mailbox.list_outbound() == [first[0]]
    sha = hashlib.sha256(b"ISA first").hexdigest()
    assert office.documents.get(sha) == b"ISA first"
    with office.reading() as conn:
        sent = submissions.get_batch(conn, BATCH)
        row = files.get(conn, sha)
    assert sent is not None
    assert (sent["file_sha256"], sent["sent_on"]) == (sha, why.today)
    assert row is not None
    assert (row["direction"], row["kind"]) == ("out", "837P")
