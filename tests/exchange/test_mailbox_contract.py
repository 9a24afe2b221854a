"""What every mailbox does, whatever carries it. A new kind joins ``KINDS``."""

import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.directory import DirectoryMailbox
from exchange.mailbox import (
    FileMissingError,
    Mailbox,
    MailboxError,
    OutboundConflictError,
    TooLargeError,
)
from exchange.sftp import SftpMailbox
from tests.exchange.serving import running

BAD_NAMES = [
    *("", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "a\0b", "a\nb", "\udcff"),
    *(".hidden", "half.tmp", "half.part", "HALF.PART", "half.filepart", "x" * 241),
]


@dataclass
class Side:
    """A mailbox with the partner's end of it."""

    mailbox: Mailbox
    inbound: Path
    outbound: Path
    settled: Callable[[bool], list[str]]
    """Names once files had 30 seconds to settle; True: the partner writes on."""

    def drop(self, name: str, content: bytes) -> None:
        """The partner uploads a file."""
        (self.inbound / name).write_bytes(content)

    def collect(self, name: str) -> None:
        """The partner takes a file of ours away."""
        (self.outbound / name).unlink()


def directory_side(root: Path) -> Iterator[Side]:
    now = 2_000_000_000.0
    mailbox = DirectoryMailbox(root, "payer-a", clock=lambda: now)

    def settled(changing: bool) -> list[str]:
        nonlocal now
        uploaded = max(path.stat().st_ctime for path in mailbox.inbound.iterdir())
        now = uploaded + (29 if changing else 31)
        return [file.name for file in mailbox.list_inbound(settle_seconds=30)]

    yield Side(mailbox, mailbox.inbound, mailbox.outbound, settled)


def sftp_side(root: Path) -> Iterator[Side]:
    with running(root) as server:
        inbound = server.folder / "inbound"

        def settled(changing: bool) -> list[str]:
            async def pause(seconds: float) -> None:
                assert seconds == 30
                for path in inbound.glob("*.*") if changing else ():
                    path.write_bytes(path.read_bytes() + b"more")

            mailbox = SftpMailbox(server.account(), pause=pause)
            return [file.name for file in mailbox.list_inbound(settle_seconds=30)]

        mailbox = SftpMailbox(server.account())
        mailbox.list_outbound()  # the first login makes the folders
        yield Side(mailbox, inbound, server.folder / "outbound", settled)


KINDS = {"directory": directory_side, "sftp": sftp_side}


@pytest.fixture(params=KINDS)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Side]:
    yield from KINDS[str(request.param)](tmp_path)


def put(mailbox: Mailbox, name: str, content: bytes) -> None:
    mailbox.release_outbound(mailbox.stage_outbound(name, content), name)


def names(side: Side) -> list[str]:
    return [file.name for file in side.mailbox.list_inbound()]


def test_waiting_files_are_listed_by_name_with_their_size(side: Side) -> None:
    side.drop("b.835", b"four")
    side.drop("a.277", b"seven77")

    found = side.mailbox.list_inbound()

    assert [(f.name, f.size) for f in found] == [("a.277", 7), ("b.835", 4)]
    assert side.mailbox.read_inbound("b.835") == b"four"


@pytest.mark.parametrize(
    "name", ["a.tmp", "a.part", "a.835.filepart", ".a.835", "A.TMP"]
)
def test_unfinished_names_are_left_alone(side: Side, name: str) -> None:
    side.drop(name, b"half")

    assert names(side) == []


def test_a_file_is_listed_once_it_has_settled(side: Side) -> None:
    side.drop("a.835", b"half")

    assert side.settled(True) == []
    assert side.settled(False) == ["a.835"]


def test_an_archived_file_no_longer_waits_and_archiving_again_does_nothing(
    side: Side,
) -> None:
    side.drop("a.835", b"one")
    side.mailbox.archive_inbound("a.835")
    side.mailbox.archive_inbound("a.835")

    assert names(side) == []
    with pytest.raises(FileMissingError, match="Nothing was read"):
        side.mailbox.read_inbound("a.835")


