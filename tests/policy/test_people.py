"""Who may act, import, read a history and see patients (roles.yaml)."""

import pytest

from claims.task import Role
from policy.people import (
    ACTS,
    may_act,
    may_import,
    may_read_history,
    permissions,
    sees_patients,
)
from policy.tables import table


def test_a_supervisor_may_do_what_a_clerk_and_a_poster_may() -> None:
    mine = permissions(["supervisor"])
    assert permissions(["clerk"]) | permissions(["poster"]) <= mine
    assert "code.edit" not in mine
    assert permissions(["nobody"]) == set()


@pytest.mark.parametrize(
    ("act", "may"),
    [
        ("hold", {"clerk", "coder", "poster", "supervisor", "ops"}),
        ("release", {"supervisor", "ops"}),
        ("retry", {"clerk", "poster", "supervisor", "ops"}),
    ],
)
def test_who_may_hold_release_and_retry(act: str, may: set[str]) -> None:
    assert {r for r in table("roles")["roles"] if may_act([r], act)} == may


def test_the_acts_are_those_of_the_command_line() -> None:
    assert ACTS == ("hold", "release", "retry")


def test_who_may_import() -> None:
    everyone = table("roles")["roles"]
    assert {r for r in everyone if may_import([r])} == {
        "clerk",
        "coder",
        "poster",
        "supervisor",
        "ops",
    }


def test_only_auditor_and_supervisor_read_a_history() -> None:
    everyone = table("roles")["roles"]
    assert {r for r in everyone if may_read_history([r])} == {"auditor", "supervisor"}


@pytest.mark.parametrize(
    ("role", "always", "when_assigned"),
    [
        ("supervisor", True, True),
        ("auditor", True, True),
        ("clerk", False, True),
        ("coder", False, True),
        ("poster", False, True),
        ("ops", False, False),
        ("admin", False, False),
        ("nobody", False, False),
    ],
)
def test_r_sec_02_who_sees_patients(
    role: str, always: bool, when_assigned: bool
) -> None:
    assert sees_patients([role], assigned=False) is always
    assert sees_patients([role], assigned=True) is when_assigned


def test_every_role_of_a_task_is_in_the_table() -> None:
    assert {role.value for role in Role} <= set(table("roles")["roles"])
