"""A sweep of a mailbox: every file has one of three ends, and none is in the way."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.file_words import KINDS, kind_words
from activities.files import (
    PATIENCE,
    ROUTES,
    UNKNOWN,
    FileActivities,
    FilesLeftError,
    take_in,
)
from activities.office import Office
from edi.segments import FileKind
from exchange.directory import DirectoryMailbox
from exchange.sftp import SftpMailbox
from records import audit, claims, files
from records.db import Connection, RowMapping
from records.events import Because
from records.tables import eligibility
from tests.activities.conftest import NOON, open_office
from tests.exchange.serving import running
from tests.payer import OFFICE, PARTNER, Outside, Patient
from vault.documents import DocumentStore

PATIENTS = [Patient(1), Patient(2)]


@pytest.fixture
def office(tmp_path: Path, repo_root: Path, database_url: str) -> Iterator[Office]:
    made = open_office(tmp_path, repo_root, database_url)
    for partner in (PARTNER, OFFICE):
        made.open_mailbox(partner)
    yield made
    made.db.close()


def drop(folder: Path, partner: str, name: str, content: bytes) -> Path:
    path = folder / "mailbox" / partner / "inbound" / name
    path.write_bytes(content)
    return path


def came_in(conn: Connection) -> list[RowMapping]:
    """The files of partners; what we answered them is of test_receipts.py."""
    return [f for f in files.listing(conn) if f["direction"] == "in"]


def sweep(office: Office, partner: str) -> int:
    return FileActivities(office).receive_files(partner, NOON)


def answers(office: Office) -> int:
    with office.reading() as conn:
        query = select(func.count()).select_from(eligibility)
        return int(conn.execute(query).scalar_one())


def test_a_known_file_is_routed_and_leaves_the_mailbox(
    office: Office, tmp_path: Path
) -> None:
    path = drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))
    assert sweep(office, PARTNER) == 1
    assert not path.exists()
    assert answers(office) == 2
    assert sweep(office, PARTNER) == 0


def test_the_same_bytes_again_change_nothing(office: Office, why: Because) -> None:
    content = Outside().coverage(PATIENTS)
    take_in(office, PARTNER, "a.edi", content, why)
    said = take_in(office, PARTNER, "b.edi", content, why)
    assert said == "the same bytes are known as routed"
    assert answers(office) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\xff\xfe", b"hello,world\n1,2\n", b"ISA*00*cut off"],
    ids=["empty", "binary", "other-csv", "cut-isa"],
)
def test_what_cannot_be_read_is_quarantined_with_a_reason(
    office: Office, why: Because, content: bytes
) -> None:
    said = take_in(office, PARTNER, "x", content, why)
    assert said.startswith("quarantined: ")
    assert len(said) > len("quarantined: ")


def test_a_half_read_file_is_read_again(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered, then the machine stopped: the next sweep brings it to its end."""
    drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))
    once: Any = DocumentStore.put
    with monkeypatch.context() as broken:
        broken.setattr(DocumentStore, "put", _no_space)
        with pytest.raises(FilesLeftError, match="1 files"):
            sweep(office, PARTNER)
    assert DocumentStore.put is once
    assert answers(office) == 0
    assert sweep(office, PARTNER) == 1
    assert answers(office) == 2
    with office.reading() as conn:
        ended = [f["ended"] for f in came_in(conn)]
    assert ended == ["routed"]


def test_a_file_is_on_record_before_anything_reads_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))

    def crash(content: bytes) -> Any:
        raise RecursionError

    with monkeypatch.context() as broken:
        broken.setattr("activities.files.detect", crash)
        with pytest.raises(FilesLeftError):
            sweep(office, PARTNER)
    with office.reading() as conn:
        (row,) = came_in(conn)
    assert (row["kind"], row["ended"]) == ("UNKNOWN", None)
    assert office.documents.get(row["sha256"])

    assert sweep(office, PARTNER) == 1
    with office.reading() as conn:
        (row,) = came_in(conn)
    assert (row["kind"], row["ended"]) == ("271", "routed")


def test_a_file_that_grew_after_it_was_listed_waits_for_the_next_sweep(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Outside().coverage(PATIENTS)
    path = drop(tmp_path, PARTNER, "271.edi", content[:50])
    listed: Any = DirectoryMailbox.list_inbound

    def then_grows(mailbox: DirectoryMailbox, settle: float) -> Any:
        found = listed(mailbox, settle)
        path.write_bytes(content)
        return found

    with monkeypatch.context() as slow:
        slow.setattr(DirectoryMailbox, "list_inbound", then_grows)
        assert sweep(office, PARTNER) == 0
    with office.reading() as conn:
        assert came_in(conn) == []
    assert sweep(office, PARTNER) == 1
    assert answers(office) == 2


def test_a_file_is_left_until_it_has_settled(office: Office, tmp_path: Path) -> None:
    drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))
    office.settle_seconds = 3600
    assert sweep(office, PARTNER) == 0
    office.settle_seconds = 0
    assert sweep(office, PARTNER) == 1


