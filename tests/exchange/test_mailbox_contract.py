"""What every mailbox does, whatever carries it. A new kind joins ``KINDS``."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.directory import DirectoryMailbox
from exchange.mailbox import (
    FileMissingError,
    Mailbox,
    MailboxError,
    OutboundConflictError,
)

BAD_NAMES = [
    *("", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "a\0b", "a\nb", "\udcff"),
    *(".hidden", "half.tmp", "half.part", "HALF.PART", "half.filepart", "x" * 241),
]


class Clock:
    """Seconds that a test moves."""

    now = 2_000_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Side:
    """A mailbox with the partner's end of it: ``drop`` uploads a file."""

    mailbox: Mailbox
    drop: Callable[[str, bytes], None]
    clock: Clock


def directory_side(root: Path) -> Side:
    clock = Clock()
    mailbox = DirectoryMailbox(root, "payer-a", clock=clock)

    def drop(name: str, content: bytes) -> None:
        (mailbox.inbound / name).write_bytes(content)

    return Side(mailbox, drop, clock)


KINDS = {"directory": directory_side}


@pytest.fixture(params=KINDS)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Side:
    kind: str = request.param
    return KINDS[kind](tmp_path)


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
    uploaded = side.mailbox.list_inbound()[0].modified

    side.clock.now = uploaded + 29
    early = side.mailbox.list_inbound(settle_seconds=30)
    side.clock.now = uploaded + 31
    late = side.mailbox.list_inbound(settle_seconds=30)

    assert early == []
    assert [file.name for file in late] == ["a.835"]


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


@given(content=st.binary(max_size=2000))
def test_any_bytes_go_out_and_come_back(content: bytes) -> None:
    for kind in KINDS.values():
        with TemporaryDirectory() as folder:
            mailbox = kind(Path(folder)).mailbox
            mailbox.put_outbound("claims.837", content)
            assert mailbox.read_outbound("claims.837") == content


def test_putting_the_same_bytes_again_has_no_effect(side: Side) -> None:
    side.mailbox.put_outbound("b.837", b"claims")
    side.mailbox.put_outbound("b.837", b"claims")
    side.mailbox.put_outbound("a.837", b"others")

    assert side.mailbox.list_outbound() == ["a.837", "b.837"]
    assert side.mailbox.outbound_exists("b.837")
    assert not side.mailbox.outbound_exists("c.837")


def test_other_bytes_under_a_taken_name_are_refused(side: Side) -> None:
    side.mailbox.put_outbound("a.837", b"claims")

    with pytest.raises(OutboundConflictError, match="Nothing was written"):
        side.mailbox.put_outbound("a.837", b"other claims")

    assert side.mailbox.read_outbound("a.837") == b"claims"


def test_of_writers_at_the_same_time_exactly_one_wins(side: Side) -> None:
    def put(number: int) -> bool:
        try:
            side.mailbox.put_outbound("a.837", str(number).encode() * 1000)
        except OutboundConflictError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(put, range(8)))

    assert won.count(True) == 1
    winner = str(won.index(True)).encode() * 1000
    assert side.mailbox.read_outbound("a.837") == winner


def test_reading_a_missing_outbound_file_says_so(side: Side) -> None:
    with pytest.raises(FileMissingError, match=r"a\.837 is not in the mailbox"):
        side.mailbox.read_outbound("a.837")


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_not_plain_are_refused(side: Side, name: str) -> None:
    mailbox = side.mailbox
    steps: list[Callable[[], object]] = [
        lambda: mailbox.read_inbound(name),
        lambda: mailbox.archive_inbound(name),
        lambda: mailbox.put_outbound(name, b"x"),
        lambda: mailbox.outbound_exists(name),
        lambda: mailbox.read_outbound(name),
    ]
    for step in steps:
        with pytest.raises(MailboxError, match="plain name"):
            step()

    assert mailbox.list_outbound() == []
