"""The frame of the command line: options, exit codes, what a failure says."""

import json

import pytest

from cli import claims, installation
from cli.commands import parser
from cli.session import Session
from cli.terminal import Column, dollars, table

from .conftest import Desk


def test_no_command_is_a_usage_error(empty: Desk) -> None:
    said = empty()

    assert said.code == 2
    assert "COMMAND" in said.err


def test_every_command_of_the_issue_is_there() -> None:
    listed = parser().format_help()

    for name in ("import", "start", "list", "show", "act", "task", "history"):
        assert f"    {name} " in listed
    for name in ("check", "doctor", "init", "files", "letters", "version"):
        assert f"    {name} " in listed
    assert "10 verification failed" in listed


@pytest.mark.parametrize(
    "arguments",
    [("--json", "version"), ("version", "--json")],
    ids=["before the command", "after it"],
)
def test_shared_options_may_stand_before_or_after(
    empty: Desk, arguments: tuple[str, ...]
) -> None:
    said = empty(*arguments)

    assert said.code == 0
    assert json.loads(said.out)["claimthread"] == installation.VERSION


def test_without_an_installation_the_fix_is_named(empty: Desk) -> None:
    said = empty("list")

    assert said.code == 2
    assert "starter.py init" in said.err
    assert said.out == ""


def test_init_twice_changes_nothing(empty: Desk) -> None:
    first = empty("init")
    keys = (empty.folder / "keys.json").read_bytes()
    second = empty("init")

    assert (first.code, second.code) == (0, 0)
    assert (empty.folder / "keys.json").read_bytes() == keys


def test_the_first_user_needs_nobody_the_second_an_admin(empty: Desk) -> None:
    empty("init")

    assert empty("user", "add", "ada", "--roles", "admin").code == 0
    assert empty("user", "add", "cleo", "--roles", "clerk").code == 7
    assert empty("user", "add", "cleo", "--roles", "clerk", "--as", "ada").code == 0
    assert empty("user", "add", "sam", "--roles", "clerk", "--as", "cleo").code == 7
    assert empty("user", "add", "sam", "--roles", "king", "--as", "ada").code == 2
    assert "cleo" in empty("user", "list").out


def test_a_server_that_does_not_answer_is_eight(desk: Desk) -> None:
    said = desk("check")

    assert said.code == 8
    assert "127.0.0.1:9" in said.err
    assert "CLAIMTHREAD_TEMPORAL_ADDRESS" in said.err


def test_the_address_option_wins_and_is_named(desk: Desk) -> None:
    said = desk("check", "--address", "127.0.0.1:10")

    assert said.code == 8
    assert "127.0.0.1:10 (from --address)" in said.err


def test_a_bug_is_a_reference_and_a_log_without_values(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(session: Session) -> list[object]:
        raise RuntimeError("secret value of a row")

    monkeypatch.setattr(claims, "_chosen", breaks)
    said = desk("list")

    assert said.code == 1
    assert "reference" in said.err
    reference = said.err.split("reference ")[1].split()[0]
    log = (desk.folder / "errors.log").read_text()
    assert reference in log
    assert "breaks" in log
    assert "secret value" not in log + said.err + said.out


def test_a_command_that_takes_too_long_is_nine(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleeps(session: Session) -> int:
        import asyncio

        await asyncio.sleep(30)
        return 0

    monkeypatch.setattr(claims, "list_claims", sleeps)

    assert desk("list", "--timeout", "0.05").code == 9


def test_ctrl_c_is_130(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(session: Session) -> list[object]:
        raise KeyboardInterrupt

    monkeypatch.setattr(claims, "_chosen", interrupted)

    assert desk("list").code == 130


def test_doctor_names_each_fix_and_exits_three(desk: Desk) -> None:
    said = desk("doctor")

    assert said.code == 3
    assert "nobody answers at 127.0.0.1:9 (from CLAIMTHREAD_TEMPORAL" in said.out
    assert "migrations current" in said.out


def test_doctor_works_where_nothing_was_made(empty: Desk) -> None:
    said = empty("doctor")

    assert said.code == 3
    assert "starter.py init" in said.out


def test_tables_fit_the_width_and_align_money() -> None:
    columns = [Column("A"), Column("Why", wrap=True), Column("$", right=True)]
    drawn = table(columns, [("x", "word " * 60, "1.00"), ("y", "", "1,000.00")])

    lines = drawn.splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[1].endswith("    1.00")
    assert lines[-1].endswith("1,000.00")


def test_dollars_keep_their_cents() -> None:
    from decimal import Decimal

    assert dollars(Decimal("12345.60")) == "12,345.60"
    assert dollars(None) == ""
