"""Signing in: who gets in, who waits, when a session is over, what is on record."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from desk import sign_in
from desk.idle import IDLE, LONGEST, idle_limit
from desk.sign_in import FREE_TRIES, LONGEST_WAIT, REFUSED, local_path, wait_after
from records.tables import sign_in as attempts
from records.tables import web_session
from tests.desk.conftest import PASSWORD, Site, post


def log_of(site: Site) -> list[str]:
    with site.office.reading() as conn:
        return list(
            conn.execute(select(attempts.c.how).order_by(attempts.c.id)).scalars()
        )


def later(site: Site, monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    """Real time goes on by ``delta``."""
    before = site.desk.wall
    monkeypatch.setattr(site.desk, "wall", lambda: before() + delta)


def test_a_page_asks_who_you_are_and_comes_back_to_itself(site: Site) -> None:
    asked = site.browser().get("/password?x=1")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=/password%3Fx%3D1"

    client = site.browser()
    answer = client.post(
        "/sign-in",
        data={"username": "clerk", "password": PASSWORD, "next": "/password?x=1"},
    )
    assert answer.headers["location"] == "/password?x=1"
    assert client.get("/password").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [("clerk", "a wrong password"), ("nobody", PASSWORD), ("", "")],
)
def test_an_unknown_user_and_a_wrong_password_read_the_same(
    site: Site, name: str, password: str
) -> None:
    answer = site.browser().post(
        "/sign-in", data={"username": name, "password": password}
    )
    assert answer.status_code == 401
    assert REFUSED in answer.text
    assert "set-cookie" not in answer.headers
    assert log_of(site) == ["refused"]


def test_what_was_typed_as_a_name_is_not_stored(site: Site) -> None:
    site.browser().post("/sign-in", data={"username": "my secret", "password": "x"})
    with site.office.reading() as conn:
        row = conn.execute(select(attempts)).mappings().one()
    assert "my secret" not in str(dict(row))
    assert row["user_name"] is None


def test_each_refusal_after_the_third_doubles_the_wait() -> None:
    waits = [wait_after(n).total_seconds() for n in range(FREE_TRIES + 3)]
    assert waits == [0, 0, 0, 2, 4, 8]
    assert wait_after(60) == LONGEST_WAIT


def test_too_many_attempts_wait_and_the_right_password_then_works(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.browser()
    wrong = {"username": "clerk", "password": "a wrong password"}
    right = wrong | {"password": PASSWORD}
    for _ in range(FREE_TRIES):
        assert client.post("/sign-in", data=wrong).status_code == 401
    assert client.post("/sign-in", data=right).status_code == 429
    assert log_of(site)[-1] == "throttled"

    later(site, monkeypatch, timedelta(seconds=3))
    assert client.post("/sign-in", data=right).status_code == 303
    assert client.post("/sign-out").status_code in (303, 403)


def test_one_address_that_tries_many_names_waits_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "ADDRESS_LIMIT", 4)
    client = site.browser()
    for n in range(4):
        client.post("/sign-in", data={"username": f"guess{n}", "password": "x"})
    answer = client.post("/sign-in", data={"username": "poster", "password": PASSWORD})
    assert answer.status_code == 429


def test_an_idle_session_ends_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.signed_in("clerk")
    later(site, monkeypatch, IDLE + timedelta(seconds=1))
    answer = client.get("/password")
    assert answer.headers["location"] == "/sign-in?next=/password&why=idle"
    assert "15 minutes without activity" in client.get(answer.headers["location"]).text


def test_activity_keeps_a_session_but_twelve_hours_end_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.signed_in("clerk")
    for _ in range(3):
        later(site, monkeypatch, IDLE - timedelta(minutes=1))
        assert client.get("/password").status_code == 200
    monkeypatch.setattr(sign_in, "COOKIE", sign_in.COOKIE)
    steps = int(LONGEST / (IDLE - timedelta(minutes=1))) + 1
    answers = []
    for _ in range(steps):
        later(site, monkeypatch, IDLE - timedelta(minutes=1))
        answers.append(client.get("/password"))
    assert answers[-1].status_code == 303
    ended: list[Any]
    with site.office.reading() as conn:
        ended = list(conn.execute(select(web_session.c.ended_how)).scalars())
    assert ended == ["too long"]


def test_a_page_that_looks_again_by_itself_is_no_activity(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = site.signed_in("clerk")
    later(site, monkeypatch, IDLE - timedelta(minutes=1))
    assert client.get("/password", headers={"X-Background": "1"}).status_code == 200
    later(site, monkeypatch, timedelta(minutes=2))
    assert client.get("/password").status_code == 303


def test_the_shortest_limit_of_a_persons_roles_counts() -> None:
    assert idle_limit(("auditor",)) == timedelta(minutes=30)
    assert idle_limit(("auditor", "clerk")) == IDLE
    assert idle_limit(("clerk", "admin")) == timedelta(minutes=5)


def test_a_form_without_the_sessions_token_does_nothing(site: Site) -> None:
    client = site.signed_in("clerk")
    answer = client.post("/sign-out")
    assert answer.status_code == 403
    assert "Nothing was done" in answer.text
    assert client.get("/password").status_code == 200
    assert post(client, "/sign-out").status_code == 303
    assert client.get("/password").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_form_of_another_site_does_nothing(
    site: Site, headers: dict[str, str]
) -> None:
    data = {"username": "clerk", "password": PASSWORD}
    answer = site.browser().post("/sign-in", data=data, headers=headers)
    assert answer.status_code == 403
    assert log_of(site) == []


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    data = {"username": "clerk", "password": PASSWORD}
    cookie = site.browser().post("/sign-in", data=data).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    site.desk.secure = True
    cookie = site.browser().post("/sign-in", data=data).headers["set-cookie"]
    assert "Secure" in cookie


@pytest.mark.parametrize(
    ("given", "goes_to"),
    [
        ("/tasks?x=1", "/tasks?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/sign-in", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(given: str, goes_to: str) -> None:
    assert local_path(given) == goes_to


def test_a_new_password_ends_every_other_browser(site: Site) -> None:
    here, elsewhere = site.signed_in("coder"), site.signed_in("coder")
    new = {"old": PASSWORD, "new": "a longer new one", "again": "a longer new one"}
    assert post(here, "/password", new | {"again": "other"}).status_code == 422
    assert post(here, "/password", new | {"old": "not it"}).status_code == 422
    assert post(here, "/password", new).status_code == 303
    assert here.get("/password").status_code == 200
    assert elsewhere.get("/password").status_code == 303


def test_a_user_who_left_is_signed_out(site: Site) -> None:
    from records import users

    client = site.signed_in("poster")
    with site.office.writing() as conn:
        gone = users.User(
            name="poster", display_name="Sam", roles=("poster",), active=False
        )
        users.put_user(conn, gone)
    assert client.get("/password").status_code == 303


def test_every_answer_carries_the_content_policy_and_is_not_kept(site: Site) -> None:
    client = site.signed_in("clerk")
    for answer in (client.get("/password"), client.get("/no-such-page")):
        assert "unsafe-inline" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