def test_files_at_a_partners_server_come_to_the_same_ends(
    office: Office, tmp_path: Path
) -> None:
    outside = Outside()
    with running(tmp_path) as server:
        office.open_mailbox = lambda _: SftpMailbox(server.account())
        assert sweep(office, PARTNER) == 0
        inbound = server.folder / "inbound"
        (inbound / "271.edi").write_bytes(outside.coverage(PATIENTS))
        (inbound / "again.edi").write_bytes((inbound / "271.edi").read_bytes())
        (inbound / "odd.edi").write_bytes(b"ISA*00*cut off")
        (inbound / "half.edi.part").write_bytes(b"ISA*00*")

        assert sweep(office, PARTNER) == 3
        assert sweep(office, PARTNER) == 0

        assert sorted(p.name for p in inbound.glob("*.*")) == ["half.edi.part"]
        assert len(list((inbound / "done").iterdir())) == 3
    with office.reading() as conn:
        rows = {row["name"]: row for row in came_in(conn)}
    ends = {name: (row["ended"], row["copies"]) for name, row in rows.items()}
    assert ends == {"271.edi": ("routed", 2), "odd.edi": ("quarantined", 1)}
    assert rows["odd.edi"]["reason"]
    assert answers(office) == 2


def test_a_server_that_does_not_let_us_in_is_not_asked_each_minute(
    office: Office, tmp_path: Path
) -> None:
    """It may lock the account; the sweep waits until the next one would come."""
    with running(tmp_path) as server:
        office.open_mailbox = lambda _: SftpMailbox(server.account(user="nobody"))
        with pytest.raises(ApplicationError, match="does not let user nobody") as said:
            sweep(office, PARTNER)

    assert said.value.next_retry_delay == timedelta(minutes=15)
    assert not said.value.non_retryable


def _no_space(store: DocumentStore, content: bytes) -> str:
    raise OSError("no space left on device")


def test_one_bad_file_does_not_stop_the_next(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = Outside()
    drop(tmp_path, OFFICE, "1-charges.837", outside.charges(PATIENTS[:1]))
    drop(tmp_path, OFFICE, "2-charges.837", outside.charges(PATIENTS[1:]))
    once, failed = DocumentStore.put, list[str]()

    def first_fails(store: DocumentStore, content: bytes) -> str:
        if not failed:
            failed.append("first")
            raise OSError("a disk error")
        return once(store, content)

    monkeypatch.setattr(DocumentStore, "put", first_fails)
    with pytest.raises(FilesLeftError):
        sweep(office, OFFICE)
    assert numbers(office) == [PATIENTS[1].pcn]
    assert sweep(office, OFFICE) == 1
    assert numbers(office) == [p.pcn for p in PATIENTS]


def ends(office: Office) -> dict[str, tuple[str, Any]]:
    with office.reading() as conn:
        return {f["name"]: (f["kind"], f["ended"]) for f in came_in(conn)}


def test_a_file_that_is_too_large_is_quarantined_unread_beside_the_others(
    office: Office, tmp_path: Path
) -> None:
    huge = drop(tmp_path, PARTNER, "1-huge.835", b"")
    os.truncate(huge, 20_000_000_000)
    drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))

    assert sweep(office, PARTNER) == 2
    assert sweep(office, PARTNER) == 0

    assert ends(office) == {
        "1-huge.835": ("UNREAD", "quarantined"),
        "271.edi": ("271", "routed"),
    }
    with office.reading() as conn:
        row = next(f for f in came_in(conn) if f["kind"] == "UNREAD")
    assert row["size"] == 20_000_000_000
    assert "larger than what is read here (20,000 MB; at most 200 MB)" in row["reason"]
    assert (huge.parent / "done" / "1-huge.835").exists()


def test_a_file_that_stays_unreadable_is_listed_and_holds_nothing_up(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, PARTNER, "1-locked.835", b"payment")
    drop(tmp_path, PARTNER, "271.edi", Outside().coverage(PATIENTS))
    once: Any = DirectoryMailbox.read_inbound

    def locked(mailbox: DirectoryMailbox, name: str) -> bytes:
        if name == "1-locked.835":
            raise PermissionError(13, "Permission denied", "/box/QUILL_MARA.835")
        return bytes(once(mailbox, name))

    with monkeypatch.context() as broken:
        broken.setattr(DirectoryMailbox, "read_inbound", locked)
        with pytest.raises(FilesLeftError):
            sweep(office, PARTNER)
        assert last_try(office) == 0

    assert ends(office)["1-locked.835"] == ("UNREAD", None)
    with office.reading() as conn:
        (unread,) = audit.files_without_end(conn)
    assert unread["reason"].endswith("each sweep tries again: Permission denied")
    assert answers(office) == 2

    assert sweep(office, PARTNER) == 1
    assert set(ends(office)) == {"1-locked.835", "271.edi"}
    assert ends(office)["1-locked.835"][1] == "quarantined"
    with office.reading() as conn:
        assert audit.files_without_end(conn) == []


def last_try(office: Office) -> int:
    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=PATIENCE)
    return env.run(FileActivities(office).receive_files, PARTNER, NOON)


def numbers(office: Office) -> list[str]:
    with office.reading() as conn:
        return sorted(row.practice_number for row in claims.every(conn))


def test_every_kind_of_file_has_words_of_its_own() -> None:
    kinds = {*ROUTES, *FileKind, "EOB", UNKNOWN}

    assert kinds <= set(KINDS)
    assert len(set(KINDS.values())) == len(KINDS)
    assert (
        kind_words("TA1+835") == "interchange acknowledgment (TA1) and remittance (835)"
    )
