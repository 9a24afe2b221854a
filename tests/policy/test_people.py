"""Who may act, read histories, see patients, import, manage users (roles.yaml)."""

import pytest

from claims.money import ZERO, usd
from policy.people import (
    alone_up_to,
    are_for_two,
    may_act,
    may_import,
    may_manage_users,
    may_post_manually,
    may_read_history,
    sees_patients,
)

ROLES = ("clerk", "coder", "poster", "supervisor", "ops", "auditor", "admin")


def allowed(may: dict[str, bool]) -> set[str]:
    """The roles that may."""
    return {role for role, yes in may.items() if yes}


@pytest.mark.parametrize(
    ("act", "who"),
    [
        ("hold", {"clerk", "coder", "poster", "supervisor", "ops"}),
        ("release", {"supervisor", "ops"}),
        ("retry", {"clerk", "poster", "supervisor", "ops"}),
    ],
)
def test_acts_by_role(act: str, who: set[str]) -> None:
    assert allowed({role: may_act([role], act) for role in ROLES}) == who


def test_histories_are_for_auditors_and_supervisors() -> None:
    found = {role: may_read_history([role]) for role in ROLES}

    assert allowed(found) == {"auditor", "supervisor"}


def test_an_auditor_and_an_admin_import_nothing() -> None:
    found = {role: may_import([role]) for role in ROLES}

    assert set(ROLES) - allowed(found) == {"auditor", "admin"}


def test_only_an_admin_manages_users() -> None:
    assert allowed({r: may_manage_users([r]) for r in ROLES}) == {"admin"}


def test_patients_are_seen_by_need() -> None:
    always = {role: sees_patients([role], assigned=False) for role in ROLES}
    with_a_task = {role: sees_patients([role], assigned=True) for role in ROLES}

    assert allowed(always) == {"supervisor", "auditor"}
    assert set(ROLES) - allowed(with_a_task) == {"ops", "admin"}


def test_nobody_may_do_anything_without_a_role() -> None:
    assert not may_act([], "hold")
    assert not sees_patients([], assigned=True)


def test_r_wof_01_one_person_gives_up_only_small_amounts() -> None:
    assert alone_up_to("write_off") == usd("50.00")
    assert alone_up_to("WRITE_OFF_TIMELY") == ZERO
    assert alone_up_to("refund_patient") == ZERO


def test_paper_remittances_are_keyed_by_posters_and_supervisors() -> None:
    found = {role: may_post_manually([role]) for role in ROLES}

    assert allowed(found) == {"poster", "supervisor"}


def test_who_keys_a_check_does_not_count_its_deposit() -> None:
    assert are_for_two("remit.post_manual", "deposit.count")
    assert are_for_two("deposit.count", "remit.post_manual")
    assert not are_for_two("remit.post_manual", "eft.match")