def test_a_name_may_come_again_after_archiving(side: Side) -> None:
    for content in (b"one", b"two", b"three"):
        side.drop("a.835", content)
        assert side.mailbox.read_inbound("a.835") == content
        side.mailbox.archive_inbound("a.835")

    assert names(side) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2000))
def test_any_bytes_go_out_and_come_back(side: Side, content: bytes) -> None:
    name = f"{uuid.uuid4().hex}.837"
    with side.mailbox.held() as mailbox:
        put(mailbox, name, content)
        assert mailbox.read_outbound(name) == content


def test_a_large_file_goes_both_ways_unchanged(side: Side) -> None:
    content = bytes(range(256)) * 8192
    side.drop("a.835", content)
    put(side.mailbox, "a.837", content)

    assert side.mailbox.read_inbound("a.835") == content
    assert side.mailbox.read_outbound("a.837") == content


@pytest.mark.parametrize("raw", [b"a\xff.835", b"a\n.835", b"a\\b.835", b"x" * 250])
def test_a_file_with_an_impossible_name_is_renamed_and_listed(
    side: Side, raw: bytes
) -> None:
    side.drop(os.fsdecode(raw), b"payment")

    first, again = names(side), names(side)

    assert len(first) == 1
    assert first == again
    assert side.mailbox.read_inbound(first[0]) == b"payment"


def test_archived_files_of_one_name_are_all_kept(side: Side) -> None:
    for content in (b"one", b"two", b"three"):
        side.drop("a.835", content)
        side.mailbox.archive_inbound("a.835")

    kept = {p.name: p.read_bytes() for p in (side.inbound / "done").iterdir()}
    assert kept == {"a.835": b"one", "a.835.1": b"two", "a.835.2": b"three"}


def test_a_link_is_neither_listed_nor_followed(side: Side, tmp_path: Path) -> None:
    secret = tmp_path / "keys.json"
    secret.write_text("master key")
    (side.inbound / "a.835").symlink_to(secret)

    assert names(side) == []
    with pytest.raises(FileMissingError):
        side.mailbox.read_inbound("a.835")


def test_putting_the_same_bytes_again_has_no_effect(side: Side) -> None:
    put(side.mailbox, "b.837", b"claims")
    put(side.mailbox, "b.837", b"claims")
    put(side.mailbox, "a.837", b"others")

    assert side.mailbox.list_outbound() == ["a.837", "b.837"]
    assert side.mailbox.outbound_exists("b.837")
    assert not side.mailbox.outbound_exists("c.837")


def test_other_bytes_under_a_taken_name_are_refused(side: Side) -> None:
    put(side.mailbox, "a.837", b"claims")

    with pytest.raises(OutboundConflictError, match="Nothing was written"):
        put(side.mailbox, "a.837", b"other claims")

    assert side.mailbox.read_outbound("a.837") == b"claims"


def test_a_draft_is_no_file_until_it_is_released(side: Side) -> None:
    mailbox = side.mailbox
    draft = mailbox.stage_outbound("a.837", b"claims")
    assert mailbox.list_outbound() == []
    assert not mailbox.outbound_exists("a.837")

    mailbox.release_outbound(draft, "a.837")
    mailbox.release_outbound(draft, "a.837")

    assert mailbox.list_outbound() == ["a.837"]
    assert mailbox.read_outbound("a.837") == b"claims"


def test_a_file_that_was_collected_is_not_released_again(side: Side) -> None:
    draft = side.mailbox.stage_outbound("a.837", b"claims")
    side.mailbox.release_outbound(draft, "a.837")
    side.collect("a.837")

    side.mailbox.release_outbound(draft, "a.837")

    assert side.mailbox.list_outbound() == []


def test_a_draft_whose_name_is_taken_stays_and_is_refused_again(side: Side) -> None:
    put(side.mailbox, "a.837", b"claims")
    draft = side.mailbox.stage_outbound("a.837", b"other claims")

    for _ in range(2):
        with pytest.raises(OutboundConflictError):
            side.mailbox.release_outbound(draft, "a.837")


