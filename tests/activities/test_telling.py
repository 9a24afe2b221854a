"""News is told by signal-with-start, marked when it was told, fifty at a time."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
import temporalio.client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities import telling
from activities.office import Office
from claims.messages import APPEAL, CLAIM, NEWS_SIGNAL, PATIENT_ACCOUNT, NewsKind
from records import news
from records.db import RowMapping
from tests.activities.conftest import NOON, open_office

DAY = date(2026, 6, 15)


class Client:
    """Stands for the server: takes what it is told, or fails as it is asked to."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.signalled: list[tuple[str, str]] = []
        self.failures: dict[str, Exception] = {}
        self.in_flight = self.most = 0

    async def start_workflow(self, name: str, start: Any, **given: Any) -> None:
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0.001)
        self.in_flight -= 1
        if failure := self.failures.get(given["id"]):
            raise failure
        self.started.append((name, given))

    def get_workflow_handle(self, workflow_id: str) -> "Handle":
        return Handle(self, workflow_id)


class Handle:
    """One workflow of that server."""

    def __init__(self, client: Client, workflow_id: str) -> None:
        self.client, self.workflow_id = client, workflow_id

    async def signal(self, name: str, given: Any) -> None:
        if failure := self.client.failures.get(self.workflow_id):
            raise failure
        self.client.signalled.append((self.workflow_id, given.id))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def office(
    tmp_path: Path, repo_root: Path, sqlite_url: str, client: Client
) -> Iterator[Office]:
    made = open_office(tmp_path, repo_root, sqlite_url)
    made.client = cast(temporalio.client.Client, client)  # what telling uses of it
    yield made
    made.db.close()


def add(office: Office, workflow_id: str, kind: NewsKind, ref: str = "r") -> None:
    with office.writing() as conn:
        news.add(conn, workflow_id=workflow_id, kind=kind.value, ref=ref, today=DAY)


def untold(office: Office) -> list[RowMapping]:
    with office.reading() as conn:
        return news.untold(conn)


async def test_what_one_workflow_hears_it_hears_in_turn(
    office: Office, client: Client
) -> None:
    for ref in ("a", "b", "c"):
        add(office, "claim-1", NewsKind.REMITTANCE, ref)

    assert await telling.tell(office, untold(office)) == 3

    assert (len(client.started), client.most) == (3, 1)
    assert untold(office) == []


@pytest.mark.parametrize(
    ("workflow_id", "name"), [("claim-1", CLAIM), ("account-1", PATIENT_ACCOUNT)]
)
async def test_a_claim_or_account_is_woken_or_started(
    office: Office, client: Client, workflow_id: str, name: str
) -> None:
    add(office, workflow_id, NewsKind.PAYMENT)
    assert await telling.tell(office, untold(office)) == 1
    ((started, given),) = client.started
    assert (started, given["id"], given["start_signal"]) == (
        name,
        workflow_id,
        NEWS_SIGNAL,
    )
    assert given["id_reuse_policy"] is WorkflowIDReusePolicy.ALLOW_DUPLICATE
    assert given["id_conflict_policy"] is WorkflowIDConflictPolicy.USE_EXISTING
    assert untold(office) == []


async def test_an_appeal_is_started_once(office: Office, client: Client) -> None:
    add(office, "appeal-1", NewsKind.BALANCE)
    await telling.tell(office, untold(office))
    ((started, given),) = client.started
    assert started == APPEAL
    assert given["id_reuse_policy"] is WorkflowIDReusePolicy.REJECT_DUPLICATE
    client.failures["appeal-1"] = WorkflowAlreadyStartedError("appeal-1", APPEAL)
    add(office, "appeal-1", NewsKind.BALANCE, ref="again")
    await telling.tell(office, untold(office))
    assert untold(office) == [], "it runs already, which is what was wanted"


async def test_other_news_of_an_appeal_is_a_signal(
    office: Office, client: Client
) -> None:
    add(office, "appeal-1", NewsKind.APPEAL)
    await telling.tell(office, untold(office))
    assert client.signalled == [("appeal-1", "r/appeal-1")]


async def test_an_appeal_that_has_ended_need_not_hear(
    office: Office, client: Client
) -> None:
    gone = RPCError("not found", RPCStatusCode.NOT_FOUND, b"")
    client.failures["appeal-1"] = gone
    add(office, "appeal-1", NewsKind.APPEAL)
    assert await telling.tell(office, untold(office)) == 1
    assert untold(office) == []


async def test_what_could_not_be_told_is_told_again(
    office: Office, client: Client
) -> None:
    add(office, "claim-1", NewsKind.PAYMENT)
    add(office, "claim-2", NewsKind.PAYMENT)
    client.failures["claim-2"] = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    with pytest.raises(RPCError):
        await telling.tell(office, untold(office))
    assert "claim-2" in {row["workflow_id"] for row in untold(office)}
    client.failures.clear()
    await telling.tell(office, untold(office))
    assert untold(office) == []


async def test_no_more_than_fifty_are_in_flight(office: Office, client: Client) -> None:
    for number in range(170):
        add(office, f"claim-{number}", NewsKind.PAYMENT)
    assert await telling.tell(office, untold(office)) == 170
    assert len(client.started) == 170
    assert 10 < client.most <= telling.IN_FLIGHT


async def test_told_rows_are_left_alone(office: Office, client: Client) -> None:
    """The activity that tells may run twice."""
    add(office, "claim-1", NewsKind.PAYMENT)
    ids = [row["id"] for row in untold(office)]
    activity = telling.TellingActivities(office)
    assert await activity.tell_news(ids) == 1
    assert await activity.tell_news(ids) == 0
    assert len(client.started) == 1


def test_one_answer_names_no_more_news_than_a_payload_takes(office: Office) -> None:
    many = [
        news.New(f"claim-{number:036d}", NewsKind.REMITTANCE.value, f"remit:{'0' * 40}")
        for number in range(news.MOST_IDS + 3)
    ]
    with office.writing() as conn:
        news.add_many(conn, many, DAY)
        first = news.ids_to_tell(conn)
        news.told(conn, first, NOON)
        rest = news.ids_to_tell(conn)

    assert len(first) == news.MOST_IDS
    assert sum(len(one) + 3 for one in first) < 2**20
    assert len(set(first) | set(rest)) == len(many)
