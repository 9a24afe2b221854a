"""A batch's file leaves once, and what is on record is what left."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

from activities.office import Office
from activities.outbound import put_out, register_sent
from activities.submission import envelope_for
from exchange.sftp import SftpMailbox
from records import files, submissions
from records.db import RowMapping
from records.events import Because
from tests.activities.conftest import NOON, open_office
from tests.exchange.serving import running
from vault.documents import DocumentStore

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


class Crash(BaseException):
    """The process ends here: nothing of ours may catch it."""


def crash(*_: object, **__: object) -> NoReturn:
    raise Crash


STEPS = {
    "before the file is kept": (DocumentStore, "put", "before"),
    "after the file was kept": (DocumentStore, "put", "after"),
    "before the draft is written": (None, "stage_outbound", "before"),
    "after the draft was written": (None, "stage_outbound", "after"),
    "before the draft is noted": (submissions, "stage_batch", "before"),
    "after the draft was noted": (None, "release_outbound", "before"),
    "after the file has its name": (None, "release_outbound", "after"),
}
"""Whose method ends the process, None for the mailbox's."""


@dataclass
class Partner:
    """The partner's end: it collects what it finds under a name of its own."""

    outbound: Path
    got: list[bytes] = field(default_factory=list)

    def collect(self) -> None:
        for path in self.outbound.glob("[!.]*"):
            self.got.append(path.read_bytes())
            path.unlink()


@pytest.fixture(params=["folder", "sftp"])
def partner(
    office: Office, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Partner]:
    """The office's mailbox at the partner, a folder or at an SFTP server."""
    if request.param == "folder":
        yield Partner(tmp_path / "mailbox" / "clearinghouse" / "outbound")
        return
    with running(tmp_path) as server:
        office.open_mailbox = lambda _: SftpMailbox(server.account())
        yield Partner(server.folder / "outbound")


def fail_at(patch: pytest.MonkeyPatch, owner: object, name: str, when: str) -> None:
    real = getattr(owner, name)

    def after(*given: Any, **named: Any) -> NoReturn:
        real(*given, **named)
        raise Crash

    patch.setattr(owner, name, crash if when == "before" else after)


def fresh(office: Office) -> RowMapping:
    with office.reading() as conn:
        found = submissions.get_batch(conn, BATCH)
    assert found is not None
    return found


@pytest.mark.parametrize("collected", [False, True], ids=["left there", "collected"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_sends_the_file_whole_and_once(
    office: Office, why: Because, partner: Partner, step: str, collected: bool
) -> None:
    """Also where the partner takes the file away before we are back."""
    open_batch(office, why)
    owner, name, when = STEPS[step]
    mailbox = type(office.open_mailbox("clearinghouse"))
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, owner or mailbox, name, when)
        with pytest.raises(Crash):
            put_out(office, fresh(office), b"ISA of the first try")
    if collected:
        partner.collect()
    sent_name, content = put_out(office, fresh(office), b"ISA of the second try")
    with office.writing() as conn:
        register_sent(conn, office, fresh(office), content, sent_name, why)
    partner.collect()
    again = put_out(office, fresh(office), b"ISA of the third try")
    partner.collect()

    assert partner.got == [content]
    assert again == (sent_name, content)
    assert fresh(office)["file_name"] == sent_name


def test_a_worker_that_comes_late_takes_the_draft_of_the_first(
    office: Office, why: Because, partner: Partner
) -> None:
    """Its own view of the batch is from before the other noted its draft."""
    stale = open_batch(office, why)
    first = put_out(office, stale, b"ISA of one worker")
    partner.collect()

    assert put_out(office, stale, b"ISA of the other") == first
    assert partner.got == [b"ISA of one worker"]
    assert list(partner.outbound.iterdir()) == []