def test_a_discarded_draft_is_gone_and_discarding_again_does_nothing(
    side: Side,
) -> None:
    draft = side.mailbox.stage_outbound("a.837", b"claims")
    side.mailbox.discard_outbound(draft)
    side.mailbox.discard_outbound(draft)
    side.mailbox.release_outbound(draft, "a.837")

    assert side.mailbox.list_outbound() == []


@pytest.mark.parametrize("draft", ["a.837", "../.a.tmp", ".a", "a.tmp", ""])
def test_only_a_draft_of_ours_is_released_or_discarded(side: Side, draft: str) -> None:
    steps: list[Callable[[], object]] = [
        lambda: side.mailbox.release_outbound(draft, "b.837"),
        lambda: side.mailbox.discard_outbound(draft),
    ]
    for step in steps:
        with pytest.raises(MailboxError, match="not the name of a draft"):
            step()


def test_several_steps_over_one_connection_do_the_same(side: Side) -> None:
    side.drop("a.835", b"payment")
    with side.mailbox.held() as mailbox:
        put(mailbox, "a.837", b"claims")
        (file,) = mailbox.list_inbound()
        content = mailbox.read_inbound(file.name)
        mailbox.archive_inbound(file.name)

    assert content == b"payment"
    assert side.mailbox.list_outbound() == ["a.837"]
    assert names(side) == []


def test_of_writers_at_the_same_time_exactly_one_wins(side: Side) -> None:
    def try_to_put(number: int) -> bool:
        try:
            put(side.mailbox, "a.837", str(number).encode() * 1000)
        except OutboundConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(try_to_put, range(8)))

    assert won.count(True) == 1
    winner = str(won.index(True)).encode() * 1000
    assert side.mailbox.read_outbound("a.837") == winner


def test_reading_a_missing_outbound_file_says_so(side: Side) -> None:
    with pytest.raises(FileMissingError, match="is not in the mailbox"):
        side.mailbox.read_outbound("a.837")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_not_plain_are_refused(side: Side, name: str) -> None:
    mailbox = side.mailbox
    steps: list[Callable[[], object]] = [
        lambda: mailbox.read_inbound(name),
        lambda: mailbox.archive_inbound(name),
        lambda: mailbox.stage_outbound(name, b"x"),
        lambda: mailbox.release_outbound(".a.1.tmp", name),
        lambda: mailbox.outbound_exists(name),
        lambda: mailbox.read_outbound(name),
    ]
    for step in steps:
        with pytest.raises(MailboxError, match="plain name"):
            step()

    assert mailbox.list_outbound() == []


def test_a_file_above_the_limit_is_listed_and_not_read(side: Side) -> None:
    """It takes no room: a sparse file of 20 GB, more than this machine would hold."""
    side.drop("huge.835", b"")
    os.truncate(side.inbound / "huge.835", 20_000_000_000)
    side.drop("a.835", b"payment")

    found = side.mailbox.list_inbound()

    assert [(f.name, f.size) for f in found] == [
        ("a.835", 7),
        ("huge.835", 20_000_000_000),
    ]
    with pytest.raises(TooLargeError, match=r"20,000 MB; at most 200 MB") as said:
        side.mailbox.read_inbound("huge.835")
    assert said.value.size == 20_000_000_000
    assert side.mailbox.read_inbound("a.835") == b"payment"
    side.mailbox.archive_inbound("huge.835")
    assert names(side) == ["a.835"]


def test_a_huge_file_under_our_name_is_a_conflict_and_is_not_read(side: Side) -> None:
    draft = side.mailbox.stage_outbound("a.837", b"claims")
    (side.outbound / "a.837").touch()
    os.truncate(side.outbound / "a.837", 20_000_000_000)

    with pytest.raises(OutboundConflictError):
        side.mailbox.release_outbound(draft, "a.837")
    with pytest.raises(TooLargeError):
        side.mailbox.read_outbound("a.837")
