"""Every route for every role: open or refused as this table says, and never broken.

The table is written out by door; a route whose door it does not know fails.
"""

import pytest

from desk.pages import PAGES
from desk.route import Page
from policy.people import Door
from policy.tables import table
from tests.desk.conftest import PEOPLE, Site, post

WORKERS = {"clerk", "coder", "poster", "supervisor"}
OPEN = {
    Door.SIGNED_IN: set(PEOPLE),
    Door.TASKS: WORKERS | {"ops", "auditor"},
    Door.DECIDE: WORKERS,
    Door.ASSIGN: {"supervisor"},
    Door.CLAIMS: WORKERS | {"ops", "auditor"},
    Door.ACT: WORKERS | {"ops"},
    Door.RETRY: {"clerk", "poster", "supervisor", "ops"},
    Door.MONEY: {"clerk", "poster", "supervisor", "auditor"},
    Door.AGING: {"poster", "supervisor", "auditor"},
    Door.AUDIT: {"supervisor", "auditor"},
    Door.CODEC: {"auditor"},
    Door.OPERATE: WORKERS | {"ops"},
}
LEAVES = {"POST /sign-out", "POST /password"}
"""After these the same browser is somebody else, or nobody."""
CHECKED = [p for p in PAGES if p.method in ("GET", "POST") and p.name not in LEAVES]


def filled(page: Page) -> str:
    """The path with parts that exist nowhere: refused or not found, never shown."""
    parts = (
        "claim",
        "task",
        "letter",
        "workflow",
        "import",
        "remittance",
        "account",
        "view",
        "number",
        "bulk",
        "day",
    )
    path = page.path.replace("{remittance:path}", "{remittance}")
    return path.format(**dict.fromkeys(parts, "none"))


def test_the_table_knows_every_door_and_every_role() -> None:
    assert {p.door for p in PAGES} <= set(OPEN) | {Door.PUBLIC}
    assert set(PEOPLE) == set(table("roles")["roles"])


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_route_is_open_to_its_roles_and_closed_to_others(
    site: Site, role: str
) -> None:
    client = site.signed_in(role)
    wrong = []
    for page in CHECKED:
        if page.door is Door.PUBLIC:
            continue
        path = filled(page)
        if page.method == "GET" or page.machine:
            answer = client.request(page.method, path)
        else:
            answer = post(client, path)
        refused = answer.status_code == 403
        if refused is (role in OPEN[page.door]) and not _refused_inside(page):
            wrong.append(f"{page.name}: {answer.status_code}")
        if answer.status_code >= 500:
            wrong.append(f"{page.name} broke: {answer.status_code}")
    assert wrong == []


def _refused_inside(page: Page) -> bool:
    """Pages that look closer than their door: a machine's answers have codes of their
    own."""
    return page.machine


@pytest.mark.parametrize("page", CHECKED, ids=lambda p: p.name)
def test_nobody_gets_in_without_signing_in(site: Site, page: Page) -> None:
    answer = site.browser().request(page.method, filled(page))
    if page.door is Door.PUBLIC:
        assert answer.status_code < 500
    elif page.machine:
        assert answer.status_code in (401, 403)
    else:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
