"""A desk over an installation of its own, called as a browser would, without one."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from activities.office import Office
from desk.__main__ import make_desk
from desk.app import build_app
from desk.desk import Desk
from records import users
from settings import Settings
from tests.cli.conftest import make_installation
from vault.passwords import hashed

PASSWORD = "all of it is invented"  # noqa: S105 - of the demo, printed by it
PEOPLE = {
    "clerk": "Dana Ruiz",
    "coder": "Mika Beck",
    "poster": "Sam Okafor",
    "supervisor": "Priya Nair",
    "ops": "Ola Lund",
    "auditor": "Ines Audrey",
    "clinician": "Ana Lee",
    "admin": "Ada Admin",
}
"""One user for each role, named like it."""
BASE = "http://desk.test"


def put_people(office: Office) -> None:
    """One user for each role, all with one password."""
    password = hashed(PASSWORD)
    with office.writing() as conn:
        for name, display in PEOPLE.items():
            users.put_user(
                conn, users.User(name=name, display_name=display, roles=(name,))
            )
            users.set_password(conn, name, password, datetime.now(UTC))


@dataclass
class Site:
    """One installation with its desk."""

    desk: Desk
    clients: list[TestClient] = field(default_factory=list)

    @property
    def office(self) -> Office:
        return self.desk.office

    def browser(self) -> TestClient:
        """Somebody's browser; nobody is signed in."""
        client = TestClient(
            build_app(self.desk, deliver=False),
            base_url=BASE,
            follow_redirects=False,
            client=("192.0.2.1", 50000),
        )
        self.clients.append(client)
        return client

    def signed_in(self, name: str) -> TestClient:
        """The browser of this person."""
        client = self.browser()
        answer = client.post("/sign-in", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client


def token_of(page: httpx2.Response) -> str:
    """The token that a page's forms carry."""
    head, found, rest = page.text.partition('name="csrf" value="')
    assert found, head[:200]
    return rest.partition('"')[0]


def post(
    client: TestClient, path: str, data: dict[str, str] | None = None
) -> httpx2.Response:
    """Send a form with the session's token."""
    token = token_of(client.get("/password"))
    return client.post(path, data={"csrf": token, **(data or {})})


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, repo_root: Path
) -> Iterator[Path]:
    """50 fictional claims and a user for each role; tests copy it."""
    folder = tmp_path_factory.mktemp("desk") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAIMTHREAD_DATA_DIR", str(folder))
        make_installation(folder, repo_root / "samples" / "charges.837")
        desk = make_desk(Settings(data_dir=folder))
        put_people(desk.office)
        desk.office.db.close()
        yield folder


@pytest.fixture
def site(installation: Path, tmp_path: Path) -> Iterator[Site]:
    """A desk on a copy of the installation; no server answers."""
    folder = tmp_path / "data"
    shutil.copytree(installation, folder)
    # Port 9 (discard) of this machine: nobody listens there.
    settings = Settings(data_dir=folder, temporal_address="127.0.0.1:9")
    site = Site(make_desk(settings))
    yield site
    for client in site.clients:
        client.close()
    site.office.db.close()
