"""``close-day``: who may, what it prints, and that a look stores nothing."""

import json

from records.closes import every

from .conftest import Desk


def _closes(desk: Desk) -> int:
    with desk.office().reading() as conn:
        return len(every(conn))


def test_a_day_is_closed_once_and_shown_again(desk: Desk) -> None:
    first = desk("close-day", "2026-06-01", "--as", "cleo")
    again = desk("close-day", "2026-06-01", "--as", "sam", "--json")

    assert first.code == 0
    assert first.out.startswith(
        "Close of 2026-06-01: closed by cleo, version 1\n\nDeposits"
    )
    assert json.loads(again.out)["by"] == "cleo"
    assert _closes(desk) == 1


def test_a_look_stores_nothing(desk: Desk) -> None:
    said = desk("close-day", "2026-06-01", "--check-only", "--as", "cleo")

    assert said.out.startswith("Close of 2026-06-01: open\n")
    assert _closes(desk) == 0


def test_only_those_who_count_deposits_close_a_day(desk: Desk) -> None:
    for user in ("cody", "olga", "audrey", "ada"):
        assert desk("close-day", "2026-06-01", "--as", user).code == 7
    assert _closes(desk) == 0


def test_only_a_supervisor_reopens_and_gives_a_reason(desk: Desk) -> None:
    desk("close-day", "2026-06-01", "--as", "cleo")
    reopen = ("close-day", "2026-06-01", "--reopen", "--as")

    assert desk(*reopen, "cleo", "--reason", "wrong").code == 7
    assert desk(*reopen, "sam").code == 6
    assert desk(*reopen, "sam", "--reason", "a deposit was missing").code == 0
    assert _closes(desk) == 2


def test_a_day_to_come_is_refused(desk: Desk) -> None:
    said = desk("close-day", "2099-06-01", "--as", "cleo")

    assert (said.code, said.out) == (6, "")
    assert "is still to come. Nothing was stored." in said.err
